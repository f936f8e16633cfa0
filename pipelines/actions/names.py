"""Acts that give names: whose a code name is, and findings exported with names."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Annotated

import typer

from pipelines.actions.action import HIDDEN, CaseId, Form, Input, Reason, Result, WithNames, action
from pipelines.actions.context import ActionContext
from pipelines.errors import SettingsError
from pipelines.findings.cases import Case
from pipelines.findings.finding_frames import COLUMNS, rows
from pipelines.findings.review import NameRequest, granted, granted_for, required_reason
from pipelines.privacy.lookups import REFUSED
from pipelines.privacy.pseudonyms import Kind
from pipelines.privacy.redaction import hidden_sites
from pipelines.reports.text_tables import table, to_csv
from pipelines.settings.roles import RefusedError
from pipelines.state.audit import Act
from pipelines.state.findings import stored_evidence
from pipelines.state.rows import ExportedFinding, FindingRow
from pipelines.warehouse.models import subject_kind

LASTS = timedelta(hours=1)
"""Time during which the same person may look again for the same case."""
Named = tuple[Kind, str, str | None]
"""Kind, value and person."""


class RevealInput(Input):
    """A code name of a case."""

    case: Annotated[str, HIDDEN, typer.Option("--case", help="Case that needs it.")] = ""
    name: Annotated[
        str,
        Form("Code name"),
        typer.Argument(metavar="token", help="A code name, such as falcon-27."),
    ]
    reason: Reason


@action(
    command="reveal",
    right="names",
    title="Look up a code name",
    button="Show",
    case_rank=5,
    hint="Requires a second person. The name is shown once, and each lookup is recorded.",
)
def reveal(context: ActionContext, given: RevealInput) -> Result:
    """Show the person behind a code name; every lookup is recorded.

    A lookup is for one case, and is recorded before anything is shown.
    """
    token, why = given.name, required_reason(given.reason)
    of_case = code_names(context, context.case(given.case)) if given.case else ()
    named = next((one for name, one in of_case if name == token), None)
    if named is None:
        raise _refused(context, token, given.case, why)
    wish = NameRequest(action="reveal", case_id=given.case, reason=why, subject=token)
    granted_for(context.chain, wish, context.asker, LASTS)
    kind, value, person = named
    person_name = context.district.registry.people_names.get(person) if person else None
    facts = {
        "token": token,
        "kind": kind,
        "value": value,
        "person_id": person,
        "person_name": person_name,
    }
    owner = f", of {person}" if person else ""
    return Result(
        f"This is the only time {token} is shown.",
        facts,
        (f"{token}: {kind} {value}{owner}{f' ({person_name})' if person_name else ''}",),
        names=facts,
    )


def code_names(context: ActionContext, case: Case) -> Iterator[tuple[str, Named]]:
    """Yield every code name of a case, with former ones, and its meaning."""
    owner = None if case.person.startswith("nobody:") else case.person
    for finding in case.findings:
        day, record = finding["event_date"], finding["record"]
        kind = subject_kind(finding["rule"])
        named: list[Named] = [(kind, str(finding["subject"]), owner)]
        named += [("device", device, None) for device in record["devices"]]
        named += [("site", site, None) for site in hidden_sites(record)]
        named += [("person", owner, owner)] if owner is not None else []
        for each in named:
            for token in context.given(each[0], each[1], day):
                yield token, each


def names_in(context: ActionContext, case: Case, text: str) -> list[str]:
    """Return the names of a case in a text that cards or the history would show.

    Those are accounts, devices, sensitive sites, and parts of people's names.
    """
    folded = text.casefold()
    return [name for name in names_of(context, case) if name.casefold() in folded]


def names_of(context: ActionContext, case: Case) -> Iterator[str]:
    """Yield the names of a case: accounts, devices, sensitive sites, parts of people's names."""
    for _, (_, value, person) in code_names(context, case):
        yield value
        name = context.district.registry.people_names.get(person or "", "")
        yield from (part for part in name.split() if len(part) > 2)


def _refused(context: ActionContext, token: str, case: str, why: str) -> RefusedError:
    """Note the attempt, and say what it takes."""
    act = Act(actor=str(context.asker), action=REFUSED, subject=token, reason=why, case=case)
    with context.chain.recording(act):
        pass
    what = f"{token} is not in case {case}" if case else "names are shown only for a case"
    return RefusedError(
        what,
        where="--case",
        remedy=(
            "Give the case that contains the code name: schoolbell findings cases\n  The audit "
            "chain records this request."
        ),
    )


def export(
    context: ActionContext, case: str = "", reason: str = "", *, names: bool = False
) -> list[ExportedFinding]:
    """Return the findings that count, one row each: of one case, or of all.

    Raises:
        RefusedError: Names were requested without approval.
    """
    context.require("export")
    chosen = [context.case(case)] if case else context.cases
    copies = partial(stored_evidence, context.district.store)
    if names:
        context.require("names")
        if not case:
            raise SettingsError(
                "names are exported for one case only",
                where="--case",
                remedy="Give the case: --case c-… --reason …",
            )
        wish = NameRequest(action="export", case_id=case, reason=required_reason(reason))
        granted(context.chain, wish, context.asker)
        return rows(
            chosen,
            lambda finding, device: device or str(finding["subject"]),
            context.is_student,
            copies,
        )

    def named(finding: FindingRow, device: str | None) -> str:
        if device is None:
            return context.subject(finding)
        return context.named("device", device, finding["event_date"])

    exported = rows(chosen, named, context.is_student, copies)
    act = Act(
        actor=str(context.asker),
        action="export under pseudonyms",
        subject=f"{len(exported)} findings",
        case=case,
    )
    with context.chain.recording(act):
        return exported


def as_csv(exported: Iterable[Mapping[str, object]]) -> str:
    """Return exported findings as CSV."""
    body = [
        [one if isinstance(one, int) or one is None else str(one) for one in map(row.get, COLUMNS)]
        for row in exported
    ]
    return to_csv(table("findings", COLUMNS, body))


class ExportInput(Input):
    """A case whose findings are exported."""

    case: CaseId
    names: WithNames = False
    reason: Reason


@action(
    name="export",
    of_command="findings export",
    right="export",
    title="Export as CSV",
    button="Export",
    case_rank=11,
)
def export_case(context: ActionContext, given: ExportInput) -> Result:
    """Export the findings of a case as CSV."""
    rows_of_case = export(context, given.case, given.reason, names=given.names)
    context.put(as_csv(rows_of_case).encode())
    return Result("Exported.", file=f"{given.case}.csv")
