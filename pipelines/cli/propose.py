"""The command that proposes registry rows from the logs, tries and accepts them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.acts.context import ActContext
from pipelines.acts.permits import effects
from pipelines.acts.proposals import accept as accepted
from pipelines.acts.proposals import chosen, offered, what_changes
from pipelines.acts.site_effects import NO_CASE, in_words
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import tell
from pipelines.errors import SettingsError, capital, safe
from pipelines.operations.registry_proposals import Offer, as_text
from pipelines.run.console import working

WEEKS = 8
SHOWN = 3
"""Rows of a group that are shown."""


def propose(
    home: Home,
    to_try: Annotated[
        list[str] | None,
        typer.Option(
            "--try",
            help="Id of a proposal: show which findings it would add or remove; "
            "repeatable.",
        ),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept",
            help="Id of a proposal: write it into the registry; repeatable.",
        ),
    ] = None,
    reason: Annotated[
        str, typer.Option(help="Why it is accepted; recorded permanently.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the proposals as files, one a registry file."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Propose registry rows from what the logs show.

    Each has its evidence and an id. Nothing is written without --accept and a reason.
    """
    with open_context(home, "replay") as context:
        target = _outside(out, context.district.home.registry) if out else None
        with working("looking through the logs"):
            found = offered(context)
        if accept:
            _accept(context, chosen(found, accept), reason, as_json=as_json)
        elif to_try:
            _try(context, chosen(found, to_try), as_json=as_json)
        elif target is not None:
            _write(found, target, as_json=as_json)
        else:
            _list(found, as_json=as_json)


def _accept(
    context: ActContext, picked: Sequence[Offer], reason: str, *, as_json: bool
) -> None:
    for offer in picked:
        said = accepted(context, offer, reason)
        facts = {"id": offer.offer_id, "file": offer.file, "accepted": True}
        tell(facts, f"{offer.offer_id}: {said}", as_json=as_json)
    if not as_json:
        typer.echo("It counts from the next run.")


def _try(context: ActContext, picked: Sequence[Offer], *, as_json: bool) -> None:
    with working("judging the last weeks again"):
        found = what_changes(context, picked, WEEKS)
    if as_json:
        typer.echo(json.dumps({"ids": [one.offer_id for one in picked],
                               "effects": effects(found)}))  # fmt: skip
        return
    for offer in picked:
        typer.echo(safe(f"{offer.offer_id} {offer.file}: {offer.reason}"))
    for sentence in in_words(context, found) or [NO_CASE]:
        typer.echo(capital(f"{sentence}."))
    typer.echo("Nothing was written. Give --accept ID --reason WHY to write it.")


def _list(found: Sequence[Offer], *, as_json: bool) -> None:
    if as_json:
        for offer in found:
            typer.echo(json.dumps(_facts(offer)))
        return
    if not found:
        typer.echo("The logs suggest nothing that the registry does not say.")
    for file, offers in _by_file(found).items():
        rows = sum(len(one.proposals) for one in offers)
        typer.echo(f"--- {file}: {rows} rows to consider")
        for line in _lines(file, offers):
            typer.echo(safe(line))
    if found:
        typer.echo("--try ID shows what it would change, --accept ID writes it.")


def _lines(file: str, offers: Sequence[Offer]) -> Iterator[str]:
    for number, offer in enumerate(offers):
        header, *lines = [
            line
            for line in as_text(file, offer.proposals).splitlines()
            if not line.startswith("#")
        ]
        if not number:
            yield f"  {header}"
        yield f"{offer.offer_id}  {' '.join(offer.reason.split())}"
        if offer.is_withheld:
            yield "  its site is of a kind that is not told by name here"
        yield from (f"+ {line}" for line in lines[:SHOWN])
        if len(lines) > SHOWN:
            yield f"+ ... {len(lines) - SHOWN} more rows"


def _by_file(found: Sequence[Offer]) -> Mapping[str, list[Offer]]:
    grouped: dict[str, list[Offer]] = {}
    for offer in found:
        grouped.setdefault(offer.file, []).append(offer)
    return grouped


def _facts(offer: Offer) -> dict[str, Any]:
    return {
        "id": offer.offer_id,
        "file": offer.file,
        "reason": offer.reason,
        "is_withheld": offer.is_withheld,
        "rows": [dict(one.cells) for one in offer.proposals],
    }


def _write(found: Sequence[Offer], target: Path, *, as_json: bool) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for file, offers in _by_file(found).items():
        rows = [one for offer in offers for one in offer.proposals
                if not one.is_withheld]  # fmt: skip
        (target / file).write_text(as_text(file, rows), encoding="utf-8")
        facts = {"file": str(target / file), "rows": len(rows)}
        tell(facts, f"{len(rows)} rows: {target / file}", as_json=as_json)


def _outside(folder: Path, registry: Path) -> Path:
    """The folder, unless it lies in the registry."""
    target = folder.resolve()
    if target.is_relative_to(registry.resolve()):
        raise SettingsError(
            "proposals are not written there unless they are accepted",
            where="--out",
            remedy="Name another folder, or give --accept ID --reason WHY.",
        )
    return target
