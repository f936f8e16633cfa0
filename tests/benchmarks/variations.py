"""Variations of one district's logs: no finding may depend on their form.

Each variation changes a home's deliveries before its first run: another
spelling, another product's line format, a log that is not kept, a row of the
registry about another person. None needs the truth: the findings do not change,
or a run reports what it no longer sees.
"""

import csv
import gzip
import io
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from pipelines.district import only_writer, open_district
from pipelines.refresh.steps import build_and_judge, ingest_sources
from pipelines.state.findings import WITHDRAWN, stored_findings
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, generate
from pipelines.synthetic.habits import SPELLINGS
from pipelines.synthetic.invented_people import make_roster
from pipelines.synthetic.places import DOMAIN
from pipelines.synthetic.scored_district import SHOWN
from pipelines.synthetic.websites import BACKGROUND, make_sites

Key = tuple[str, str, str]
"""Rule, account in lower case, and local day of a finding."""

_LINE = re.compile(
    rb"(?P<seen>\d+\.\d{3}) (?P<elapsed> *\d+) (?P<client>\S+) (?P<result>\S+)"
    rb" (?P<size>\d+) (?P<method>\S+) (?P<url>\S+) (?P<user>\S+) (?P<peer>\S+)"
    rb" (?P<mime>\S+)"
)
Fields = dict[str, bytes]
LATE = 3  # every third file comes after the first run
SHIFT_MINUTES = 4
STRANGER_SEED, STRANGER_PEOPLE = 77, 60
MEDIA = "films.example"
APPROVED_HOST = b"docs.google.com:443"

STRANGE = b"-elsewhere"
CONSENTED = ("amazon.com", "facebook.com", "instagram.com", "porchtalk.example")


def compared(variation: str, before: frozenset[Key], home: Path) -> tuple[set[Key], set[Key]]:
    """Vary a new home, run it, and return the findings that only one of both has.

    Args:
        before: Findings of the unchanged home.
    """
    VARIATIONS[variation](home)
    after = findings_of(home) - _of_strangers(home)
    return {*before} - after, {*after} - before


def findings_of(home: Path) -> frozenset[Key]:
    """Read what is there, build, judge, and give what a report may name."""
    with open_district(home) as district, only_writer(district.home):
        ingest_sources(district, settle_seconds=0)
        build_and_judge(district)
    return shown_findings(home)


def shown_findings(home: Path) -> frozenset[Key]:
    """Return the reportable findings of a home after a run."""
    with open_district(home) as district:
        return frozenset(
            (finding["rule"], finding["subject"].lower(), finding["event_date"])
            for finding in stored_findings(district.store)
            if finding["status"] != WITHDRAWN and finding["confidence"] in SHOWN
        )


# the same lines, otherwise delivered


def _twice(home: Path) -> None:
    """Deliver every file a second time, under another name and compressed."""
    for path in _files(home):
        copy = path.with_name(f"again-{path.name.removesuffix('.gz')}.gz")
        copy.write_bytes(gzip.compress(_content(path), 1))


def _late(home: Path) -> None:
    """Deliver every third file after a first run that lacks it."""
    files = _files(home)[::LATE]
    aside = home.with_name("late")
    for path in files:
        target = aside / path.relative_to(home)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    findings_of(home)
    for path in files:
        (aside / path.relative_to(home)).rename(path)
    shutil.rmtree(aside)


def _reversed(home: Path) -> None:
    """List files from the newest day to the oldest."""
    for folder in sorted((home / "landing").iterdir()):
        files = sorted(folder.iterdir(), reverse=True)
        for place, path in enumerate(files):
            path.rename(path.with_name(f"{place:02d}-{path.name}"))


def _with_a_stranger(home: Path) -> None:
    """Add proxy and directory of another district, as separate sources."""
    aside = home.with_name("stranger")
    generate(aside, STRANGER_SEED, people=STRANGER_PEOPLE, weeks=1)
    names = "|".join(sorted(_strangers(), key=len, reverse=True)).encode()
    person = re.compile(rb"(?i)\b(" + names + rb")\b")
    device = re.compile(rb"(?i)\b(hs|ms|es|do)-([a-z]+-\d{4})\b")
    place = re.compile(rb"\b10\.(1[1-4]|99)\.")
    days = {path.name.split(".")[0][-10:] for path in _files(home)}
    for feed in ("proxy", "directory"):
        target = home / "landing" / f"{feed}-of-others"
        target.mkdir()
        for path in sorted((aside / "landing" / feed).iterdir()):
            if not any(day in path.name for day in days):
                continue
            data = person.sub(rb"\1" + STRANGE, _content(path))
            data = place.sub(rb"10.1\1.", device.sub(rb"q\1-\2", data))
            (target / path.name.removesuffix(".gz")).write_bytes(data)
    shutil.rmtree(aside)


def _strangers() -> Iterator[str]:
    for person in make_roster(STRANGER_SEED, STRANGER_PEOPLE).people:
        yield person.username


def _of_strangers(home: Path) -> frozenset[Key]:
    """Return findings about accounts and computers that the registry does not know at all."""
    strange = STRANGE.decode()
    return frozenset(
        key
        for key in shown_findings(home)
        if strange in key[1] or key[1].startswith(("qhs-", "qms-", "qes-", "qdo-"))
    )


# the same lines, otherwise written


def _rewritten(home: Path, line: Callable[[Fields], Iterable[Fields]]) -> None:
    """Rewrite every readable line of the proxy with `line`."""

    def told(found: re.Match[bytes]) -> bytes:
        return b"\n".join(b" ".join(row.values()) for row in line(found.groupdict()))

    for path in _files(home, "proxy"):
        _write(path, _LINE.sub(told, _content(path)))


def _name(user: bytes) -> bytes:
    """Return the account without the text around it."""
    return user.replace(b"%5C", b"\\").rsplit(b"\\", 1)[-1].split(b"@")[0]


def _is_person(user: bytes) -> bool:
    return user != b"-" and not user.endswith(b"$")


def _spelt(form: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def line(row: Fields) -> list[Fields]:
        user = row["user"]
        return [row | {"user": form(_name(user)) if _is_person(user) else user}]

    return lambda home: _rewritten(home, line)


def _spelled_beyond_setting(home: Path) -> None:
    """Add domains to accounts without adding them to the settings."""
    _spelt(lambda name: name + b"@" + DOMAIN.encode())(home)
    settings = home / "district.toml"
    text = settings.read_text()
    said = re.search(r"^account_domains = .*$", text, re.MULTILINE)
    assert said
    settings.write_text(text.replace(said[0], "account_domains = []"))


def _opened(home: Path) -> None:
    """Open TLS at the proxy of one school: whole addresses instead of CONNECT."""
    pages = {host for site in make_sites() for host in site.hosts if host not in BACKGROUND}

    def line(row: Fields) -> list[Fields]:
        host = row["url"].removesuffix(b":443")
        if not row["client"].startswith(b"10.12.") or row["method"] != b"CONNECT":
            return [row]
        if not row["result"].startswith(b"TCP_TUNNEL"):
            return [row]
        mime = b"text/html" if host.decode() in pages else b"image/jpeg"
        path = b"/page/" + row["size"]
        changed = {
            "result": b"TCP_MISS/200",
            "method": b"GET",
            "url": b"https://" + host + path,
            "mime": mime,
        }
        return [row | changed]

    _rewritten(home, line)


def _larger(home: Path) -> None:
    """Make every answer three times as large."""
    _rewritten(home, lambda row: [row | {"size": b"%d" % (3 * int(row["size"]))}])


def _shifted(home: Path) -> None:
    """Shift every system clock of the district ahead by the same minutes."""
    seconds = 60 * SHIFT_MINUTES

    def line(row: Fields) -> list[Fields]:
        return [row | {"seen": b"%.3f" % (float(row["seen"]) + seconds)}]

    _rewritten(home, line)
    for feed, shift in _SHIFTS.items():
        for path in _files(home, feed):
            _write(path, shift(_content(path), seconds))


def _shift_traffic(data: bytes, seconds: int) -> bytes:
    """Shift FortiGate lines: local date and time, and the same instant in nanoseconds."""

    def told(found: re.Match[bytes]) -> bytes:
        local = datetime.fromisoformat(f"{found[1].decode()}T{found[2].decode()}")
        local += timedelta(seconds=seconds)
        instant = int(found[4]) + seconds * 1_000_000_000
        text = local.strftime("date=%Y-%m-%d time=%H:%M:%S").encode()
        return text + found[3] + b"eventtime=%d" % instant

    pattern = rb"date=(\S+) time=(\S+)( .*?)eventtime=(\d+)"
    return re.sub(pattern, told, data)


def _shift_json(data: bytes, seconds: int) -> bytes:
    """Shift winlogbeat's and Okta's lines: an instant in UTC."""

    def told(found: re.Match[bytes]) -> bytes:
        instant = datetime.fromisoformat(found[2].decode())
        instant += timedelta(seconds=seconds)
        text = instant.isoformat(timespec="milliseconds")
        return found[1] + f'{text}Z"'.encode()

    return re.sub(rb'("(?:@timestamp|published)":")([^"]+)Z"', told, data)


def _shift_leases(data: bytes, seconds: int) -> bytes:
    """Shift dhcpd lines: local time without a year."""

    def told(found: re.Match[bytes]) -> bytes:
        local = datetime.strptime(f"2026 {found[0].decode()}", "%Y %b %d %H:%M:%S")  # noqa: DTZ007
        return (local + timedelta(seconds=seconds)).strftime("%b %e %H:%M:%S").encode()

    return re.sub(rb"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?= )", told, data, flags=re.MULTILINE)


_SHIFTS: Mapping[str, Callable[[bytes, int], bytes]] = {
    "firewall": _shift_traffic,
    "directory": _shift_json,
    "cloud": _shift_json,
    "dhcp": _shift_leases,
}


def _with_media(home: Path) -> None:
    """Move the films of an approved site to a host that no list approves."""

    def line(row: Fields) -> list[Fields]:
        if row["url"] != APPROVED_HOST or not _is_person(row["user"]):
            return [row]
        film = {
            "seen": b"%.3f" % (float(row["seen"]) + 2),
            "size": b"%d" % (int(row["size"]) + 190_000),
            "url": f"r1.{MEDIA}:443".encode(),
        }
        return [row, row | film]

    _rewritten(home, line)
    for source in ("district", "filter-vendor"):
        _add_row(home, "site_categories.csv", f"{MEDIA},streaming,{source}")


def _without_tunnels(home: Path) -> None:
    """Drop the VPN's log."""
    for path in _files(home, "firewall"):
        lines = _content(path).splitlines(keepends=True)
        _write(path, b"".join(one for one in lines if b'subtype="vpn"' not in one))


# another registry


def _capital_devices(home: Path) -> None:
    """Write names of computers in capitals in the registry."""
    _change_column(home, "devices.csv", "hostname", str.upper)


def _consented(home: Path) -> None:
    """Approve sites with findings, for a student who uses none."""
    student = next(_rows(home, "users.csv", role="student"))["sourcedId"]
    for number, site in enumerate(CONSENTED, start=901):
        _add_row(
            home,
            "approved_sites.csv",
            f"E-{number},{site},domain,person:{student},project,technology director,"
            "2026-07-01,,sanctioned,cl.29,",
        )


def _other_words(home: Path) -> None:
    """Use another vendor's words in the lists of categories."""
    words = SPELLINGS["underscores"]
    _change_column(home, "site_categories.csv", "category", lambda word: words.get(word, word))


def _rows(home: Path, file: str, **wanted: str) -> Iterator[dict[str, str]]:
    with (home / "registry" / file).open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if all(row[name] == value for name, value in wanted.items()):
                yield row


def _add_row(home: Path, file: str, row: str) -> None:
    with (home / "registry" / file).open("a", encoding="utf-8") as stream:
        stream.write(row + "\n")


def _change_column(home: Path, file: str, column: str, change: Callable[[str], str]) -> None:
    rows = list(_rows(home, file))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(row | {column: change(row[column])} for row in rows)
    (home / "registry" / file).write_text(text.getvalue(), encoding="utf-8")


def _files(home: Path, feed: str = "") -> list[Path]:
    folder = home / "landing" / feed
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(gzip.compress(data, 1) if path.suffix == ".gz" else data)


VARIATIONS: Mapping[str, Callable[[Path], None]] = {
    "every file comes twice": _twice,
    "every third file comes a run later": _late,
    "the newest file comes first": _reversed,
    "another district's logs arrive with ours": _with_a_stranger,
    "accounts are spelled plainly": _spelt(lambda name: name),
    "accounts are spelled in capitals, with their domain": _spelt(
        lambda name: ACCOUNT_DOMAINS[0].encode() + b"\\" + name.upper()
    ),
    "accounts are spelled as addresses": _spelt(lambda name: name + b"@" + DOMAIN.encode()),
    "accounts have a domain that no setting names": _spelled_beyond_setting,
    "computers are listed in capitals": _capital_devices,
    "one school's proxy opens TLS": _opened,
    "every answer is three times as large": _larger,
    "every clock is fast by the same minutes": _shifted,
    "an approved site has its films from another host": _with_media,
    "the VPN's log is not kept": _without_tunnels,
    "sites are approved for one other person": _consented,
    "lists write another maker's words": _other_words,
}
"""Variations: each changes a home before its first run."""
