"""Questions about hours, from raw lines to the page."""

import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipelines.actions.inquiries import hours_of
from pipelines.district import open_district
from pipelines.reports.absence import Absence, absence_page
from pipelines.reports.inquired_hours import InquiredHours, Question
from pipelines.reports.language import text
from pipelines.reports.missed_use import LOGS, Log
from pipelines.reports.words import lint
from pipelines.warehouse.snapshots import attach_warehouse
from tests.journey import small
from tests.journey.commands import schoolbell
from tests.journey.test_retention import LATER, noon, purged, with_retention
from tests.scenarios import hours, places
from tests.sections.reading import Page

ZONE = ZoneInfo(places.ZONE)
NOW = datetime(2026, 3, 20, 18, tzinfo=UTC)
GOLDEN = Path(__file__).parent / "golden"
NOT_EVIDENCE = "A missing line is not evidence for or against anyone."


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder, _ = small.shared(tmp_path_factory.getbasetemp(), "hours", _made)
    return folder / "home"


def _made(folder):
    hours.made(folder / "home")
    return {}


@pytest.fixture(scope="module")
def district(home):
    with open_district(home) as opened:
        yield opened


def question(day, **more):
    values = {
        "inquiry_id": "q-00000001",
        "account": "avega",
        "start": datetime(day.year, day.month, day.day, 8, tzinfo=ZONE),
        "end": datetime(day.year, day.month, day.day, 15, tzinfo=ZONE),
        "office": "Human resources",
        "authorized_by": "J. Park, HR",
        "building": "HS",
    }
    return Question(**values | more)


def values_of(district, database, query):
    """Return the values of the page; devices have their own names."""
    return Absence(InquiredHours(district, database, query, str), NOW).values()


@pytest.fixture(scope="module")
def shown(district):
    """Return the values of the page for a question, devices under their own names."""

    def of(query):
        with attach_warehouse(district.home.warehouse) as database:
            return values_of(district, database, query)

    return of


@pytest.fixture(scope="module")
def written(district):
    """Return the page of a question as a reader gets it."""

    def of(query, locale="en-US"):
        settings = district.settings
        spoken = settings.model_copy(
            update={"district": settings.district.model_copy(update={"locale": locale})}
        )
        with attach_warehouse(district.home.warehouse) as database:
            return absence_page(replace(district, settings=spoken), database, query, str, NOW)

    return of


def missed(values):
    return {one.what: one for one in values["misses"]}


def logs(values):
    return {log for one in values["misses"] for log in one.logs}


def requested(values):
    return {row["log"] for row in values["requested"]}


def test_use_at_another_school_excludes_nothing(shown):
    values = shown(question(hours.RECEIVED))
    assert "no line shows it at HS" in values["answer"]
    assert "excludes nothing" in values["answer"]
    used = [one for one in values["stretches"] if "pages" in one["what"]]
    assert [(one["where"], one["device"], one["source"]) for one in used] == [
        ("ES", "es-room-1", "proxy")
    ]
    assert used[0]["when"].startswith("9 AM to 9:30")
    assert "grade A" in used[0]["evidence"]
    assert not any(one["is_there"] for one in [*values["stretches"], *values["lines"]])
    # every log that ever came was received
    assert {log.source for log in logs(values) if log.kind == "lines"} == {"radius"}


def test_a_silent_proxy_is_missed_with_its_hours_and_is_asked_for(shown):
    values = shown(question(hours.SILENT))
    silence = missed(values)["proxy: no lines"]
    assert silence.when.startswith("9:58 AM to 11:30 AM")
    assert "pages" in silence.follows
    assert silence.logs == {Log("lines", "proxy")}
    assert "The missing lines of proxy" in requested(values)
    before = replace(question(hours.SILENT), end=datetime(2026, 3, 10, 9, 45, tzinfo=ZONE))
    assert "proxy: no lines" not in missed(shown(before))


def test_a_log_that_never_came_is_missed_for_all_hours(shown):
    values = shown(question(hours.RECEIVED))
    assert missed(values)["radius: no lines"].when == "8 AM to 3 PM"
    assert "The missing lines of radius" in requested(values)


def test_a_wrong_clock_is_missed_and_its_lines_are_chosen_by_it(shown):
    query = replace(
        question(hours.CLOCK, account="bsun"),
        start=datetime(2026, 3, 11, 12, 55, tzinfo=ZONE),
        end=datetime(2026, 3, 11, 13, 45, tzinfo=ZONE),
    )
    values = shown(query)
    assert "firewall: its clock was 7 minutes ahead of proxy" in missed(values)
    one = missed(values)["firewall: its clock was 7 minutes ahead of proxy"]
    assert "1:02 PM to 1:52 PM" in one.follows
    assert "The lines of firewall with the time of the computer that received them" in requested(
        values
    )


def test_a_log_whose_clock_was_off_is_weak_evidence_of_the_hours(shown):
    values = shown(question(hours.CLOCK, account="fito"))
    assert values["answer"].startswith("Only weak evidence shows the account at HS")
    assert all("the clock of this log was off" in one["known"] for one in values["lines"])
    # its owner's colleague signed in at a computer, whose clock agrees with another
    colleague = shown(question(hours.CLOCK, account="bsun"))
    assert colleague["answer"].startswith("The logs show the account at HS")


def test_a_refused_sign_in_shows_the_account_nowhere(shown):
    values = shown(question(hours.NO_LINE, account="gnova"))
    assert values["answer"].startswith("Only refused sign-ins of these hours have the name")
    assert [(one["is_there"], one["known"]) for one in values["lines"]] == [
        (False, "The line names it; nothing proves the name.")
    ]


def test_an_unlisted_network_is_missed(shown):
    values = shown(question(hours.UNLISTED))
    (unlisted,) = [one for what, one in missed(values).items() if "networks that are not" in what]
    assert unlisted.logs == {Log("networks")}
    assert "The list of all networks with their buildings" in requested(values)
    assert "networks that are not listed" not in str([*missed(shown(question(hours.RECEIVED)))])


def test_an_account_without_a_line_is_neither_cleared_nor_accused(shown, written):
    query = question(hours.NO_LINE)
    values = shown(query)
    assert values["stretches"] == []
    assert values["lines"] == []
    assert values["answer"] == (
        "No line of these hours has the account. That is not evidence that the account was not "
        "used, nor that it was."
    )
    assert NOT_EVIDENCE in Page(written(query)).text


def test_without_a_place_every_building_and_the_ways_from_outside_are_in_question(shown):
    values = shown(question(hours.RECEIVED, building=""))
    assert values["sentence"] == "Where was account avega used in these hours?"
    assert values["answer"].startswith("The logs show the account in these hours, as listed here.")
    unshown = [what for what in missed(values) if what.endswith("no log shows them")]
    assert unshown == [
        "Logins to the Wi-Fi or to network ports: no log shows them",
        "Pages: no log shows them",
        "Sign-ins to cloud services: no log shows them",
        "VPN sessions: no log shows them",
    ]
    # no one worked at these two
    assert missed(values)["Pages: no log shows them"].when == "DO and MS"


def test_use_at_the_place_is_marked(shown):
    values = shown(question(hours.RECEIVED, building="ES"))
    assert "show the account at ES in" in values["answer"]
    assert all(one["is_there"] for one in values["stretches"])


def test_other_accounts_of_the_device_have_no_name(shown, written):
    query = question(hours.RECEIVED, building="", device="es-room-1")
    values = shown(query)
    assert {one["who"] for one in values["others"]} == {"this account", "another account"}
    assert "cpark" not in written(query)


@pytest.mark.parametrize("day", [hours.RECEIVED, hours.SILENT, hours.CLOCK, hours.UNLISTED])
def test_the_logs_to_ask_for_would_show_every_way_and_none_is_too_many(shown, day):
    values = shown(question(day))
    open_ways = [one.logs for one in values["misses"] if one.logs]
    names = {one: text(LOGS[one.kind], source=one.source) for one in logs(values)}
    chosen = {log for log in logs(values) if names[log] in requested(values)}
    assert len(chosen) == len(values["requested"])
    assert all(way & chosen for way in open_ways)
    for log in chosen:
        assert not all(way & (chosen - {log}) for way in open_ways)


def test_nothing_that_an_outsider_or_an_office_wrote_is_markup(written):
    query = question(hours.UNLISTED, authorized_by=hours.HOSTILE)
    page = written(query)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "whose name is not on the list of accounts" in page
    tags = {tag for tag, _ in Page(page).tags}
    assert not tags & {"script", "img", "iframe", "form", "object"}
    assert not re.search(r"""(?:src|href)="(?!data:,)""", page)


@pytest.mark.parametrize("locale", ["en-US", "es-US"])
def test_golden_page(written, golden, locale):
    query = question(hours.SILENT, building="", device="es-room-1")
    page = Page(written(query, locale))
    words = page.words
    assert lint(page.text) == []
    lines = [" ".join(one.split()) for one in words if one.strip()]
    golden.check("\n".join(lines) + "\n", GOLDEN / f"hours.{locale}.txt")


def inquiry(home, *words, code=0):
    done = schoolbell("inquiry", *words, "--home", home)
    assert done.code == code, done.err + done.out
    return done


WHO = ("--for", "hr", "--by", "J. Park, HR", "--reason", "the hearing of Monday")


def test_an_inquiry_of_hours_from_the_command_to_the_page(home, tmp_path):
    target = small.copied(home, tmp_path / "home")
    day = ("--from", "2026-03-10", "--to", "2026-03-10")
    hour = ("--from-time", "08:00", "--to-time", "15:00")
    opened = inquiry(
        target, "open", "--account", "avega", *day, *hour, "--at", "HS-Room-5", *WHO, "--json"
    )
    ident = json.loads(opened.out)["inquiry_id"]
    listed = json.loads(inquiry(target, "list", "--json").out)
    assert (listed["first_time"], listed["last_time"]) == ("08:00", "15:00")
    assert "hs-room-5" not in listed["place"]
    inquiry(target, "release", ident, "--out", tmp_path / "answer.zip")
    with zipfile.ZipFile(tmp_path / "answer.zip") as answer:
        page = Page(answer.read("shown-and-missed.html").decode())
        assert "shown-and-missed.html" in answer.read("README.txt").decode()
    assert "Was account avega used on device hs-room-5 in these hours?" in page.text
    assert "Tue, Mar 10, 2026, 8 AM to 3 PM" in page.text
    # devices of others have code names
    assert "es-room-1" not in page.text
    # no copy of the answer stays in the home
    stored = [one for one in target.rglob("*") if one.is_file() and one.suffix in (".zip", ".html")]
    assert not [one for one in stored if b"What could have been missed" in one.read_bytes()]


def test_deleted_lines_are_missed_and_a_copy_is_asked_for(home, tmp_path):
    target = with_retention(small.copied(home, tmp_path / "home"))
    # the first week is over, the second is not
    purged(target, noon(hours.RECEIVED + timedelta(days=61)))
    with open_district(target.path) as emptied, attach_warehouse(target.warehouse) as database:
        query = question(hours.FIRST, account="bsun")
        values = values_of(emptied, database, query)
    assert values["answer"].startswith("No line of these hours has the account. That is not")
    assert missed(values)["Log lines that were deleted"].when == "Mon, Mar 2"
    assert "A copy of the log lines that were deleted" in requested(values)


def test_an_inquiry_about_a_home_without_days_is_refused_with_the_reason(home, tmp_path):
    target = with_retention(small.copied(home, tmp_path / "home"))
    purged(target, noon(hours.NO_LINE + LATER))
    day = ("--from", "2026-03-10", "--to", "2026-03-10")
    opened = inquiry(target.path, "open", "--account", "avega", *day, *WHO, "--json")
    ident = json.loads(opened.out)["inquiry_id"]
    done = inquiry(target.path, "release", ident, "--out", tmp_path / "a.zip", code=2)
    assert "no log line is stored" in done.err
    assert not (tmp_path / "a.zip").exists()


def test_a_repeated_hour_is_asked_about_whole():
    row = {
        "first_day": "2026-11-01",
        "last_day": "2026-11-01",
        "first_time": "01:00",
        "last_time": "01:30",
    }
    start, end = hours_of(row, ZONE)
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(minutes=90)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--at", "es-room-9"), "no device or building 'es-room-9'"),
        (("--from-time", "15:00", "--to-time", "08:00"), "08:00 is not after 15:00"),
        (("--from-time", "noon"), "'noon' is not a time"),
    ],
)
def test_a_wrong_question_is_refused(home, more, why):
    day = ("--from", "2026-03-10", "--to", "2026-03-10")
    done = schoolbell("inquiry", "open", "--account", "avega", *day, *more, *WHO, "--home", home)
    assert done.code == 2
    assert why in done.err


def test_the_hours_of_whole_days_end_at_midnight(shown):
    first = datetime(2026, 3, 9, tzinfo=ZONE)
    query = question(hours.RECEIVED, start=first, end=first + timedelta(days=2))
    assert query.days == [date(2026, 3, 9), date(2026, 3, 10)]
    values = shown(query)
    assert values["hours"] == "Mon, Mar 9 to Tue, Mar 10, 2026, from midnight to midnight"
