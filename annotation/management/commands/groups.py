import json
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.models import Study
from annotation.studies import StudyError
from annotation.templatetags.labels import counted, end, fixed, in_percent


class Command(BaseCommand):
    help = "Print how far groups of a study's people agree, and how much of the disagreement they explain."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument(
            "--question", default="", help="a survey question's name (the first with options)"
        )
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--with-excluded", action="store_true", help="count excluded people's labels too")

    def handle(
        self, *args: Any, slug: str, question: str, seed: int, with_excluded: bool, **options: Any
    ) -> None:
        from annotation.groups import question_named, study_groups  # numpy starts slowly

        study = Study.objects.filter(slug=slug).first()
        if study is None:
            raise CommandError(f"There is no study {slug}.")
        if seed < 0:
            raise CommandError(f"--seed is 0 or more, not {seed}.")
        try:
            asked = question_named(study, question)
        except StudyError as error:
            raise CommandError(str(error)) from None
        report = study_groups(study, asked, with_excluded=with_excluded, seed=seed)
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False, allow_nan=False))
            return
        for line in _lines(report):
            self.stdout.write(line)


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    people, simulated = report["people"], " (simulated)" if report["simulated"] else ""
    excluded = ", excluded people among them" if report["with_excluded"] else ""
    yield (
        f"{report['study']}{simulated}, by {report['question']['name']}: {people['in_groups']:,} of "
        f"{counted(people['labelled'], 'person')} in {counted(len(report['groups']), 'group')}{excluded}; "
        f"{people['no_reply']:,} without a reply, {people['declined']:,} declined, "
        f"{people['in_small_groups']:,} in smaller groups"
    )
    if "reason" in report:
        yield f"undefined: {report['reason']}"
        return
    for group in report["groups"]:
        apart, cohesion = group["difference"]["by_chance"], group["association"]["within_less_rest"]
        yield f"{group['name']}: {counted(group['people'], 'person')}, {counted(group['labels'], 'label')}"
        yield f"  mean {_estimate(group['mean'])}"
        yield f"  less the rest's {_estimate(group['difference'])}, {_p(apart)}"
        yield f"  alpha within {_estimate(group['within'])}; with the rest {_estimate(group['with_rest'])}"
        yield f"  association {_estimate(group['association'])}, {_p(cohesion)}"
    for pair in report["between"]:
        yield f"{pair['first']} with {pair['second']}: {_estimate(pair)}"
    yield from _explained(report["explained"])


def _explained(found: Mapping[str, Any]) -> Iterator[str]:
    share, expected = found["share"], found["expected"]
    if share["value"] is None:
        yield f"Share of disagreement explained: undefined: {share['reason']}"
        return
    yield (
        f"Share of disagreement explained: {in_percent(share['value'])}; by chance "
        f"{in_percent(expected['value'])} ({in_percent(expected['low'])} to {in_percent(expected['high'])}), "
        f"p {found['p']:.3f} of {found['permutations']:,} shufflings of people, seed {found['seed']}"
    )


def _p(shuffled: Mapping[str, Any]) -> str:
    if shuffled["p"] is None:
        return "p undefined"
    return f"p {shuffled['p']:.3f}, adjusted {shuffled['adjusted']:.3f}"


def _estimate(found: Mapping[str, Any]) -> str:
    if found["value"] is None:
        return f"undefined: {found['reason']}"
    low, high = found["low"], found["high"]
    ends = str(found["reason"]) if low is None else f"{end(low, 3)} to {end(high, 3)}"
    return f"{fixed(found['value'], 3)} ({ends})"
