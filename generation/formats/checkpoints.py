"""The checkpoints of a family and their responses to a collection, under one condition."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from generation.formats.specification import Specification
from generation.models import Collection, LanguageModel, Response
from generation.reports import ReportError

MOST_NAMED = 12


@dataclass(frozen=True)
class Checkpoints:
    """Models in the order of their steps, all with responses to the collection's queries.

    Attributes
    ----------
    models : tuple of LanguageModel
    condition : str
        Under which they answered; "" where nobody said.
    without_step : tuple of str
        Models of the family that answered too, but of which no step is known.
    """

    collection: Collection
    models: tuple[LanguageModel, ...]
    condition: str
    without_step: tuple[str, ...]

    @classmethod
    def of(cls, collection: Collection, asked: Specification) -> "Checkpoints":
        """Raises ReportError where there are not two of them, or they answered under several conditions."""
        answered = models_of(collection, asked.family)
        if not answered:
            raise ReportError(_no_family(collection, asked.family))
        _check_named(collection, asked, answered)
        chosen = [one for one in answered if not asked.models or one.name in asked.models]
        stepped = [one for one in chosen if one.step is not None]
        condition = _condition(responses_of(collection, stepped), asked)
        there = set(
            responses_of(collection, stepped, condition).order_by().values_list("model", flat=True).distinct()
        )
        models = tuple(sorted((one for one in stepped if one.pk in there), key=lambda one: one.step or 0))
        if len(models) < 2:
            raise ReportError(too_few(collection, asked.family, [one.step or 0 for one in models]))
        return cls(collection, models, condition, tuple(one.name for one in answered if one.step is None))

    @property
    def responses(self) -> QuerySet[Response]:
        return responses_of(self.collection, self.models, self.condition)


def too_few(collection: Collection, family: str, steps: list[int]) -> str:
    """Why there is no change to measure."""
    which = f"only that of step {steps[0]:,}" if steps else "none"
    return f"A change takes two checkpoints: of {family}, {which} has responses to queries of {collection}."


def families_of(collection: Collection) -> list[str]:
    """The families with at least two checkpoints that answered the collection's queries, by name."""
    answered = _answered(collection).filter(step__isnull=False)
    families = list(answered.order_by("family").values_list("family", flat=True))
    return sorted({family for family in families if families.count(family) > 1})


def models_of(collection: Collection, family: str) -> list[LanguageModel]:
    """The family's models that answered the collection's queries, by name."""
    return list(_answered(collection).filter(family=family).order_by("name"))


def _answered(collection: Collection) -> QuerySet[LanguageModel]:
    """Those of families; each response is looked for, not all of them counted."""
    answers = Response.objects.filter(model=OuterRef("pk"), query__collections=collection)
    return LanguageModel.objects.exclude(family="").filter(Exists(answers))


def responses_of(
    collection: Collection,
    models: list[LanguageModel] | tuple[LanguageModel, ...],
    condition: str | None = None,
) -> QuerySet[Response]:
    """Their responses; under every condition, unless one is named."""
    rows = Response.objects.filter(query__collections=collection, model__in=[one.pk for one in models])
    if condition is None:
        return rows
    return rows.filter(condition__name=condition) if condition else rows.filter(condition__isnull=True)


def _condition(responses: QuerySet[Response], asked: Specification) -> str:
    """The one that is asked for, or the only one: a training is not to be taken for another decoding."""
    there = sorted(
        {name or "" for name in responses.order_by().values_list("condition__name", flat=True).distinct()}
    )
    said = ", ".join(name or '"" (none named)' for name in there[:MOST_NAMED])
    if asked.condition is not None and asked.condition not in there:
        raise ReportError(
            f"{asked.family} has no responses under the condition {asked.condition or '(none named)'}; "
            f"there are: {said or 'none'}."
        )
    if asked.condition is None and len(there) > 1:
        raise ReportError(
            f"The checkpoints of {asked.family} answered under {len(there)} conditions, which are not to be "
            f"mixed: name one of {said}."
        )
    return asked.condition if asked.condition is not None else "".join(there)


def _check_named(collection: Collection, asked: Specification, answered: list[LanguageModel]) -> None:
    known = {one.name: one for one in answered}
    for name in asked.models:
        if name not in known:
            raise ReportError(
                f"{collection} has no responses of a model {name} of the family {asked.family}."
            )
        if known[name].step is None:
            raise ReportError(f"Of {name} no step is known: it stands at no place in the training.")


def _no_family(collection: Collection, family: str) -> str:
    there = _answered(collection).order_by("family").values_list("family", flat=True).distinct()
    known = ", ".join(there[:MOST_NAMED])
    if known:
        return f"No model of a family {family} answered queries of {collection}; there are: {known}."
    return (
        f"No model that answered queries of {collection} has a family: say family and step of each when "
        "you import responses, or set them."
    )
