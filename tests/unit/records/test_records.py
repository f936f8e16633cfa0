"""A request for public records: what no one may release, and what only two release."""

import csv
import io
import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest

from pipelines.actions import records as requests
from pipelines.actions.context import ActionContext
from pipelines.actions.records import RecordsError
from pipelines.district import open_district
from pipelines.errors import SchoolbellError
from pipelines.findings import verify_pack
from pipelines.operations.status import status_of
from pipelines.records.scopes import CLASSES, RELATIONS
from pipelines.settings.home import DistrictHome
from pipelines.settings.roles import Principal, RefusedError
from pipelines.state.audit import open_chain
from pipelines.state.findings import add_finding, finding_rows
from pipelines.state.records_requests import record_releases
from pipelines.state.retention import holds
from pipelines.state.reviews import add_review
from tests.journey import small as made
from tests.journey.commands import schoolbell

CLERK = Principal(1, "clerk", ("custodian",))
LEAD = Principal(2, "lead", ("director",))
HEAD = Principal(3, "head", ("director",))
WEEK = date(2026, 10, 19), date(2026, 10, 23)
WHOLE = date(2026, 10, 19), date(2026, 10, 25)
TWO = date(2026, 10, 19), date(2026, 11, 1)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return made.small(tmp_path_factory.getbasetemp())


PLANTED = """
insert into core.http_requests by name
select
    date '2026-10-19' + (number % 5)::int as event_date,
    ['HS', 'MS', 'EN'][1 + number % 3] as building,
    -- one site in seven is asked for by a handful, the others by many
    case
        when number % 7 = 0 then 'rare-' || number % 997 || '.example'
        when number % 11 = 5 then '=2+5.example'
        else 'refused-' || number % 11 || '.example'
    end as site,
    printf('zzmarker%05d', number) as account,
    printf('Zzdevice%05d', number) as device,
    'blocked' as disposition,
    true as is_student
from range(10000) as numbers(number);
insert into core.host_categories by name
select 'www.refused-1.example' as url_hostname, 'health' as category;
insert into identity.hosts by name
select 'www.refused-1.example' as url_hostname, 'refused-1.example' as site
"""


@pytest.fixture(scope="module")
def planted(small, tmp_path_factory):
    """The small district with what ten thousand students were refused."""
    home = small.copy(tmp_path_factory.mktemp("planted") / "home")
    with duckdb.connect(str(DistrictHome(home).warehouse)) as warehouse:
        warehouse.execute(PLANTED)
    return home


@pytest.fixture
def district(planted, tmp_path):
    shutil.copytree(planted, tmp_path / "home")
    with open_district(tmp_path / "home") as opened:
        yield opened


def by(who, district):
    return ActionContext(district, who)


def with_findings(district, number=12, week=WEEK, *, decided=True):
    """Findings of as many staff accounts, in one week and by one rule."""
    base = finding_rows_of(district)[0]
    with district.store.writing() as connection:
        for n in range(number):
            ident = f"F-{week[0]}-{decided}-{n}"
            row = base | {
                "finding_id": ident,
                "rule": "ZZ-9",
                "subject": f"staff{n:02d}",
                "event_date": str(week[0] + timedelta(days=n % 5)),
                "confidence": "C3",
                "severity": ["high", "low", "medium"][n % 3],
                "status": "confirmed" if decided else "open",
            }
            add_finding(connection, row)
            if decided:
                verdict = {"finding_id": ident, "verdict": "violation"}
                add_review(connection, verdict | {"reason": "x", "reviewer": "lead (2)"})


def finding_rows_of(district):
    with district.store.reading() as connection:
        return list(finding_rows(connection).values())


def opened(district, relation="blocked_domains", days=None, columns=()):
    days = days or (WHOLE if RELATIONS[relation].is_weekly else WEEK)
    received = requests.OpenInput(
        requester="requester@news.example", received=WEEK[1], text="All domains refused."
    )
    number = str(requests.open_request(by(CLERK, district), received).facts["request"])
    set_scope(CLERK, district, number, relation, days, columns)
    return number


def released(district, number, folder):
    perform(requests.approve, LEAD, district, number)
    return given_out(by(CLERK, district), number, folder)


def given_out(context, number, folder):
    path = folder / f"{number}.zip"

    def put(data):
        folder.mkdir(exist_ok=True)
        path.write_bytes(data)

    requests.give_out(replace(context, put=put), requests.RecordInput(record=number))
    return path


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def perform(action, who, district, number, **values):
    return action(by(who, district), action.input(record=number, **values))


def decide(who, district, number, item, decision, exemption="example 1", reason="counsel said so"):
    values = {"item": item, "decision": decision, "exemption": exemption, "reason": reason}
    perform(requests.decide, who, district, number, **values)


def set_scope(who, district, number, relation, days=WEEK, columns=()):
    values = {"relation": relation, "first": days[0], "last": days[1], "columns": columns}
    perform(requests.set_scope, who, district, number, **values)


def test_blocked_domains_are_ready_made(district, tmp_path):
    held = members(released(district, opened(district), tmp_path / "out"))
    shown, hidden = rows(held["blocked_domains.csv"]), rows(held["withheld.csv"])
    assert shown
    assert list(shown[0]) == ["day", "building", "domain", "requests"]
    assert hidden
    assert all(one["exemption"] and one["item"] for one in hidden)
    with requests_of(district) as (everything, people):
        few = {key for key, number in people.items() if number < 5}
        seen = {(one["day"], one["building"], one["domain"]) for one in shown}
        assert not few & seen
        assert len(shown) + sum(not one["row"] for one in hidden) == len(everything)


class requests_of:  # noqa: N801
    """What the table holds before anything is withheld, read another way."""

    def __init__(self, district):
        self.district = district

    def __enter__(self):
        relation = RELATIONS["blocked_domains"]
        found = list(relation.read(self.district, *WEEK, 0))
        people = {tuple(one.key.split(" ")): one.people for one in found}
        return found, people

    def __exit__(self, *_):
        return None


def test_the_same_scope_gives_the_same_bytes_and_another_other_codes(district, tmp_path):
    with_findings(district)
    first = released(district, opened(district, "findings"), tmp_path / "a")
    again = released(district, opened(district, "findings"), tmp_path / "b")
    assert first.read_bytes() == again.read_bytes()
    drafts = []
    for days in (WHOLE, TWO):
        number = opened(district, "findings", days)
        decide(CLERK, district, number, "names", "keep")
        drafts.append(requests.drafted(district, number).rows)
    codes = [{one["account"] for one in each} for each in drafts]
    assert all(code.startswith("code-") for each in codes for code in each)
    assert codes[0]
    assert not codes[0] & codes[1]


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("kept", [False, True])
def test_no_release_names_anybody(district, tmp_path, relation, kept):
    with_findings(district)
    number = opened(district, relation)
    for of in ("names", "sensitive_sites", "undecided") if kept else ():
        decide(CLERK, district, number, of, "keep")
    text = "\n".join(members(released(district, number, tmp_path)).values()).lower()
    frames = district.registry.frames
    named = {
        value.lower()
        for frame, column in (
            ("accounts", "account"),
            ("people", "person_id"),
            ("devices", "device"),
            ("devices", "mac"),
            ("devices", "asset_tag"),
        )
        if column in frames[frame].columns
        for value in frames[frame][column].drop_nulls()
    }
    named |= {"zzmarker", "zzdevice"}
    named |= {name.lower() for name in district.registry.people_names.values()}
    assert len(named) > 100
    assert [one for one in named if len(one) > 4 and one in text] == []


def test_no_cell_is_a_formula(district, tmp_path):
    number = opened(district)
    text = members(released(district, number, tmp_path))["blocked_domains.csv"]
    assert ",'=2+5.example," in text
    assert ",=2+5" not in text


def test_students_and_few_people_are_released_by_nobody(district, tmp_path):
    number = opened(district)
    for of in ("small_counts", "student_rows"):
        with pytest.raises(RecordsError, match="are not released"):
            decide(CLERK, district, number, of, "keep")
    made_draft = requests.drafted(district, number)
    item = next(one for one in made_draft.items if one.of == "small_counts")
    with pytest.raises(RecordsError, match="are not released"):
        decide(CLERK, district, number, item.item, "keep")


def test_each_withholding_has_an_exemption_a_person_and_a_reason(district):
    number = opened(district, "audit")
    for wrong in (
        ("everything", "withhold"),
        ("names", "withhold", ""),
        ("names", "keep", "example 1", " "),
        ("names", "deny"),
    ):
        with pytest.raises(SchoolbellError):
            decide(CLERK, district, number, *wrong)
    decide(CLERK, district, number, "free_text", "withhold")
    acts = open_chain(district.store, district.home).entries()[-1]
    assert (acts.actor, acts.action) == ("clerk (1)", "records withhold")
    assert acts.reason == "example 1: counsel said so"


def test_an_item_is_decided_by_itself(district, tmp_path):
    number = opened(district)
    item = next(one for one in requests.drafted(district, number).items if one.row)
    decide(CLERK, district, number, item.item, "keep", exemption="")
    shown = rows(members(released(district, number, tmp_path))["blocked_domains.csv"])
    named = [one for one in shown if one["domain"] == "refused-1.example"]
    assert len(named) == 1
    assert len([one for one in shown if one["domain"].startswith("[withheld")]) > 1


def test_nobody_approves_what_they_opened_or_decided(district, tmp_path):
    number = opened(district)
    with pytest.raises(RefusedError):
        perform(requests.approve, CLERK, district, number)
    with pytest.raises(RecordsError, match="no one has approved"):
        given_out(by(CLERK, district), number, tmp_path)
    set_scope(LEAD, district, number, "blocked_domains")
    with pytest.raises(RefusedError):
        perform(requests.approve, LEAD, district, number)
    # another sign-in is no other person
    twin = replace(CLERK, user_name="Clerk", way="openid")
    with pytest.raises(RefusedError):
        perform(requests.approve, twin, district, number)
    with pytest.raises(RecordsError, match="changed since the draft"):
        perform(requests.approve, HEAD, district, number, seen="0" * 64)
    perform(requests.approve, HEAD, district, number)
    decide(CLERK, district, number, "sensitive_sites", "mask")
    with pytest.raises(RecordsError, match="no one has approved"):
        given_out(by(CLERK, district), number, tmp_path)
    assert not list(tmp_path.glob("*.zip"))
    perform(requests.approve, HEAD, district, number)
    path = given_out(by(CLERK, district), number, tmp_path)
    assert record_releases(district.store)[-1]["released_by"] == "clerk (1)"
    data = path.read_bytes()
    again = given_out(by(LEAD, district), number, tmp_path / "again")
    assert again.read_bytes() == data
    assert len(record_releases(district.store)) == 1
    with pytest.raises(RecordsError, match="was closed"):
        perform(requests.close, CLERK, district, number, reason="withdrawn")
    done = subprocess.run(
        [sys.executable, "-I", "-c", members(path)["verify.py"], str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-I", verify_pack.__file__, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1


def test_a_later_release_hides_what_an_earlier_one_hid(district, tmp_path):
    released(district, opened(district), tmp_path / "a")
    settings = district.home.settings_file
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[report]", "[report]\nleast_count = 3", 1))
    with open_district(district.home.path) as again:
        assert again.settings.report.least_count == 3
        number = opened(again)
        assert requests.drafted(again, number).scope.least == 5
        longer = opened(again, days=(WEEK[0], WEEK[1] + timedelta(days=1)))
        small_ones = {one.item for one in requests.drafted(again, number).items if not one.row}
        all_ones = {one.item for one in requests.drafted(again, longer).items if not one.row}
        assert small_ones <= all_ones


def test_the_days_are_held_and_the_clock_is_told(district):
    settings = district.home.settings_file
    text = settings.read_text(encoding="utf-8")
    said = "[records]\nresponse_days = 20\n"
    settings.write_text(text.replace("[records]\n", said, 1), encoding="utf-8")
    with open_district(district.home.path) as again:
        number = opened(again)
        assert [one.first_day for one in holds(again.store)] == [WEEK[0]]
        due = WEEK[1] + timedelta(days=20)

        def told(day):
            now = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
            return [one for one in status_of(again, now).reasons if number in one]

        assert told(due - timedelta(days=4)) == []
        assert "in 3 days" in told(due - timedelta(days=3))[0]
        assert "was due yesterday" in told(due + timedelta(days=1))[0]
        perform(requests.close, CLERK, again, number, reason="withdrawn")
        assert told(due) == []


def test_mistakes_are_told(district):
    number = opened(district)
    for given in (
        ("emails", WEEK, ()),
        ("findings", WEEK, ("name",)),
        ("findings", WEEK[::-1], ()),
        ("audit", (WEEK[0], date(2100, 1, 1)), ()),
    ):
        with pytest.raises(RecordsError):
            set_scope(CLERK, district, number, *given)
    with pytest.raises(RecordsError, match="no request"):
        requests.drafted(district, "PR-1999-001")
    with pytest.raises(RecordsError, match="a requester and a text"):
        requests.open_request(
            by(CLERK, district), requests.OpenInput(requester=" ", received=WEEK[0], text="x")
        )


def test_the_commands_go_the_whole_way(planted, tmp_path):
    home = shutil.copytree(planted, tmp_path / "home")
    letter = tmp_path / "letter.txt"
    letter.write_text("Please send all domains that were refused.", encoding="utf-8")

    def ask(*words):
        done = schoolbell("records", *words, "--home", home, "--json")
        assert done.code == 0, done.err
        return [json.loads(line) for line in done.out.splitlines()]

    (request,) = ask(
        "open",
        "--requester",
        "a@news.example",
        "--received",
        "2026-10-26",
        "--text",
        letter,
    )
    number = request["request"]
    (meant,) = ask(
        "scope",
        number,
        "--relation",
        "blocked_domains",
        "--days",
        "2026-10-19..2026-10-23",
    )
    assert meant["rows"] > meant["withheld"] > 0
    (shown,) = ask("draft", number, "--out", tmp_path / "draft.csv")
    assert ",=2+5" not in (tmp_path / "draft.csv").read_text()
    assert {one["of"] for one in shown["items"]} <= set(CLASSES)
    ask(
        "decide",
        number,
        "sensitive_sites",
        "withhold",
        "--exemption",
        "e 1",
        "--reason",
        "as counsel said",
    )
    ask("approve", number)
    (out,) = ask("release", number, "--to", tmp_path / "out")
    assert (tmp_path / "out" / f"{number}.zip").is_file()
    assert out["rows"] == len(rows((tmp_path / "draft.csv").read_text()))
    assert ask("list")[0]["state"] == "released"
    assert ask("show", number)[0]["decisions"]
    assert schoolbell("audit", "verify", "--home", home).code == 0


def kept(district, relation, days, *classes):
    number = opened(district, relation, days)
    for of in classes:
        decide(CLERK, district, number, of, "keep")
    return number


def test_two_releases_of_findings_are_not_joined_by_their_order(district):
    """The same rows was in the same order, each with the code of its release."""
    with_findings(district, 30)
    cells = []
    for days in (WHOLE, TWO):
        number = kept(district, "findings", days, "names")
        shown = requests.drafted(district, number).rows
        assert len(shown) == 30
        cells.append([one["severity"] for one in shown])
    assert sorted(cells[0]) == sorted(cells[1])
    assert cells[0] != cells[1]


def test_a_second_scope_with_codes_of_the_same_days_is_refused(district, tmp_path):
    with_findings(district)
    first = kept(district, "findings", WHOLE, "names")
    data = released(district, first, tmp_path / "a").read_bytes()
    longer = kept(district, "findings", TWO, "names")
    with pytest.raises(RecordsError, match=f"{first} released rows of the same days"):
        perform(requests.approve, LEAD, district, longer)
    # the same scope again is the same file, and without codes nothing can be joined
    same = kept(district, "findings", WHOLE, "names")
    assert released(district, same, tmp_path / "b").read_bytes() == data
    released(district, opened(district, "findings", TWO), tmp_path / "c")


@pytest.mark.parametrize("days", [0, 4, 8])
def test_findings_are_asked_for_by_whole_weeks(district, days):
    span = WHOLE[0], WHOLE[0] + timedelta(days=days)
    with pytest.raises(RecordsError, match="whole weeks") as told:
        opened(district, "findings", span)
    assert "2026-10-19..2026-1" in str(told.value)


def test_leads_and_what_no_one_decided_are_withheld_as_a_class(district):
    with_findings(district, 9)
    with_findings(district, 7, decided=False)
    number = opened(district, "findings")
    draft = requests.drafted(district, number)
    assert len(draft.rows) == 9
    undecided = draft.counted()["undecided"]
    assert undecided >= 7
    decide(CLERK, district, number, "undecided", "keep")
    assert len(requests.drafted(district, number).rows) == 9 + undecided


@pytest.mark.parametrize("is_decided", [True, False])
def test_findings_of_few_accounts_in_a_week_are_released_by_nobody(district, is_decided):
    with_findings(district, 4, decided=is_decided)
    number = kept(district, "findings", WHOLE, "names", "undecided")
    draft = requests.drafted(district, number)
    assert not [one for one in draft.rows if one["rule"] == "ZZ-9"]
    assert draft.counted()["small_counts"] >= 4


def test_a_withheld_site_is_at_no_place_of_the_alphabet(district):
    number = opened(district)
    shown = requests.drafted(district, number).rows
    hidden = [one["domain"].startswith("[withheld") for one in shown]
    assert any(hidden)
    assert hidden == sorted(hidden)
    named = [tuple(one.values())[:3] for one in shown[: hidden.index(True)]]
    assert named == sorted(named)
    # without the column the order shows nothing of it
    number = opened(district, columns=("day", "building", "requests"))
    shown = requests.drafted(district, number).rows
    of_a_day = [one["requests"] for one in shown if one["day"] == "2026-10-19"]
    full = opened(district)
    decide(CLERK, district, full, "sensitive_sites", "keep")
    by_site = requests.drafted(district, full).rows
    by_site = [one["requests"] for one in by_site if one["day"] == "2026-10-19"]
    assert sorted(of_a_day) == sorted(by_site)
    assert of_a_day != by_site
