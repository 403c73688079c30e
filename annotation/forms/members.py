"""The form that gives a user a role in a study. Rules live in `members.py`."""

from django import forms
from django.contrib.auth.models import User

from annotation.members import Role, give_role
from annotation.models import Study


class MemberForm(forms.Form):
    name = forms.CharField(max_length=150, label="User name")
    role = forms.ChoiceField(choices=Role.choices, initial=Role.EDITOR)

    def save(self, *, study: Study, by: User) -> str:
        """Raises StudyError."""
        member = give_role(study=study, by=by, **self.cleaned_data)
        return f"{member.user.get_username()} is {'a' if member.role == Role.VIEWER else 'an'} {member.role}."
