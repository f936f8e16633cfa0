"""Measures the rules against synthetic districts, each with its planted truth.

python -m tests.benchmarks.score --seed 1 [--curves] [--stability]
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli.options import AsJson
from pipelines.cli.output import print_facts
from pipelines.errors import safe
from pipelines.run.console import console
from pipelines.settings.scratch import scratch
from pipelines.synthetic.quality import false_rows, missed_rows, quality
from pipelines.synthetic.scored_district import Trial, hold_trial
from tests.benchmarks.curves import Point, curves, sloping, together
from tests.benchmarks.variations import stability

Measures = Mapping[str, Any]

app = typer.Typer(add_completion=False)


@app.command()
def score(
    seed: Annotated[
        list[int], typer.Option(help=("Seed of a synthetic district; repeatable."), min=0)
    ],
    people: Annotated[int, typer.Option(help="Size of each roster.", min=60)] = 240,
    weeks: Annotated[int, typer.Option(help="School weeks of each.", min=1)] = 3,
    is_null: Annotated[
        bool,
        typer.Option("--null", help="Plant only benign look-alikes: each finding is false."),
    ] = False,
    is_stability: Annotated[
        bool,
        typer.Option(
            "--stability",
            help="Vary how each district's logs are written and compare the findings.",
        ),
    ] = False,
    is_curves: Annotated[
        bool,
        typer.Option(
            "--curves", help=("Vary each threshold and report the findings for each value.")
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Score the rules on synthetic districts."""
    size: dict[str, Any] = {"people": people, "weeks": weeks, "violations": not is_null}
    if is_stability:
        _stability(seed, people, weeks, as_json=as_json)
        return
    screen = console()
    trials, points = [], []
    for number in seed:
        with _home() as home:
            trials.append(hold_trial(home, number, **size))
            points += curves(home) if is_curves else []
        screen.print(f"seed {number}: {trials[-1].findings.height} findings")
    measures = quality(trials)
    if is_curves:
        _tell_curves(points, as_json=as_json)
        return
    rows = {"false": false_rows(trials), "missed": missed_rows(trials)}
    print_facts({**measures, **rows}, *_told(measures, trials), as_json=as_json)


def _stability(seeds: Iterable[int], people: int, weeks: int, *, as_json: bool) -> None:
    for seed in seeds:
        with _home() as home:
            found = stability(home.parent, seed, people=people, weeks=weeks)
        if as_json:
            for one in found:
                typer.echo(json.dumps({"seed": seed, **asdict(one)}, default=sorted))
            continue
        rows = [(one.variation, f"{one.jaccard:.4f}", one.same) for one in found]
        for line in _table((f"seed {seed}", "Jaccard", "findings the same"), rows):
            typer.echo(line)


@contextmanager
def _home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=scratch("score")) as folder:
        yield Path(folder) / "home"


def _tell_curves(points: Sequence[Point], *, as_json: bool) -> None:
    """Print every value of every threshold, then thresholds on a slope."""
    whole = together(points)
    sloped = {(point.rule, point.parameter) for point in sloping(whole)}
    if as_json:
        for point in whole:
            is_slope = (point.rule, point.parameter) in sloped
            print_facts({**asdict(point), "is_slope": is_slope}, as_json=True)
        return
    rows = [
        (
            point.rule,
            point.parameter,
            f"{point.value:g}",
            "now" if point.is_now else "",
            point.true,
            point.false,
        )
        for point in whole
    ]
    for line in _table(("rule", "threshold", "value", "", "true", "false"), rows):
        typer.echo(line)
    typer.echo("Thresholds with a steep slope, which need a reason:")
    for rule, parameter in sorted(sloped):
        typer.echo(f"- {rule} {parameter}")


def _told(measures: Measures, trials: Sequence[Trial]) -> Iterator[str]:
    yield from _table(("measure", "value", "95 % bounds"), _summary(measures))
    names: tuple[str, ...] = ("rule", "planted", "found", "findings", "true")
    yield from _table(names, map(_rule, measures["by_rule"]))
    names = ("rule that makes leads", "planted", "found as a lead", "leads")
    yield from _table(names, (tuple(row.values()) for row in measures["leads"]))
    names = ("family", "intensity", "planted", "found", "met by any rule of the kind")
    yield from _table(names, (tuple(row.values()) for row in measures["by_family"]))
    names = ("false next to", "rule", "findings")
    yield from _table(names, (tuple(r.values()) for r in measures["false_by_alike"]))
    for row in false_rows(trials):
        span = f"{row['first']} to {row['last']}"
        said = f"False: seed {row['seed']} {row['rule']} {row['account']} {span}"
        yield safe(said)
    for row in missed_rows(trials):
        other = ", met by another rule" if row["is_met"] else ""
        case = f"{row['case_id']} {row['expected_rule']}{other}: {row['note']}"
        why = row["unproven"]
        kind = f"Not provable by these logs ({why})" if why else "Missed"
        yield safe(f"{kind}: seed {row['seed']} {case}")
    for one in trials:
        for name, said in one.lacking.items():
            yield safe(f"Incomplete: seed {one.seed} {name}: {said}")


def _rule(row: Measures) -> tuple[object, ...]:
    name = row["rule"] if row["is_built"] else f"{row['rule']} (not built)"
    recall, precision = row["recall"], row["precision"]
    counts = (recall["of"], recall["count"], precision["of"], precision["count"])
    return (name, *counts)


def _summary(measures: Measures) -> Iterator[tuple[str, str, str]]:
    yield "user-weeks", f"{measures['user_weeks']:,}", ""
    shares = (
        ("precision", "precision"),
        ("case recall, by the expected rule", "recall"),
        ("case recall of what the logs can prove", "recall_provable"),
        ("case recall, by any rule of the kind", "recall_by_kind"),
        ("findings whose proof is complete", "complete"),
        ("share of leads", "lead_share"),
    )
    for name, key in shares:
        one = measures[key]
        text = "none" if one["share"] is None else f"{one['share']:.3f}"
        low, high = one["bounds"]
        yield (
            name,
            f"{text} ({one['count']} of {one['of']})",
            f"{low:.3f} to {high:.3f}",
        )
    rate = measures["false_per_1000_user_weeks"]
    low, high = rate["bounds"]
    yield "false findings", str(measures["false_findings"]), ""
    yield "… per 1,000 user-weeks", f"{rate['rate']:.2f}", f"{low:.2f} to {high:.2f}"
    yield "people falsely named", str(measures["people_falsely_named"]), ""


def _table(head: Sequence[str], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    """Yield a table in Markdown."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(map(safe, row)) + " |"
    yield ""


if __name__ == "__main__":
    app()
