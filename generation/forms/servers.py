"""The form of a model server. Rules live in `generation/servers.py`."""

from typing import Any

from django import forms
from django.contrib.auth.models import User

from generation.models import ModelServer
from generation.servers import change_server, make_server


class ServerForm(forms.Form):
    """A new server, or one that is changed: its key is taken and never shown again."""

    name = forms.CharField(max_length=100, help_text="What you call it.")
    base_url = forms.CharField(
        label="Address",
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://api.example.org/v1", "class": "code"}),
        help_text="As its documentation gives it; of an OpenAI-compatible one it ends in /v1 most often.",
    )
    key = forms.CharField(
        required=False,
        max_length=2_000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="It is stored encrypted, and no page shows it again.",
    )
    without_key = forms.BooleanField(required=False)
    concurrency = forms.IntegerField(
        label="Requests at a time", min_value=1, max_value=512, initial=8, help_text="Of all runs together."
    )
    requests_a_minute = forms.IntegerField(
        required=False, min_value=1, max_value=1_000_000, help_text="Left empty, as many as it answers."
    )
    timeout = forms.IntegerField(
        label="Seconds an answer",
        min_value=1,
        max_value=3_600,
        initial=60,
        help_text="After them it is asked again.",
    )
    shared = forms.BooleanField(required=False)

    def __init__(self, data: Any = None, *, server: ModelServer | None = None) -> None:
        shown = ("name", "base_url", "concurrency", "requests_a_minute", "timeout", "shared")
        super().__init__(data, initial={name: getattr(server, name) for name in shown} if server else None)
        self.server = server
        if server and server.sealed_key:
            self.fields[
                "key"
            ].help_text = "Left empty, it keeps the one that it has; another address forgets it."
        else:
            del self.fields["without_key"]

    @property
    def limits(self) -> list[forms.BoundField]:
        return [self[name] for name in ("concurrency", "requests_a_minute", "timeout")]

    @property
    def unfolded(self) -> bool:
        """Whether something in the folded part is to be mended."""
        return any(field.errors for field in self.limits)

    def save(self, *, by: User) -> ModelServer:
        """Raises ServerError."""
        given = dict(self.cleaned_data)
        key, forget = given.pop("key"), given.pop("without_key", False)
        if self.server is None:
            return make_server(owner=by, key=key, **given)
        return change_server(server=self.server, key=key or ("" if forget else None), **given)
