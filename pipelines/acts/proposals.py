"""Acts on what the logs propose for the registry: try it, accept it.

A row that is there is found again by its key: its empty cells are filled, and what a
person wrote stays. Whoever accepts is in the audit log, with the evidence.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from operator import not_

import polars as pl

from pipelines.acts.context import ActContext
from pipelines.acts.permits import NAME as SITES
from pipelines.acts.permits import approve_site, proposal, tried
from pipelines.district import only_writer
from pipelines.errors import SettingsError
from pipelines.findings.registry_rows import changed, names_in, next_id
from pipelines.findings.review import required_reason
from pipelines.operations.registry_proposals import (
    SETTINGS,
    Offer,
    Proposal,
    offers,
    proposed,
)
from pipelines.refresh.trial import Difference
from pipelines.registry.edits import line_of, with_cell
from pipelines.registry.frames import FILES
from pipelines.registry.imports.merged_rows import Merged, merge, says
from pipelines.state.audit import Act

NAMELESS = ("calendar.csv", "subnets.csv", "site_categories.csv")
"""Files whose rows name no person, account or device; sites are decided one by one."""
COUNTED = ("staff_duty.csv",)
"""Files whose rows name people, several accepted at once for a reason that names none:
the desk tells how many they are."""
SANCTIONED = "sanctioned"
"""The class of a site that staff or students use for work; others: `sites decide`."""


def offered(context: ActContext) -> list[Offer]:
    """Everything that the logs propose and the registry, as it is now, does not say.

    A site of a kind that is not spelled out in lists has its code name here.
    """
    rows = {
        file: [_spelled(context, one) if one.is_withheld else one for one in found]
        for file, found in _unsaid(context).items()
    }
    return offers(rows)


def _unsaid(context: ActContext) -> Mapping[str, list[Proposal]]:
    """Proposals without those that were accepted, or settled by hand, meanwhile."""
    return {
        file: [*compress(rows, map(not_, _said(context, file, rows)))]
        for file, rows in proposed(context.district).items()
    }


def _said(context: ActContext, file: str, rows: Sequence[Proposal]) -> Iterable[bool]:
    """Whether the registry says each of them, or something else in its place."""
    if file == SETTINGS:
        return [False for _ in rows]
    if file == SITES:
        listed = context.district.registry.frames["approved_sites"].filter(
            pl.col("valid_to").is_null() | (pl.col("valid_to") >= context.today)
        )
        patterns = set(listed["pattern"])
        return [one.cells["pattern"] in patterns for one in rows]
    path = context.district.home.registry / file
    data = path.read_bytes() if path.exists() else b""
    renames = names_in(context.district, file)
    known = says(data, FILES[file], [one.cells for one in rows], renames)
    return [
        is_known
        and (
            not one.clears
            or _change(context, file, [Offer("", file, (one,))])(data) == data
        )
        for one, is_known in zip(rows, known, strict=True)
    ]


def _spelled(context: ActContext, one: Proposal) -> Proposal:
    """A proposal about a site that lists do not name, with its code name."""
    name = context.named("site", one.cells["pattern"], context.today.isoformat())
    return replace(one, cells={**one.cells, "pattern": name})


def chosen(found: Sequence[Offer], ids: Iterable[str]) -> list[Offer]:
    """The offers of some ids.

    Raises:
        SettingsError: There is no such offer, or a person has to write it.
    """
    known = {one.offer_id: one for one in found}
    picked = []
    for ident in ids:
        if ident not in known:
            raise SettingsError(
                f"nothing that is proposed now has the id {ident!r}",
                remedy="A run changes what is proposed; list it: schoolbell propose",
            )
        if known[ident].is_withheld:
            raise SettingsError(
                f"{ident} is about a site of a kind that is not told by name here",
                where=known[ident].file,
                remedy="Whoever knows its name decides: schoolbell sites decide SITE",
            )
        if known[ident].file == SETTINGS:
            raise SettingsError(
                f"{ident} is a setting",
                where=SETTINGS,
                remedy="Only a person can know whether two names are two people: "
                "write the line yourself.",
            )
        picked.append(known[ident])
    return picked


def what_changes(
    context: ActContext, picked: Sequence[Offer], weeks: int
) -> Sequence[Difference]:
    """Return the findings that would change if these were accepted, all together."""
    context.require("replay")
    files = dict.fromkeys(one.file for one in picked)
    changes = {
        name: _change(context, name, [one for one in picked if one.file == name])
        for name in files
    }
    return tried(context, changes, weeks).differences


def accept(context: ActContext, offer: Offer, reason: str) -> str:
    """Write an offer into the registry; what was done. It counts from the next run.

    Raises:
        BusyError: A run, or somebody else, is writing.
        SettingsError: No reason is given, or the registry would not take it.
    """
    context.require("sites")
    with only_writer(context.district.home):
        return _accepted(context, offer, reason)


def _accepted(context: ActContext, offer: Offer, reason: str) -> str:
    why = required_reason(reason)
    cells = offer.proposals[0].cells
    if offer.file == SITES and not cells.get("supports"):
        pattern, roles, since = (cells[n] for n in ("pattern", "roles", "valid_from"))
        row = proposal(context, pattern, SANCTIONED, roles, since, "", why)
        approve_site(context, row)
        return f"{offer.file}: {row['entry_id']} {row['pattern']} for {row['roles']}"
    act = Act(
        actor=str(context.asker),
        action="proposal accepted",
        subject=f"{offer.offer_id} {offer.file}",
        reason=f"{why} ({offer.reason})",
    )
    change = _change(context, offer.file, [offer])
    path = context.district.home.registry / offer.file
    before = path.read_bytes() if path.exists() else b""
    if change(before) == before:
        raise SettingsError(
            "a person wrote something else there, which stays",
            where=offer.file,
            remedy=f"Correct the row by hand: {dict(cells)}",
        )
    with changed(
        context.district, context.chain, offer.file, lambda rows: rows, change, act
    ):
        count = len(offer.proposals)
    return f"{offer.file}: {count} row{'' if count == 1 else 's'}"


def _entered(
    context: ActContext, name: str, cells: Mapping[str, str]
) -> Mapping[str, str]:
    """A row; one of the list of sites under an id that no other has."""
    if name != SITES:
        return cells
    taken = set(context.district.registry.frames["approved_sites"]["entry_id"])
    return {**cells, "entry_id": next_id(context.district, name, "S", taken)}


def _change(
    context: ActContext, name: str, picked: Sequence[Offer]
) -> Callable[[bytes], bytes]:
    """What accepting does to a file's bytes."""
    renames = names_in(context.district, name)
    rows = [row for offer in picked for row in offer.proposals]

    def change(data: bytes) -> bytes:
        adding = [_entered(context, name, row.cells) for row in rows if not row.clears]
        made: Merged = merge(data, FILES[name], adding, renames)
        after = made.data
        for row in rows:
            key = next(iter(FILES[name].columns))
            for column in row.clears:
                line = line_of(after, name, (key, row.cells[key]), renames)
                after = with_cell(after, name, line, (column, ""), renames)
        return after

    return change
