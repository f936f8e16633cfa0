"""Text that an outsider writes stays text: it names no one, and its line stays what it is.

Each golden line x each field that a visitor, a client or a sender writes x each marker: the keys
of all formats behind their separators, and whole lines of theirs that let `victim` in. Fields
are found by their values in the event (agent, URL, host, name); `ALSO` lists the rest.
`SCHOOLBELL_LONG=1` tries all of them, else a sample that is always the same.
"""

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from zlib import crc32

import polars as pl
import pytest

from pipelines.formats import formats
from pipelines.ingest.mixed_lines import ONE_LINE
from tests.conftest import LONG
from tests.formats.test_formats import LOGS, batch_of, context_of

FORMATS = formats()
VICTIM = "victim"
IS_VICTIM = rf"(?i)^(?:[^\\]*\\)?{VICTIM}(?:@[^@ ]*)?$"
PROOFS = ["authenticated", "tunnel", "recorded"]
"""A name of another proof confirms at most; it is never the reason of a finding."""

KEYS = [
    "user", "usr", "user_name", "usrName", "src_user", "suser", "duser", "susr", "username",
    "unauthuser", "xauthuser", "src_user_name", "identity", "User-Name", "UserName", "user id",
    "Common.Username", "Common.Login-Status=ACCEPT,Common.Username", "cs-username", "loginID",
    "RADIUS.Acct-Username", "TargetUserName", "PanOSSourceUserName", "msg", "mac", "srcip",
]  # fmt: skip
FORMS = [
    ' {0}={1}', '" {0}="{1}', '" {0}="{1}" x="', "' {0}='{1}", ",{0}={1}", ", {0}={1},",
    ", {0}-{1}", "\t{0}={1}", "|{0}={1}|", '"; {0}:"{1}"; x:"', '","{0}":"{1}', "; {0}: {1};",
    ") [{1}] ({0}", '","{1}","', "\t{1}\t", " - {1} ", "] [{1}",
]  # fmt: skip
SENTENCES = [
    "[victim] Peer Connection Initiated with [AF_INET]198.51.100.200:46410",
    "MULTI: Learn: 10.8.0.6 -> victim/198.51.100.200:46410",
    "x] (from client A port 1 cli 10.0.0.1): [victim] (from client A port 1 cli 10.0.0.1",
    "pam_unix(gdm-password:session): session opened for user victim",
    "Accepted password for victim from 192.0.2.17 port 50112 ssh2",
    "victim MAC=00:00:5e:00:53:99 IP=192.0.2.99 role=staff VLAN=1 AP=a SSID=b auth method=802.1x",
    "user victim logged in from 192.0.2.9 via web",
    "Group <g> User <victim> IP <192.0.2.1> IPv4 Address <10.0.0.1> assigned to session",
    "victim accepted login from 192.0.2.9",
]

USER_COLUMNS = [
    "user_agent", "url", "src_hostname", "hostname", "query_name", "dst_hostname",
]  # fmt: skip
"""Columns of an event whose text a client wrote."""

ALSO = {
    "openvpn": [r"peer info: [A-Z_]+=(.*)$", r"CN=(.*)$", r'LDAP user "(.*)" was'],
    "sshd_pam": [r"(?:Invalid|invalid) user (.*?) from", r"COMMAND=(.*)$"],
    "freeradius": [r"(?:incorrect|Invalid user).*: \[(.*)\] \("],
    "clearpass": [r"Common\.Username=([^,]*),", r"RADIUS\.Acct-Username=([^,]*),"],
    "aruba_os": [r"username=([^ ]*) ", r"username-([^,]*),"],
    "meraki": [r"identity='([^']*)'"],
    "sophos_utm": [r' ua="([^"]*)"', r' referer="([^"]*)"'],
    "sophos_xg": [r' user_agent="([^"]*)"'],
    "sonicwall": [r" arg=([^ ]*) "],
    "fortigate": [r' agent="([^"]*)"', r' filename="((?:[^"\\]|\\.)*)"'],
    "samba_audit": [r'"clientAccount": "([^"]*)"', r'"workstation": "([^"]*)"'],
    "mikrotik": [r"login failure for user (.*) from"],
    "cisco_asa": [r"-113005: .*user = ([^ ]*)"],
    "juniper_srx": [r' obj="([^"]*)"'],
    "console_csv": [r'"(https?://[^"]*)"'],
    "watchguard": [r'userAgent="([^"]*)"'],
}
"""Places in lines that no column has."""

Escape = Callable[[str], str]


def _quotes(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _percent(text: str) -> str:
    """Return what a proxy logs of what is not allowed in a URL."""
    return re.sub(r'[\s"<>\[\]|]', lambda sign: f"%{ord(sign[0]):02X}", text)


def _csv(text: str) -> str:
    return text.replace('"', '""')


def _host(text: str) -> str:
    """Return what a name of a computer or of a site can hold."""
    return re.sub(r"[^\w.-]", "-", text)


def _no_tab(text: str) -> str:
    return text.replace("\t", " ").replace("#011", "_")


ESCAPES: dict[str, Escape] = {
    **dict.fromkeys(["fortigate", "checkpoint", "juniper_srx", "squidguard"], _quotes),
    **dict.fromkeys(["leef", "zeek_conn", "zeek_dns", "zeek_http", "zeek_ssl"], _no_tab),
    **dict.fromkeys(["windows_security_snare", "zeek_dhcp", "e2guardian"], _no_tab),
    **dict.fromkeys(["squid_access", "squid_logformat", "cisco_wsa", "w3c_elff"], _percent),
    **dict.fromkeys(["watchguard", "zscaler_zia"], _no_tab),
    "kea_leases": lambda text: text.replace(",", "&#x2c;"),
    "windows_security_xml": html.escape,
    "cef": lambda text: re.sub(r"([=|\\])", r"\\\1", text),
    "barracuda_wsg": _percent,
    "meraki": lambda text: text.replace("'", ""),
}
"""How a product writes what would end a value; a JSON format escapes as JSON does."""

QUOTED = ["cisco_umbrella", "console_csv", "declared_csv", "lease_csv", "paloalto", "windows_nps"]
QUOTED += ["windows_security_csv"]
"""Formats of columns, whose values are quoted where they need it."""

UNQUOTED = [("sonicwall", "user_name"), ("sophos_xg", "user_name")]
"""Names that a refused visitor typed, in products that do not escape a quote: such a line is a
reject, which is counted."""

NOTHING_WRITTEN = {
    "barracuda_cloudgen": "addresses, ports and names of the box's rules",
    "duo_administrators": "names that administrators chose",
    "iptables": "fields of a packet",
    "kea_log": "addresses and cards",
    "pfsense_filterlog": "fields of a packet",
    "windows_dns": "labels of a name, each behind its length",
    "windows_security_csv": "names that a directory or a computer resolved",
    "zeek_conn": "fields of a flow",
    "zeek_ssl": "a server's name, which is a name of DNS",
}
"""Formats whose golden lines hold no text of an outsider, and what they hold."""

UNREADABLE = ["windows_security_evtx", "freeradius_detail", "isc_dhcpd_leases"]
"""Formats whose records are no lines of text, or whose values are typed."""


@dataclass(frozen=True)
class Injected:
    """A golden line with an outsider's text in it.

    Attributes:
        of: Number of the golden line.
        what: Field and marker, for a failure's message.
    """

    of: int
    what: str
    line: str


@cache
def markers() -> tuple[str, ...]:
    """Return every text that is tried."""
    pairs = [form.format(key, VICTIM) for key in KEYS for form in FORMS]
    return (*pairs, *SENTENCES, *(f"x {line}" for line in _logins()))


def _logins() -> Iterator[str]:
    """Yield golden lines of logins, of each format one or two, that let the victim in."""
    for name in FORMATS:
        lines = golden(name)
        chosen = [
            line.replace(str(user), VICTIM)
            for line, user in zip(lines["line"], lines["user_name"], strict=True)
            if user and str(user) in line
        ]
        yield from (line for line in chosen[:2] if "\n" not in line)


@cache
def golden(name: str) -> pl.DataFrame:
    """Return a format's golden lines that are events, each alone: its columns, and the line."""
    rows = []
    for log in LOGS:
        if log.parent.name != name or FORMATS[name].framing not in (*ONE_LINE, "csv"):
            continue
        batch = batch_of(name, log.read_bytes())
        header = _header(name, batch)
        rows += [(line, header) for line in batch["line"] if line != header]
    frame = pl.DataFrame(rows, schema={"line": pl.String, "header": pl.String}, orient="row")
    return read(name, frame).filter(pl.col("event_class").is_not_null())


def _header(name: str, batch: pl.DataFrame) -> str | None:
    fmt = FORMATS[name]
    if fmt.header is None:
        return None
    found = batch.filter(fmt.header(pl.col("line")).fill_null(value=False))["line"]
    return found[0] if len(found) else None


WANTED = [*USER_COLUMNS, "user_name", "name_proof", "host", "src_mac", "is_success"]


def read(name: str, lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines with their event's class and columns, or the reason of their reject."""
    fmt = FORMATS[name]
    found = []
    for (header,), part in lines.with_row_index("row").partition_by("header", as_dict=True).items():
        batch = part.select(
            file_id=pl.col("row").cast(pl.Int64),
            line_no=pl.lit(1, pl.Int64),
            byte_offset=pl.lit(0, pl.Int64),
            line="line",
        )
        context = context_of(name)
        parsed = fmt.parse(batch, context.__class__(context.reading, context.options, header))
        for cls, frame in parsed.events.items():
            there = [column for column in WANTED if column in frame.columns]
            found.append(
                frame.select(
                    pl.col("file_id").alias("row"), pl.lit(cls).alias("event_class"), *there
                )
            )
        found.append(parsed.rejects.select(pl.col("file_id").alias("row"), "reason"))
    empty = pl.DataFrame(
        schema={
            "row": pl.Int64,
            "event_class": pl.String,
            "reason": pl.String,
            **dict.fromkeys(WANTED, pl.String),
        }
        | {"is_success": pl.Boolean}
    )
    known = pl.concat([empty, *found], how="diagonal")
    numbered = lines.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    return numbered.join(known, on="row", how="left", maintain_order="left").drop("row")


def free_texts(name: str, row: dict[str, object]) -> Iterator[tuple[str, int, int]]:
    """Yield each field of a line that an outsider writes, and where its value begins and ends."""
    line = str(row["line"])
    columns = list(USER_COLUMNS)
    if row["name_proof"] in ("said", "outer"):
        columns.append("user_name")
    for column in columns:
        value = row[column]
        is_host = column == "url" and not re.search(r"[^:/]/", str(value))
        find = line.lower().find if column == "user_name" else line.lower().rfind
        is_short = len(str(value or "")) < SHORTEST
        if not is_short and not is_host and (place := find(str(value).lower())) >= 0:
            yield column, place, place + len(str(value))
    for shape in ALSO.get(name, []):
        if (found := re.search(shape, line)) and found[1]:
            yield shape, *found.span(1)


def injected(name: str) -> Iterator[Injected]:
    """Yield the lines that are tried of a format."""
    rows = golden(name).to_dicts()
    for number, row in enumerate(rows):
        line = str(row["line"])
        escape = _json if '{"' in line else ESCAPES.get(name, str)
        for field, begin, end in free_texts(name, row):
            if name in QUOTED and not re.match('[,"]|$', line[end:]):
                continue  # a part of a cell that says it in words
            every = 1 if LONG else max(1, len(markers()) // SAMPLE)
            start = crc32(f"{name}{number}{field}".encode()) % every
            for marker in markers()[start::every]:
                if '"' in marker and (name, field) in UNQUOTED:
                    continue
                text = line[begin:end] + escape(OF_FIELD.get(field, str)(marker))
                if name in QUOTED:
                    is_inside = line[:begin].count('"') % 2
                    text = _csv(text) if is_inside else f'"{_csv(text)}"'
                yield Injected(number, f"{field} + {marker!r}", line[:begin] + text + line[end:])


OF_FIELD: dict[str, Escape] = {
    "url": _percent,
    **dict.fromkeys(["query_name", "src_hostname", "dst_hostname"], _host),
}
SHORTEST = 3
SAMPLE = 12
"""Markers of each field in a short run."""


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in UNREADABLE])
def test_text_of_outsiders_names_no_one_and_hides_no_line(name):
    rows = golden(name)
    tried = list(injected(name))
    if not tried:
        return
    lines = pl.DataFrame(
        {
            "line": [one.line for one in tried],
            "header": [rows["header"][one.of] for one in tried],
            "was": [rows["event_class"][one.of] for one in tried],
            "golden": [rows["line"][one.of] for one in tried],
        },
        schema=dict.fromkeys(["line", "header", "was", "golden"], pl.String),
    )
    found = read(name, lines).with_columns(what=pl.Series([one.what for one in tried]))
    is_named = pl.col("user_name").str.contains(IS_VICTIM) & pl.col("name_proof").is_in(PROOFS)
    named = found.filter(is_named & pl.col("is_success").fill_null(value=True))
    assert not named.height, report("is named", named)
    lost = found.filter(pl.col("event_class").ne_missing(pl.col("was")))
    assert not lost.height, report("is no longer what it was", lost)
    others = [
        other
        for other, fmt in FORMATS.items()
        if other != name and fmt.framing in ONE_LINE and fmt.header is None
    ]
    if FORMATS[name].header is None:
        looks = {
            other: FORMATS[other].looks_like(pl.col("line")).fill_null(value=False)
            for other in [*others, name]
        }
        was_own = FORMATS[name].looks_like(pl.col("golden")).fill_null(value=False)
        claimed = found.select("line", "what", **looks, was_own=was_own)
        missed = claimed.filter(~pl.col(name) & pl.col("was_own")).select("line", "what")
        assert not missed.height, report("is not recognized", missed)
        stolen = {
            other: claimed.filter(other).select("line", "what")
            for other in others
            if claimed[other].any()
        }
        assert not stolen, {other: report(other, rows) for other, rows in stolen.items()}


def report(what: str, rows: pl.DataFrame) -> str:
    """Return a few lines that fail."""
    shown = rows.select(pl.exclude("was", "header", "golden")).head(4).to_dicts()
    return f"{rows.height} lines: {what}: " + "\n".join(
        str({key: value for key, value in row.items() if value is not None}) for row in shown
    )


def test_each_format_has_a_field_that_is_tried_or_a_reason(capsys):
    counts = {name: len(list(injected(name))) for name in FORMATS if name not in UNREADABLE}
    with capsys.disabled():
        print(f"\n{sum(counts.values()):,} injected lines in {len(counts)} formats")
    assert {name for name, count in counts.items() if not count} == set(NOTHING_WRITTEN)
