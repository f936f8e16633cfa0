"""The command that tells whose a pseudonym is, for one case and for some time."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

import typer

from pipelines.cli.context import CommandContext, open_context
from pipelines.cli.findings.export import CaseId, no_case
from pipelines.cli.options import AsJson, Home
from pipelines.errors import safe
from pipelines.findings.cases import Case
from pipelines.findings.review import Wish, granted_for, required_reason
from pipelines.privacy.lookups import REFUSED
from pipelines.privacy.pseudonyms import Kind
from pipelines.privacy.redaction import hidden_sites
from pipelines.settings.roles import RefusedError
from pipelines.state.audit import Act

LASTS = timedelta(hours=1)
"""For so long the same person may look again, for the same case."""
Found = tuple[Kind, str, str | None]
"""Kind, the value itself, and the person whose it is."""


def reveal(
    home: Home,
    token: Annotated[str, typer.Argument(help="A code name, such as falcon-27.")],
    reason: Annotated[str, typer.Option(help="Why; recorded permanently.")],
    case: CaseId = "",
    as_json: AsJson = False,
) -> None:
    """Show whose a code name is; each lookup is recorded.

    For one case, and before anything is shown.
    """
    with open_context(home, "names") as context:
        why = required_reason(reason)
        held = next((each for each in context.cases if each.case_id == case), None)
        if case and held is None:
            raise no_case(case)
        found = (
            next((x for x in _of(context, held) if x[0] == token), None)
            if held
            else None
        )
        if found is None:
            raise _refused(context, token, case, why)
        wish = Wish(action="reveal", case_id=case, reason=why, subject=token)
        granted_for(context.chain, wish, context.asker, LASTS)
        told = _told(context, token, found[1])
    if as_json:
        typer.echo(json.dumps(told))
        return
    owner = f", of {told['person_id']}" if told["person_id"] else ""
    name = f" ({told['person_name']})" if told["person_name"] else ""
    typer.echo(safe(f"{token}: {told['kind']} {told['value']}{owner}{name}"))


def _of(context: CommandContext, case: Case) -> Iterator[tuple[str, Found]]:
    """Every pseudonym of a case, former ones too, with what it stands for."""
    owner = None if case.person.startswith("nobody:") else case.person
    for finding in case.findings:
        day, record = finding["event_date"], finding["record"]
        kind = context.district.subject_kind(finding["rule"])
        found: list[Found] = [(kind, str(finding["subject"]), owner)]
        found += [("device", device, None) for device in record["devices"]]
        found += [("site", site, None) for site in hidden_sites(record)]
        found += [("person", owner, owner)] if owner is not None else []
        for each in found:
            for token in context.given(each[0], each[1], day):
                yield token, each


def _told(context: CommandContext, token: str, found: Found) -> dict[str, str | None]:
    kind, value, person = found
    names = context.district.registry.people_names
    return {
        "token": token,
        "kind": kind,
        "value": value,
        "person_id": person,
        "person_name": names.get(person) if person else None,
    }


def _refused(context: CommandContext, token: str, case: str, why: str) -> RefusedError:
    """Note the attempt, and say what it takes."""
    act = Act(
        actor=str(context.asker), action=REFUSED, subject=token, reason=why, case=case
    )
    with context.chain.recording(act):
        pass
    what = (
        f"{token} is not in case {case}" if case else "a name is told for a case only"
    )
    return RefusedError(
        what,
        where="--case",
        remedy="Give the case that it is in: schoolbell findings cases\n"
        "  That this was asked stands in the audit chain.",
    )
