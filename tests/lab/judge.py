"""Compare the warehouse with the plan: stories, lines and values."""

import csv
import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from tests.lab.acts import Deed, is_filtered
from tests.lab.district import ATTACKER, BY_CODE, BY_NAME, HOMES, KERBEROS, REALM, SITES
from tests.lab.plan import PAIRS, Pair

Stored = Callable[[str, str], Path]
"""Returns where a machine's folder is stored."""
FOUND, LEAD, NOTHING = "found", "lead", "nothing"
LINES_PER_FILE = 1 << 32
SSH, TARGETS = 22, 150
ABOUT_A_SECOND = timedelta(seconds=3)
DRIFT = timedelta(minutes=4)
"""How far the filter's clock is ahead after the fault."""


@dataclass(frozen=True)
class Story:
    """The results of a story and its twin."""

    pair: Pair
    result: str
    rules: tuple[str, ...]
    twin_result: str
    twin_rules: tuple[str, ...]

    @property
    def said(self) -> str:
        """The result, with the reason where nothing is expected."""
        if self.result != self.pair.expected:
            return f"{self.result} (expected: {self.pair.expected})"
        return f"{self.result}: {self.pair.why}" if self.pair.why else self.result

    @property
    def is_as_expected(self) -> bool:
        return self.result == self.pair.expected and not self.twin_rules


@dataclass(frozen=True)
class Lines:
    """Lines of a program, from its machine to the ledger.

    Attributes:
        written: As the machine of the program stored them.
        read: Events, rejects and blank lines.
    """

    program: str
    written: int
    read: int
    events: int
    rejects: int
    blanks: int

    @property
    def is_balanced(self) -> bool:
        return self.written == self.read


@dataclass(frozen=True)
class Value:
    """A fact of the plan, and what the warehouse has of it."""

    kind: str
    expected: str
    problem: str = ""


class Home:
    """A home that is read after the last run."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.state = sqlite3.connect(f"file:{home / 'state.db'}?mode=ro", uri=True)

    def events(self, event_class: str, *sources: str) -> list[dict[str, Any]]:
        """Return the rows of a class, of some sources."""
        places = self.state.execute(
            "select path from lake_files where event_class = ? and superseded_time is null"
            f" and source in ({','.join('?' * len(sources))})",
            (event_class, *sources),
        ).fetchall()
        frames = [pl.read_parquet(self.home / "lake" / path) for (path,) in places]
        if not frames:
            return []
        event_id = pl.col("file_id") * LINES_PER_FILE + pl.col("line_no")
        return pl.concat(frames).with_columns(event_id=event_id).to_dicts()

    def attributed(self) -> dict[int, tuple[str, str]]:
        """Return account and device of each request."""
        import duckdb

        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as database:
            rows = database.execute(
                "select event_id, account, device from core.http_requests"
            ).fetchall()
        return {row[0]: (row[1], row[2]) for row in rows}

    def findings(self) -> list[tuple[str, str, str, str]]:
        """Return rule, subject, confidence and status of each finding."""
        return self.state.execute(
            "select rule, subject, confidence, status from findings where status <> 'withdrawn'"
        ).fetchall()

    def stated_requests(self) -> Iterator[tuple[str, str, int]]:
        """Yield rule, subject and the number of requests that a finding states."""
        rows = self.state.execute(
            "select rule, subject, record from findings where status <> 'withdrawn'"
        )
        for rule, subject, record in rows:
            requests = json.loads(record)["details"].get("requests")
            if requests:
                yield rule, subject, requests

    def counts(self, source: str) -> tuple[int, int, int]:
        """Return events, rejects and blank lines of a source; repeats count once."""
        (events,) = self.state.execute(
            "select coalesce(sum(events), 0) from source_days where source = ?", (source,)
        ).fetchone()
        rejects, blanks = self.state.execute(
            "select coalesce(sum(rejects), 0), coalesce(sum(blanks), 0) from source_files "
            "where source = ? and state <> 'duplicate'",
            (source,),
        ).fetchone()
        return events, rejects, blanks


def stories(pairs: Sequence[Pair], home: Home) -> list[Story]:
    """Return the result of each story, and the rules that named its twin."""
    found = home.findings()

    def about(subject: str, rules: tuple[str, ...] = ()) -> list[tuple[str, str]]:
        names = {subject, BY_NAME[subject].mac if subject in BY_NAME else subject}
        return [
            (rule, LEAD if confidence == "C1" else FOUND)
            for rule, about, confidence, _ in found
            if about in names and (not rules or rule in rules)
        ]

    told = []
    for pair in pairs:
        meant = about(pair.subject, pair.rules)
        grades = {grade for _, grade in meant}
        result = FOUND if FOUND in grades else LEAD if grades else NOTHING
        twins = about(pair.twin_subject)
        named = tuple(sorted({rule for rule, grade in twins if grade == FOUND}))
        leads = tuple(sorted({f"{rule} (lead)" for rule, grade in twins if grade == LEAD}))
        told.append(
            Story(
                pair, result, tuple(sorted({rule for rule, _ in about(pair.subject)})),
                ", ".join((*named, *leads)) or NOTHING, named,
            )
        )  # fmt: skip
    return told


SYSLOG = {
    # source: machine, and files that its own rsyslog writes
    "dhcp": ("r-ce", "local7.log"),
    "dns": ("r-ce", "local6.log"),
    "radius": ("radius", "syslog"),
    "gateway": ("gateway", "syslog"),
    "logins": ("files", "syslog", "auth.log"),
}


def lines(stored: Stored, home: Home) -> Iterator[Lines]:
    """Yield the balance of every source.

    A server's own rsyslog stores each line that it forwards. Its messages about itself have
    another facility and are not forwarded.
    """
    for source, (machine, *names) in SYSLOG.items():
        files = [stored(machine, "/var/log") / name for name in names]
        text = "".join(path.read_text(errors="replace") for path in files if path.is_file())
        written = sum(" rsyslogd: " not in line for line in text.splitlines())
        yield from _balance(home, source, written)
    for source, machine, folder, name in (
        ("proxy", "proxy", "/var/spool/squid", "every.log"),
        ("suricata", "gateway", "/var/log/suricata", "eve.json*"),
        ("kea", "dhcp", "/var/lib/kea", "kea-leases4.csv"),
        ("filter", "filter", "/var/log/e2guardian", "access.log*"),
        ("directory", "dc", "/var/log/samba", "auth_audit.json*"),
    ):
        paths = stored(machine, folder).glob(name)
        yield from _balance(home, source, sum(path.read_bytes().count(b"\n") for path in paths))
    records = stored("radius", "/var/log/freeradius/radacct").glob("*/*")
    written = sum(path.read_text().count("Acct-Unique-Session-Id") for path in records)
    yield from _balance(home, "accounting", written)


def _balance(home: Home, source: str, written: int) -> Iterator[Lines]:
    events, rejects, blanks = home.counts(source)
    if written or events:
        yield Lines(source, written, events + rejects + blanks, events, rejects, blanks)


class Facts:
    """Rows of the warehouse, to compare with the plan."""

    def __init__(self, home: Home, drifted: float) -> None:
        self.drifted = drifted
        self.requests = home.events("http_requests", "proxy")
        self.filtered = home.events("http_requests", "filter")
        self.directory = home.events("logons", "directory")
        self.logons = home.events("logons", "radius", "gateway", "logins")
        self.leases = home.events("leases", "kea", "dhcp")
        self.seen_leases = home.events("leases", "suricata")
        self.flows = home.events("connections", "suricata")
        self.names = home.events("dns_queries", "gateway", "dns")
        self.owners = home.attributed()
        self._used: set[int] = set()

    def of_deed(self, deed: Deed) -> Iterator[Value]:
        """Yield each fact of a deed, with what is wrong about it."""
        yield from getattr(self, f"_{deed.act}", self._unseen)(deed, _title(deed))

    def _unseen(self, deed: Deed, title: str) -> Iterator[Value]:
        """Yield nothing: no program logs a network cable that is moved."""
        del deed, title
        yield from ()

    def _browse(self, deed: Deed, title: str) -> Iterator[Value]:
        connected = deed.result.partition(" ")[0]
        # the filter sends a browser to its page on a denial
        is_denied = connected == ("302" if is_filtered(deed.device) else "403")
        if connected != "200" and not is_denied:
            yield Value("request", title, f"the proxy answered {deed.result}")
            return
        if is_filtered(deed.device):
            late = DRIFT if self.drifted and deed.began > self.drifted else timedelta()
            hits = self._hits(self.filtered, deed, is_denied=is_denied, late=late)
            yield self._size("request in the filter's log", hits, deed, title)
            if is_denied:
                return
        hits = self._hits(self.requests, deed, is_denied=is_denied)
        yield self._size("request", hits, deed, title)
        if not hits:
            return
        account, device = self.owners.get(hits[0]["event_id"], (None, None))
        known = BY_NAME[deed.device]
        yield Value("request's account", title, "" if account == deed.account else f"{account}")
        if known.kind:
            right = device in (known.mac, known.name, f"mac:{known.mac}")
            yield Value("request's device", title, "" if right else f"{device}")

    _stream = _browse

    def _hits(
        self,
        requests: Sequence[dict[str, Any]],
        deed: Deed,
        *,
        is_denied: bool,
        late: timedelta = timedelta(),
    ) -> list[dict[str, Any]]:
        """Return the rows of a log that a deed can be, without those of other deeds."""
        account = _account_in_log(deed)
        return [
            one
            for one in requests
            if one["url_hostname"] == deed.target
            and one["src_ip"] == deed.ip
            and one["user_name"] == account
            and one["disposition"] == ("blocked" if is_denied else "allowed")
            and one["event_id"] not in self._used
            and _is_then(deed, one["time"] - late)
        ]

    def _size(self, kind: str, hits: Sequence[dict[str, Any]], deed: Deed, title: str) -> Value:
        """Compare the first of the rows with the bytes of a deed."""
        if not hits:
            return Value(kind, title, "no such request")
        down = deed.down or 0
        # a browser may open the same host at the same time
        hit = min(hits, key=lambda one: abs((one["bytes_in"] or 0) - down))
        self._used.add(hit["event_id"])
        size = hit["bytes_in"]
        if deed.down is None or hit["disposition"] == "blocked":
            return Value(kind, title)
        is_near = down <= size <= down * 1.1 + 8_000
        return Value(kind, title, "" if is_near else f"{size} bytes, not {down}")

    def _browse_part(self, deed: Deed, title: str) -> Iterator[Value]:
        """Yield the parts of a page that a browser opened, in any number of connections."""
        hits = self._hits(self.requests, deed, is_denied=False)
        yield Value("request of a browser", title, "" if hits else "no such request")

    def _logon(self, deed: Deed, title: str) -> Iterator[Value]:
        if deed.result != "accepted":
            yield Value("domain logon", title, f"the controller answered {deed.result}")
            return
        then = [
            one
            for one in self.directory
            if one["user_name"] == deed.account
            and one["src_ip"] == deed.ip
            and one["is_success"]
            and _is_then(deed, one["time"])
        ]
        for kind, service in (("domain logon", "Kerberos KDC"), ("share opened", "cifs/")):
            is_there = any(service in (one["extras"] or "") for one in then)
            yield Value(kind, title, "" if is_there else "no such ticket")

    def _smb_wrong(self, deed: Deed, title: str) -> Iterator[Value]:
        if deed.result != "refused":
            yield Value("refused domain login", title, f"the server answered {deed.result}")
            return
        hits = self._refused(deed)
        yield Value("refused domain login", title, "" if hits else "no such login")

    def _refused(self, deed: Deed) -> list[dict[str, Any]]:
        return [
            one
            for one in self.directory
            if one["is_success"] is False
            and one["user_name"] == deed.account
            and one["src_ip"] == deed.ip
            and _is_then(deed, one["time"])
        ]

    def unplanned(self, deeds: Sequence[Deed]) -> Iterator[Value]:
        """Yield refused domain logins that no one made."""
        made = {
            one["event_id"]
            for deed in deeds
            if deed.act == "smb_wrong"
            for one in self._refused(deed)
        }
        for one in self.directory:
            if one["is_success"] is False:
                title = f"{one['user_name']} from {one['src_ip']} at {one['time']:%H:%M:%S}"
                wrong = "" if one["event_id"] in made else f"no one tried: {one['failure_reason']}"
                yield Value("refusal in the directory's log", title, wrong)

    def _login(self, kind: str, deed: Deed, title: str, **columns: object) -> Iterator[Value]:
        hits = [
            one
            for one in self.logons
            if one["user_name"] == deed.account
            and all(one[name] == value for name, value in columns.items())
            and _is_then(deed, one["time"])
        ]
        yield Value(kind, title, "" if hits else "no such login")

    def _join(self, deed: Deed, title: str) -> Iterator[Value]:
        is_success = deed.result == "accepted"
        return self._login("802.1X login", deed, title, src_mac=deed.mac, is_success=is_success)

    _join_wrong = _join

    def _tunnel(self, deed: Deed, title: str) -> Iterator[Value]:
        outside = HOMES[BY_NAME[deed.device].place]
        return self._login("VPN login", deed, title, src_ip=outside, assigned_ip=deed.target)

    def _ssh_wrong(self, deed: Deed, title: str) -> Iterator[Value]:
        if deed.result != "refused":
            return iter([Value("refused login", title, f"the server answered {deed.result}")])
        return self._login("refused login", deed, title, src_ip=ATTACKER, is_success=False)

    def _upload(self, deed: Deed, title: str) -> Iterator[Value]:
        hits = [
            one
            for one in self.flows
            if one["src_ip"] == deed.ip
            and one["dst_ip"] == SITES[deed.target]
            and _is_then(deed, one["start_time"])
        ]
        sent = max((one["bytes_out"] or 0 for one in hits), default=0)
        is_near = deed.up <= sent <= deed.up * 1.15 + 8_000
        yield Value("bytes sent", title, "" if is_near else f"{sent} bytes, not {deed.up}")
        is_asked = any(
            one["query_name"] == deed.target
            and one["src_ip"] == deed.ip
            and _is_then(deed, one["time"])
            for one in self.names
        )
        yield Value("name looked up", title, "" if is_asked else "no such lookup")

    _busy_tunnel = _upload

    def _scan(self, deed: Deed, title: str) -> Iterator[Value]:
        hits = {
            one["dst_ip"]
            for one in self.flows
            if one["src_ip"] == deed.ip
            and one["dst_port"] == SSH
            and _is_then(deed, one["start_time"])
        }
        yield Value("scan", title, "" if len(hits) >= TARGETS else f"{len(hits)} targets")

    def of_lease(self, device: str, at: float, ip: str, seconds: int) -> Iterator[Value]:
        """Yield what is wrong about a lease that the device's client noted."""
        when = datetime.fromtimestamp(at, UTC)
        title = f"{device} {ip} at {when:%H:%M:%S}"
        hits = _given(self.leases, BY_NAME[device].mac, ip, when)
        end = when + timedelta(seconds=seconds)
        ends = [one["lease_end_time"] for one in hits if one["lease_end_time"]]
        wrong = "" if hits else "no such lease"
        if ends and all(abs(one.replace(tzinfo=UTC) - end) > 2 * ABOUT_A_SECOND for one in ends):
            wrong = f"ends {ends[0]}"
        yield Value("lease", title, wrong)
        if self.seen_leases and not ip.startswith(f"{BY_CODE['CE'].net}."):
            seen = _given(self.seen_leases, BY_NAME[device].mac, ip, when)
            yield Value("lease that Suricata saw", title, "" if seen else "no such lease")


def _given(
    leases: Sequence[dict[str, Any]], mac: str, ip: str, when: datetime
) -> list[dict[str, Any]]:
    return [
        one
        for one in leases
        if one["mac"] == mac
        and one["ip"] == ip
        and abs(one["time"].replace(tzinfo=UTC) - when) < 2 * ABOUT_A_SECOND
    ]


KNOWN = {
    "requests in a finding": "a sensor in front of the proxy repeats each request as its own row",
}
"""Values that disagree for a known reason; `docs/reference/lab.md` contains it."""


def stated(deeds: Sequence[Deed], home: Home) -> Iterator[Value]:
    """Yield the number of requests of each finding that states one."""
    for rule, subject, requests in home.stated_requests():
        made = sum(one.account == subject and one.result == "200 200" for one in deeds)
        problem = "" if requests == made else f"{requests}, not {made}"
        yield Value("requests in a finding", f"{rule} {subject}", problem)


def _account_in_log(deed: Deed) -> str:
    """Return an account as the proxy writes it: with the realm after a login by Kerberos."""
    by_ticket = deed.account in KERBEROS and deed.device == f"nb-{deed.account}"
    return f"{deed.account}@{REALM}" if by_ticket else deed.account


def _is_then(deed: Deed, when: datetime) -> bool:
    began, ended = (datetime.fromtimestamp(at, UTC) for at in (deed.began, deed.ended))
    return began - ABOUT_A_SECOND <= when.replace(tzinfo=UTC) <= ended + ABOUT_A_SECOND


def _title(deed: Deed) -> str:
    began = datetime.fromtimestamp(deed.began, UTC)
    return f"{deed.device} {deed.act} {deed.account} {deed.target} at {began:%H:%M:%S}"


def values(
    deeds: Sequence[Deed],
    leases: Sequence[tuple[str, float, str, int]],
    home: Home,
    drifted: float,
) -> list[Value]:
    """Return each fact of the plan with what is wrong about it in the warehouse.

    Args:
        drifted: Seconds since 1970 when the filter's clock jumped; 0 for never.
    """
    facts = Facts(home, drifted)
    return [
        *(value for deed in deeds for value in facts.of_deed(deed)),
        *(value for lease in leases for value in facts.of_lease(*lease)),
        *facts.unplanned(deeds),
        *stated(deeds, home),
    ]


def summary(found: Sequence[Value]) -> list[tuple[str, int, int]]:
    """Return kind, number compared and number that disagree."""
    every = Counter(one.kind for one in found)
    wrong = Counter(one.kind for one in found if one.problem)
    return [(kind, count, wrong[kind]) for kind, count in every.items()]


def report(folder: Path, home: Home, pairs: Sequence[Pair], stored: Stored) -> tuple[str, bool]:
    """Return the tables as Markdown, and whether all is as expected.

    Args:
        folder: With `plan.csv`, `leases.csv` and perhaps `drift`.
    """
    deeds = _deeds(folder / "plan.csv")
    told = stories(pairs, home)
    balance = list(lines(stored, home))
    drift = folder / "drift"
    drifted = float(drift.read_text()) if drift.is_file() else 0.0
    found = values(deeds, _leases(folder / "leases.csv"), home, drifted)
    failed = [
        f"{one.device} {one.act} {one.target}: {one.result}" for one in deeds if one.is_problem
    ]
    rows = [
        "| Story | Rules | Result | Innocent twin | Its findings |",
        "|---|---|---|---|---|",
        *(
            f"| {one.pair.title} | {', '.join(one.pair.rules)} | {one.said} | "
            f"{one.pair.twin} | {one.twin_result} |"
            for one in told
        ),
        "",
        "| Source | Lines written | Read | Events | Rejects | Blank or header |",
        "|---|---|---|---|---|---|",
        *(
            f"| {one.program} | {one.written}{'' if one.is_balanced else ' (differs)'} | "
            f"{one.read} | {one.events} | {one.rejects} | {one.blanks} |"
            for one in balance
        ),
        "",
        "| Value | Compared | Disagree |",
        "|---|---|---|",
        *(f"| {kind} | {count} | {wrong} |" for kind, count, wrong in summary(found)),
        "",
        *(
            f"- {one.kind}: {one.expected}: {one.problem}"
            f"{' (known: ' + KNOWN[one.kind] + ')' if one.kind in KNOWN else ''}"
            for one in found
            if one.problem
        ),
        *(f"- not done: {problem}" for problem in failed),
        *sorted(
            f"- also reported: {rule} {subject} {confidence} {status}"
            for rule, subject, confidence, status in home.findings()
            if not any(rule in one.rules and subject == one.subject for one in pairs)
        ),
    ]
    subjects = {one.subject for one in pairs}
    is_well = (
        all(one.is_as_expected for one in told)
        and all(one.is_balanced and not one.rejects for one in balance)
        and not any(one.problem and one.kind not in KNOWN for one in found)
        and not failed
        and all(subject in subjects for _, subject, grade, _ in home.findings() if grade != "C1")
    )
    return "\n".join(rows) + "\n", is_well


def _deeds(path: Path) -> list[Deed]:
    with path.open(encoding="utf-8", newline="") as file:
        return [Deed.of(row) for row in csv.DictReader(file)]


def _leases(path: Path) -> list[tuple[str, float, str, int]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            (row["device"], float(row["at"]), row["ip"], int(row["seconds"]))
            for row in csv.DictReader(file)
        ]


def main() -> None:
    """Judge a folder that `--keep` made once more."""
    folder = Path(sys.argv[1])

    def stored(machine: str, place: str) -> Path:
        return folder / "machines" / machine / place.strip("/")

    titles = {one.story for one in _deeds(folder / "plan.csv")}
    pairs = [one for one in PAIRS if one.title in titles]
    text, is_well = report(folder, Home(folder / "home"), pairs, stored)
    print(text)
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()
