"""A study with all that its addresses name, and one browser for each kind of visitor."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.cookies import SimpleCookie
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from annotation.members import give_role
from annotation.models import Invitation, Participant, Study
from annotation.studies import create_study, open_study
from calibration.audit import create_audit, run_audit
from calibration.effects import measuring as effects
from calibration.effects.contrasts import Contrast
from calibration.models import Audit, EffectReport, Panel, Plan, Score, Scorer, VoicesReport
from calibration.plans import create_plan, run_plan
from calibration.rubrics import content_of, write_rubric
from calibration.runs.asking import create_run
from calibration.scorers.judges.rubrics import BUILT_IN
from calibration.scorers.rewards.reward import RewardRecipe
from generation.diversity.report.specification import Specification
from generation.diversity.voices.report import voices_report
from generation.diversity.voices.specification import Specification as Voices
from generation.formats import measuring
from generation.formats.sorting import rules_for
from generation.formats.specification import Specification as Formats
from generation.measuring import create_report
from generation.models import (
    Category,
    Collection,
    DiversityReport,
    Encoder,
    FormatReport,
    LanguageModel,
    Mining,
    Query,
    TaskOrderReport,
)
from generation.recipes.sampling import SampleRecipe
from generation.reports import run_report
from generation.runs import asking
from generation.servers import make_server
from generation.task_order import measuring as task_orders
from generation.task_order.specification import Specification as TaskOrder
from generation.task_order.table import TableRow
from tests.factory import make_check, make_items, make_labels, make_question, make_response
from tests.generation.diversity.voices.planted import the_winner_flips

VISITORS = ("nobody", "participant", "another study's", "viewer", "editor", "owner", "another owner")
# What the recruiter tells of both participants.
TOLD = {
    "PROLIFIC_PID": "5f1b2c3d4e5f6a7b8c9d0e1f",
    "STUDY_ID": "their-study",
    "SESSION_ID": "their-submission",
}
FOUND: dict[str, Any] = {}
PLANNED: dict[str, Any] = {}
MEASURED: dict[str, Any] = {}
COMPARED: dict[str, Any] = {}
REPLICATED: dict[str, Any] = {}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def names() -> Iterator[str]:
    """The name of every address that the server knows, with its namespace; the admin's too."""

    def below(resolver: URLResolver, space: str) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                inside = f"{pattern.namespace}:" if pattern.namespace else ""
                yield from below(pattern, space + inside)
            elif isinstance(pattern, URLPattern):
                yield f"{space}{pattern.name or f'({pattern.pattern} has no name)'}"

    yield from below(get_resolver(), "")


@dataclass
class World:
    study: Study
    elsewhere: Study
    theirs: dict[str, dict[str, Any]]
    participant: Participant
    audit: Audit
    scorer: Scorer
    browsers: dict[str, Client]
    given: dict[str, dict[str, Any]]

    @classmethod
    def make(cls) -> "World":
        people = {name: User.objects.create(username=name) for name in VISITORS[3:]}
        study, elsewhere = (
            create_study(slug=slug, name=slug, kind="rating", owner=people[owner])
            for slug, owner in (("mine", "owner"), ("mine-too", "another owner"))
        )
        for role in ("viewer", "editor"):
            give_role(study=study, name=role, role=role)
        for one in (study, elsewhere):
            make_items(one, 8)
            open_study(study=one)
        (audit, scorer), plan = cls._audited(study), cls._planned(people["owner"])
        rubric = write_rubric(name="theirs", content=content_of(BUILT_IN["overall"]), by=people["owner"])
        server = make_server(name="theirs", base_url="https://models.invalid/v1", owner=people["owner"])
        run = create_run(study=study, scorer="live", recipe=RewardRecipe("m", "json"), server=server)
        queries = Collection.objects.create(name="mine")
        queries.queries.set(Query.objects.filter(item__study=study))
        sampling = asking.create_run(
            kind="sample",
            name="live",
            recipe=SampleRecipe(model="m"),
            collection=queries,
            server=server,
            created_by=people["owner"],
        )
        mining = Mining.objects.create(
            name="mine",
            specification={"file": "log.jsonl", "schema": "openai", "near": 0.8, "shingle": 5},
            funnel=[{"gate": "rows", "left": 1, "dropped": 0}, {"gate": "readable", "left": 1, "dropped": 0}],
            collection=queries,
        )
        candidate = mining.candidates.create(line=1, text="Why write?", digest="1")
        words = {"place": "before", "purpose": "attention", "step": "consent", "language": "de"}
        browsers = {name: Client() for name in VISITORS}
        for name, user in people.items():
            browsers[name].force_login(user)
        for name, at in (("participant", study), ("another study's", elsewhere)):
            browsers[name].post(reverse("door", args=[at.slug], query=TOLD))
            browsers[name].post(reverse("instructions", args=[at.slug]))
        participant = study.participants.get(sessions__isnull=False)
        given = {
            "": {"slug": study.slug, "position": 1, "number": 1, "code": participant.code, **words},
            **cls._rows(study),
            "figure": {"name": "entropy", "format": "svg"},
            "scorer-detail": {"pk": scorer.pk},
            "audit": {"pk": audit.pk, "name": "league"},
            "audit-figure": {"pk": audit.pk, "name": "subset-entropy", "format": "svg"},
            "audit-compare-figure": {"format": "svg"},
            "plan": {"pk": plan.pk},
            "server": {"pk": server.pk},
            "run-new": {"kind": "judge"},
            "rubric": {"pk": rubric.pk},
            "panel": {"pk": cls._panel(study, people["owner"]).pk},
            "run": {"pk": run.pk},
            "asking": {"pk": sampling.pk},
            "encoder": {"pk": Encoder.objects.create(name="theirs", recipe={"kind": "imported"}).pk},
            "category": {"pk": Category.objects.create(name="theirs", state="proposed").pk},
            "mining": {"pk": candidate.pk},
            "diversity": {
                "pk": cls._measured(queries, people["owner"]).pk,
                "name": "report",
                "format": "json",
            },
            "formats": {
                "pk": cls._sorted(queries, people["owner"]).pk,
                "name": "report",
                "format": "json",
            },
            "task": {"pk": cls._ordered(people["owner"]).pk, "name": "report", "format": "json"},
            "voices": {
                "pk": cls._compared(queries, people["owner"], study).pk,
                "name": "report",
                "format": "json",
            },
            "effects": {
                "pk": cls._replicated(study, people["owner"]).pk,
                "name": "report",
                "format": "json",
            },
            "query": {"pk": queries.queries.all()[0].pk},
            "query-map-file": {"pk": queries.queries.all()[0].pk, "format": "svg"},
            "plan-figure": {"pk": plan.pk, "format": "svg"},
        }
        return cls(study, elsewhere, cls._rows(elsewhere), participant, audit, scorer, browsers, given)

    @staticmethod
    def _rows(study: Study) -> dict[str, dict[str, Any]]:
        """What addresses name by its number, a row of each kind."""
        return {
            "item": {"pk": study.items.all()[0].pk},
            "question": {"pk": make_question(study, "age", place="after").pk},
            "check": {"pk": make_check(study).pk},
            "invitation-revoke": {"pk": Invitation.objects.create(study=study).pk},
            "person": {"code": study.participants.all()[0].code},
        }

    @staticmethod
    def _audited(study: Study) -> tuple[Audit, Scorer]:
        scorer = Scorer.objects.create(name="length")
        for n, item in enumerate(study.items.all()):
            make_labels(item, [1 + n % 5, 1 + n % 3, 3])
            Score.objects.create(study=study, item=item, scorer=scorer, value=n)
        audit = create_audit(study=study, preset="paper", replicates=50)
        if not FOUND:  # the same numbers in every world, so they are computed once
            run_audit(audit=audit)
            frozen = ("result", "data_hash", "state", "progress", "finished_at")
            FOUND.update(Audit.objects.filter(pk=audit.pk).values(*frozen).get())
        Audit.objects.filter(pk=audit.pk).update(**FOUND)
        return audit, scorer

    @staticmethod
    def _planned(owner: User) -> Plan:
        plan = create_plan(owner=owner, asked={"goal": "mean", "labels_per_item": [40], "simulations": 20})
        if not PLANNED:
            run_plan(pk=plan.pk)
            PLANNED.update(Plan.objects.filter(pk=plan.pk).values("state", "result", "finished_at").get())
        Plan.objects.filter(pk=plan.pk).update(**PLANNED)
        return plan

    @staticmethod
    def _measured(collection: Collection, owner: User) -> DiversityReport:
        asked = Specification(replicates=20)
        report = create_report(collection=collection, encoder=None, asked=asked, created_by=owner)
        if not MEASURED:
            run_report(report=report)
            frozen = ("state", "result", "data_hash", "finished_at")
            MEASURED.update(DiversityReport.objects.filter(pk=report.pk).values(*frozen).get())
        DiversityReport.objects.filter(pk=report.pk).update(**MEASURED)
        return report

    @staticmethod
    def _sorted(collection: Collection, owner: User) -> FormatReport:
        for step in range(2):
            for query in collection.queries.all():
                make_response(query.text, "As it is.", f"checkpoint-{step}")
            LanguageModel.objects.filter(name=f"checkpoint-{step}").update(family="theirs", step=step)
        report = measuring.create_report(
            collection=collection,
            rules=rules_for("shapes"),
            encoder=None,
            asked=Formats(family="theirs", replicates=20),
            created_by=owner,
        )
        return run_report(report=report)

    @staticmethod
    def _replicated(study: Study, owner: User) -> EffectReport:
        halves = [tuple(f"i{n + 4 * half}" for n in range(4)) for half in (0, 1)]
        contrast = Contrast("halves", "items", "item_id", *halves)
        report = effects.create_report(
            study=study, scorer="length", contrasts=[contrast], splits=20, created_by=owner
        )
        if not REPLICATED:
            run_report(report=report)
            frozen = ("state", "result", "data_hash", "finished_at")
            REPLICATED.update(EffectReport.objects.filter(pk=report.pk).values(*frozen).get())
        EffectReport.objects.filter(pk=report.pk).update(**REPLICATED)
        return report

    @staticmethod
    def _ordered(owner: User) -> TaskOrderReport:
        rows = [TableRow("a", stage, "code" if stage else "", "code", 0.5 + stage) for stage in range(2)]
        return run_report(
            report=task_orders.create_report(name="theirs", rows=rows, asked=TaskOrder(20), created_by=owner)
        )

    @staticmethod
    def _compared(collection: Collection, owner: User, study: Study) -> VoicesReport:
        """It rests on scores of the study, so that it is for who may see that."""
        asked = Voices(scorer="length", studies=(study.pk,), replicates=20)
        if not COMPARED:
            found = voices_report(the_winner_flips(), asked, version="1", data_hash="0" * 64)
            COMPARED.update({"collection": collection.name, **found})
        return VoicesReport.objects.create(
            collection=collection,
            encoder=Encoder.objects.get_or_create(name="axes", recipe={"kind": "imported"})[0],
            specification=asked.as_dict(),
            created_by=owner,
            state="finished",
            result=COMPARED,
            data_hash="0" * 64,
            finished_at=timezone.now(),
        )

    @staticmethod
    def _panel(study: Study, owner: User) -> Panel:
        people = [{"id": "p1", "description": "Age: 34.", "attributes": {"age": "34"}}]
        return Panel.objects.create(name="theirs", personas=people, digest="1", study=study, owner=owner)

    def address(self, name: str) -> str:
        """The address of this name, of what is in this world."""
        if name == "healthz":  # the one that is answered before all others, and has no name
            return "/healthz"
        given = self._given(name)
        return reverse(name, kwargs={key: given[key] for key in parameters(name)})

    def lacks(self, name: str) -> bool:
        """Whether the address has something in it that this world has not."""
        return not set(parameters(name)) <= self._given(name).keys()

    def _given(self, name: str) -> dict[str, Any]:
        return self.given[""] | self.given.get(name, self.given.get(name.partition("-")[0], {}))

    def without_own(self, name: str) -> "World":
        """This world, where the address names what is in another study."""
        given = self.given | {name: self.theirs.get(name, self.theirs.get(name.partition("-")[0], {}))}
        return replace(self, given=given)

    def ask(
        self,
        who: str,
        name: str,
        method: str,
        data: Any = None,
        *,
        plain: bool = False,
        **extra: Any,
    ) -> Any:
        """What the server answers this visitor; nothing of it stays. `plain` sends no token of a form."""
        client = Client(enforce_csrf_checks=plain)
        client.cookies = SimpleCookie({key: one.value for key, one in self.browsers[who].cookies.items()})
        address, send = self.address(name), getattr(client, method.lower())
        if method == "DELETE":
            extra["query_params"] = data
        else:
            extra["data"] = data or {}
        if method in ("PUT", "PATCH") or (method == "POST" and data and "/api/" in address):
            extra["content_type"] = "application/json"
        with transaction.atomic():
            response = send(address, **extra)
            response.text_seen = response.getvalue().decode(errors="replace")
            transaction.set_rollback(True)
        return response


def parameters(name: str) -> list[str]:
    """The names of what an address has in it."""
    resolver = get_resolver()
    *spaces, last = name.split(":")
    for space in spaces:
        resolver = resolver.namespace_dict[space][1]
    possibilities = resolver.reverse_dict.getlist(last)
    return list(possibilities[0][0][0][1]) if possibilities else []
