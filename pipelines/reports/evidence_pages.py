"""The rows behind every number of page one, and the log lines behind every finding."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.findings.cases import Case
from pipelines.reports.cards import card_rows, case_cards, case_link, page_name
from pipelines.reports.gaps import missing_hours
from pipelines.reports.headline import new_sites
from pipelines.reports.language import term, text
from pipelines.reports.text_tables import Cell, Table, table
from pipelines.reports.view import View
from pipelines.reports.words import (
    VERDICTS,
    activity_name,
    count,
    day,
    device_name,
    listed,
    moment,
)

MINUTE = ("When", "Account", "Device", "Building")
SHOWN = ("What it shows", "Site", "Activity", "Source")
COMMON = {*MINUTE, *SHOWN} - {"When", "What it shows"}
PLACE = ("File", "Line", "Byte", "SHA-256")
HASH_SHOWN = 12


@dataclass(frozen=True)
class Proof:
    """Evidence that a number is correct.

    Attributes:
        key: File name of the page and of its CSV.
        title: A sentence about what the number counts.
        table: Its rows.
        number: How many there are.
        adds_up: The column whose sum is the number; the rows are counted if empty.
    """

    key: str
    title: str
    table: Table
    number: int
    adds_up: str = ""


def proofs(view: View) -> dict[str, Proof]:
    """Return every number that page one can show, by key."""
    made = [make(view) for make in MAKERS]
    return {proof.key: proof for proof in made}


def counted(key: str, title: str, rows: Table) -> Proof:
    """Return a proof whose number is its count of rows."""
    return Proof(key, title, rows, len(rows.rows))


def waiting(view: View) -> Proof:
    """Return undecided cases."""
    rows = cases(view, view.waiting, "One row per case that waits")
    return counted("needs-you", "Cases that wait for a decision", rows)


def decided(view: View) -> Proof:
    """Return cases decided since the week began."""
    rows = cases(view, view.decided, "One row per case that was decided")
    return counted("decided", "Cases decided since last week", rows)


def cases(view: View, chosen: Iterable[Case], caption: str) -> Table:
    """Return cases as a table, each linked to its page."""
    return table(
        caption,
        ["Case", "Account or device", "About", "When", "Confidence", "Standing", "Findings"],
        (
            [
                case_link(one, ""),
                listed(one.subjects),
                one.head.kind,
                one.head.when,
                one.head.sure.split(":")[0],
                one.standing,
                len(one.findings),
            ]
            for one in case_cards(view, chosen)
        ),
    )


def finding_link(finding_id: str, known: Collection[str]) -> Cell:
    """Return the finding, leading to its page where the week has one."""
    href = page_name(finding_id) if finding_id in known else ""
    return Cell(finding_id, finding_id, href=href)


def hours(view: View) -> Proof:
    """Return expected hours in which a source sent nothing."""
    absent = missing_hours(view).select("source", "hour_start").iter_rows()
    rows = table(
        "One row per expected hour without lines",
        ["Source", "Hour begins"],
        ([source, moment(start, view.zone)] for source, start in absent),
    )
    return counted("hours-missing", "Expected source hours without lines", rows)


def set_aside(view: View) -> Proof:
    """Return lines that could not be read, by source and day."""
    days = view.of_week(view.inputs.source_days).sort("event_date", "source")
    columns = ["event_date", "source", "lines", "events", "rejects"]
    rows = table(
        "One row per source and day with rejected lines",
        ["Day", "Source", "Lines in", "Read", "Rejected"],
        (
            [day(when), *rest]
            for when, *rest in days.filter(pl.col("rejects") > 0).select(columns).iter_rows()
        ),
    )
    title = "Rejected lines, each kept with its reason"
    return Proof("lines-set-aside", title, rows, rows.total("Rejected"), "Rejected")


def accounts(view: View, kind: str, key: str, title: str) -> Proof:
    """Return one row per account, with its findings."""
    paged = {row["finding_id"] for case in view.paged for row in case.findings}
    grouped = (
        card_rows(view, view.seen(kind))
        .group_by("subject")
        .agg(pl.col("finding_id").first(), pl.col("when"), pl.col("line_count").sum())
    )
    rows = table(
        "One row per account. The link leads to its first finding.",
        ["Account", "First finding", "When", "Log lines"],
        (
            [subject, finding_link(first, paged), listed(when, most=7), size]
            for subject, first, when, size in grouped.sort("subject").iter_rows()
        ),
    )
    return counted(key, title, rows)


def shared(view: View) -> Proof:
    """Return accounts in use that one owner may not explain."""
    title = "Accounts that were used in two places, on others' devices, or during leave"
    return accounts(view, "shared_account", "shared-accounts", title)


def outside(view: View) -> Proof:
    """Return accounts with long use of outside sites outside duty hours."""
    title = "Accounts that used outside sites for long outside duty hours"
    return accounts(view, "off_hours_external", "off-hours-accounts", title)


def sites(view: View) -> Proof:
    """Return sites first seen this week that are not on the list."""
    rows = table(
        "One row per site. Minutes are estimates.",
        ["Site", "Standing", "First seen", "Category", "Most accounts in a day", "Minutes"],
        (
            [
                row["site"],
                VERDICTS.get(row["verdict"]),
                day(row["first_seen_date"]),
                row["category"],
                row["most_accounts"],
                round(row["minutes"] or 0),
            ]
            for row in new_sites(view).iter_rows(named=True)
        ),
    )
    return counted("new-sites", "New sites that are not on the list", rows)


MAKERS: tuple[Callable[[View], Proof], ...] = (
    waiting, decided, hours, set_aside, shared, outside, sites,
)  # fmt: skip


def log_lines(view: View, rows: Collection[Mapping[str, Any]]) -> Table:
    """Return the lines that a finding rests on, with the place of each in its file."""
    return table(
        text("{lines}, in the order of the argument", lines=count(len(rows), "log line")),
        [
            "No.",
            "When",
            "What it shows",
            "Account",
            "Device",
            "Building",
            "Site",
            "Activity",
            "Bytes in",
            "Source",
            "File",
            "Line",
            "Byte",
            "SHA-256",
        ],
        (
            [
                row["position"],
                moment(row["time"], view.zone) if row["time"] else None,
                term(row["role"] or ""),
                row["account"],
                device_name(row["device"]),
                row["building"],
                row["site"],
                activity_name(row["activity"]),
                row["bytes_in"],
                row["source"],
                row["path"],
                row["line_no"],
                row["byte_offset"],
                row["line_sha256"],
            ]
            for row in rows
        ),
    )


@dataclass(frozen=True)
class Minute:
    """The log lines of one minute about one account and device.

    Attributes:
        said: When and where it was, and what the lines show; what is not known is
            left out.
        count: How many lines they are.
        places: What lines of one file show, and line, byte and hash of each.
    """

    said: tuple[str, ...]
    count: int
    places: tuple[str, ...]


@dataclass(frozen=True)
class Lines:
    """The lines of a finding as a page shows them: a row for each minute.

    Attributes:
        caption: How many lines there are, and what is the same in all of them.
    """

    caption: str
    rows: tuple[Minute, ...]


def by_minute(lines: Table) -> Lines:
    """Return the same lines, those of a minute together; what is the same in all said once."""
    same = {label: value for label, value in constant(lines) if label in COMMON}
    held: dict[tuple[str, ...], dict[tuple[str, str], list[str]]] = {}
    for row in lines.rows:
        cells = dict(zip(lines.labels, row, strict=True))
        own = {
            label: one.text for label, one in cells.items() if one.value != "" and label not in same
        }
        minute = tuple(own[label] for label in MINUTE if label in own)
        what = ", ".join(own[label] for label in SHOWN if label in own)
        file, *place = (cells[label] for label in PLACE)
        shown = f"{what}: {file.text}" if what else file.text
        of_file = held.setdefault(minute, {}).setdefault((what, shown), [])
        of_file.append(stands(*place))
    told = "; ".join(f"{term(label).lower()} {value}" for label, value in same.items())
    every = text(" In every line: {values}.", values=told) if told else ""
    return Lines(
        f"{lines.caption}.{every}",
        tuple(
            Minute(
                (*minute, "; ".join(dict.fromkeys(what for what, _ in found if what))),
                sum(map(len, found.values())),
                tuple(f"{shown}, {'; '.join(places)}" for (_, shown), places in found.items()),
            )
            for minute, found in held.items()
        ),
    )


def constant(lines: Table) -> Iterator[tuple[str, str]]:
    """Yield the columns that hold one value, and that value."""
    for at, label in enumerate(lines.labels):
        values = {row[at].text for row in lines.rows}
        if len(values) == 1:
            yield label, values.pop()


def stands(line: Cell, byte: Cell, digest: Cell) -> str:
    """Return text such as "line 1,017, byte 91,733, SHA-256 9f2c…"."""
    short = f"{digest.text[:HASH_SHOWN]}…" if digest.value else digest.text
    return text(
        "line {line}, byte {byte}, SHA-256 {hash}", line=line.text, byte=byte.text, hash=short
    )
