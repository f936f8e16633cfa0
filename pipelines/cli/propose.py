"""The command that proposes registry rows from the logs, tries and accepts them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from pipelines.actions.context import ActionContext
from pipelines.actions.proposals import (
    Group,
    accept_group,
    chosen,
    groups,
    in_group,
    is_group,
    of_group,
    offered,
    shown_effect,
    take_back,
    trial_of,
)
from pipelines.actions.proposals import accept as accepted
from pipelines.cli.console import working
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import print_facts
from pipelines.errors import SettingsError, safe
from pipelines.proposals.offers import Offer, as_text
from pipelines.reports.words import listed

WEEKS = 8
GROUP_WEEKS = 2
"""A group reaches many days and models; so few are judged in seconds."""
SHOWN = 3
"""Rows of a group that are shown."""
UNSHOWN = ("entry_id", "match", "class")
"""Cells of a site that are the same in each row, or are given when it is written."""
MOST = 10_000
"""The same with --show."""


def propose(
    home: Home,
    to_try: Annotated[
        list[str] | None,
        typer.Option(
            "--try",
            help="Id or group of proposals: show which findings it would add or "
            "remove; repeatable.",
        ),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept",
            help="Id or group, such as computers, sites or sites:education: write it "
            "into the registry; repeatable.",
        ),
    ] = None,
    back: Annotated[str, typer.Option("--take-back", help="Accepted group: remove its rows.")] = "",
    reason: Annotated[
        str, typer.Option(help=("Reason for accepting it; recorded permanently."))
    ] = "",
    show: Annotated[str, typer.Option("--show", help="Group: list all of its rows.")] = "",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the proposals, one file per registry file."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Propose registry rows from the logs.

    They come in groups. Each has its evidence and an id. Nothing is written without
    --accept and a reason.
    """
    with open_context(home, "replay") as context:
        if back:
            for said in take_back(context, back, reason):
                print_facts({"taken_back": said}, said, as_json=as_json)
            return
        target = _outside(out, context.district.home.registry) if out else None
        with working("reading the logs"):
            found = offered(context)
        if accept:
            _accept(context, found, accept, reason, as_json=as_json)
        elif to_try:
            _try(context, found, to_try, as_json=as_json)
        elif target is not None:
            _write(found, target, as_json=as_json)
        else:
            _list(found, show, as_json=as_json)


def _accept(
    context: ActionContext,
    found: Sequence[Offer],
    words: Sequence[str],
    reason: str,
    *,
    as_json: bool,
) -> None:
    groups, single = _picked(found, words)
    for group in groups:
        for said in accept_group(context, group, reason):
            facts = {"group": group.topic, "accepted": True, "said": said}
            print_facts(facts, f"{group.topic}: {said}", as_json=as_json)
    for offer in single:
        said = accepted(context, offer, reason)
        facts = {"id": offer.offer_id, "file": offer.file, "accepted": True}
        print_facts(facts, f"{offer.offer_id}: {said}", as_json=as_json)
    if not as_json and (groups or single):
        if groups:
            typer.echo("--take-back GROUP undoes a group.")
        typer.echo("It takes effect with the next run.")


def _picked(found: Sequence[Offer], words: Sequence[str]) -> tuple[list[Group], list[Offer]]:
    """Return the groups and the single offers that some words name, each once."""
    picked: dict[str, Group] = {}
    ids = []
    for word in dict.fromkeys(words):
        if meant := of_group(found, word):
            picked |= {one.topic: one for one in meant}
        elif is_group(word):
            left = listed([one.topic for one in groups(found)], most=len(found)) or "none"
            typer.echo(
                safe(f"{word}: the logs propose no more of these. Groups with proposals: {left}"),
                err=True,
            )
        else:
            ids.append(word)
    return list(picked.values()), chosen(found, ids)


def _try(
    context: ActionContext, found: Sequence[Offer], words: Sequence[str], *, as_json: bool
) -> None:
    groups, single = _picked(found, words)
    picked = [*(offer for group in groups for offer in group.offers), *single]
    with working("judging the last weeks with the new rows"):
        trial = trial_of(context, picked, GROUP_WEEKS if groups else WEEKS)
    facts, effect = shown_effect(context, trial)
    print_facts(
        {"ids": [one.offer_id for one in picked], **facts},
        *(safe(f"{group.topic}: {group.title}") for group in groups),
        *(safe(f"{offer.offer_id} {offer.file}: {offer.reason}") for offer in single),
        *effect,
        "Nothing was written. To write it, use --accept and --reason WHY.",
        as_json=as_json,
    )


def _list(found: Sequence[Offer], show: str, *, as_json: bool) -> None:
    shown = [one for one in groups(found) if not show or in_group(one.topic, show)]
    if show and not shown:
        chosen(found, [show])
    if as_json:
        for offer in found:
            if not show or in_group(offer.topic, show):
                print_facts(_facts(offer), as_json=True)
        return
    for line in _told(found, shown, show):
        typer.echo(safe(line))


def _told(found: Sequence[Offer], shown: Sequence[Group], show: str) -> Iterator[str]:
    """Yield groups with some of their rows, or all of one; then rows for manual entry."""
    if not found:
        yield "The logs suggest nothing new for the registry."
    for group in shown:
        yield f"--- {group.topic}: {group.title}"
        yield from _lines(group, MOST if show else SHOWN)
    if own := [] if show else [one for one in found if not one.topic]:
        yield "--- district.toml: settings that only a person can decide"
        for offer in own:
            yield f"{offer.offer_id}  {' '.join(offer.reason.split())}"
            yield from _rows(offer)
    if shown:
        yield (
            "--accept GROUP --reason WHY writes the clear rows; --take-back GROUP removes them; "
            "--try GROUP previews the effect; --show GROUP lists all rows. An id instead of GROUP "
            "means one row."
        )


def _lines(group: Group, most: int) -> Iterator[str]:
    """Yield the content of a group, then the rows to review first, with reasons."""
    for offer in group.offers[:most]:
        yield f"{offer.offer_id}  {' '.join(offer.reason.split())}"
        yield from _rows(offer)
    if len(group.offers) > most:
        yield f"... {len(group.offers) - most} more"
    for offer in group.doubts[:most]:
        why = offer.doubt or "its site is sensitive and is not shown here"
        yield f"? {offer.offer_id}  {why}: {' '.join(offer.reason.split())}"
        yield from _rows(offer)
    if len(group.doubts) > most:
        yield f"? ... {len(group.doubts) - most} more to check"


def _rows(offer: Offer) -> Iterator[str]:
    """Yield the cells that an offer would write, row by row."""
    for one in offer.proposals[:SHOWN]:
        cells = ", ".join(
            f"{name} {cell}" for name, cell in one.cells.items() if cell and name not in UNSHOWN
        )
        yield f"+ {offer.file}: {cells}"
    if len(offer.proposals) > SHOWN:
        yield f"+ ... {len(offer.proposals) - SHOWN} more rows"


def _by_file(found: Sequence[Offer]) -> Mapping[str, list[Offer]]:
    grouped: dict[str, list[Offer]] = {}
    for offer in found:
        grouped.setdefault(offer.file, []).append(offer)
    return grouped


def _facts(offer: Offer) -> dict[str, object]:
    return {
        "id": offer.offer_id,
        "group": offer.topic,
        "file": offer.file,
        "reason": offer.reason,
        "doubt": offer.doubt,
        "is_withheld": offer.is_withheld,
        "rows": [dict(one.cells) for one in offer.proposals],
    }


def _write(found: Sequence[Offer], target: Path, *, as_json: bool) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for file, offers in _by_file(found).items():
        rows = [
            one
            for offer in offers
            for one in offer.proposals
            if not (one.is_withheld or one.is_note)
        ]
        (target / file).write_text(as_text(file, rows), encoding="utf-8")
        facts = {"file": str(target / file), "rows": len(rows)}
        print_facts(facts, f"{len(rows)} rows: {target / file}", as_json=as_json)


def _outside(folder: Path, registry: Path) -> Path:
    """Return the folder; raise an error if it is inside the registry."""
    target = folder.resolve()
    if target.is_relative_to(registry.resolve()):
        raise SettingsError(
            "proposals are written there only when you accept them",
            where="--out",
            remedy="Choose another folder, or use --accept ID --reason WHY.",
        )
    return target
