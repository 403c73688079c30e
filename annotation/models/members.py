"""Who studies: members of a study with their roles, and the log of what they did."""

from django.contrib.auth.models import User
from django.db import models

from annotation.models.studies import Study


class Membership(models.Model):
    """A user's role in a study: an owner may do all, an editor runs it, a viewer reads."""

    class Role(models.TextChoices):
        OWNER = "owner", "owner"
        EDITOR = "editor", "editor"
        VIEWER = "viewer", "viewer"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["study", "user"], name="one_role_a_member"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role}"


class Act(models.Model):
    """One entry of a study's log: who did what, when. Rows are never changed."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="acts")
    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    # Kept when the user goes; "command line" or "recruiter" where nobody was signed in.
    by = models.CharField(max_length=150)
    what = models.CharField(max_length=200)
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.by} {self.what}"
