"""Proposals for declaring an export of an unknown format, for a person to correct.

Columns are guessed by their names alone, the shape of a time by the first rows. A
proposal is a part of `district.toml`; nothing is read with it until a person adds it.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import polars as pl

from pipelines.events import EVENT_CLASSES
from pipelines.formats.declared_csv import is_header
from pipelines.formats.reading.syslog import HEADED
from pipelines.ingest.blocks import BOM

SEPARATORS = (",", ";", "\t", "|")
ROWS = 50
MIN_COLUMNS = 3
DEEPEST = 3
"""Objects inside objects of a JSON export whose keys are looked at."""

MEANINGS: Mapping[str, tuple[str, ...]] = {
    "time": (
        "time", "timestamp", "datetime", "dateandtime", "datetimeutc", "dateutc",
        "eventtime", "accesstime", "timegenerated", "when", "created", "createdat",
        "date", "ts", "datetimestamp", "logtime", "requesttime", "starttime",
    ),
    "user_name": (
        "username", "user", "useremail", "userid", "useraccount", "srcuser", "email",
        "emailaddress", "account", "accountname", "actor", "login", "loginname", "upn",
        "userprincipalname", "actoremail", "student", "studentemail",
    ),
    "src_ip": (
        "srcip", "ipaddress", "ip", "clientip", "sourceip", "localip", "internalip",
        "privateip", "sourceaddress", "src", "srcaddr", "clientaddr", "clientaddress",
        "publicip", "externalip",
    ),
    "src_mac": ("srcmac", "mac", "macaddress", "clientmac"),
    "src_hostname": (
        "srchostname", "devicename", "computername", "clienthostname", "machinename",
        "workstation", "endpointname", "clientname", "device", "computer", "machine",
    ),
    "dst_ip": ("dstip", "destip", "destinationip", "dst", "serverip", "dstaddr"),
    "host": (
        "devicename", "device", "computer", "computername", "workstation", "machine",
        "serialnumber", "deviceserial", "assettag",
    ),
    "url": ("url", "fullurl", "requesturl", "address", "link", "page", "website"),
    "url_hostname": ("urlhostname", "domain", "host", "hostname", "fqdn", "site"),
    "query_name": ("queryname", "query", "question", "dnsquery", "requesteddomain"),
    "query_type": ("querytype", "recordtype"),
    "method": ("method", "httpmethod", "requestmethod"),
    "status_code": ("statuscode", "httpstatus", "responsecode", "httpcode", "code"),
    "bytes_in": (
        "bytesin", "bytesreceived", "receivedbytes", "rcvdbytes", "rcvdbyte",
        "downloadbytes", "bytesdownloaded", "bytesdown", "downloaded", "responsebytes",
        "bytestoclient", "bytes", "size", "responsesize", "contentlength", "length",
    ),
    "bytes_out": (
        "bytesout", "bytessent", "sentbytes", "sentbyte", "uploadbytes", "bytesuploaded",
        "bytesup", "uploaded", "requestbytes", "bytestoserver", "requestsize",
    ),
    "user_agent": ("useragent", "browser"),
    "category": (
        "category", "categories", "categoryname", "contentcategory", "urlcategory",
        "webcategory",
    ),
    "disposition": (
        "disposition", "action", "allowedblocked", "decision", "verdict", "access",
        "filteraction", "policyaction", "actiontaken", "filterresult", "act", "status",
        "result",
    ),
    "is_success": ("issuccess", "success", "outcome", "status", "result"),
    "failure_reason": ("failurereason", "reason", "error"),
    "ip": ("ip", "ipaddress", "leasedip"),
    "mac": ("mac", "macaddress", "hardwareaddress"),
    "hostname": ("hostname", "clientname", "devicename"),
    "action": ("action", "event", "leaseaction"),
}  # fmt: skip
"""Our columns, and what exports call them: letters and digits, the likeliest first."""

SHAPES = (
    "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S",
    "%b %d, %Y %I:%M:%S %p", "%b %d, %Y, %I:%M:%S %p", "%b %d %Y %H:%M:%S",
    "%d %b %Y %H:%M:%S", "%m-%d-%Y %H:%M:%S",
)  # fmt: skip
SHAPED = {"disposition": r"(?i)^(?:allow|permit|accept|pass|block|den|drop|reject|challenge)"}
"""Column -> what its values look like; without it another title, or none, is the column."""
PREFERRED = {"user_name": r"^[^ ]+$"}
"""The same, where a title without it still is better than none."""
ISO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}"


NOT_READ = {
    r'^[^ ]+ [^ ]+ [^ ]+ \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[^\]]+\] "[A-Z]+ /': (
        "a web server's own log (Apache, NGINX): who visited the district's own pages"
    ),
    r" haproxy\[[0-9]+\]: [^ ]+:[0-9]+ \[[0-9]{2}/[A-Z][a-z]{2}/": (
        "a load balancer's log (HAProxy), which includes no usernames"
    ),
}
"""Logs that are known and on purpose not read."""


def not_read(head: bytes) -> str:
    """Return what the file is and why it is not read, if that is on purpose.

    Args:
        head: The first bytes of the file, decompressed.
    """
    first = head[:4_096].decode("utf-8", "replace").removeprefix(BOM).split("\n")[0]
    found = [what for shape, what in NOT_READ.items() if re.search(shape, first)]
    return f"{found[0]}; no rule reads it" if found else ""


def proposed(head: bytes, source: str) -> list[str]:
    """Return lines for `district.toml`; none where nothing looks like an export.

    Args:
        head: The first bytes of the file, decompressed.
        source: The name of the source.
    """
    text = head.decode("utf-8", "replace").removeprefix(BOM)
    lines = [line for line in text.splitlines() if line.strip()][: ROWS + 10]
    return _json(text.lstrip(), source) or _csv(lines, source) or _syslog(lines, source)


def _csv(lines: Sequence[str], source: str) -> list[str]:
    for number, line in enumerate(lines[:10]):
        mark = max(SEPARATORS, key=line.count)
        titles = next(csv.reader([line], delimiter=mark), [])
        is_named = pl.select(is_header(pl.lit(line))).item()
        if len(titles) < MIN_COLUMNS or not is_named:
            continue
        rows = list(csv.reader(lines[number + 1 : number + ROWS], delimiter=mark))
        whole = [row for row in rows if len(row) == len(titles)]
        found = _guessed(titles, dict(zip(titles, zip(*whole, strict=True), strict=False)))
        if "time" not in found or not whole:
            continue
        names = {_plain(title): title for title in titles}
        if names.keys() >= {"date", "time"}:
            found["time"] = f"{names['date']} + {names['time']}"
        shape = _shape(found["time"].split(" + "), titles, whole)
        more = {} if mark == "," else {"separator": "tab" if mark == "\t" else mark}
        return _toml(source, "declared_csv", found, shape | more)
    return []


def _json(text: str, source: str) -> list[str]:
    begin = text.find("{")
    if not text.startswith(("{", "[")) or begin < 0:
        return []
    try:
        record, _ = json.JSONDecoder().raw_decode(text[begin:])
    except ValueError:
        return []
    for key in ("items", "value", "records"):
        if isinstance(record.get(key), list) and record[key]:
            record = record[key][0]
    if not isinstance(record, dict):
        return []
    paths = dict(_paths(record))
    found = _guessed([*paths], {path: [str(value)] for path, value in paths.items()})
    if "time" not in found:
        return []
    return _toml(source, "declared_json", {k: f"/{v}" for k, v in found.items()}, {})


def _syslog(lines: Sequence[str], source: str) -> list[str]:
    """Propose for objects or pairs behind a header; their values show which login is a name."""
    headed = [line for line in lines if re.search(HEADED, line)]
    if len(headed) < len(lines) or not lines:
        return []
    values: dict[str, list[str]] = {}
    for line in headed:
        for key, value in _behind_header(line):
            values.setdefault(key, []).append(value)
    found = _guessed([*values], values)
    stamps = values.get(found.get("time", ""), [])
    given = {key: title for key, title in found.items() if key != "time"}
    if stamps and all(re.match(f"{ISO}|^1[0-9]{{9,12}}$", one) for one in stamps):
        given = {"time": found["time"]} | given
    if not given.keys() & {"url", "url_hostname", "query_name", "user_name", "mac"}:
        return []
    places = {key: f"/{title}" if "/" in title else title for key, title in given.items()}
    return _toml(source, "declared_syslog", places, {})


def _behind_header(line: str) -> list[tuple[str, str]]:
    begin = line.find("{")
    if begin >= 0:
        try:
            record, _ = json.JSONDecoder().raw_decode(line[begin:])
            return [(path, str(value)) for path, value in _paths(record)]
        except ValueError:
            pass
    pairs = re.findall(r'([A-Za-z0-9_.-]+)=(?:"([^"]*)"|([^ ,;|]*))', line)
    return [(key, quoted or bare) for key, quoted, bare in pairs]


def _paths(value: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    for key, inner in value.items():
        path = f"{before}{key}"
        if isinstance(inner, dict) and path.count("/") < DEEPEST:
            yield from _paths(inner, f"{path}/")
        elif not isinstance(inner, list):
            yield path, inner
        elif inner and isinstance(inner[0], str):
            yield f"{path}/0", inner[0]


def _plain(title: str) -> str:
    return re.sub("[^a-z0-9]", "", title.removesuffix("/0").rsplit("/", 1)[-1].lower())


def _guessed(titles: Sequence[str], values: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return our columns, each with the title that means it most likely.

    Args:
        values: Some values of each title; a login has no space, and an action is a word.
    """
    by_name: dict[str, str] = {}
    for title in titles:
        by_name.setdefault(_plain(title), title)
    found: dict[str, str] = {}
    for column, names in MEANINGS.items():
        held = [by_name[name] for name in names if name in by_name]
        fitting = [title for title in held if _may_be(column, values.get(title, ()))]
        if fitting:
            found[column] = fitting[0]
        elif held and column not in SHAPED:
            found[column] = held[0]
    return found


def _may_be(column: str, values: Sequence[str]) -> bool:
    """Return whether most of the values have the shape that a column needs, if it needs one."""
    known = [value.strip() for value in values if value.strip()]
    shape = SHAPED.get(column) or PREFERRED.get(column)
    return not (shape and known) or 2 * sum(bool(re.search(shape, one)) for one in known) > len(
        known
    )


def _event_class(found: Mapping[str, str]) -> str:
    if "query_name" in found:
        return "dns_queries"
    if found.keys() & {"url", "url_hostname"}:
        return "http_requests"
    if found.keys() >= {"ip", "mac"} and "user_name" not in found:
        return "leases"
    return "logons"


def _shape(
    parts: Sequence[str], titles: Sequence[str], rows: Sequence[Sequence[str]]
) -> dict[str, str]:
    """Return the option `time_shape`, if the first rows all have one that is not ISO."""
    places = [titles.index(part) for part in parts]
    times = [" ".join(row[place].strip() for place in places) for row in rows]
    if all(re.match(ISO, time) for time in times):
        return {}
    for shape in SHAPES:
        if all(_fits(time, shape) for time in times):
            return {"time_shape": shape}
    return {"time_shape": "?"}


def _fits(time: str, shape: str) -> bool:
    try:
        datetime.strptime(time, shape)  # noqa: DTZ007 - only its shape is asked
    except ValueError:
        return False
    return True


def _toml(source: str, fmt: str, found: Mapping[str, str], more: Mapping[str, str]) -> list[str]:
    event_class = _event_class(found)
    columns = EVENT_CLASSES[event_class].names()
    kept = {key: text for key, text in found.items() if key in columns}
    notes: list[str] = []
    if event_class == "logons":
        kept["activity"] = "=logon"
    if event_class == "http_requests" and "disposition" not in kept:
        # a guess would count a blocked page with the code 200 as use
        notes = ['# disposition = "=allowed"  if the export has no blocked requests']
        if code := kept.get("status_code"):
            notes.append(f"# disposition = {json.dumps(code)}  if the filter denies with 403")
    options = {"event_class": event_class, **more, **kept}
    return [
        f"[sources.{source}]",
        f'format = "{fmt}"',
        "",
        f"[sources.{source}.options]",
        *(f"{key} = {json.dumps(text)}" for key, text in options.items()),
        *notes,
    ]
