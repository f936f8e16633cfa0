"""`who`: from an address in a notice to a device and an account, with its gaps."""

import gzip
import json
import re
import shutil
from datetime import UTC, datetime

import polars as pl
import pytest

from pipelines.cli.who import instant
from pipelines.findings.attribution_words import FACTS
from pipelines.settings.home import DistrictHome
from tests.benchmarks.attribution import planted
from tests.journey.commands import WHY, schoolbell
from tests.journey.grades import assert_same_grades
from tests.journey.small import ZONE, judged

WORN = "203.0.113.80"
FLOW = (
    'date=2026-10-20 time=12:00:00 devname="fw" devid="FGT1" eventtime={ended}000000000'
    ' tz="-0500" logid="0000000013" type="traffic" subtype="forward" level="notice"'
    " srcip={ip} srcport=5000 dstip=192.0.2.9 dstport=443 trandisp=snat"
    ' transip={worn} transport={port} sessionid={port} proto=6 action="accept"'
    " policyid=7 duration=30 sentbyte=900 rcvdbyte=9000\n"
)


@pytest.fixture(scope="module")
def district(two_days):
    return two_days


def asked(home, address, time):
    done = schoolbell("who", "--home", home, *WHY, "--json", address, time.isoformat())
    assert done.code == 0, done.err
    return json.loads(done.out)


@pytest.fixture(scope="module")
def seats(district):
    """Planted stays of one account at one address, long enough to ask about."""
    bound = planted(district.home, district.truth.bindings).drop_nulls("account")
    length = pl.col("end_time") - pl.col("start_time")
    day = pl.col("start_time").dt.date() == datetime(2026, 10, 20, tzinfo=UTC).date()
    return bound.filter(day, length > pl.duration(minutes=10)).with_columns(
        middle=pl.col("start_time") + length / 2
    )


@pytest.fixture(scope="module")
def home(district, seats, tmp_path_factory):
    """A district whose firewall shows the outside addresses of two flows."""
    home = district.copy(tmp_path_factory.mktemp("who"))
    flows = [
        FLOW.format(ip=row["ip"], worn=WORN, port=port, ended=int(row["middle"].timestamp()) + 9)
        for port, row in enumerate(seats.head(2).iter_rows(named=True), start=40001)
    ]
    log = DistrictHome(home).landing / "firewall" / "translated.log"
    log.write_text("".join(flows), encoding="utf-8")
    judged(home, settle_seconds=0)
    return home


def test_a_translated_address_leads_to_device_and_account(home, seats):
    for port, row in enumerate(seats.head(2).iter_rows(named=True), start=40001):
        answer = asked(home, f"{WORN}:{port}", row["middle"])
        direct = asked(home, row["ip"], row["middle"])
        assert answer["links"][0]["kind"] == "translation"
        assert answer["links"][0]["lines"] == [f"firewall/translated.log:{port - 40000}"]
        assert answer["links"][1:] == direct["links"]
        for name in ("grade", "account", "device", "building"):
            assert answer[name] == direct[name]
        assert answer["grade"] in "ABC"
        assert answer["account"]


def test_the_demos_own_firewall_answers_a_notice(home):
    """What a provider sends: the public address, its port, a time."""
    log = DistrictHome(home).landing / "firewall"
    shape = re.compile(
        r"date=(2026-10-20) time=(1[0-4]:\d\d:\d\d).* srcip=(\S+) .*duration=(\d+)"
        r".* transip=(198\.51\.100\.2) transport=(\d+)"
    )
    text = "".join(
        gzip.decompress(path.read_bytes()).decode(errors="replace")
        for path in sorted(log.rglob("*.gz"))
    )
    found = list(shape.finditer(text))[::80][:8]
    assert len(found) == 8
    known = 0
    for line in found:
        day, clock, inside, _, worn, port = line.groups()
        hour, rest = clock.split(":", 1)
        twelve = f"{int(hour) % 12 or 12}:{rest} {'PM' if int(hour) >= 12 else 'AM'}"
        when = f"10/20/2026 {twelve}"
        assert day == "2026-10-20"
        done = schoolbell("who", "--home", home, *WHY, "--json", f"{worn}:{port}", when)
        assert done.code == 0, done.err
        answer = json.loads(done.out)
        assert answer["links"][0]["kind"] == "translation", answer
        direct = schoolbell("who", "--home", home, *WHY, "--json", inside, when)
        told = json.loads(direct.out)
        for name in ("grade", "account", "device", "building"):
            assert answer[name] == told[name]
        known += answer["device"] is not None
    # guests' own devices come straight; a lease shows each, and no logon a person
    assert known >= 6


def test_the_wrong_port_leads_nowhere(home, seats):
    answer = asked(home, f"{WORN}:40009", seats["middle"][0])
    assert (answer["grade"], answer["account"], answer["device"]) == ("D", None, None)
    assert "no firewall line" in answer["gaps"][0]


def test_answers_are_those_of_the_truth_and_name_nobody(home, seats):
    by_account, by_device = {}, {}
    for row in seats.gather_every(15).iter_rows(named=True):
        answer = asked(home, row["ip"], row["middle"])
        if answer["device"] is None:  # the DHCP log lost the line that shows
            assert "no lease" in answer["gaps"][0]
            continue
        by_device.setdefault(row["device"], set()).add(answer["device"])
        if answer["grade"] == "D":
            assert answer["account"] is None
            assert all("an account" in link["says"] for link in answer["links"][1:])
        else:
            by_account.setdefault(row["account"], set()).add(answer["account"])
    assert len(by_account) > 10
    for found in (by_account, by_device):
        assert all(len(names) == 1 for names in found.values()), found
        assert len({next(iter(names)) for names in found.values()}) == len(found)
        assert not {name for names in found.values() for name in names} & found.keys()


@pytest.mark.parametrize(
    ("address", "time"),
    [
        ("nowhere", "2026-10-20T12:00:00Z"),
        ("203.0.113.7:99999", "2026-10-20T12:00:00Z"),
        ("203.0.113.7", "noon"),
        ("203.0.113.7", "2026-11-01T01:30:00"),
    ],
)
def test_what_can_not_be_asked(home, address, time):
    done = schoolbell("who", "--home", home, *WHY, address, time)
    assert done.code == 2
    assert "Write" in done.err


def test_an_ipv6_address_with_a_port_is_read(home):
    done = schoolbell("who", "--home", home, *WHY, "[2001:db8::7]:443", "2026-10-20T12:00:00")
    assert done.code == 0
    assert done.out.startswith("Grade D: account not known")


def test_the_grade_is_explained_by_its_facts(home, seats):
    row = seats.row(0, named=True)
    done = schoolbell("who", "--home", home, *WHY, row["ip"], row["middle"].isoformat())
    grade, known, *_ = done.out.splitlines()
    assert grade.startswith(("Grade A", "Grade B", "Grade C"))
    facts = known.removeprefix("  known by ").partition(": ")[0].split(" + ")
    assert set(facts) <= {name for name, _ in FACTS.values()}, known


def test_requests_have_the_same_grades(district):
    assert_same_grades(district.home, "C")


def noted(home):
    done = schoolbell("audit", "show", "--home", home, "--json", "--last", 9999)
    return [json.loads(line) for line in done.out.splitlines()]


def test_every_question_is_in_the_audit_chain(home, seats):
    row = seats.row(0, named=True)
    before = len(noted(home))
    moment = row["middle"].isoformat()
    said = ("--reason", "notice 17", "--case", "K-1")
    done = schoolbell("who", "--home", home, row["ip"], moment, *said, "--json")
    schoolbell("who", "--home", home, *WHY, WORN, "2001-01-01T00:00:00Z")
    first, second = noted(home)[before:]
    answer = json.loads(done.out)
    assert (first["action"], first["reason"], first["case"]) == (
        "who",
        "notice 17",
        "K-1",
    )
    assert first["subject"].endswith(": " + (answer["account"] or answer["device"]))
    assert first["actor"] == second["actor"] != ""
    assert (second["case"], second["subject"].split(": ")[1]) == ("", "nobody")
    # the chain holds pseudonyms only, and holds
    assert row["ip"] not in str(first)
    assert row["account"] not in str(first)
    assert schoolbell("audit", "verify", "--home", home).code == 0


def test_what_can_not_be_noted_is_not_answered(home, seats, tmp_path):
    copy = tmp_path / "home"
    shutil.copytree(home, copy)
    row = seats.row(0, named=True)
    question = ("who", "--home", copy, *WHY, row["ip"], row["middle"].isoformat())
    assert schoolbell(*question).code == 0
    (copy / "keys" / "audit.key").unlink()
    refused = schoolbell(*question)
    assert refused.code == 1
    assert "audit chain" in refused.err
    assert not refused.out


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-04T14:01:00Z",
        "2026-11-04T08:01",
        "2026-11-04 8:01",
        "11/4/2026 8:01 AM",
        "11/04/2026 08:01:00 am",
        "Nov 4, 2026 8:01AM",
        "November 4, 2026 8:01 AM",
    ],
)
def test_a_time_is_read_as_people_write_it(text):
    assert instant(text, ZONE) == datetime(2026, 11, 4, 14, 1, tzinfo=UTC)
