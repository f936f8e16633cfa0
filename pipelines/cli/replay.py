"""The command that tries another threshold or registry row without saving it."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.actions.context import ActionContext
from pipelines.cli.console import console, table, watching
from pipelines.cli.options import AsJson, Home, Quiet, open_context
from pipelines.cli.output import emit, print_facts
from pipelines.errors import SettingsError, safe
from pipelines.refresh.trial import Difference, TrialResult, changed, copied, with_values
from pipelines.refresh.trial import replay as replayed
from pipelines.refresh.trial import sweep as swept
from pipelines.registry.folder import ROSTER
from pipelines.registry.frames import FILES
from pipelines.registry.policy import FILE as POLICY
from pipelines.registry.registry import Registry
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.scratch import scratch
from pipelines.settings.toml_reader import parse_settings
from pipelines.settings.toml_text import scalar
from pipelines.state.reviews import last_verdicts
from pipelines.warehouse.models import subject_kind

EXAMPLE = "Write --set RULE.PARAMETER=VALUE, such as --set SA-1.turns=6."

BAR = 30
MAX_STEPS = 17
"""Each step builds the models that read the value."""


def replay(
    home: Home,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", help="RULE.PARAMETER=VALUE; repeatable."),
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="Another district.toml to try.")] = None,
    registry: Annotated[
        list[Path] | None,
        typer.Option(help="A registry file to try, such as devices.csv; repeatable."),
    ] = None,
    sweep: Annotated[
        str,
        typer.Option(
            help="RULE.PARAMETER=LOW..HIGH, or LOW..HIGH:STEP: how many findings each "
            "value would add or remove."
        ),
    ] = "",
    weeks: Annotated[int, typer.Option(help="Number of weeks to look back.", min=1)] = 8,
    as_json: AsJson = False,
    is_quiet: Quiet = False,
) -> None:
    """Preview the effect of another threshold or registry row.

    Lists findings that would appear or disappear; nothing is saved.
    """
    if not (values or settings or registry or sweep):
        raise SettingsError("there is nothing to try", remedy=EXAMPLE)
    if sweep:
        if values or settings or registry:
            raise SettingsError("--sweep cannot be combined with other changes", where="--sweep")
        _sweep(home, sweep, weeks, as_json=as_json, is_quiet=is_quiet)
        return
    with open_context(home, "replay") as context, scratch_folder() as folder:
        before = copied(context.district, folder)
        try:
            _put(registry or (), before.home)
            wanted = _settings(context.district.settings, settings, values or ())
            after = changed(before, wanted)
            _refuse_errors(before.registry, after.registry)
            with watching(console(is_quiet=is_quiet)) as watchers:
                found = replayed(before, after, weeks, watchers.building)
            rows = list(_rows(ActionContext(before, context.asker), found.differences))
        finally:
            before.store.close()
        may_see = context.asker.may("findings")
    _tell(found, rows if may_see else None, as_json=as_json)


def _sweep(home: Path, text: str, weeks: int, *, as_json: bool, is_quiet: bool) -> None:
    """Print each value of a parameter, with the findings that it would add or remove."""
    name, steps = _steps(text)
    with open_context(home, "replay") as context, scratch_folder() as folder:
        before = copied(context.district, folder)
        try:
            tried = [
                changed(before, _settings(before.settings, None, [f"{name}={value:g}"]))
                for value in steps
            ]
            with watching(console(is_quiet=is_quiet)) as watchers:
                found = list(swept(before, tried, weeks, watchers.building))
        finally:
            before.store.close()
    rows = [
        {
            "value": value,
            "added": sum(one.effect in ("added", "shown") for one in made.differences),
            "removed": sum(one.effect in ("removed", "hidden") for one in made.differences),
            "same": made.same - made.same_leads,
        }
        for value, made in zip(steps, found, strict=True)
    ]
    if as_json:
        emit(({"parameter": name, **row} for row in rows), as_json=True)
        return
    most = max(max(row["added"], row["removed"]) for row in rows) or 1
    body = [
        [
            f"{row['value']:g}",
            row["same"],
            row["added"],
            row["removed"],
            "-" * round(BAR * row["removed"] / most) + "+" * round(BAR * row["added"] / most),
        ]
        for row in rows
    ]
    columns = (name, "same as now", "added", "removed", "- removed, + added")
    console().print(table(f"{found[0].first} to {found[0].last}", columns, body))
    typer.echo("Nothing was saved.")


def _steps(text: str) -> tuple[str, list[float]]:
    """`SA-1.turns` and the values to try, of `SA-1.turns=4..20:2`."""
    name, _, span = text.partition("=")
    span, _, step = span.partition(":")
    try:
        low, high = (float(part) for part in span.split(".."))
        by = float(step) if step else max((high - low) / (MAX_STEPS - 1), 1)
        count = round((high - low) / by) + 1
        if not (name and by > 0 and 1 <= count <= MAX_STEPS):
            raise ValueError(text)
    except (ValueError, ZeroDivisionError) as error:
        raise SettingsError(
            f"{text!r} is not a range of at most {MAX_STEPS} values",
            where="--sweep",
            remedy="Write --sweep SA-1.turns=4..20, or 4..20:4 for every fourth.",
        ) from error
    return name, [low + by * n for n in range(count)]


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a private folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix=scratch("replay")) as folder:
        yield Path(folder)


def _put(files: Sequence[Path], home: DistrictHome) -> None:
    for path in files:
        if path.name not in (*FILES, *ROSTER, POLICY) and path.suffix != ".ics":
            raise SettingsError(
                f"the registry has no file {path.name}",
                where="--registry",
                remedy=f"It is one of: {', '.join(sorted(FILES))}.",
            )
        shutil.copyfile(path, home.registry / path.name)


def _settings(now: Settings, file: Path | None, values: Sequence[str]) -> Settings:
    wanted = now
    if file is not None:
        wanted = parse_settings(file.read_bytes()).below(now.agency).with_rules(now.own_rules)
    given: dict[str, dict[str, Any]] = {}
    for text in values:
        name, dot, rest = text.partition(".")
        parameter, equals, value = rest.partition("=")
        if not (dot and equals and name and parameter and value):
            raise SettingsError(
                (f"{text!r} is not RULE.PARAMETER=VALUE"), where="--set", remedy=EXAMPLE
            )
        given.setdefault(name, {})[parameter] = scalar(value)
    return with_values(wanted, given)


def _refuse_errors(before: Registry, after: Registry) -> None:
    """Raise an error for a row that would be rejected: it cannot be previewed."""
    known = {str(problem) for problem in before.problems}
    wrong = [error for error in after.errors if str(error) not in known]
    if wrong:
        told = "\n  ".join(str(one) for one in wrong[:10])
        raise SettingsError("the registry would reject it", remedy=told)


def _rows(context: ActionContext, found: Sequence[Difference]) -> Iterator[dict[str, object]]:
    """Yield each difference under pseudonyms, with the finding's verdict."""
    decided = last_verdicts(context.district.store)
    for difference in found:
        finding, day = difference.finding, difference.finding.event_date.isoformat()
        kind = subject_kind(finding.rule)
        verdict = decided[finding.finding_id]["verdict"] if finding.finding_id in decided else None
        yield {
            "effect": difference.effect,
            "finding_id": finding.finding_id,
            "rule": finding.rule,
            "day": day,
            "account": context.named(kind, finding.subject, day),
            "was": _graded(difference, "was"),
            "now": _graded(difference, "now"),
            "verdict": verdict,
        }


def _graded(difference: Difference, when: str) -> str | None:
    one = difference.was if when == "was" else difference.now
    if one is None:
        return None
    by = one.suppressed_by or one.permitted_by
    return f"{one.severity}, {one.confidence}, " + (by or one.stage)


def _tell(
    found: TrialResult, rows: Sequence[Mapping[str, object]] | None, *, as_json: bool
) -> None:
    """Print the differences; only counts for a user who may not see findings."""
    counts = Counter(
        (difference.effect, difference.finding.rule) for difference in found.differences
    )
    if as_json:
        said: dict[str, object] = {
            "first": found.first.isoformat(),
            "last": found.last.isoformat(),
            "same": found.same,
            "same_leads": found.same_leads,
            "models": list(found.models),
            "counts": [
                {"effect": effect, "rule": rule, "findings": count}
                for (effect, rule), count in sorted(counts.items())
            ],
        }
        more = {} if rows is None else {"differences": list(rows)}
        print_facts(said | more, as_json=True)
        return
    if rows:
        columns = tuple(rows[0])
        body = [[row[name] or "" for name in columns] for row in rows]
        console().print(table("Effect", columns, body))
    for (effect, rule), count in sorted(counts.items()):
        typer.echo(safe(f"{effect}: {count} of {rule}"))
    span = f"{found.first} to {found.last}"
    shown = found.same - found.same_leads
    typer.echo(
        f"The same as now: {shown} findings and {found.same_leads} leads, {span}. "
        "Nothing was saved."
    )
