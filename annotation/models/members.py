"""Who studies: members of a study with their roles, and the log of what they did."""

from typing import Any, NoReturn

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q

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
            models.CheckConstraint(
                condition=Q(role__in=["owner", "editor", "viewer"]), name="member_has_a_known_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role}"


class Written(models.QuerySet["Act"]):
    """Rows that are written once: nothing changes or deletes them, but that their study goes."""

    def update(self, **changes: Any) -> NoReturn:
        raise TypeError("The log is not changed.")

    def delete(self) -> NoReturn:
        raise TypeError("The log is not deleted.")


class Act(models.Model):
    """One entry of a study's log: who did what, when."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="acts")
    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    # Kept when the user goes; "command line" or "recruiter" where nobody was signed in.
    by = models.CharField(max_length=150)
    what = models.CharField(max_length=200)
    detail = models.JSONField(default=dict, blank=True)

    objects = Written.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.by} {self.what}"

    def save(self, **options: Any) -> None:
        if not self._state.adding:
            raise TypeError("The log is not changed.")
        super().save(**options)

    def delete(self, using: Any = None, keep_parents: bool = False) -> NoReturn:
        raise TypeError("The log is not deleted.")

    @property
    def words(self) -> str:
        """The detail, as a person reads it; by name, since PostgreSQL does not keep their order."""
        return "; ".join(f"{name.replace('_', ' ')}: {_plain(x)}" for name, x in sorted(self.detail.items()))


def _plain(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case None:
            return "none"
        case int():
            return f"{value:,}"
        case list():
            return ", ".join(map(_plain, value))
        case dict():
            return ", ".join(f"{name} {_plain(one)}" for name, one in value.items())
    return str(value).replace("_", " ")
