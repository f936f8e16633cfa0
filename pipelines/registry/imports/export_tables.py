"""Tables of a district's exports, as rows of text.

A zip is read member by member and never unpacked; a member that is too large, encrypted or
nested is reported and skipped. Other files become tables with the columns of the same
facts in CSV: pages of a OneRoster API, the configuration of a DHCP server.
"""

import base64
import binascii
import ipaddress
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from xml.etree import ElementTree

from pipelines.registry.csv_files import cut, decoded
from pipelines.registry.imports import event_tables
from pipelines.settings.problems import Problem

LARGEST = 200_000_000
SURELY_FINE = 5_000_000
MAX_TIMES = 100
"""Unpacked to packed; tables of people and devices have 5 to 30."""
"""Bytes of one file or member; a roster of a million people has half of it."""
MAX_IN_ZIP = 1_000_000_000
MAX_FILES = 2_000
MAX_TITLE, MIN_COLUMNS = 10, 2
"""Lines above a report's header, and cells that the header has more of."""
TEXT_FILES = (".csv", ".txt", ".tsv", ".json", ".xml", ".conf", ".ics", ".ldif", ".ldf")

_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|#[^\n]*|/\*.*?\*/', re.DOTALL)

API_NAMES: Mapping[str, str] = {
    "orgs": "orgSourcedIds",
    "org": "orgSourcedId",
    "primaryOrg": "primaryOrgSourcedId",
    "parent": "parentSourcedId",
    "preferredFirstName": "preferredGivenName",
}
"""Name in the API -> column of the CSV files."""
SEPARATE = frozenset({"roles"})
"""Lists within a row that are a table of their own."""
LISTED = 3
"""Objects of a list within a row that become columns, as `externalIds.0.value`."""

_ISC = re.compile(
    r"(?P<comment>#[^\n]*)(?P<blank>\n[ \t\r]*(?=\n))?"
    r"|shared-network\s+\"?(?P<shared>[^\s\"{]+)\"?\s*\{"
    r"|subnet\s+(?P<four>\S+)\s+netmask\s+(?P<mask>[\d.]+)\s*\{"
    r"|subnet6\s+(?P<six>\S+)\s*\{"
    r"|\bhost\s+(?P<host>[^\s\"{]+)\s*\{(?P<body>[^{}]*)\}"
    r"|option\s+domain-name\s+\"(?P<domain>[^\"]*)\"\s*;"
    r"|\"[^\"\n]*\"|(?P<opens>\{)|(?P<closes>\})|(?P<ends>;)"
)
DASHES, MIN_DASHES = "-=*#~_+ \t", 3
_HARDWARE = re.compile(r"hardware\s+ethernet\s+([0-9A-Fa-f:.-]+)\s*;")
_FIXED = re.compile(r"fixed-address6?\s+([^\s;,]+)")
_RADIUS = re.compile(
    r"#[^\n]*|\bclient\s+(?P<client>[^\s{]+)\s*\{"
    r"|\b(?P<key>ipaddr|ipv4addr|ipv6addr|shortname)\s*=\s*\"?(?P<value>[^\s\"#}]+)"
    r"|\b\w+\s*=\s*(?:\"[^\"\n]*\"|[^\n}]*)|(?P<opens>\{)|(?P<closes>\})"
)
_YEAR = r"(?:\d{4}-\d\d|Latest available year)$"
"""Year after a column's name in tables of the NCES."""
_AS_TEXT = re.compile(r'="([^"]*)"')
"""A cell that a spreadsheet shows as text."""
_OF_A_PERSON = re.compile(r"^X-WR-CALNAME:([^\r\n]*@[^\r\n]*)", re.MULTILINE)
_LDIF = re.compile(r"(?P<name>[A-Za-z][\w-]*)(?:;[\w-]+)*:(?P<is_base64>:)? ?(?P<value>.*)")
ACCOUNT_DISABLED = 2
DIRECTORY_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
NEVER_EXPIRES = 2_650_467_744_000_000_000
"""Ticks of 100 nanoseconds to the year 10000; larger numbers mean never."""
_RADIUS_KEYS = {"shortname": "nas", "ipaddr": "address"}


class Sheet(NamedTuple):
    """One table of an export.

    Attributes:
        place: File, and member or collection in it.
        header: Names of its columns as written.
        rows: Cells by plain name of the column, see `plain`.
        told: Problems of its file format.
    """

    place: str
    header: tuple[str, ...]
    rows: Sequence[Mapping[str, str]]
    told: tuple[Problem, ...] = ()


class Calendar(NamedTuple):
    """An iCalendar file."""

    place: str
    data: bytes


class UnreadTable(NamedTuple):
    """A file that was not opened, and why."""

    place: str
    why: str


Found = Sheet | Calendar | UnreadTable


def plain(header: str) -> str:
    """Return a column's name for comparison: `Org Unit Path [Required]` is orgunitpath."""
    bare = re.sub(rf"\[[^\]]*\](?: {_YEAR})?|\([^)]*\)", "", header)
    return "".join(char for char in bare.lower() if char.isalnum())


def found_in(paths: Iterable[Path]) -> Iterator[Found]:
    """Yield every table of files, and of the files in folders."""
    count = 0
    for path in paths:
        inside = path.rglob("*") if path.is_dir() else (path,)
        for file in sorted(one for one in inside if one.is_file()):
            name = str(file.relative_to(path)) if path.is_dir() else file.name
            if file.name.startswith("."):
                continue
            count += 1
            if count > MAX_FILES:
                yield UnreadTable(str(path), f"has more than {MAX_FILES:,} files")
                return
            yield from _of_file(file, name)


def _of_file(file: Path, name: str) -> Iterator[Found]:
    try:
        if file.suffix.lower() == ".zip":
            yield from _of_zip(file, name)
        elif file.stat().st_size > LARGEST:
            yield UnreadTable(name, f"is larger than {LARGEST // 1_000_000} MB")
        else:
            yield from tables(name, file.read_bytes())
    except OSError as error:
        yield UnreadTable(name, f"cannot be read: {error.strerror}")


def _of_zip(file: Path, name: str) -> Iterator[Found]:
    """Yield the tables of a zip; a member's declared size is not trusted."""
    left = MAX_IN_ZIP
    try:
        with zipfile.ZipFile(file) as bundle:
            members = [one for one in bundle.infolist() if not one.is_dir()]
            if len(members) > MAX_FILES:
                yield UnreadTable(name, f"has more than {MAX_FILES:,} members")
                return
            for member in members:
                place = f"{name}/{member.filename}"
                if not member.filename.lower().endswith(TEXT_FILES):
                    yield UnreadTable(place, "is not a known export")
                    continue
                if reason := _odd(member):
                    yield UnreadTable(place, reason)
                    continue
                with bundle.open(member) as stream:
                    data = stream.read(min(LARGEST, left) + 1)
                left -= len(data)
                if len(data) > LARGEST or left < 0:
                    yield UnreadTable(place, "is too large to be an export of a district")
                    return
                yield from tables(place, data)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        yield UnreadTable(name, f"is not a readable zip file: {error}")


def _odd(member: zipfile.ZipInfo) -> str:
    """Return why no export is packed like this; empty where one may be."""
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed by a method that no export uses; pack it again as a plain zip"
    packed = max(member.compress_size, 1)
    if member.file_size > SURELY_FINE and member.file_size > MAX_TIMES * packed:
        return f"unpacks to {member.file_size // packed:,} times its size"
    return ""


def tables(place: str, data: bytes) -> Iterator[Found]:
    """Yield the tables of one file's bytes."""
    text, _ = decoded(data)
    start = text.lstrip()[:400]
    if start.startswith("BEGIN:VCALENDAR"):
        yield _of_calendar(place, data, text)
    elif start.startswith(("{", "[")) or place.lower().endswith(".json"):
        yield from _of_json(place, text)
    elif start.startswith("<"):
        yield _of_xml(place, text)
    elif re.search(r"^dn::? ", text, re.MULTILINE):
        yield from _of_ldif(place, text)
    elif re.search(r"^\s*(subnet6?|host)\s+\S+.*\{", text, re.MULTILINE):
        yield from _of_isc(place, text)
    elif re.search(r"^\s*client\s+\S+\s*\{", text, re.MULTILINE):
        yield _sheet(place, list(_radius_clients(text)))
    else:
        yield _of_csv(place, data)


def _of_calendar(place: str, data: bytes, text: str) -> Found:
    """Return a calendar, unless it is that of one account: its days are one person's."""
    account = _OF_A_PERSON.search(text)
    if not account:
        return Calendar(place, data)
    return UnreadTable(
        place,
        f"is the calendar of {account[1].strip()}, whose days are not those of the district. "
        "Absences are in the absence system's report. If it is the district's calendar, delete "
        "its line X-WR-CALNAME",
    )


def _of_csv(place: str, data: bytes) -> Found:
    told: list[Problem] = []
    sheet = cut(data, place, told)
    header, cells = _below_title(sheet.header, [row for _, row in sheet.rows])
    names = [plain(name) for name in header]
    rows = [
        dict(zip(names, (_AS_TEXT.sub(r"\1", one.strip()) for one in row), strict=False))
        for row in cells
    ]
    if not any(names):
        wrong = next((one for one in told if one.severity == "error"), None)
        return UnreadTable(place, f"{wrong.what}: {wrong.allowed}" if wrong else "is empty")
    if names and set(names) >= event_tables.COLUMNS:
        as_ics = str(PurePosixPath(place).with_suffix(".ics"))
        return Calendar(as_ics, event_tables.calendar_of(rows))
    if "useraccountcontrol" in names:  # csvde writes the directory's numbers
        rows = [{**_directory_state(row), **row} for row in rows]
    return Sheet(place, tuple(header), rows, tuple(told))


def _below_title(
    header: Sequence[str], rows: list[list[str]]
) -> tuple[Sequence[str], list[list[str]]]:
    """Return header and rows below the lines of a report's title, which fill one cell."""
    filled = [sum(map(bool, map(str.strip, row))) for row in rows[:MAX_TITLE]]
    if sum(map(bool, header)) > 1 or max(filled, default=0) <= MIN_COLUMNS:
        return header, rows
    at = next(number for number, count in enumerate(filled) if count > MIN_COLUMNS)
    return [cell.strip() for cell in rows[at]], rows[at + 1 :]


def _sheet(place: str, rows: list[dict[str, str]]) -> Sheet:
    header = tuple(dict.fromkeys(name for row in rows for name in row))
    bare = [{plain(name): cell for name, cell in row.items()} for row in rows]
    return Sheet(place, header, bare)


# JSON: pages of a OneRoster API, and Kea's configuration with its comments.


def _of_json(place: str, text: str) -> Iterator[Found]:
    try:
        said = _loaded(text)
    except (ValueError, RecursionError) as error:
        yield UnreadTable(place, f"is not readable JSON: {error}")
        return
    if isinstance(said, list):
        said = {"rows": said}
    kea = [said[name] for name in ("Dhcp4", "Dhcp6") if isinstance(said.get(name), dict)]
    if kea:
        yield _sheet(place, [row for part in kea for row in _of_kea(part, "")])
        hosts = [row for part in kea for row in _kea_hosts(part)]
        if hosts:
            yield _sheet(f"{place}, hosts", hosts)
        return
    for name, objects in said.items():
        if not isinstance(objects, list) or not all(isinstance(one, dict) for one in objects):
            continue
        at = f"{place} ({name})" if name != "rows" else place
        yield _sheet(at, [dict(_flat(one)) for one in objects])
        roles = [row for one in objects for row in _roles(one)]
        if roles:
            yield _sheet(f"{at}, roles", roles)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return json.loads(_COMMENT.sub(lambda found: found[1] or "", text))


def _flat(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield cells of an object: a reference is its id, a list its members."""
    for key, one in value.items():
        name = before + API_NAMES.get(key, key)
        if isinstance(one, dict) and "sourcedId" not in one:
            yield from _flat(one, f"{name}.")
        elif isinstance(one, list) and name not in SEPARATE and _is_plain(one):
            for number, member in enumerate(one[:LISTED]):
                yield from _flat(member, f"{name}.{number}.")
        else:
            members = one if isinstance(one, list) else [one]
            yield name, ",".join(filter(None, map(_cell, members)))


def _is_plain(members: Sequence[Any]) -> bool:
    """Return whether they are objects that have no id of their own."""
    return bool(members) and all(
        isinstance(one, dict) and "sourcedId" not in one for one in members
    )


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return str(value.get("sourcedId", ""))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _roles(user: Mapping[str, object]) -> Iterator[dict[str, str]]:
    """Yield version 1.2 has the roles within the user."""
    held = user.get("roles")
    for role in held if isinstance(held, list) else ():
        if isinstance(role, dict):
            yield {"userSourcedId": str(user.get("sourcedId", "")), **dict(_flat(role))}


def _of_kea(part: Mapping[str, Any], within: str) -> Iterator[dict[str, str]]:
    """Yield each subnet, with everything that describes it."""
    for network in part.get("shared-networks", ()):
        yield from _of_kea(network, f"{within} {network.get('name', '')}")
    for subnet in (*part.get("subnet4", ()), *part.get("subnet6", ())):
        context = subnet.get("user-context") or {}
        words = [within, subnet.get("comment", ""), *map(str, context.values())]
        yield {"subnet": str(subnet.get("subnet", "")), "name": _joined(words)}


def _kea_hosts(part: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield each reservation, of a subnet or for all of them."""
    for group in (
        *part.get("shared-networks", ()),
        *part.get("subnet4", ()),
        *part.get("subnet6", ()),
    ):
        yield from _kea_hosts(group)
    for host in part.get("reservations", ()):
        if host.get("hw-address") and host.get("hostname"):
            yield {
                "host": str(host["hostname"]),
                "hardware ethernet": str(host["hw-address"]),
                "fixed-address": str(host.get("ip-address", "")),
            }


def _joined(words: Iterable[str]) -> str:
    return " ".join(" ".join(words).split())


# The configuration of ISC's server. A comment above a subnet, or the name of its group,
# is its name; a comment above a blank line, or between dashes, is a headline for all
# that follows.


def _of_isc(place: str, text: str) -> Iterator[Sheet]:
    """Yield the subnets of a configuration and, if there are any, its reservations."""
    subnets = list(_isc_subnets(text))
    hosts = [
        {
            "host": token["host"],
            "hardware ethernet": _group(_HARDWARE, token["body"]),
            "fixed-address": _group(_FIXED, token["body"]),
        }
        for token in _ISC.finditer(text)
        if token["host"]
    ]
    if subnets:
        yield _sheet(place, subnets)
    if hosts:
        yield _sheet(f"{place}, hosts" if subnets else place, hosts)


def _group(rule: re.Pattern[str], text: str) -> str:
    found = rule.search(text)
    return found[1] if found else ""


def _isc_subnets(text: str) -> Iterator[dict[str, str]]:
    outline = _Outline()
    for token in _ISC.finditer(text):
        if token["comment"]:
            outline.comment(token["comment"], is_alone=token["blank"] is not None)
        elif done := outline.step(token):
            yield done
    if outline.subnet:
        yield outline.subnet


class _Outline:
    """The place in a configuration: its group, its headline and the open subnet."""

    def __init__(self) -> None:
        self.subnet: dict[str, str] = {}
        self.depth = self.inside = self.shared_depth = 0
        self.shared = self.headline = ""
        self.comments: list[str] = []
        self.is_begun = False

    def comment(self, text: str, *, is_alone: bool) -> None:
        """Note a comment; it names what follows, or the subnet that it is in."""
        bare = text.strip("# \t\r")
        words = bare.strip(DASHES)
        is_alone = is_alone or len(bare) - len(words) >= MIN_DASHES
        if self.subnet:
            if not self.is_begun:  # behind the brace, or below it
                self.subnet["name"] = _joined([self.subnet["name"], words])
        elif is_alone:
            # a line of dashes closes a banner, whose words are in the comments
            self.headline = words or _joined(self.comments) or self.headline
            self.comments = []
        else:
            self.comments.append(words)

    def step(self, token: re.Match[str]) -> dict[str, str]:
        """Note another token; return the subnet that it closes, if it closes one."""
        done: dict[str, str] = {}
        if token["four"] or token["six"]:
            done = self.subnet  # of a file that lacks a brace
            self.subnet = _subnet(token, [self.shared, *self.comments], self.headline)
            self.inside, self.is_begun = self.depth + 1, False
        else:
            self.is_begun = True
            if token["domain"] is not None and self.subnet:
                self.subnet["domain"] = token["domain"]
        if token["shared"]:
            self.shared, self.shared_depth = token["shared"], self.depth + 1
        self.depth += token[0].endswith("{") - bool(token["closes"])
        if self.subnet and self.depth < self.inside:
            done, self.subnet = self.subnet, {}
        if self.depth < self.shared_depth:
            self.shared, self.shared_depth = "", 0
        self.comments = []
        return done


def _subnet(token: re.Match[str], words: Sequence[str], headline: str) -> dict[str, str]:
    end = f"/{token['mask']}" if token["mask"] else ""
    return {
        "subnet": _network((token["four"] or token["six"]) + end),
        "name": _joined(words),
        "domain": "",
        "headline": headline,
    }


# The clients of a FreeRADIUS server are the access points and switches.


def _radius_clients(text: str) -> Iterator[dict[str, str]]:
    """Yield name and address of each client; secrets are not read."""
    depth, found = 0, {"nas": "", "address": ""}
    for token in _RADIUS.finditer(text):
        if token["client"]:
            found = {"nas": token["client"], "address": ""}
        elif token["key"]:
            found[_RADIUS_KEYS.get(token["key"], "address")] = token["value"]
        depth += token[0].endswith("{") - bool(token["closes"])
        if token["closes"] and depth == 0 and found["nas"]:
            yield found
            found = {"nas": "", "address": ""}


# LDIF of Active Directory or Samba: users and computers, with the directory's own numbers.


def _of_ldif(place: str, text: str) -> Iterator[Found]:
    """Yield the users and the computers of a directory; other entries have no use here."""
    users: list[dict[str, str]] = []
    computers: list[dict[str, str]] = []
    for entry in _ldif_entries(text):
        kinds = entry.get("objectclass", "").lower().split(",")
        if "computer" in kinds:
            computers.append(entry)
        elif "user" in kinds:
            users.append(entry)
    for title, entries, wanted in (
        ("users", users, ("givenname", "samaccountname", "distinguishedname")),
        ("computers", computers, ("dnshostname", "distinguishedname", "name")),
    ):
        if entries:
            empty = dict.fromkeys(wanted, "")
            rows = [{**empty, **_directory_state(one), **one} for one in entries]
            yield _sheet(f"{place} ({title})", rows)
    if not users and not computers:
        yield UnreadTable(place, "has no user and no computer in it")


def _ldif_entries(text: str) -> Iterator[dict[str, str]]:
    """Yield attributes by name in lower case, values of one attribute joined by commas."""
    unfolded = re.sub(r"\r?\n ", "", text)
    for block in re.split(r"\r?\n\s*\n", unfolded):
        entry: dict[str, list[str]] = {}
        for line in block.splitlines():
            found = _LDIF.match(line)
            if found:
                value = _of_base64(found["value"]) if found["is_base64"] else found["value"]
                entry.setdefault(found["name"].lower(), []).append(value)
        if "dn" in entry:
            entry.setdefault("distinguishedname", entry["dn"])
            yield {name: ",".join(values) for name, values in entry.items()}


def _of_base64(text: str) -> str:
    """Return the text of an encoded value; empty for bytes that are not text."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _directory_state(entry: Mapping[str, str]) -> dict[str, str]:
    """Return whether an entry is enabled, and the UTC date on which it expires."""
    flags, ticks = entry.get("useraccountcontrol", ""), entry.get("accountexpires", "")
    state = {}
    if flags.isdecimal():
        state["enabled"] = str(not int(flags) & ACCOUNT_DISABLED)
    if ticks.isdecimal() and 0 < int(ticks) < NEVER_EXPIRES:
        expires = DIRECTORY_EPOCH + timedelta(microseconds=int(ticks) // 10)
        state["accountexpirationdate"] = f"{expires:%Y-%m-%d}"
    return state


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return text


def _of_xml(place: str, text: str) -> Found:
    """Return the scopes of a Windows DHCP server, or the endpoints of ClearPass."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return UnreadTable(place, "has a document type, which no export has")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - no entities, see above
    except ElementTree.ParseError as error:
        return UnreadTable(place, f"is not readable XML: {error}")
    rows = [
        {child.tag: (child.text or "").strip() for child in scope} for scope in root.iter("Scope")
    ] or [_endpoint(one) for one in root.iter() if _tag(one) == "Endpoint"]
    if not rows:
        return UnreadTable(place, "has no DHCP scope and no endpoint in it")
    return _sheet(place, rows)


def _endpoint(endpoint: ElementTree.Element) -> dict[str, str]:
    """Return an endpoint of ClearPass: its attributes, its profile's and its tags."""
    row = dict(endpoint.attrib)
    for child in endpoint:
        if _tag(child) == "EndpointProfile":
            for name in ("hostname", "category", "family", "name"):
                row[name if name == "hostname" else f"device {name}"] = child.get(name, "")
        elif _tag(child) == "EndpointTags" and child.get("tagName"):
            row.setdefault(str(child.get("tagName")), child.get("tagValue", ""))
    return row


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
