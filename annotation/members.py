"""A study's members: a role given, changed, taken back. There is always an owner left."""

from django.contrib.auth.models import User
from django.db import transaction

from annotation.log import record
from annotation.models import Membership, Study
from annotation.studies import StudyError

Role = Membership.Role


@transaction.atomic
def give_role(*, study: Study, name: str, role: str, by: User | None = None) -> Membership:
    """Make the user of this name a member, or change their role. Raises StudyError."""
    study = _locked(study)
    if role not in Role.values:
        raise StudyError(f"A role is {', '.join(Role.values)}, not {role!r}.")
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise StudyError(f"There is no account {name}: whoever runs this server makes accounts.")
    member = Membership.objects.filter(study=study, user=user).first() or Membership(study=study, user=user)
    if member.role == role:
        return member
    if member.role == Role.OWNER:
        _keep_an_owner_beside(member)
    what = "changed a member's role" if member.pk else "added a member"
    member.role = role
    member.save()
    record(study, what, by=by, name=name, role=role)
    return member


@transaction.atomic
def remove_member(*, study: Study, name: str, by: User | None = None) -> None:
    """Take the user's role back. Raises StudyError."""
    study = _locked(study)
    found = Membership.objects.filter(study=study, user__username=name)
    member = None if "\x00" in name else found.first()  # no database takes NUL
    if member is None:
        raise StudyError(f"{name} is no member of {study.slug}.")
    if member.role == Role.OWNER:
        _keep_an_owner_beside(member)
    member.delete()
    record(study, "removed a member", by=by, name=name)


def _locked(study: Study) -> Study:
    """Changes take turns, so that two owners cannot remove each other at once."""
    return Study.objects.select_for_update(of=("self",)).get(pk=study.pk)


def _keep_an_owner_beside(member: Membership) -> None:
    owners = Membership.objects.filter(study=member.study_id, role=Role.OWNER)
    if not owners.exclude(pk=member.pk).exists():
        raise StudyError("This is the last owner, and a study keeps one: make somebody else an owner first.")
