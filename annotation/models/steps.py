"""What people do besides labelling: questions, practice, checks. None of it is ever a label."""

from django.db import models
from django.db.models import Q

from annotation.models.people import Participant, Session
from annotation.models.studies import Study

ATTEMPTS = 2


class Question(models.Model):
    """A question of the comprehension check, or of the survey before or after the work."""

    class Place(models.TextChoices):
        # Against the alphabet: descending, they stand as people meet them.
        COMPREHENSION = "comprehension", "comprehension check"
        BEFORE = "before", "survey before the work"
        AFTER = "after", "survey after the work"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="questions", db_index=False)
    place = models.CharField(max_length=20, choices=Place)
    position = models.PositiveIntegerField()
    name = models.SlugField(max_length=40, help_text="Its name in exports, such as age_band.")
    text = models.TextField()
    # Options to choose from, in order; none: people type.
    options = models.JSONField(default=list, blank=True)
    # The place in `options` of the right answer, from 0, of a comprehension question.
    right = models.PositiveIntegerField(null=True, blank=True)
    # In other languages: {"de": {"text": ..., "options": [...]}}.
    translations = models.JSONField(default=dict, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True, help_text="No longer asked; its answers stay.")

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["study", "name"], name="question_name_once_a_study"),
            models.CheckConstraint(
                condition=Q(place="comprehension", right__isnull=False)
                | (~Q(place="comprehension") & Q(right__isnull=True)),
                name="question_of_comprehension_has_right_answer",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Reply(models.Model):
    """A person's answer to a survey question: an option in the study's own language, or what they typed."""

    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="replies", db_index=False
    )
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="replies")
    value = models.TextField(blank=True)
    declined = models.BooleanField(default=False, help_text="Prefers not to say.")
    replied_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "question"], name="one_reply_a_person"),
            models.CheckConstraint(
                condition=Q(declined=True, value="") | (Q(declined=False) & ~Q(value="")),
                name="reply_says_something_or_declined",
            ),
        ]

    def __str__(self) -> str:
        return "prefers not to say" if self.declined else self.value


class ComprehensionAttempt(models.Model):
    """One try at the comprehension check; a person has two."""

    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="comprehension_attempts", db_index=False
    )
    number = models.PositiveIntegerField()
    # The place of the chosen option by the question's name.
    answers = models.JSONField(default=dict)
    passed = models.BooleanField()
    attempted_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["participant", "number"], name="one_attempt_a_number"),
            models.UniqueConstraint(
                fields=["participant"], condition=Q(passed=True), name="comprehension_passed_once"
            ),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=ATTEMPTS), name="two_attempts"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number}"


class Check(models.Model):
    """Something to judge whose answer is known: practice before the work, or a check within it."""

    class Purpose(models.TextChoices):
        PRACTICE = "practice", "practice, with feedback"
        ATTENTION = "attention", "attention check"
        KNOWN = "known", "known answer"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="checks")
    purpose = models.CharField(max_length=20, choices=Purpose)
    # The order of practice; of a check the place in the session, or none: drawn at random.
    position = models.PositiveIntegerField(null=True, blank=True)
    query = models.TextField()
    claim = models.TextField(blank=True)
    response = models.TextField(blank=True)
    response_2 = models.TextField(blank=True, help_text="The other response, where two are shown.")
    # The values that pass.
    accepted = models.JSONField(default=list)
    feedback = models.TextField(blank=True)
    # In other languages: {"de": {"query": ..., "response": ..., "response_2": ..., "feedback": ...}}.
    translations = models.JSONField(default=dict, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(query=""), name="check_has_text"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"


class CheckAnswer(models.Model):
    """A check in a person's hands: its place in their session, and what they answered. Never a label."""

    check_asked = models.ForeignKey(Check, on_delete=models.PROTECT, related_name="answers")
    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="check_answers", db_index=False
    )
    # None for practice.
    session = models.ForeignKey(Session, on_delete=models.CASCADE, null=True, related_name="check_answers")
    position = models.PositiveIntegerField(null=True)
    swapped = models.BooleanField(default=False)
    value = models.IntegerField(null=True)
    cannot_judge = models.BooleanField(default=False)
    comment = models.TextField(blank=True)
    # What they changed it to: their page shows that again, while the first answer is the graded one.
    changed_to = models.JSONField(default=dict, blank=True)
    passed = models.BooleanField(null=True)
    answered_at = models.DateTimeField(null=True)
    active_seconds = models.FloatField(null=True)
    wall_seconds = models.FloatField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["participant", "check_asked"], name="one_answer_a_check"),
            models.UniqueConstraint(
                fields=["session", "position"],
                condition=Q(session__isnull=False),
                name="one_check_a_position",
            ),
            models.CheckConstraint(
                condition=Q(session__isnull=True, position__isnull=True)
                | Q(session__isnull=False, position__isnull=False),
                name="check_in_session_has_position",
            ),
            models.CheckConstraint(
                condition=Q(session__isnull=False) | Q(answered_at__isnull=False),
                name="practice_is_answered",
            ),
            models.CheckConstraint(
                condition=Q(
                    answered_at__isnull=True, passed__isnull=True, value__isnull=True, cannot_judge=False
                )
                | (
                    Q(answered_at__isnull=False, passed__isnull=False)
                    & (Q(value__isnull=False, cannot_judge=False) | Q(value__isnull=True, cannot_judge=True))
                ),
                name="check_answered_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_asked_id} by {self.participant_id}"
