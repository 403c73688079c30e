"""What a person asks of a study's list of items."""

from typing import Any, cast

from django import forms
from django.db.models import Q

from annotation.models import Study
from annotation.statistics.entropy import KINDS
from annotation.summary import SORTS, Summary
from annotation.templatetags.labels import kind_words

TEXTS = ("query__text", "claim", "response__text", "response_1__text", "response_2__text", "external_id")
# Such a field changes the list as soon as it is changed.
AT_ONCE = {"class": "at-once"}
RESPONSES = ("response", "response_1", "response_2")


class SearchField(forms.CharField):
    """A text of any length and any characters is searched for, as far as a database takes it."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\x00", "").strip()[:200]


class ItemsForm(forms.Form):
    """Which items, and in which order. What makes no sense is as if it were not asked."""

    q = SearchField(
        required=False,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "aria-label": "Search queries and responses",
                "placeholder": "Search texts",
            }
        ),
    )
    kind = forms.ChoiceField(
        required=False, widget=forms.Select(attrs=AT_ONCE | {"aria-label": "Kind of item"})
    )
    model = forms.ChoiceField(required=False, widget=forms.Select(attrs=AT_ONCE))
    least_entropy = forms.FloatField(
        required=False,
        min_value=0,
        label="Entropy, bits, at least",
        widget=forms.NumberInput(attrs=AT_ONCE | {"step": "any"}),
    )
    fewer_labels = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=1_000_000,
        label="Labels, fewer than",
        widget=forms.NumberInput(attrs=AT_ONCE),
    )
    sort = forms.CharField(required=False)

    def __init__(self, data: Any, *, study: Study, summary: Summary) -> None:
        super().__init__(data, auto_id="%s")
        self.study, self.summary = study, summary
        kinds = [("", "all kinds"), *((kind, kind_words(kind, study)) for kind in KINDS)]
        models = [("", "all models"), *((name, name) for name in summary.models)]
        for name, choices in (("kind", kinds), ("model", models)):
            cast(forms.ChoiceField, self.fields[name]).choices = choices
        self.is_valid()

    def asked(self, name: str) -> Any:
        return self.cleaned_data.get(name)

    @property
    def sort_by(self) -> str:
        sort = self.asked("sort") or ""
        if sort.removeprefix("-") in {*SORTS, "position"}:
            return sort
        return "-entropy" if self.summary.agreement["labels"] else "position"

    @property
    def filters(self) -> bool:
        """Whether some items are left out."""
        return self.narrowed or any(self.asked(name) for name in ("q", "kind"))

    @property
    def narrowed(self) -> bool:
        """Whether by what the page keeps folded."""
        return any(self.asked(name) not in (None, "") for name in ("model", "least_entropy", "fewer_labels"))

    def places(self) -> list[int]:
        """The chosen items' places in the summary, in the wanted order; ties by position."""
        summary, wanted = self.summary, self._matching()
        kind, pks = self.asked("kind"), summary.frame.item_pks.tolist()
        bits, labels = summary.column("entropy_bits"), summary.column("n")
        least, fewer = self.asked("least_entropy"), self.asked("fewer_labels")
        return [
            n
            for n in summary.places(self.sort_by)
            if (wanted is None or pks[n] in wanted)
            and (not kind or summary.kinds[n] == kind)
            and (least is None or bits[n] >= least)
            and (fewer is None or labels[n] < fewer)
        ]

    def _matching(self) -> set[int] | None:
        """The items with the text and of the model; None where neither is asked."""
        text, model = self.asked("q"), self.asked("model")
        if not text and not model:
            return None
        having, by = Q(), Q()
        for field in TEXTS if text else ():
            having |= Q(**{f"{field}__icontains": text})
        for response in RESPONSES if model else ():
            by |= Q(**{f"{response}__model__name": model})
        return set(self.study.items.filter(having, by).values_list("pk", flat=True))
