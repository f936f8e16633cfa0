"""Actions on proposals from the logs: preview, accept and take back.

An existing row is matched by its key: its empty cells are filled, and a person's entries
do not change. Rows about one topic are a group, accepted and taken back as a whole. The
audit log records the user and the evidence.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from itertools import compress
from operator import not_
from typing import Annotated

import polars as pl
from pydantic import ConfigDict

from pipelines.actions.action import HIDDEN, Input, Preview, Reason, Result, action
from pipelines.actions.context import ActionContext
from pipelines.actions.permits import NAME as SITES
from pipelines.actions.permits import WEEKS, approve_site, effects, file_of, proposal, tried
from pipelines.actions.site_effects import LEAD, NO_CASE, in_words
from pipelines.district import PERSON_WAITS, only_writer
from pipelines.errors import SettingsError, capital
from pipelines.findings.registry_rows import changed, names_in, next_id
from pipelines.findings.review import required_reason
from pipelines.proposals.duty_rows import USUAL_DUTY
from pipelines.proposals.offers import SETTINGS, Offer, Proposal, as_text, offers
from pipelines.proposals.registry_proposals import KINDS
from pipelines.proposals.site_rows import SANCTIONED
from pipelines.refresh.trial import TrialResult
from pipelines.registry.csv_document import CsvDocument
from pipelines.registry.csv_files import RegistryFrame
from pipelines.registry.edits import put
from pipelines.registry.frames import FILES
from pipelines.registry.imports.merged_rows import merge, says
from pipelines.registry.tables.approved_sites import approved_sites
from pipelines.registry.tables.site_list import LEARNED
from pipelines.registry.taking_back import RowChange, changes_between, taken_back
from pipelines.settings.toml_reader import load_settings
from pipelines.settings.toml_text import with_district_line
from pipelines.state.accepted_groups import accepted_groups, add_group, end_group
from pipelines.state.audit import Act
from pipelines.state.rows import AcceptedGroup
from pipelines.warehouse import inputs

NAMELESS = ("calendar.csv", "subnets.csv", "site_categories.csv")
"""Files whose rows name no person, account or device; sites are decided one by one."""
COUNTED = ("staff_duty.csv",)
"""Files whose rows name people. If several are accepted together, the reason names none:
the desk shows only their number.
"""

FROM_CASE = "case"
"""Prefix of the group of corrections that were made from one case."""
TITLES: Mapping[str, str] = {
    "computers": "card, class and building of computers, from leases and sign-ins",
    "networks": "networks that have no building yet",
    "usual-hours": "the usual hours of all staff",
    "sites": "sites that the school works with",
    "sites:district": "the district's own sites",
    "sites:hosts": "sites that serve the pages of an approved site",
    "holders": "owners of devices, and shared devices",
    "service-accounts": "accounts that no person uses: services",
    "fixed-addresses": "devices whose fixed address was leased to another device",
    "hours": "hours of staff who have none, by building",
    "later-hours": "jobs with people who work later than the registry shows",
    "calendar": "days that differ from the calendar",
}
"""Groups in words."""
MAX_LINES = 3
"""Rows of a proposal that are shown."""


@dataclass(frozen=True)
class Group:
    """Offers about one topic, which are accepted as a whole.

    Attributes:
        offers: What is accepted with it.
        doubts: What a person looks at first, and accepts by its id.
    """

    topic: str
    offers: Sequence[Offer]
    doubts: Sequence[Offer]

    @property
    def title(self) -> str:
        """Topic, number of rows, and number of doubtful ones."""
        kind = self.topic.removeprefix("sites:").replace("-", " ")
        topic = TITLES.get(self.topic, f"{kind} sites")
        topic = topic[:1].upper() + topic[1:]
        every = len(self.offers) + len(self.doubts)
        if not self.doubts:
            return f"{topic}: {every}"
        return f"{topic}: {every} ({len(self.offers)} ready, {len(self.doubts)} to check)"


def groups(proposed_offers: Sequence[Offer]) -> list[Group]:
    """Group offers by topic, the most important first; settings for one person are in none."""
    topics: dict[str, list[Offer]] = {}
    for one in proposed_offers:
        if one.topic:
            topics.setdefault(one.topic, []).append(one)
    order = [*KINDS]

    def rank(topic: str) -> tuple[int, int, str]:
        at = order.index(topic if topic in order else topic.partition(":")[0])
        return at, -sum(one.is_plain for one in topics[topic]), topic

    return [
        Group(
            topic,
            [one for one in topics[topic] if one.is_plain],
            [one for one in topics[topic] if not one.is_plain],
        )
        for topic in sorted(topics, key=rank)
    ]


def in_group(topic: str, name: str) -> bool:
    """Return whether a name includes a topic: `sites` includes every kind of site."""
    return topic == name or topic.startswith(f"{name}:")


def is_group(name: str) -> bool:
    """Return whether a word names a group, independent of current proposals."""
    return name in KINDS or name.startswith("sites:")


def offered(context: ActionContext) -> list[Offer]:
    """Return the proposals from the logs that the current registry lacks.

    A sensitive site appears under its code name.
    """
    rows = {
        file: [_spelled(context, one) if one.is_withheld else one for one in proposals_of_file]
        for file, proposals_of_file in {
            file: [*compress(rows, map(not_, _said(context, file, rows)))]
            for file, rows in context.proposed.items()
        }.items()
    }
    return offers(rows)


def _said(context: ActionContext, file: str, rows: Sequence[Proposal]) -> Iterable[bool]:
    """Return for each proposal whether the registry contains it, or another value for it."""
    if file == SETTINGS:
        has_hours = bool(load_settings(context.district.home).district.usual_duty)
        return [has_hours and USUAL_DUTY in one.cells for one in rows]
    if file == SITES:
        listed = context.district.registry.frames["approved_sites"].filter(
            pl.col("valid_to").is_null() | (pl.col("valid_to") >= context.today)
        )
        patterns = set(listed["pattern"])
        return [one.cells["pattern"] in patterns for one in rows]
    path = context.district.home.registry / file
    data = path.read_bytes() if path.exists() else b""
    renames = names_in(context.district.settings, file)
    is_listed: dict[int, bool] = {}
    for is_taken in (False, True):
        some = [at for at, one in enumerate(rows) if one.is_taken is is_taken]
        cells = [rows[at].cells for at in some]
        results = says(data, FILES[file], cells, renames, is_taken=is_taken)
        is_listed |= dict(zip(some, results, strict=True))
    return [
        is_listed[at]
        # what is in doubt may have nothing to write, and is to be looked at
        and not one.doubt
        and (not one.clears or change_of(context, file, [Offer("", file, (one,))])(data) == data)
        for at, one in enumerate(rows)
    ]


def _spelled(context: ActionContext, one: Proposal) -> Proposal:
    """Replace the site of a proposal by its code name where lists do not name it."""
    name = context.named("site", one.cells["pattern"], context.today.isoformat())
    return replace(one, cells={**one.cells, "pattern": name})


def chosen(current: Sequence[Offer], ids: Iterable[str]) -> list[Offer]:
    """Return the offers with some ids.

    Raises:
        SettingsError: An offer does not exist, or a person has to write it.
    """
    by_id = {one.offer_id: one for one in current}
    picked = []
    for ident in ids:
        if ident not in by_id:
            raise SettingsError(
                f"no current proposal has the ID or group {ident!r}",
                remedy="Proposals change with every run; list them: schoolbell propose",
            )
        if by_id[ident].is_withheld:
            raise SettingsError(
                f"{ident} is about a sensitive site, which is not shown here",
                where=by_id[ident].file,
                remedy="Ask a person who may see its name to decide: schoolbell sites decide SITE",
            )
        if by_id[ident].file == SETTINGS and not by_id[ident].topic:
            raise SettingsError(
                f"{ident} is a setting",
                where=SETTINGS,
                remedy=(
                    "Only a person can know whether two names are two people: add the line "
                    "yourself."
                ),
            )
        picked.append(by_id[ident])
    return picked


def of_group(current: Sequence[Offer], name: str) -> list[Group]:
    """Return the groups that a name means, without what is in doubt; none: an id.

    Raises:
        SettingsError: All that the group holds is in doubt.
    """
    meant = [one for one in groups(current) if in_group(one.topic, name)]
    sure = [one for one in meant if one.offers]
    if meant and not sure:
        raise SettingsError(
            f"a person must check all rows of {name}",
            where="--accept",
            remedy="Accept rows by their IDs: schoolbell propose",
        )
    return sure


def trial_of(context: ActionContext, picked: Sequence[Offer], weeks: int) -> TrialResult:
    """Judge the last weeks as if these were accepted, all together, on a copy."""
    files = dict.fromkeys(one.file for one in picked)
    changes = {
        name: change_of(context, name, [one for one in picked if one.file == name])
        for name in files
    }
    return trial_with(context, changes, weeks)


def trial_with(
    context: ActionContext, changes: Mapping[str, Callable[[bytes], bytes]], weeks: int
) -> TrialResult:
    """Judge the last weeks with changed registry files, on a copy.

    Args:
        changes: For each file, a function of its bytes.
    """
    context.require("replay")
    district = context.district
    days = inputs.lake_files(district.store, district.home.lake).days()
    # days that an acceptance since the last run opened are built first
    recent = {day for day in days if day > days[-1] - timedelta(weeks=weeks)}
    return tried(context, changes, weeks, recent)


def findings_of(trial: TrialResult) -> tuple[int, int]:
    """Return how many findings, leads not counted, there are and would be."""
    same = trial.same - trial.same_leads
    was, now = (
        sum(
            one is not None and one.confidence != LEAD
            for one in (getattr(each, side) for each in trial.differences)
        )
        for side in ("was", "now")
    )
    return same + was, same + now


def shown_effect(context: ActionContext, trial: TrialResult) -> tuple[dict[str, object], list[str]]:
    """Return the effect of a trial for machines, and in sentences, without names."""
    before, after = findings_of(trial)
    facts = {
        "effects": effects(trial.differences),
        "findings_before": before,
        "findings_after": after,
    }
    sentences = in_words(context, trial.differences) or [NO_CASE]
    counts = f"Findings from {trial.first} to {trial.last}: {before} -> {after}"
    return facts, [counts, *(capital(f"{sentence}.") for sentence in sentences)]


def accept(context: ActionContext, offer: Offer, reason: str) -> str:
    """Write an offer into the registry; what was done. It counts from the next run.

    Raises:
        BusyError: A run or another person is writing.
        SettingsError: No reason is given, or the registry would not take it.
    """
    context.require("sites")
    with only_writer(context.district.home, PERSON_WAITS):
        return _accepted(context, offer, reason)


def _accepted(context: ActionContext, offer: Offer, reason: str) -> str:
    why = required_reason(reason)
    cells = offer.proposals[0].cells
    if offer.file == SITES and not cells.get("supports"):
        kind = cells.get("class", SANCTIONED)
        row = proposal(context, cells["pattern"], kind, cells["roles"], why)
        approve_site(context, row)
        return f"{offer.file}: {row['entry_id']} {row['pattern']} for {row['roles']}"
    act = Act(
        actor=str(context.asker),
        action="proposal accepted",
        subject=f"{offer.offer_id} {offer.file}",
        reason=f"{why} ({offer.reason})",
    )
    if offer.file == SETTINGS:
        return write_offers(context, offer.topic, offer.file, [offer], act, why)
    change = change_of(context, offer.file, [offer])
    path = context.district.home.registry / offer.file
    before = path.read_bytes() if path.exists() else b""
    if change(before) == before:
        raise SettingsError(
            offer.doubt or "a person wrote a different value, which is kept",
            where=offer.file,
            remedy=f"Correct the row yourself: {dict(cells)}",
        )
    with changed(context.district, context.chain, offer.file, _as_it_is, change, act):
        count = len(offer.proposals)
    return f"{offer.file}: {count} row{'' if count == 1 else 's'}"


def _as_it_is(rows: RegistryFrame) -> RegistryFrame:
    """Check no more than the cells of each row."""
    return rows


def accept_group(context: ActionContext, group: Group, reason: str) -> list[str]:
    """Write all that a group offers, an audited act a file; what was done.

    It counts from the next run, and can be taken back.

    Raises:
        BusyError: A run or another person is writing.
        SettingsError: No reason is given, or the registry would not take it.
    """
    context.require("sites")
    why = required_reason(reason)
    done = []
    with only_writer(context.district.home, PERSON_WAITS):
        for file in dict.fromkeys(one.file for one in group.offers):
            some = [one for one in group.offers if one.file == file]
            count = sum(len(one.proposals) for one in some)
            act = Act(
                actor=str(context.asker),
                action="group accepted",
                subject=f"{group.topic} {file}",
                reason=f"{why} ({count} rows)",
            )
            done.append(write_offers(context, group.topic, file, some, act, why))
    return done


def write_offers(
    context: ActionContext, topic: str, file: str, picked: Sequence[Offer], act: Act, why: str
) -> str:
    """Write what some offers contain, and remember the effect, so that it can be taken back."""
    path = file_of(context.district.home, file)
    before = path.read_bytes() if path.exists() else b""
    after = change_of(context, file, picked, why)(before)
    if after == before:
        return f"{file}: already lists it"
    if file == SETTINGS:
        did = _line_change(before, after)
        with context.chain.recording(act) as transaction:
            add_group(transaction, topic, file, [asdict(did)], act.actor)
            put(path, after)
        return f"{file}: {did.now[USUAL_DUTY]}"
    renames = names_in(context.district.settings, file)
    rows = changes_between(before, after, file, renames)
    check = approved_sites if file == SITES else _as_it_is
    with changed(context.district, context.chain, file, check, lambda _: after, act) as transaction:
        add_group(transaction, topic, file, [asdict(one) for one in rows], act.actor)
    new = sum(not one.was for one in rows)
    return f"{file}: {new} rows added, {len(rows) - new} filled"


def take_back(context: ActionContext, name: str, reason: str) -> list[str]:
    """Take back every acceptance of a group, the newest first, and return the changes.

    A row that was edited since is not changed, and is counted.

    Raises:
        BusyError: A run or another person is writing.
        SettingsError: The group is not in force.
    """
    context.require("sites")
    district = context.district
    in_force = [one for one in accepted_groups(district.store) if in_group(one["topic"], name)]
    if not in_force:
        topics = sorted({one["topic"] for one in accepted_groups(district.store)})
        raise SettingsError(
            f"no group {name!r} was accepted",
            where="--take-back",
            remedy=f"In force: {', '.join(topics) or 'none'}.",
        )
    with only_writer(district.home, PERSON_WAITS):
        return [_taken_back(context, one, reason) for one in in_force]


def _taken_back(context: ActionContext, group: AcceptedGroup, reason: str) -> str:
    district, file = context.district, group["file"]
    changes = [RowChange(**facts) for facts in group["changes"]]
    path = file_of(district.home, file)
    data = path.read_bytes() if path.exists() else b""
    if file == SETTINGS:
        after, left = _without_line(data, changes[0])
    else:
        after, left = taken_back(data, file, changes, names_in(district.settings, file))
    count = len(changes) - left
    act = Act(
        actor=str(context.asker),
        action="group taken back",
        subject=f"{group['topic']} {file}",
        reason=f"{reason.strip()} ({count} rows)".strip(),
    )
    if file == SETTINGS:
        with context.chain.recording(act) as transaction:
            end_group(transaction, group["number"])
            put(path, after)
    else:
        with changed(district, context.chain, file, _as_it_is, lambda _: after, act) as transaction:
            end_group(transaction, group["number"])
    stays = f"; {left} that were changed since are kept" if left else ""
    return f"{group['topic']}: {file}: {count} rows removed{stays}"


def _line_change(before: bytes, after: bytes) -> RowChange:
    """Return the settings line with the hours, and the line that it replaced."""
    old, new = (data.decode("utf-8-sig").splitlines() for data in (before, after))
    line = next(one for one in new if one not in old)
    was = next((one for one in old if one not in new), "")
    return RowChange({}, {USUAL_DUTY: was}, {USUAL_DUTY: line})


def _without_line(data: bytes, change: RowChange) -> tuple[bytes, int]:
    """Return the settings without the written line; 1 if it was edited since."""
    text = data.decode("utf-8-sig")
    now, was = change.now[USUAL_DUTY], change.was[USUAL_DUTY]
    lines = text.splitlines(keepends=True)
    at = [number for number, one in enumerate(lines) if one.rstrip("\r\n") == now]
    if len(at) != 1:
        return data, 1
    lines[at[0]] = lines[at[0]].replace(now, was) if was else ""
    return "".join(lines).encode(), 0


def change_of(
    context: ActionContext, name: str, picked: Sequence[Offer], why: str = ""
) -> Callable[[bytes], bytes]:
    """Return the change of a file's bytes that accepting makes."""
    if name == SETTINGS:
        (offer,) = picked
        line = f"{USUAL_DUTY} = {offer.proposals[0].cells[USUAL_DUTY]}"
        return lambda data: with_district_line(data.decode("utf-8-sig"), line).encode()
    renames = names_in(context.district.settings, name)
    rows = [row for offer in picked for row in offer.proposals]

    def change(data: bytes) -> bytes:
        after = data
        for is_taken in (False, True):
            some = [one for one in rows if one.is_taken is is_taken and not one.clears]
            cells = _entered(context, name, [one.cells for one in some], why)
            if some:
                merged = merge(after, FILES[name], cells, renames, is_taken=is_taken)
                after = merged.data
        if any(row.clears for row in rows):
            document = CsvDocument(after, FILES[name], renames)
            for row in rows:
                key, cell = next((key, cell) for key, cell in row.cells.items() if cell)
                for column in row.clears:
                    document.set(document.find(key, cell), column, "")
            after = document.data()
        return after

    return change


def _entered(
    context: ActionContext, name: str, rows: Sequence[Mapping[str, str]], why: str
) -> list[Mapping[str, str]]:
    """Return rows; those of the list of sites with new ids, as learned, and a reason."""
    if name != SITES:
        return list(rows)
    ids = set(context.district.registry.frames["approved_sites"]["entry_id"])
    entered: list[Mapping[str, str]] = []
    for cells in rows:
        prefix = "S" if cells.get("supports") else LEARNED
        ident = next_id(context.district.home, name, prefix, ids)
        ids.add(ident)
        decision = {"purpose": why, "consent_by": context.asker.user_name if why else ""}
        entered.append({**decision, **cells, "entry_id": ident})
    return entered


def proposal_rows(offer: Offer) -> list[str]:
    """Return what accepting writes: the first rows, or the number of people in them."""
    count = len(offer.proposals)
    if offer.file in COUNTED:
        people = len({one.cells["person_id"] for one in offer.proposals})
        return [f"{count} rows for {people} people"]
    text = as_text(offer.file, offer.proposals[:MAX_LINES])
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    if count > MAX_LINES:
        lines.append(f"and {count - MAX_LINES} more rows")
    return lines


class ProposalInput(Input):
    """A proposed row that is accepted."""

    proposal: Annotated[str, HIDDEN]
    reason: Reason


@action(
    name="proposal",
    of_command="propose",
    right="sites",
    title="Accept",
    button="Preview the effect",
    confirm="Add to the registry",
    back="/proposals",
)
def accept_proposal(context: ActionContext, given: ProposalInput) -> Preview:
    """Accept a row that the logs propose."""
    (offer,) = chosen(offered(context), [given.proposal])
    if offer.file not in (*NAMELESS, *COUNTED):
        raise SettingsError(
            f"rows of {offer.file} cannot be accepted on this page",
            remedy=f"schoolbell propose --accept {offer.offer_id} --reason WHY",
        )
    return Preview(
        title=offer.offer_id,
        why=offer.reason,
        file=offer.file,
        rows=proposal_rows(offer),
        differences=lambda: trial_of(context, [offer], WEEKS).differences,
        write=lambda now: _in_force([accept(now, offer, given.reason)]),
    )


class GroupInput(Input):
    """A group of proposed rows; if single rows can be checked, each of these is a field."""

    model_config = ConfigDict(extra="allow")

    group: Annotated[str, HIDDEN]
    reason: Reason


@action(
    name="proposal-group",
    of_command="propose",
    right="sites",
    title="Accept the group",
    button="Accept",
    back="/proposals",
)
def accept_proposals(context: ActionContext, given: GroupInput) -> Result:
    """Accept a group of rows that the logs propose."""
    ticks, meant = given.model_extra or {}, of_group(offered(context), given.group)
    if ticks.get("is_ticked"):
        meant = [
            replace(one, offers=[each for each in one.offers if ticks.get(each.offer_id)])
            for one in meant
        ]
    with_rows = [one for one in meant if one.offers]
    if not with_rows:
        raise SettingsError(
            "nothing is selected, or the logs no longer propose it", remedy="Reload the page."
        )
    return _in_force(
        [line for group in with_rows for line in accept_group(context, group, given.reason)]
    )


@action(
    name="proposal-back",
    of_command="propose",
    right="sites",
    button="Take it back",
    back="/proposals",
)
def take_proposals_back(context: ActionContext, given: GroupInput) -> Result:
    """Take a group of accepted rows back."""
    result = _in_force(take_back(context, given.group, given.reason))
    kind, _, case_id = given.group.partition(":")
    return replace(result, back=f"/cases/{case_id}") if kind == FROM_CASE and case_id else result


def _in_force(lines: Sequence[str]) -> Result:
    return Result(f"{'; '.join(lines)}. It takes effect with the next run.")
