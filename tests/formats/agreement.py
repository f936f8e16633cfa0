"""How far our events agree with what other parsers made of the same lines.

Only fields that both have are compared. Who is right where they differ was judged
line by line; `EXPLAINED` in `differences.py` shows it.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.formats.expectations import expectations
from tests.formats.sample_reading import read
from tests.formats.samples import FAMILIES, files, log_of, place, present

PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "112": "vrrp"}
ALLOWED = r"(?i)^(?:allow|accept|pass|permit|success|encrypt|start|close)"
BLOCKED = r"(?i)^(?:den|block|drop|reject|prevent|reset|discard)"


@dataclass(frozen=True)
class Compared:
    """One field of one line, as we and as another parser have it."""

    format: str
    field: str
    ours: Any
    theirs: Any
    place: str

    @property
    def agrees(self) -> bool:
        """Whether both mean the same."""
        return bool(self.ours == self.theirs)


def as_text(value: Any) -> str:
    """Return text without a difference of case or of a final dot."""
    return str(value).strip().lower().rstrip(".")


def as_address(value: Any) -> str | None:
    """Return an address in one spelling; nothing for what is none."""
    try:
        found = ipaddress.ip_address(str(value))
    except ValueError:
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)


def as_number(value: Any) -> int | None:
    """Return a whole number."""
    text = str(value)
    return int(text) if re.fullmatch(r"[0-9]+", text) else None


def as_instant(value: Any) -> datetime | None:
    """Return an instant, to the millisecond."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    found = value.astimezone(UTC)
    return found.replace(microsecond=found.microsecond // 1000 * 1000)


def as_disposition(value: Any) -> str | None:
    """Let through or not; nothing for other words."""
    text = str(value)
    if re.search(BLOCKED, text):
        return "blocked"
    return "allowed" if re.search(ALLOWED, text) else None


def as_success(value: Any) -> bool | None:
    """Return whether a login succeeded."""
    return {"success": True, "failure": False, "True": True, "False": False}.get(str(value))


def as_mac(value: Any) -> str:
    """Return twelve digits."""
    return re.sub("[^0-9a-f]", "", str(value).lower())


def as_host(value: Any) -> str | None:
    """Return the host of a URL."""
    text = str(value)
    return urlsplit(text if "//" in text else f"//{text}").hostname


def as_account(value: Any) -> str:
    """Return an account without the domain before or behind it."""
    return re.split(r"[\\/]", as_text(value))[-1].split("@")[0]


def as_protocol(value: Any) -> str:
    """Return a protocol by its name."""
    return PROTOCOLS.get(as_text(value), as_text(value))


def as_computer(value: Any) -> str:
    """Return a computer without its domain."""
    return as_text(value).split(".")[0]


Means = Callable[[Any], Any]
FIELDS: Mapping[str, tuple[tuple[str, Means], ...]] = {
    "time": (("@timestamp", as_instant),),
    "start_time": (("event.start", as_instant),),
    "src_ip": (("source.ip", as_address), ("client.ip", as_address)),
    "src_port": (("source.port", as_number), ("client.port", as_number)),
    "src_mac": (("source.mac", as_mac),),
    "mac": (("source.mac", as_mac),),
    "dst_ip": (("destination.ip", as_address), ("server.ip", as_address)),
    "dst_port": (("destination.port", as_number), ("server.port", as_number)),
    "user_name": (("user.name", as_account), ("source.user.name", as_account)),
    "user_domain": (("user.domain", as_text),),
    "protocol": (("network.transport", as_protocol),),
    "bytes_out": (
        ("source.bytes", as_number),
        ("http.request.bytes", as_number),
        ("http.request.body.bytes", as_number),
    ),
    "bytes_in": (
        ("destination.bytes", as_number),
        ("http.response.bytes", as_number),
        ("http.response.body.bytes", as_number),
    ),
    "method": (("http.request.method", as_text),),
    "status_code": (("http.response.status_code", as_number),),
    "url_hostname": (("url.domain", as_text),),
    "url": (("url.full", as_text),),
    "referrer_hostname": (("http.request.referrer", as_host),),
    "content_type": (("http.response.mime_type", as_text),),
    "user_agent": (("user_agent.original", as_text),),
    "application": (("network.application", as_text),),
    "query_name": (("dns.question.name", as_text),),
    "query_type": (("dns.question.type", as_text),),
    "response_code": (("dns.response_code", as_text),),
    "disposition": (("event.action", as_disposition),),
    "is_success": (("event.outcome", as_success),),
    "event_code": (("winlog.event_id", as_text),),
    "reported_by": (("winlog.computer_name", as_computer),),
}
"""Our columns, and the names of theirs in the order of trust."""


def compared() -> Iterator[Compared]:
    """Yield every field that both have, in all the samples."""
    for family in FAMILIES:
        for path in files(family):
            yield from _compared_file(family, path)


def _compared_file(family: str, path: Path) -> Iterator[Compared]:
    said = list(expectations(FAMILIES[family].of or family, path, log_of(path)))
    for name in present(family) if said else []:
        rows = _rows(family, name, path)
        for number, fields in said:
            for field, ours, theirs in _pairs(rows.get(number, {}), fields):
                yield Compared(name, field, ours, theirs, f"{place(path)}:{number}")


def _pairs(row: Mapping[str, Any], said: Mapping[str, Any]) -> Iterator[Any]:
    for field, sources in FIELDS.items():
        for source, means in sources:
            theirs = means(said[source]) if said.get(source) is not None else None
            if theirs is None:
                continue
            if row.get(field) is not None and not _is_guess(field, row):
                yield field, means(row[field]), theirs
            break


def _is_guess(field: str, row: Mapping[str, Any]) -> bool:
    """Return a year that no line states: each parser takes one of its own."""
    return field.endswith("time") and row["time_quality"] == "year_inferred"


def _rows(family: str, name: str, path: Path) -> Mapping[int, Mapping[str, Any]]:
    """Return the events of a file by the number of their record."""
    _, parsed = read(family, name, path)
    return {
        row["line_no"]: row
        for frame in parsed.events.values()
        for row in frame.iter_rows(named=True)
    }
