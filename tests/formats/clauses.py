"""What "parsed rightly" requests of every format, and what the golden logs show of it.

Some of it the golden logs state themselves. The rest is tried: each log is read again
with its hosts, accounts and addresses replaced by troublesome ones, all at the same time, and
what comes out is held against what the log stated before.
"""

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.ingest.record_cuts import records
from tests.formats.test_formats import FORMATS, LOGS, context_of

HOSTS = ("url_hostname", "query_name", "dst_hostname")
ENDS = ("src_ip", "dst_ip", "ip", "assigned_ip", "nat_ip")
FLOWS = ("http_requests", "connections")
BEFORE, BEHIND = r"(?<![\w.@:-])", r"(?![\w@-]|\.\w)"
BY_TYPE = {"entra_signin", "google_workspace", "okta"}
"""The line itself states the kind of account; the name does not show it."""
COMPUTER = "LAB-9$"
PLACEHOLDERS = r"(?:^|\\)(?:-|Unknown)$"
CLAUSES: Mapping[str, str] = {
    "start": "a request logged at its end began before the timestamp",
    "407": "a request to log in is a challenge, neither a block nor a visit",
    "bytes": "bytes in both directions, from the point of view of the source",
    "turned": "the source is the end that opened the connection, even if the line names it second",
    "machine": "logons of computers and services are distinguished from those of people",
    "nobody": "placeholders are not accounts",
    "host": "hosts in lower case; international ones as in the log",
    "mapped": "IPv4 written as IPv6 is IPv4",
    "IPv6": "IPv6",
    "extras": "further fields, as JSON text",
}


@dataclass(frozen=True)
class Variant:
    """Troublesome values for the hosts, accounts and addresses of a log.

    Attributes:
        host: What is in place of each host, and what it must come out as.
        user: What is in place of each account; none comes out.
        address: What is in place of each IPv4 address, which `{}` repeats.
        clause: What it shows that the address comes out right.
    """

    host: tuple[str, str] = ("", "")
    user: str = ""
    address: str = ""
    clause: str = ""


VARIANTS = (
    Variant(host=("WWW.XN--bcher-KVA.Example", "www.xn--bcher-kva.example"), user="-"),
    Variant(
        host=(
            "www.B\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example",
            "www.b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example",
        ),
        user="Unknown",
        address="2001:DB8::00a",
        clause="IPv6",
    ),
    Variant(user=COMPUTER, address="::ffff:{}", clause="mapped"),
)
GLUED = {"entra_signin", "sonicwall"}
"""They hang the port on with a colon: behind IPv6 it cannot be told, so no address."""


@dataclass(frozen=True)
class Told:
    """One event: its class, its line, its columns."""

    event_class: str
    line: str
    row: Mapping[str, Any]

    def has(self, *columns: str) -> bool:
        """Return whether all of the columns are known."""
        return all(self.row.get(column) is not None for column in columns)


Events = Mapping[tuple[int, int], Told]
"""Events by number of their log and of their line."""


def logs_of(name: str) -> list[Path]:
    """The golden logs of a format."""
    return [log for log in LOGS if log.parent.name == name]


def told(name: str, logs: Sequence[bytes]) -> Events:
    """Return what a format makes of some logs, read together."""
    framing = FORMATS[name].framing
    batch = pl.concat(records(data, framing, file_id=number) for number, data in enumerate(logs))
    lines = {(file, at): line for file, at, _, line in batch.rows()}
    parsed = FORMATS[name].parse(batch, context_of(name))
    return {
        place: Told(cls, lines[place], row)
        for cls, frame in parsed.events.items()
        for row in frame.iter_rows(named=True)
        if (place := (row["file_id"], row["line_no"]))
    }


@cache
def golden(name: str) -> Events:
    """Return what a format makes of its golden logs."""
    return told(name, [log.read_bytes() for log in logs_of(name)])


def shown(name: str) -> Counter[str]:
    """Return how many golden events show each clause by themselves."""
    return Counter(clause for each in golden(name).values() for clause in _shown(each))


def _shown(each: Told) -> Iterator[str]:
    row = each.row
    if each.has("start_time") and row["start_time"] < row["time"]:
        yield "start"
    if row.get("disposition") == "challenged":
        yield "407"
    if each.has("bytes_in", "bytes_out"):
        yield "bytes"
    if each.has("src_ip", "dst_ip") and _is_first(each.line, "dst_ip", "src_ip", row):
        yield "turned"
    if row.get("is_machine"):
        yield "machine"
    if any(":" in (row.get(end) or "") for end in ENDS):
        yield "IPv6"
    if each.has("extras"):
        json.loads(row["extras"])
        yield "extras"


def _is_first(line: str, one: str, other: str, row: Mapping[str, Any]) -> bool:
    return 0 <= line.find(row[one]) < line.find(row[other])


def tried(name: str) -> tuple[Counter[str], list[str]]:
    """Return how many events pass each trial, and those that do not."""
    if FORMATS[name].framing == "evtx":
        return Counter(), []  # a binary file, whose texts have lengths
    before, counts, failed = golden(name), Counter[str](), []
    texts = [log.read_text("utf-8", "surrogateescape") for log in logs_of(name)]
    changed = [
        _changed(text, variant, [each for (at, _), each in before.items() if at == n])
        for variant in VARIANTS
        for n, text in enumerate(texts)
    ]
    after = told(name, [text.encode("utf-8", "surrogateescape") for text in changed])
    for (log, line), each in before.items():
        for number, variant in enumerate(VARIANTS):
            found = after.get((number * len(texts) + log, line))
            for clause, is_so in _held(name, each, found, variant):
                counts[clause] += is_so
                failed += [] if is_so else [f"{clause} of {found}: {each.line}"]
    return counts, failed


def _changed(text: str, variant: Variant, events: Sequence[Told]) -> str:
    """Return the text with all its hosts, accounts or addresses replaced."""
    new: dict[str, str] = {}
    for each in events:
        if variant.host[0]:
            new |= dict.fromkeys(_hosts(each).values(), variant.host[0])
        if variant.address:
            new |= {ip: variant.address.format(ip) for ip in _ipv4(each).values()}
        if variant.user and each.has("user_name"):
            new[each.row["user_name"]] = variant.user
    longest = sorted(new, key=len, reverse=True)
    if not longest:
        return text
    shape = f"{BEFORE}(?:{'|'.join(map(re.escape, longest))}){BEHIND}"
    folded = {old.lower(): value for old, value in new.items()}
    return re.sub(shape, lambda found: folded[found[0].lower()], text, flags=re.IGNORECASE)


def _hosts(each: Told) -> dict[str, str]:
    """The names among the hosts of an event."""
    found = {column: each.row[column] for column in HOSTS if each.has(column)}
    return {
        column: host
        for column, host in found.items()
        if re.search(rf"(?i){BEFORE}{re.escape(host)}{BEHIND}", each.line)
        and re.search(r"[a-z]\.|\.[a-z]", host)
    }


def _ipv4(each: Told) -> dict[str, str]:
    # an address that a device translated to itself is not a translation
    tried = [column for column in ENDS if column != "nat_ip" and each.has(column)]
    found = {column: each.row[column] for column in tried}
    return {
        column: ip
        for column, ip in found.items()
        if re.search(BEFORE + re.escape(ip) + BEHIND, each.line)
        and f":{ip}" not in each.line
        and ipaddress.ip_address(ip).version == 4
    }


def _held(
    name: str, before: Told, after: Told | None, variant: Variant
) -> Iterator[tuple[str, bool]]:
    """Yield each clause that the change touches, and whether it holds.

    What is refused holds nothing and breaks nothing: it is kept with its reason.
    """
    if after is None or before.event_class == "system_events":
        return
    said = after.row
    is_talk = after.event_class == "system_events"
    for column in _hosts(before) if variant.host[0] and not is_talk else ():
        yield "host", said.get(column) == variant.host[1]
    user = said.get("user_name") or ""
    if variant.user and before.has("user_name") and user != before.row["user_name"]:
        if variant.user != COMPUTER:
            yield "nobody", not re.search(PLACEHOLDERS, user)
        elif user.endswith(COMPUTER) and "is_machine" in said and name not in BY_TYPE:
            yield "machine", said["is_machine"] is True
    for column, ip in _ipv4(before).items() if variant.address and not is_talk else ():
        asked = ipaddress.ip_address(variant.address.format(ip))
        right = str(getattr(asked, "ipv4_mapped", None) or asked)
        found = said.get(column)
        if found is not None or name not in GLUED:
            yield variant.clause, found == right


def counts(name: str) -> Counter[str]:
    """Return how many golden events, or trials of them, show each clause for a format."""
    return shown(name) + tried(name)[0]


def asks(name: str) -> set[str]:
    """Return the clauses that apply to a format, by what its golden events have."""
    events = golden(name).values()
    classes = {each.event_class for each in events}
    found = {"mapped", "IPv6", "extras"}
    if classes & {*FLOWS}:
        found |= {"start", "bytes", "turned"}
    if "http_requests" in classes:
        found |= {"407"}
    if "logons" in classes:
        found |= {"machine"}
    if any(each.has("user_name") for each in events):
        found |= {"nobody"}
    if any(each.has(host) for each in events for host in HOSTS):
        found |= {"host"}
    return found
