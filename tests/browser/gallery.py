"""Which pages are drawn, and how; `pictures.py` draws them."""

import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import URLPattern, reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, sync_playwright

import annotation.urls
import calibration.urls
import generation.urls
from annotation.models import Study
from calibration.audit import create_audit
from calibration.effects import measuring as effects
from calibration.management.commands.load_starter import REHEARSAL
from calibration.models import Audit, Plan, Run
from calibration.panels import draw_panel
from calibration.plans import create_plan, run_plan
from calibration.rubrics import content_of, write_rubric
from calibration.runs.asking import create_run
from calibration.runs.scores import collect
from calibration.scorers.judges.rubrics import BUILT_IN
from calibration.voices.measuring import create_report
from generation.diversity.voices.specification import Specification as Voices
from generation.models import Collection, Encoder, ModelServer
from generation.reports import run_report
from generation.servers import make_server
from tests.annotation.test_groups import surveyed
from tests.browser.at_work import study_at_work
from tests.browser.compared import study_compared
from tests.browser.conftest import ARGS, chromium_path
from tests.browser.palette import reduced
from tests.browser.said import Said, what_models_say
from tests.browser.tour import other_pages, rich_study, tour
from tests.calibration.effects.planted import make_panel, make_planted
from tests.calibration.runs.answered import come_back, judge, said
from tests.calibration.voiced import ENCODER, SCORER, planted
from tests.server import serving

WIDTHS = (360, 1280)
TALLEST = 1_800  # pixels; a longer page is cut there
NAME, PASSWORD = "researcher", "for two minutes on this machine"
COMPARED = {"practice", "practice-feedback", "task", "task-error"}
# These need more labels and scores than a study in the middle of its work has.
OF_REHEARSAL = {"study", "disagreement", "item", "labels-curve", "audits", "audit", "scores", "run-new"}
# And these compare models, of which the starter's texts have one.
OF_COMPARISONS = {"preferences"}
# And these people who replied to a survey, in groups that are large enough.
OF_GROUPS = {"groups"}
# And this one a panel whose effects are known.
OF_EFFECTS = {"effects"}
# A list and a form like those of other pages.
NOT_DRAWN = {"servers"}
GROUPS = {"18 to 29": 12, "30 to 44": 11, "45 or older": 10}
IN_ARABIC = {"consent", "comprehension-again", "practice", "survey-error", "task", "done"}


def draw(folder: Path) -> None:
    """Make the world, walk through it, and say what the pictures weigh."""
    call_command("migrate", verbosity=0)
    call_command("load_starter")
    owner = User.objects.create_superuser(NAME, password=PASSWORD)
    _plans(owner)
    with tempfile.TemporaryDirectory() as chats:
        said = what_models_say(Path(chats))
    make_server(name="Our server", base_url="https://models.example.org/v1", owner=owner, key="a-key")
    write_rubric(name="Freshness", content=content_of(BUILT_IN["overall"]), by=owner)
    folder.mkdir(parents=True, exist_ok=True)
    with serving() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGS)
        _draw_people(browser, server.address, folder)
        _draw_console(browser, server.address, folder, said)
        browser.close()
    _write_index(folder)
    sizes = sorted(((path.stat().st_size, path.name) for path in folder.glob("*.png")), reverse=True)
    largest = ", ".join(f"{name} {size // 1024} kB" for size, name in sizes[:5])
    total = sum(size for size, _ in sizes) // 1024
    sys.stdout.write(f"{len(sizes)} pictures, {total:,} kB; the largest: {largest}\n")


def _plans(owner: User) -> None:
    """A finished plan of a study that is paid, and one that waits for a worker."""
    paid = {"pay_by": "time", "pay_rate": "12", "currency": "GBP", "fee_percent": 33.0}
    run_plan(
        pk=create_plan(owner=owner, asked={"goal": "alpha", "target": 0.08, "simulations": 100} | paid).pk
    )
    create_plan(owner=owner, asked={"goal": "power"})


def _ways_to_ask() -> Collection:
    """Queries that were asked in several ways, compared."""
    collection = planted(queries=12)
    asked = Voices(scorer=SCORER, replicates=200)
    run_report(
        report=create_report(collection=collection, encoder=Encoder.objects.get(name=ENCODER), asked=asked)
    )
    return collection


def _study_of_effects() -> Study:
    """People's effects beside those of a panel that sees them."""
    study = make_planted()
    make_panel(study, "personas-of-a-model")
    report = effects.create_report(study=study, scorer="personas-of-a-model", by="model", splits=50)
    run_report(report=report)
    return study


def _write_index(folder: Path) -> None:
    """The pictures on one page, a row a page of the site."""
    lines = ["# Every page", "", "Drawn by `python -m tests.browser.pictures docs/pages`.", ""]
    lines += ["| page | 360 pixels | 1280 pixels |", "|---|---|---|"]
    for path in sorted(folder.glob("*-360.png")):
        name = path.name.removesuffix("-360.png")
        lines.append(f"| {name.replace('-', ' ')} | ![]({path.name}) | ![]({name}-1280.png) |")
    (folder / "README.md").write_text("\n".join(lines) + "\n")


def _draw_people(browser: Browser, address: str, folder: Path) -> None:
    rating, pair = rich_study("images"), rich_study("pair", kind="comparison")
    walks = [
        ("rating", rating, "en", None),
        ("comparison", pair, "en", COMPARED),
        ("arabic", pair, "ar", IN_ARABIC),
    ]
    for prefix, study, language, wanted in walks:
        page = browser.new_context(base_url=address).new_page()
        names = tour(page, study, language=language)
        _take(page, (name for name in names if not wanted or name in wanted), f"{prefix}-", folder)
    page = browser.new_context(base_url=address).new_page()
    _take(page, other_pages(page), "ends-", folder)


def _draw_console(browser: Browser, address: str, folder: Path, said: Said) -> None:
    page = browser.new_context(base_url=address).new_page()
    page.goto(reverse("login"))
    page.fill("[name=username]", NAME)
    page.fill("[name=password]", PASSWORD)
    page.locator("main button").click()
    page.wait_for_url(f"{address}{reverse('studies')}")
    _take(page, said_pages(page, said), "console-", folder)
    page.goto(reverse("voices", args=[_ways_to_ask().name]))
    _take(page, ["voices"], "console-", folder)
    _take(page, _console_pages(page, study_at_work(address)), "console-", folder)


def said_pages(page: Page, said: Said) -> Iterator[str]:
    """What models say: the pages whose addresses name a collection, a query, a run, a mining."""
    name, query = said.collection.name, said.query.pk
    for picture, url in {
        "collection": reverse("collection", args=[name]),
        "collection-categories": reverse("collection-categories", args=[name]),
        "query": reverse("query", args=[query]),
        "mining": reverse("mining", args=[said.mining.name]),
        "asking-run": reverse("asking-run", args=[said.draft.pk]),
        "asking-run-finished": reverse("asking-run", args=[said.finished.pk]),
        "diversity": reverse("diversity", args=[name]),
        "query-map": reverse("query-map", args=[name, query]),
        "formats": reverse("formats", args=[said.trained.name]),
        "task-order": reverse("task-order", args=[said.ordered.pk]),
        "study-make": reverse("study-make", args=[name]),
        "study-pairs": reverse("study", args=[said.pairs.slug]),
    }.items():
        page.goto(url)
        yield picture


def _console_pages(page: Page, at_work: Study) -> Iterator[str]:
    """Every page of the console whose address is known, as far as it is one to be read."""
    patterns = [*annotation.urls.console_urls, *calibration.urls.urlpatterns, *generation.urls.urlpatterns]
    rehearsed, compared = Study.objects.get(slug=REHEARSAL), study_compared()
    grouped, *_ = surveyed(
        groups={**GROUPS}, items=20, shift=1, slug="surveyed", name="Answers by age", state="closed"
    )
    others = dict.fromkeys(OF_REHEARSAL, rehearsed)
    others |= dict.fromkeys(OF_COMPARISONS, compared) | dict.fromkeys(OF_GROUPS, grouped)
    others |= dict.fromkeys(OF_EFFECTS, _study_of_effects())
    for pattern in patterns:
        where = _arguments(pattern, others.get(str(pattern.name), at_work))
        if where is None or pattern.name in NOT_DRAWN:
            continue
        url = reverse(str(pattern.name), kwargs=where)
        answer = page.request.get(url)
        if answer.ok and answer.headers["content-type"].startswith("text/html"):
            page.goto(url)
            yield str(pattern.name)
    page.goto(reverse("plan", args=[Plan.objects.get(state="waiting").pk]))
    yield "plan-waiting"
    page.goto(reverse("panel", args=[draw_panel(name="readers", study=grouped, size=60, seed=1).pk]))
    yield "panel"
    page.goto(reverse("run-new", args=[rehearsed.slug, "panel"]))
    yield "run-new-panel"
    yield from _audits(page, rehearsed)
    yield from _runs(page, rehearsed)


def _audits(page: Page, study: Study) -> Iterator[str]:
    """Two of the scorers of a finished audit compared, and an audit that has come half way."""
    finished = study.audits.get(state="finished")
    first, second, *_ = (f"{finished.pk}:{scorer['name']}" for scorer in (finished.result or {})["scorers"])
    page.goto(f"{reverse('audit-compare')}?{urlencode({'first': first, 'second': second})}")
    yield "audit-compared"
    running = create_audit(study=study)
    Audit.objects.filter(pk=running.pk).update(state="running", progress=0.43)
    page.goto(reverse("audit", args=[running.pk]))
    yield "audit-running"


def _runs(page: Page, study: Study) -> Iterator[str]:
    """A scorer that is asked live: before anybody is asked, and when all has come back."""
    priced: dict[str, Any] = {"price_in": 2.5, "price_out": 10, "budget_money": 5}
    server = ModelServer.objects.get(name="Our server")
    run = create_run(study=study, scorer="judge-1 overall", recipe=judge(), server=server, **priced)
    now = timezone.now()
    page.goto(reverse("run", args=[run.pk]))
    yield "run"
    come_back(run, lambda place, _: _back(place))
    Run.objects.filter(pk=run.pk).update(state="finished", started_at=now, finished_at=now)
    collect(run=run)
    page.goto(reverse("run", args=[run.pk]))
    yield "run-finished"
    page.goto(reverse("runs", args=[study.slug]))
    yield "runs"


def _back(place: int) -> dict[str, Any] | str | None:
    """Of each nine replies one makes no score."""
    return said(3) if place % 9 != 4 else ("refused", "unparsable")[place % 2]


def _arguments(pattern: URLPattern, study: Study) -> dict[str, Any] | None:
    """What an address needs; None where it names what this study does not have."""
    known = {
        "slug": study.slug,
        "language": "ar",
        "kind": "judge",
        "place": "before",
        "purpose": "attention",
        "code": study.participants.order_by("pk").values_list("code", flat=True).first(),
    }
    if pattern.name == "item":
        known["pk"] = study.items.values_list("pk", flat=True).first()
    if pattern.name == "plan":
        known["pk"] = Plan.objects.filter(state="finished").values_list("pk", flat=True).first()
    if pattern.name == "audit":
        known["pk"] = study.audits.values_list("pk", flat=True).first()
    needed = set(pattern.pattern.converters)
    return {name: known[name] for name in needed} if needed <= set(known) else None


def _take(page: Page, names: Iterable[str], prefix: str, folder: Path) -> None:
    """A picture for each name that comes, of the page as it then stands, at each width."""
    desk = page.context.browser.new_page() if page.context.browser else page
    for name in names:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
            area = {"x": 0, "y": 0, "width": width, "height": height}
            png = page.screenshot(full_page=True, clip=area)  # type: ignore[arg-type]
            (folder / f"{prefix}{name}-{width}.png").write_bytes(reduced(desk, png))
    desk.close()
