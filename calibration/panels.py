"""Panels of personas: read from files or drawn from a study's surveys, kept as they are, and asked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet

from annotation.groups import FEWEST_PEOPLE, group_questions
from annotation.log import record
from annotation.models import Question, Reply, Study
from annotation.roles import studies_of
from annotation.usual import UNSTATED
from calibration.models import Panel, Run, Score, Scorer
from calibration.scorers.panels.panel import PanelRecipe
from calibration.scorers.panels.personas import (
    MOST_PERSONAS,
    Persona,
    PersonaError,
    as_json,
    checked,
    digest_of,
    personas_from,
    read_personas,
)
from calibration.scorers.panels.question import question_rubric
from generation.recipes.recipe import RecipeError

MOST_SEED = 2**31 - 1
CAUTION = (
    "margins, not joint: each answer was drawn by itself, so how answers go together among people is lost, "
    "and no persona is a person who took part"
)


class PanelError(RecipeError):
    """Why there is no such panel, in one line."""


def panels_of(user: User | AnonymousUser) -> QuerySet[Panel]:
    """The panels that a user may see: their own, those of studies they see, imports of the command line."""
    if user.is_superuser:
        return Panel.objects.all()
    of_the_site = Q(owner=None, source__kind="file")
    return Panel.objects.filter(Q(owner=user.pk) | Q(study__in=studies_of(user)) | of_the_site)


def panel_named(name: str, *, user: User | None = None) -> Panel:
    """The panel of this name that the user may see; without a user any. Raises PanelError."""
    found = (panels_of(user) if user else Panel.objects.all()).filter(name=name).first()
    if found is None:
        raise PanelError(f"There is no panel {name}: manage.py make_panel makes one, or the page of panels.")
    return found


def import_panel(*, name: str, path: Path | str, by: User | None = None) -> Panel:
    """Keep the personas of a file, all or none. Raises FileError and PanelError."""
    # Of the site is what the command line brought, not what somebody did whose account is gone.
    kind = "file" if by is None else "upload"
    return _keep(name, read_personas(path), {"kind": kind, "file": Path(path).name}, by=by)


def draw_panel(*, name: str, study: Study, size: int, seed: int = 0, by: User | None = None) -> Panel:
    """Make people up from what those of a study said in its surveys: each answer drawn from its own margin.

    Only questions with options count, and of these only options that ten people chose, the counts of the
    others being left out, so that nobody stands out. Who is excluded, or was erased, or preferred not to say,
    is not counted. Raises PanelError.
    """
    if not 1 <= size <= MOST_PERSONAS:
        raise PanelError(f"A panel has 1 to {MOST_PERSONAS:,} personas, not {size:,}.")
    if not 0 <= seed <= MOST_SEED:
        raise PanelError(f"A seed is a whole number from 0 to {MOST_SEED:,}.")
    margins = survey_margins(study)
    if not margins:
        raise PanelError(
            f"The surveys of {study.slug} have no question with an option that {FEWEST_PEOPLE} people chose: "
            "there is nothing to draw from."
        )
    source = {
        "kind": "margins",
        "study": study.slug,
        "simulated": study.simulated,
        "seed": seed,
        "fewest": FEWEST_PEOPLE,
        "questions": margins,
        "caution": CAUTION,
    }
    made = _keep(name, _drawn(margins, size, seed), source, study=study, by=by)
    record(study, "drew a panel", by=by, panel=made.name, personas=size)
    return made


def survey_margins(study: Study) -> list[dict[str, Any]]:
    """Of each question of the surveys with options: how many people chose each, from ten on.

    Plain JSON: "name", "text", "n" the people counted, "options" with the number of people of each, in the
    question's order, "left_out" the people who chose rarer ones, "declined" those who preferred not to say.
    """
    people = study.participants.filter(excluded_at=None, identity_erased_at=None)
    if not study.simulated:
        people = people.filter(simulated=False)
    found = [_margin(question, people) for question in group_questions(study)]
    return [margin for margin in found if margin["options"]]


def _margin(question: Question, people: QuerySet[Any]) -> dict[str, Any]:
    replies = Reply.objects.filter(question=question, participant__in=people)
    rows = replies.filter(declined=False).values_list("value").annotate(people=Count("pk")).order_by()
    said = dict(rows)
    kept = [option for option in dict.fromkeys(question.options) if said.get(option, 0) >= FEWEST_PEOPLE]
    n = sum(said[option] for option in kept)
    return {
        "name": question.name,
        "text": question.text,
        "n": n,
        # A database may keep the members of an object in another order.
        "options": [{"option": option, "people": said[option]} for option in kept],
        "left_out": sum(said.values()) - n,
        "declined": replies.filter(declined=True).count(),
    }


def _drawn(margins: Sequence[dict[str, Any]], size: int, seed: int) -> tuple[Persona, ...]:
    """People of whom each answer is drawn by itself."""
    import numpy as np

    rng = np.random.default_rng(seed)
    drawn = {}
    for margin in margins:
        options = [one["option"] for one in margin["options"]]
        shares = np.array([one["people"] for one in margin["options"]]) / margin["n"]
        drawn[margin["name"]] = [options[place] for place in rng.choice(len(options), size=size, p=shares)]
    texts = {margin["name"]: " ".join(margin["text"].split()) for margin in margins}
    try:
        return checked(
            Persona(
                id=f"p{number + 1}",
                description=" ".join(f"{texts[name]} {answers[number]}." for name, answers in drawn.items()),
                attributes={name: answers[number] for name, answers in drawn.items()},
            )
            for number in range(size)
        )
    except PersonaError as error:
        raise PanelError(str(error)) from None


def _keep(
    name: str,
    personas: tuple[Persona, ...],
    source: dict[str, Any],
    *,
    study: Study | None = None,
    by: User | None = None,
) -> Panel:
    panel = Panel(
        name=name,
        personas=as_json(personas),
        digest=digest_of(personas),
        source=source,
        study=study,
        owner=by,
    )
    try:
        panel.full_clean(validate_unique=False)
    except ValidationError:
        raise PanelError("A panel’s name has 1 to 100 letters, digits, hyphens and underscores.") from None
    try:
        with transaction.atomic():
            panel.save(force_insert=True)
    except IntegrityError:
        raise PanelError(f"There is a panel {name} already: choose another name.") from None
    return panel


def runs_of(panel: Panel) -> QuerySet[Run]:
    """The runs that ask it."""
    return Run.objects.filter(recipe__kind="panel", recipe__panel=panel.name)


def may_delete(panel: Panel, user: User | AnonymousUser) -> bool:
    """Whether it is the user's own; superusers delete any."""
    return user.is_superuser or (panel.owner_id is not None and panel.owner_id == user.pk)


@transaction.atomic
def delete_panel(*, panel: Panel) -> None:
    """Forget a panel that no run asks. Raises PanelError."""
    Panel.objects.select_for_update().filter(pk=panel.pk).first()
    run = runs_of(panel).select_related("study").first()
    if run is not None:
        raise PanelError(f"The run of {run.scorer} in {run.study.slug} asks {panel.name}: delete that first.")
    panel.delete()


def panel_recipe(panel: Panel, study: Study, **fields: Any) -> PanelRecipe:
    """The recipe that asks a panel the study's own question. Raises RecipeError."""
    if study.question == UNSTATED:
        raise RecipeError(
            f"What people of {study.slug} were asked is not known, as the file of their labels does not say: "
            "write it in the study’s settings, so that personas are asked the same."
        )
    rubric = question_rubric(
        question=study.question,
        low=study.scale_low,
        high=study.scale_high,
        words=study.scale_words,
        pairwise=study.compares,
    )
    return PanelRecipe(
        panel=panel.name,
        personas=personas_from(panel.personas),
        rubric=rubric,
        instructions=study.instructions,
        **fields,
    )


def simulated_scorers() -> set[str]:
    """The names of the scorers whose votes are of people who were made up."""
    found = Scorer.objects.filter(family=Scorer.Family.PERSONA_PANEL)
    return set(found.values_list("name", flat=True))


def personas_of(scorer: Scorer, study: Study, user: User | None = None) -> dict[str, dict[str, str]]:
    """The attributes of each persona who votes for a scorer, by the id that `Score.metadata` names.

    Of a panel that was asked here they are its recipe's. Of imported votes they are those of the panel whose
    name the column `panel` has, if the user may see it (without a user any); without one a persona has no
    attributes. In one query, or two.
    """
    recipe = scorer.metadata.get("recipe") or {}
    if recipe.get("kind") == "panel":
        return {one["id"]: one["attributes"] for one in recipe["personas"]}
    scores = Score.objects.filter(study=study, scorer=scorer, metadata__has_key="personas")
    told = [one for one in scores.values_list("metadata", flat=True) if isinstance(one["personas"], list)]
    names = {one["panel"] for one in told if isinstance(one.get("panel"), str)}
    seen = (panels_of(user) if user else Panel.objects.all()).filter(name__in=names)
    panels = seen.order_by("pk").values_list("personas", flat=True)
    known = {one["id"]: one["attributes"] for personas in panels for one in personas}
    return {str(name): known.get(str(name), {}) for one in told for name in one["personas"]}
