"""Who may do what: a study's owner does all, an editor runs it, a viewer reads; superusers own everything."""

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404

from annotation.models import Membership, Study

Role = Membership.Role
RANK = {Role.VIEWER: 1, Role.EDITOR: 2, Role.OWNER: 3}
# Reading takes a viewer and deleting an owner; every other method an editor.
METHODS = {"GET": Role.VIEWER, "HEAD": Role.VIEWER, "OPTIONS": Role.VIEWER, "DELETE": Role.OWNER}


def studies_of(user: User | AnonymousUser) -> QuerySet[Study]:
    """The studies that a user may see."""
    if user.is_superuser:
        return Study.objects.all()
    if user.pk is None:  # a filter for nobody would find studies that have no members
        return Study.objects.none()
    return Study.objects.filter(memberships__user=user.pk)


def role_in(study: Study, user: User | AnonymousUser) -> Role | None:
    """The user's role in the study, if they have one."""
    if user.is_superuser:
        return Role.OWNER
    found = Membership.objects.filter(study=study, user=user.pk).first()
    return Role(found.role) if found else None


def role_to(method: str | None) -> Role:
    """What a request takes, by its method."""
    return METHODS.get(method or "", Role.EDITOR)


def study_for(user: User | AnonymousUser, slug: str, role: Role = Role.VIEWER) -> Study:
    """The study, for somebody whose role is at least `role`.

    It says what its pages may offer: `may_edit`, `may_own`. Raises Http404 for who has no part in it, as if
    it were not there, and PermissionDenied below the role.
    """
    study = Study.objects.filter(slug=slug).first()
    held = role_in(study, user) if study else None
    if study is None or held is None:
        raise Http404
    if RANK[held] < RANK[role]:
        raise PermissionDenied(f"This takes an {role.label} of {study.slug}; you are its {held.label}.")
    study.may_edit, study.may_own = RANK[held] >= RANK[Role.EDITOR], held == Role.OWNER
    return study
