"""What queries ask for: categories, those that models proposed, and which queries are of which."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from generation.models.runs import Run
from generation.models.texts import Query


class Category(models.Model):
    """A kind of open-ended request; a model’s proposal counts once a person accepts or merges it."""

    class State(models.TextChoices):
        STANDARD = "standard", "standard"
        PROPOSED = "proposed", "proposed"
        ACCEPTED = "accepted", "accepted"
        MERGED = "merged", "merged"
        DROPPED = "dropped", "dropped"

    name = models.CharField(max_length=120, unique=True)
    # The category that it is a subcategory of.
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    definition = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.STANDARD)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="category_name_once_in_any_case"),
            models.CheckConstraint(
                condition=Q(state__in=["standard", "proposed", "accepted", "merged", "dropped"]),
                name="category_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False)
                | (~Q(state="merged") & Q(merged_into__isnull=True)),
                name="category_merged_says_into_which",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="category_is_not_merged_into_itself",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="category_is_not_its_own_parent"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Classification(models.Model):
    """A query's category, as one run of a model says; a query may have several."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="classifications", db_index=False)
    query = models.ForeignKey(Query, on_delete=models.CASCADE, related_name="classifications")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="classifications")
    justification = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "query", "category"], name="category_once_a_run_and_query")
        ]

    def __str__(self) -> str:
        return f"{self.query_id}: {self.category_id}"
