"""Commands about rules: try one that the district wrote, change a threshold."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from pipelines.actions import thresholds
from pipelines.actions.context import ActionContext
from pipelines.cli.commands import add
from pipelines.cli.console import console, show_whole, table, watching
from pipelines.cli.options import AsJson, Home, Quiet, open_context
from pipelines.cli.output import emit, print_facts
from pipelines.cli.replay import scratch_folder
from pipelines.district import District, home_rules
from pipelines.errors import ModelError, NothingReadError
from pipelines.findings.record import Finding
from pipelines.refresh.trial import copied
from pipelines.refresh.trial import replay as replayed
from pipelines.settings.home import rule_text
from pipelines.state.ledger import event_days
from pipelines.state.source_records import quarantined
from pipelines.warehouse.models import Model, subject_kind
from pipelines.warehouse.own_rules import read_own_rule

MAX_SHOWN = 50
OF_THE_TEXT = ("Binder Error", "Catalog Error", "Parser Error")
"""Errors of DuckDB that depend on the query alone."""
app = typer.Typer(
    help="Try a rule that the district wrote, or change a threshold.", no_args_is_help=True
)


@app.command("try")
def try_rule(
    home: Home,
    file: Annotated[Path, typer.Argument(help="The rule's SQL file.", show_default=False)],
    days: Annotated[int, typer.Option(help="Number of days with logs to look back.", min=1)] = 14,
    as_json: AsJson = False,
    is_quiet: Quiet = False,
) -> None:
    """Count the findings of a rule on stored days; nothing is saved.

    Accounts appear under code names.
    """
    model = read_own_rule(file.name, rule_text(file))
    with open_context(home, "replay") as context, scratch_folder() as folder:
        context.require("findings")
        held = sorted(event_days(context.district.store))
        if not held:
            raise NothingReadError("no log has been read", remedy="Run: schoolbell run --home HOME")
        chosen = held[-days:]
        before = copied(_without(context.district, model, file.name), folder)
        try:
            after = _with(before, model, file)
            with watching(console(is_quiet=is_quiet)) as watchers:
                result = replayed(before, after, 1, watchers.building, set(chosen))
            _refuse_failed(context, before, model, chosen)
            found = [
                one.finding for one in result.differences if one.finding.rule == model.header.code
            ]
            rows = list(_rows(ActionContext(before, context.asker), found))
        finally:
            before.store.close()
    counts = {
        "rule": model.header.code,
        "first": chosen[0].isoformat(),
        "last": chosen[-1].isoformat(),
        "days": len(chosen),
        "findings": sum(one.confidence != "C1" for one in found),
        "leads": sum(one.confidence == "C1" for one in found),
        "accounts": len({one.subject for one in found}),
        "days_with_findings": len({one.event_date for one in found}),
    }
    if as_json:
        print_facts(counts, as_json=True)
        emit(iter(rows), as_json=True)
        return
    _tell(counts, rows)


def _without(district: District, model: Model, file: str) -> District:
    """Return the district as it would be without this rule and others of its code."""
    own = home_rules(district.settings).models.values()
    same = {
        f"{one.table_name}.sql"
        for one in own
        if one.name == model.name or one.header.code == model.header.code
    }
    others = tuple(one for one in district.settings.own_rules if one[0] not in {file, *same})
    return replace(district, settings=district.settings.with_rules(others))


def _with(before: District, model: Model, file: Path) -> District:
    texts = (*before.settings.own_rules, (file.name, rule_text(file)))
    after = replace(before, settings=before.settings.with_rules(texts))
    wrong = {one.file: one for one in home_rules(after.settings).problems}
    if file.name in wrong:  # a value in district.toml
        raise wrong[file.name]
    if model.name not in after.models:
        raise ModelError(
            f"the rule {model.header.code} is switched off",
            where=f"district.toml: [detections.{model.header.code}]",
            remedy="Remove `enabled = false` to try it.",
        )
    return after


def _refuse_failed(
    context: ActionContext, tried: District, model: Model, days: Collection[date]
) -> None:
    """Raise the error of a query that could not be built on some day."""
    for entry in quarantined(tried.store):
        if entry.model != model.name or entry.event_date not in days:
            continue
        where = f"detections/{model.table_name}.sql, on {entry.event_date}"
        if entry.cause != model.name:
            raise ModelError(
                f"{entry.cause}, which it reads, could not be built",
                where=where,
                remedy="Run first: schoolbell run --home HOME",
            )
        # an error of a computation may contain a value of a log line
        may_see = context.asker.may("evidence") or entry.reason.startswith(OF_THE_TEXT)
        reason = entry.reason if may_see else entry.reason.partition(":")[0]
        raise ModelError(f"the query fails: {reason}", where=where, remedy="Correct the query.")


def _rows(context: ActionContext, found: Sequence[Finding]) -> Iterator[dict[str, object]]:
    """Yield each finding under its account's code name, by day."""
    for one in sorted(found, key=lambda one: (one.event_date, one.start_time)):
        day = one.event_date.isoformat()
        yield {
            "day": day,
            "account": context.named(subject_kind(one.rule), one.subject, day),
            "severity": one.severity,
            "confidence": one.confidence,
            "cited_lines": len(one.evidence),
            "hidden_by": one.suppressed_by or one.permitted_by or "",
        }


def _tell(counts: Mapping[str, object], rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        columns = tuple(rows[0])
        body = [[row[name] for name in columns] for row in rows[:MAX_SHOWN]]
        show_whole(table(f"{counts['rule']}, on trial", columns, body))
    if len(rows) > MAX_SHOWN:
        typer.echo(f"and {len(rows) - MAX_SHOWN} more; --json lists all of them")
    by_day = Counter(str(row["day"]) for row in rows)
    if by_day:
        day, most = by_day.most_common(1)[0]
        typer.echo(f"Most on one day: {most}, on {day}.")
    typer.echo(
        "{rule}: {findings} findings and {leads} leads about {accounts} accounts, on "
        "{days_with_findings} of {days} days, {first} to {last}. Nothing was saved.".format(
            **counts
        )
    )


add(app, "rule", thresholds)
