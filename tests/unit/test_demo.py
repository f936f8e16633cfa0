"""The synthetic district: same bytes, whole registry, readable lines, known truth."""

import gzip
import hashlib
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from pipelines.clock import Reading
from pipelines.district import open_district
from pipelines.formats import Context, formats
from pipelines.ingest.record_cuts import records
from pipelines.registry.new_home import create
from pipelines.registry.registry import load_registry
from pipelines.settings.toml_reader import load_settings
from pipelines.state.audit import open_chain
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, FORMATS, generate
from pipelines.synthetic.habits import CHROMEBOOKS
from pipelines.synthetic.invented_people import make_roster
from pipelines.synthetic.places import make_places
from pipelines.synthetic.school_days import CLOCK_CHANGE, FIRST_DAY, weeks_until
from pipelines.synthetic.scored_district import NOT_PLANTED, set_up
from pipelines.synthetic.writers.registry import COLUMNS
from pipelines.warehouse.models import rules
from tests.conftest import only_long

SIZE = {"weeks": 2, "people": 120}
CHROMEBOOK_FORMATS = {
    "firewall": "paloalto",
    "directory": "windows_security_json",
    "google": "google_workspace",
    "wifi": "freeradius",
    "dhcp": "isc_dhcpd",
}
READING = Reading(zone="America/Chicago", anchor=datetime(2026, 11, 2, tzinfo=UTC))
LOOK_ALIKES = {
    "S02", "S04", "S05", "S06", "S08", "S09", "S11", "S12", "S14", "S16", "S17", "S18",
    "S20", "S21", "S25", "S26", "S27", "S28", "S29", "S31", "S33", "S34", "S35", "S37",
    "S38", "S39", "S40", "S44", "S50", "S52", "S54", "S55", "S56", "S61", "S67", "S68",
    "S69", "S70", "S71", "S72", "S73a", "S73b", "S75a", "S92a", "S92b", "S93a", "S93b",
    "S94a", "S94b", "S95a", "S96a", "S96b", "S97a", "S98a", "S99a", "S100a",
}  # fmt: skip
BREACHES = {
    "SA-1": {"S01"}, "SA-2": {"S03"}, "SA-3": {"S07", "S10"}, "SA-4": {"S13", "S15"},
    "SA-5": {"S19"}, "SA-6": {"S22"}, "NA-1": {"S36", "S43"}, "NA-2": {"S42"},
    "NA-3": {"S45", "S48", "S49"}, "NA-4": {"S36", "S51", "S53"}, "NA-5": {"S60"},
    "NA-6": {"S57"}, "OH-1": {"S62", "S64", "S65", "S66"},
    "AN-1": {"S73"}, "AN-5": {"S75"}, "SA-7": {"S76", "S122"}, "SA-8": {"S100", "S101"},
    "AN-2": {"S92"}, "AN-3": {"S93"}, "AN-4": {"S94"}, "AN-6": {"S95"}, "AN-9": {"S96"},
    "AN-7": {"S103"}, "AN-10": {"S97"}, "AN-11": {"S98"}, "AN-12": {"S99"},
    "AN-16": {"S118"}, "AN-22": {"S122"}, "AN-23": {"S123"}, "AN-24": {"S124"},
    "SA-9": {"S126"}, "SA-10": {"S125"}, "SA-11": {"S121"},
}  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    home = tmp_path_factory.mktemp("district")
    return home, generate(home, 7, **SIZE)


@pytest.fixture(scope="module")
def chromebooks(tmp_path_factory):
    home = tmp_path_factory.mktemp("chromebooks")
    create(home, account_domains=ACCOUNT_DOMAINS)
    truth = generate(home, 7, weeks=1, people=60, habits=CHROMEBOOKS)
    set_up(home)
    return home, truth


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    home = tmp_path_factory.mktemp("whole")
    return home, generate(home)


def digests(home):
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file()
    }


def lines_of(path):
    data = path.read_bytes()
    return records(gzip.decompress(data) if path.suffix == ".gz" else data, "lines")


def test_the_same_seed_gives_the_same_bytes(small, tmp_path):
    home, _ = small
    generate(tmp_path, 7, **SIZE)
    assert digests(home) == digests(tmp_path)


def test_another_seed_gives_another_district(small, tmp_path):
    home, _ = small
    generate(tmp_path, 8, **SIZE)
    mine, other = digests(home), digests(tmp_path)
    assert mine.keys() == other.keys()
    assert mine["registry/users.csv"] != other["registry/users.csv"]


def test_every_registry_file_has_its_header_and_rows(small):
    home, _ = small
    for name, columns in COLUMNS.items():
        first, second = (home / "registry" / name).read_text().splitlines()[:2]
        assert first == ",".join(columns)
        assert second


def test_the_district_reads_its_own_registry_without_a_problem(small):
    home, _ = small
    district = create(home, account_domains=ACCOUNT_DOMAINS)
    registry = load_registry(district, load_settings(district))
    assert registry.problems == ()
    assert registry.missing.keys() <= {"change_windows.csv"}  # no such log is invented
    assert registry.frames["people"].height == SIZE["people"]


@pytest.mark.parametrize(
    ("world", "folder", "name"),
    [("small", *item) for item in FORMATS.items()]
    + [("chromebooks", *item) for item in CHROMEBOOK_FORMATS.items()],
)
def test_every_line_is_read_but_those_planted_as_damage(request, world, folder, name):
    home, truth = request.getfixturevalue(world)
    read = formats()[name]
    for path in sorted((home / "landing" / folder).iterdir()):
        lines = lines_of(path)
        file = f"{folder}/{path.name}"
        assert lines.height == truth.lines[file]
        damaged = truth.damage.filter(pl.col("file") == file)["line_no"]
        rejects = read.parse(lines, Context(reading=READING)).rejects
        assert set(rejects["line_no"]) <= set(damaged)


@pytest.mark.parametrize("world", ["small", "chromebooks"])
def test_addresses_are_private_or_for_documentation(request, world):
    home, _ = request.getfixturevalue(world)
    inside = r"^(10\.|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|127\.0\.0\.1)"
    for path in sorted((home / "landing").rglob("*")):
        if path.is_file():
            found = lines_of(path)["line"].str.extract_all(
                r"\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\b"
            )
            addresses = found.explode().drop_nulls().unique()
            assert addresses.str.contains(inside).all(), path.name


def test_the_second_world_has_no_windows_in_its_schools(chromebooks):
    home, _ = chromebooks
    rows = pl.read_csv(home / "registry" / "devices.csv")
    # one in the unit Kiosk is a kiosk, whatever its operating system
    chrome = rows.filter(pl.col("device_class").is_in(["chromebook", "kiosk"]))
    assert set(chrome.filter(pool="kiosk")["device_class"]) == {"kiosk"}
    assert "DO" not in set(chrome["building"])
    places = make_places(7, make_roster(7, 60), chromebooks=True)
    schools = places.where(lambda device: device.runs_chromeos)
    assert set(chrome["serial"]) == {device.listed_as for device in schools}
    told = "".join(
        lines_of(path)["line"].str.to_lowercase().str.join("\n").item()
        for path in (home / "landing" / "directory").iterdir()
    )
    assert not any(f'"{name}.' in told for name in (one.hostname for one in schools))


def test_the_second_worlds_registry_comes_from_its_exports(chromebooks):
    """Roster, devices, networks and leave, as manually, and no name of a student."""
    home, truth = chromebooks
    with open_district(home) as district:
        registry = district.registry
        acts = open_chain(district.store, district.home).entries()
    assert registry.problems == ()
    assert registry.missing.keys() <= {"change_windows.csv", "consents.csv"}
    assert registry.frames["people"].height == truth.people
    places = make_places(7, make_roster(7, 60), chromebooks=True)
    wanted = {
        device.listed_as: (device.assigned_to or None, device.building, device.pool or None)
        for device in places.where(lambda one: one.device_class != "phone_byod")
    }
    frame = registry.frames["devices"]
    columns = ("device", "assigned_to", "building", "pool")
    assert {row[0]: row[1:] for row in frame.select(columns).rows()} == wanted
    networks = registry.frames["subnets"].select("cidr", "building", "kind").rows()
    assert set(networks) == {(one.cidr, one.building, one.kind) for one in places.networks.values()}
    assert {act.action for act in acts} == {"registry import"}
    roster = (home / "registry" / "users.csv").read_text()
    students = make_roster(7, 60).students
    assert not any(f",{one.family}," in roster for one in students)


def test_names_of_people_stand_in_the_roster_only(small):
    home, truth = small
    roster = make_roster(7, SIZE["people"])
    family = roster.people[40].family
    others = [path for path in (home / "registry").iterdir() if path.name != "users.csv"]
    assert not any(f"{family}," in path.read_text() for path in others)
    assert not truth.cases["note"].str.contains(family).any()


def test_a_finished_file_arrives_twice(small):
    home, _ = small
    files = list((home / "landing" / "proxy").iterdir())
    distinct = {path.read_bytes() for path in files}
    assert len(distinct) == len(files) - 1


def test_nothing_is_logged_after_the_last_day(small):
    home, _ = small
    text = (home / "landing" / "dhcp" / "dhcpd.log").read_text()
    stamps = {line[:6] for line in text.splitlines() if " dhcpd[" in line}
    assert stamps == {"Nov  1"}
    seen = lines_of(home / "landing" / "proxy" / "access.log")["line"]
    last = seen.str.extract("^([0-9]{10})", 1).cast(pl.Int64).max()
    assert last < datetime(2026, 11, 2, 6, tzinfo=UTC).timestamp()


@only_long
def test_the_proxy_is_silent_for_one_night(whole):
    home, truth = whole
    ((start, end),) = truth.outages.select(
        pl.col("start_utc", "end_utc").str.to_datetime("%Y-%m-%dT%H:%M:%SZ").dt.epoch("s")
    ).rows()
    lines = lines_of(home / "landing" / "proxy" / "access-2026-11-08.log.gz")["line"]
    seen = lines.str.extract("^([0-9]{10})", 1).cast(pl.Int64)
    assert not seen.is_between(start, end).any()
    assert seen.is_between(start - 3_600, start).any()
    assert seen.is_between(end, end + 3_600).any()


@only_long
def test_violations_of_every_rule_and_every_look_alike_are_planted(whole):
    _, truth = whole
    cases = truth.cases
    found = cases.filter(pl.col("is_violation") == "true")
    for rule, families in BREACHES.items():
        assert families <= set(found.filter(pl.col("expected_rule") == rule)["family"])
    harmless = cases.filter(pl.col("is_violation") == "false")
    assert set(harmless["kind"]) == {"none"}
    assert set(harmless["family"]) >= LOOK_ALIKES
    assert cases["case_id"].is_unique().all()


def test_the_demo_plants_a_case_of_every_rule_or_gives_the_reason(tmp_path):
    """Eleven rules had no case, and the table did not show why."""
    planted = set(generate(tmp_path).cases.filter(is_violation="true")["expected_rule"])
    assert planted.isdisjoint(NOT_PLANTED)
    assert planted | NOT_PLANTED.keys() == rules().keys()


@only_long
def test_the_default_district_is_big_enough(whole):
    _, truth = whole
    assert truth.people >= 200
    assert 500_000 <= sum(truth.lines.values()) <= 800_000


def test_a_null_district_plants_no_violation(tmp_path):
    truth = generate(tmp_path, 3, weeks=1, people=90, violations=False)
    assert set(truth.cases["kind"]) == {"none"}


@pytest.fixture(scope="module")
def after_others(tmp_path_factory):
    """A week with the seven before it, and the progress that was reported."""
    home, told = tmp_path_factory.mktemp("after"), []
    truth = generate(
        home, 3, weeks=1, people=60, weeks_before=7, progress=lambda *step: told.append(step)
    )
    return home, truth, told


def test_progress_is_told_to_its_end(after_others):
    told = after_others[2]
    assert [number for _, number, _ in told] == list(range(len(told)))
    assert told[-1][1] == told[-1][2]


def test_a_silence_is_one_in_a_log_that_everybody_else_is_in(after_others):
    home, truth, _ = after_others
    before = sorted((home / "landing" / "directory").glob("security-2026-0[89]*"))
    text = {path.name[9:19]: "\n".join(lines_of(path)["line"]) for path in before}
    silent = truth.cases.filter(pl.col("expected_rule") == "AN-8").to_dicts()
    assert silent
    for case in silent:
        used = [day for day, said in text.items() if f'"{case["account"]}"' in said]
        assert len(used) == 1
        again = date.fromisoformat(case["start_utc"][:10])
        idle = (again - date.fromisoformat(used[0])).days
        assert case["note"] == f"an account is used after {idle} days"
    everybody = "".join(text.values())
    people = [one.username for one in make_roster(3, 60).people]
    seen = [name for name in people if f'"{name}"' in everybody]
    assert len(seen) >= len(people) - 1  # who is back from leave was admitted once


def test_addresses_of_a_day_are_nobody_elses():
    places = make_places(5, make_roster(5, 600))
    for network in places.networks.values():
        if network.kind in {"wifi", "byod", "wired", "lab"}:
            held = [network.address(device.number, 11) for device in places.devices]
            assert len(set(held)) == len(held)


@pytest.mark.parametrize(
    ("today", "weeks", "newest"),
    [
        (date(2026, 12, 1), 4, date(2026, 11, 29)),
        (date(2026, 11, 30), 4, date(2026, 11, 29)),
        (date(2026, 11, 29), 4, date(2026, 11, 22)),
        (date(2027, 7, 14), 2, date(2027, 7, 11)),
        (date(2020, 1, 1), 4, date(2026, 11, 15)),  # never before its plan
    ],
)
def test_the_newest_week_of_the_demo_is_the_last_whole_one(today, weeks, newest):
    """A newcomer in December read that everything was overdue since November."""
    last = FIRST_DAY + weeks_until(today, weeks) + timedelta(weeks=weeks, days=-1)
    assert last == newest


def test_a_later_term_is_the_same_term_later(small, tmp_path):
    home, truth = small
    later = timedelta(weeks=5)
    moved = generate(tmp_path, 7, **SIZE, later=later)
    pairs = zip(truth.lines.items(), moved.lines.values(), strict=True)
    # the last day, whose file has no date in its name, has an hour more in the planned term
    assert FIRST_DAY + timedelta(weeks=SIZE["weeks"], days=-1) == CLOCK_CHANGE
    others = [(was, now) for (name, was), now in pairs if "-20" in name]
    assert len(others) > len(truth.lines) / 2
    assert all(was == now for was, now in others), (
        "the same lines, but for an hour of a clock change"
    )
    cases, moved_cases = (
        pl.read_csv(one / "truth" / "planted.csv", infer_schema=False) for one in (home, tmp_path)
    )
    assert cases["case_id"].to_list() == moved_cases["case_id"].to_list()
    calendars = (
        pl.read_csv(one / "registry" / "calendar.csv", try_parse_dates=True)
        for one in (home, tmp_path)
    )
    was, now = (one.sort("date") for one in calendars)
    assert now["date"].to_list() == [day + later for day in was["date"]]
    assert now["day_type"].to_list() == was["day_type"].to_list()
