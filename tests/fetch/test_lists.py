"""Lists of services: whole or not at all, and suggestions until a person accepts them."""

import json
from collections import Counter
from datetime import date, timedelta
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest

from pipelines.district import open_district, open_outlined
from pipelines.errors import SettingsError
from pipelines.fetch.lists import fetch_lists, fetched_files
from pipelines.health.overview import of_lists
from pipelines.proposals.fetched_rows import use_fetched
from pipelines.proposals.setup import plan_of
from pipelines.state.fetched import waiting_changes
from pipelines.web import Response
from tests.fetch.conftest import NOW
from tests.fetch.vendors import (
    DESCRIPTIONS,
    KINDS_OF_SERVICE,
    LIST_SERVICES,
    TOKEN,
    answered,
    check,
    openid,
)
from tests.fetch.vendors import sign_in as signed_in
from tests.journey.commands import schoolbell

DESCRIBED = {
    (kind, name): one
    for kind, service in DESCRIPTIONS.items()
    for name, one in service.items()
    if isinstance(one, dict) and one.get("list")
}


def person(number):
    """Return an invented person."""
    return {
        "name": f"Person{number}",
        "family": f"Sample{number}",
        "mail": f"person{number}@school.example",
        "employee": f"E{2000 + number}",
    }


def row(kind, name, number):
    """Return a row as the vendor describes it."""
    who = person(number)
    rows = {
        ("google", "users"): {
            "id": f"g{number}", "primaryEmail": who["mail"], "suspended": False,
            "name": {"givenName": who["name"], "familyName": who["family"]},
            "orgUnitPath": "/Staff/High School",
            "externalIds": [{"value": who["employee"], "type": "organization"}],
        },
        ("google", "devices"): {
            "deviceId": f"d{number}", "serialNumber": f"5CD{number:06}", "status": "ACTIVE",
            "orgUnitPath": "/Devices/High School", "macAddress": f"02005e{number:06x}",
            "annotatedAssetId": f"A{number}", "annotatedUser": who["mail"], "model": "Chromebook",
        },
        ("microsoft", "users"): {
            "id": f"m{number}", "userPrincipalName": who["mail"], "displayName": who["name"],
            "accountEnabled": True, "userType": "Member", "mail": who["mail"],
            "givenName": who["name"], "surname": who["family"], "employeeId": who["employee"],
            "jobTitle": "Teacher", "department": "Science",
        },
        ("microsoft", "devices"): {
            "id": f"i{number}", "deviceName": f"HS-{number}", "serialNumber": f"PF{number:06}",
            "userPrincipalName": who["mail"], "wiFiMacAddress": f"02005E{number:06X}",
            "model": "Laptop", "operatingSystem": "Windows", "managedDeviceOwnerType": "company",
        },
        ("okta", "users"): {
            "id": f"o{number}", "status": "ACTIVE",
            "profile": {
                "login": who["mail"], "email": who["mail"], "firstName": who["name"],
                "lastName": who["family"], "employeeNumber": who["employee"], "title": "Teacher",
            },
        },
        ("oneroster", "users"): {
            "sourcedId": f"p-{number}", "status": "active", "enabledUser": "true",
            "dateLastModified": "2026-08-01T00:00:00.000Z", "username": f"person{number}",
            "givenName": who["name"], "familyName": who["family"], "role": "teacher",
            "email": who["mail"], "identifier": who["employee"],
            "orgs": [{"sourcedId": "org-hs", "type": "org"}],
        },
        ("oneroster", "orgs"): {
            "sourcedId": f"org-{number}", "status": "active", "name": f"School {number}",
            "type": "school", "identifier": f"S{number}",
            "dateLastModified": "2026-08-01T00:00:00.000Z",
        },
        ("jamf", "computers"): {
            "id": str(number), "udid": f"U-{number}", "general": {"name": f"MAC-{number}"},
            "hardware": {
                "serialNumber": f"C02{number:06}", "macAddress": f"02:00:5E:00:00:{number:02X}",
                "model": "MacBook Air",
            },
            "userAndLocation": {"email": who["mail"], "username": f"person{number}", "room": "12"},
        },
    }  # fmt: skip
    return rows[kind, name]


class Lists:
    """A service with lists; each request is checked against its description."""

    def __init__(self, kind, count=120, most=50):
        self.kind = kind
        self.most = most
        self.rows = {
            name: [row(kind, name, number) for number in range(1, count + 1)]
            for one, name in DESCRIBED
            if one == kind
        }
        self.asked = Counter()
        self.forms = []

    def __call__(self, method, url, *, data=None, headers=None, allow_redirects=True, **_more):
        assert not allow_redirects
        parts = urlsplit(url)
        if method == "POST":
            return self.signed_in(parts.path, data, headers)
        if parts.path.endswith("/.well-known/openid-configuration"):
            return openid(url)
        assert headers["Authorization"].split(" ")[-1] == TOKEN
        name = next(n for (k, n), one in DESCRIBED.items()
                    if k == self.kind and unquote(parts.path) == one["path"])  # fmt: skip
        described = DESCRIBED[self.kind, name]
        given = dict(parse_qsl(parts.query, strict_parsing=True))
        check(described["parameters"], given)
        self.asked[name] += 1
        return self.page(name, described, given, url.split("?")[0])

    def signed_in(self, path, data, headers):
        if self.kind in ("google", "microsoft"):
            return signed_in(path, data)
        form = dict(parse_qsl(data.decode()))
        assert form["grant_type"] == "client_credentials"
        self.forms.append(form)
        if self.kind == "oneroster":
            assert headers["Authorization"].startswith("Basic ")
            assert form["scope"].startswith("https://purl.imsglobal.org/spec/or/v1p1/scope/")
        return answered(200, {"access_token": TOKEN, "expires_in": 3599})

    def page(self, name, described, given, address):
        every, names = self.rows[name], described
        size = min(self.most, int(given[names["size"]]))
        token = given.get(names["next"], "0")
        begin = int(token) * (int(given[names["size"]]) if names["page"] == "number" else 1)
        if names["page"] == "number":
            size = int(given[names["size"]])
        rows, end = every[begin : begin + size], begin + size
        following = "&".join(
            f"{key}={quote(value)}" for key, value in (given | {names["next"]: str(end)}).items()
        )
        is_last = end >= len(every)
        if names["page"] == "link":
            more = {} if is_last else {"link": f'<{address}?{following}>; rel="next"'}
            return answered(200, rows, **more)
        value = {names["items"]: rows}
        if names["page"] == "odata" and not is_last:
            value["@odata.nextLink"] = f"{address}?{following}"
        if names["page"] == "token" and not is_last:
            value["nextPageToken"] = str(end)
        if names["page"] == "number":
            value["totalCount"] = len(every)
        headers = {"x-total-count": str(len(every))} if names["page"] == "offset" else {}
        return answered(200, value, **headers)


@pytest.fixture
def listed_home(fetched_home):
    """Return a function that makes a home with a service and its lists."""

    def made(kind, *lists, **more):
        return fetched_home(kind, lists=list(lists), **more).home

    return made


def fetch(home, ask, now=NOW, **more):
    with open_outlined(home.path) as district:
        return fetch_lists(district.home, district.settings, district.store, now, ask=ask, **more)


def rows_of(home):
    with open_outlined(home.path) as district:
        files = fetched_files(district.home, district.settings)
    return {path.stem.rpartition("-")[2]: json.loads(path.read_text()) for _, path in files}


@pytest.mark.parametrize(("kind", "name"), sorted(DESCRIBED), ids="/".join)
def test_a_list_is_fetched_whole_as_it_was_sent(kind, name, listed_home):
    service = Lists(kind)
    home = listed_home(kind, name)
    (done,) = fetch(home, service)
    assert (done.rows, done.problem) == (120, "")
    assert rows_of(home) == {name: service.rows[name]}
    assert service.asked[name] >= 1 + (kind != "jamf")


@pytest.mark.parametrize(
    ("kind", "name", "file"),
    [
        ("google", "users", "users.csv"), ("google", "devices", "devices.csv"),
        ("microsoft", "users", "users.csv"), ("microsoft", "devices", "devices.csv"),
        ("okta", "users", "users.csv"), ("oneroster", "users", "users.csv"),
        ("oneroster", "orgs", "orgs.csv"), ("jamf", "computers", "devices.csv"),
    ],
)  # fmt: skip
def test_setup_reads_it_like_an_export(kind, name, file, listed_home):
    home = listed_home(kind, name)
    fetch(home, Lists(kind))
    with open_district(home.path) as district:
        plan = plan_of(district, [path for _, path in fetched_files(home, district.settings)])
    assert not plan.unread
    assert {one.file: len(one.added) for one in plan.files}[file] == 120


def test_it_waits_until_a_person_accepts_it(listed_home):
    home = listed_home("okta", "users")
    fetch(home, Lists("okta"))
    with open_district(home.path) as district:
        use_fetched(district)
        assert waiting_changes(district.store) >= 120
    assert "person7" not in (home.registry / "users.csv").read_text()
    status = schoolbell("status", "--home", home.path)
    assert "changes of fetched lists wait to be accepted: schoolbell setup" in status.err
    done = schoolbell("setup", "--home", home.path, "--write")
    assert done.code == 0, done.err
    assert "person7@school.example" in (home.registry / "users.csv").read_text()
    assert "of fetched lists" not in schoolbell("status", "--home", home.path).err


def test_a_district_may_let_it_apply_by_itself_and_a_cell_of_a_person_stays(listed_home):
    home = listed_home("okta", "users", apply=True)
    service = Lists("okta")
    fetch(home, service)
    with open_district(home.path) as district:
        after, told = use_fetched(district)
    assert told == ["From fetched lists: users.csv: 120 rows added"]
    assert after.registry.frames["accounts"].height == 120
    path = home.registry / "users.csv"
    path.write_text(path.read_text().replace("Sample7", "Example7"))
    service.rows["users"].append(row("okta", "users", 121))
    fetch(home, service, NOW + timedelta(days=1))
    with open_district(home.path) as district:
        _, told = use_fetched(district)
    assert told == ["From fetched lists: users.csv: 1 rows added"]
    assert "Example7" in path.read_text()


def test_an_account_that_left_the_list_stays_for_its_past_days(listed_home):
    home = listed_home("okta", "users", apply=True)
    service = Lists("okta")
    fetch(home, service)
    with open_district(home.path) as district:
        use_fetched(district)
    service.rows["users"] = service.rows["users"][1:]
    fetch(home, service, NOW + timedelta(days=1))
    with open_district(home.path) as district:
        use_fetched(district)
    assert "person1@school.example" in (home.registry / "users.csv").read_text()


@pytest.mark.parametrize("left", [0, 60])
def test_a_list_that_shrinks_is_not_believed_until_a_person_says_so(left, listed_home):
    home = listed_home("google", "users")
    service = Lists("google")
    fetch(home, service)
    before = rows_of(home)
    service.rows["users"] = service.rows["users"][:left]
    (done,) = fetch(home, service, NOW + timedelta(days=1))
    assert done.rows == 120
    assert ("--accept google/users" if left else "it gives no rows") in done.problem
    assert rows_of(home) == before
    with open_outlined(home.path) as district:
        (issue,) = of_lists(district.store, district.settings)
    assert issue.detail.endswith(f"is an earlier one, because {done.problem}")
    (done,) = fetch(home, service, NOW + timedelta(days=1), accept=["google/users"])
    assert done.rows == (left or 120)  # an empty list is never believed


def broken(service, change):
    """Return a service whose second page is changed."""
    pages = Counter()

    def ask(method, url, **more):
        answer = service(method, url, **more)
        pages[method] += method == "GET" and "/users" in url
        return change(answer) if method == "GET" and pages["GET"] == 2 else answer

    return ask


def half(answer):
    return Response(200, answer.data[: len(answer.data) // 2], answer.headers)


def without_ids(answer):
    return Response(200, answer.data.replace(b'"id"', b'"other"'), answer.headers)


def elsewhere(_answer):
    return Response(302, b"", {"location": "https://elsewhere.example/"})


@pytest.mark.parametrize("change", [half, without_ids, elsewhere, lambda _: answered(403, {})])
def test_a_list_with_a_broken_page_does_not_count(change, listed_home):
    home = listed_home("okta", "users")
    fetch(home, Lists("okta"))
    before = rows_of(home)
    (done,) = fetch(home, broken(Lists("okta", count=130), change), NOW + timedelta(days=1))
    assert done.problem
    assert rows_of(home) == before


def test_a_stated_count_that_is_not_reached_is_a_problem(listed_home):
    home = listed_home("jamf", "computers")
    service = Lists("jamf")

    def lie(method, url, **more):
        answer = service(method, url, **more)
        return Response(
            answer.status, answer.data.replace(b'"totalCount": 120', b'"totalCount": 121'), {}
        )

    (done,) = fetch(home, lie)
    assert "it states 121 rows and gives 120" in done.problem


def test_a_row_that_comes_twice_counts_once(listed_home):
    home = listed_home("google", "users")
    service = Lists("google")
    service.rows["users"].append(service.rows["users"][0])
    (done,) = fetch(home, service)
    assert done.rows == 120


def test_a_list_is_asked_for_once_a_day(listed_home):
    home = listed_home("google", "users")
    service = Lists("google")
    fetch(home, service)
    first = service.asked["users"]
    assert fetch(home, service, NOW + timedelta(hours=3)) == []
    assert service.asked["users"] == first
    fetch(home, service, NOW + timedelta(hours=21))
    assert service.asked["users"] == 2 * first


def test_only_the_rights_of_what_is_asked_for_are_needed(listed_home, monkeypatch):
    home = listed_home("google", "users", logs=False)
    asked = []
    from google.oauth2.service_account import Credentials

    made = Credentials.from_service_account_info

    def noted(info, scopes, subject):
        asked.append(scopes)
        return made(info, scopes=scopes, subject=subject)

    monkeypatch.setattr(Credentials, "from_service_account_info", noted)
    fetch(home, Lists("google"))
    assert asked == [["https://www.googleapis.com/auth/admin.directory.user.readonly"]]


@pytest.mark.parametrize("address", ["http://sis.school.example", "https://169.254.169.254"])
def test_a_secret_goes_to_no_address_that_is_not_safe(address, listed_home):
    service = Lists("oneroster")
    (done,) = fetch(listed_home("oneroster", "users", sign_in_url=address), service)
    assert "sign_in_url" in done.problem
    assert service.forms == []


def test_a_list_to_accept_that_is_not_fetched_is_refused(listed_home):
    home = listed_home("okta", "users")
    with pytest.raises(SettingsError, match="'okta/user' is not a list that is fetched"):
        fetch(home, Lists("okta"), accept=["okta/user"])


def test_a_cell_that_a_person_corrected_does_not_wait_for_ever(listed_home):
    home = listed_home("okta", "users")
    fetch(home, Lists("okta"))
    assert schoolbell("setup", "--home", home.path, "--write").code == 0
    path = home.registry / "users.csv"
    path.write_text(path.read_text().replace("Sample7", "Example7"))
    with open_district(home.path) as district:
        use_fetched(district)
        assert waiting_changes(district.store) == 0


def test_a_list_that_the_service_does_not_have_is_named(listed_home):
    home = listed_home("okta", "computers")
    (done,) = fetch(home, Lists("okta"))
    assert "the service has no list 'computers'" in done.problem


def test_each_service_with_lists_is_described():
    from pipelines.fetch.services import services

    with_lists = {name for name, one in services().items() if one.lists}
    # a calendar is a file of RFC 5545, which no vendor describes
    assert {kind for kind, _ in DESCRIBED} == with_lists - {"calendar"}
    assert with_lists <= KINDS_OF_SERVICE.keys() | LIST_SERVICES.keys()


HOLIDAYS = ("20261126", "20261127", "20261221", "20261222", "20261223")
SECRET_PATH = "private-0a1b2c3d"


def calendar_of(days, name="Example schools"):
    """Return a calendar in which school is off on some days."""
    events = [
        f"BEGIN:VEVENT\r\nUID:{day}@calendar.example\r\nDTSTART;VALUE=DATE:{day}\r\n"
        "SUMMARY:No school\r\nEND:VEVENT"
        for day in days
    ]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"X-WR-CALNAME:{name}", *events, "END:VCALENDAR", ""]
    return "\r\n".join(lines).encode()


class CalendarSite:
    """A site with a calendar at one address."""

    def __init__(self, data, status=200):
        self.answer = Response(status, data, {})
        self.asked = []

    def __call__(self, method, url, *, headers=None, allow_redirects=True, **_more):
        assert (method, allow_redirects) == ("GET", False)
        assert "Authorization" not in headers
        self.asked.append(url)
        return self.answer


@pytest.fixture
def calendar_home(fetched_home):
    """Return a function that makes a home which fetches its calendar."""

    def made(scheme="https", **more):
        url = f"{scheme}://calendar.example/ical/{SECRET_PATH}/basic.ics?v=1"
        return fetched_home("calendar", url=url, lists=["days"], **more).home

    return made


@pytest.mark.parametrize("scheme", ["https", "webcal"])
def test_the_calendar_of_an_address_waits_until_a_person_accepts_it(scheme, calendar_home):
    home = calendar_home(scheme)
    site = CalendarSite(calendar_of(HOLIDAYS))
    (done,) = fetch(home, site)
    assert (done.rows, done.problem) == (5, "")
    assert site.asked == [f"https://calendar.example/ical/{SECRET_PATH}/basic.ics?v=1"]
    with open_district(home.path) as district:
        use_fetched(district)
        assert waiting_changes(district.store) == 1
    shown = schoolbell("setup", "--home", home.path).out
    assert "calendar-days.ics" in shown
    assert schoolbell("setup", "--home", home.path, "--write").code == 0
    with open_district(home.path) as district:
        days = dict(
            district.registry.frames["calendar_days"].select("date", "day_type").iter_rows()
        )
        use_fetched(district)
        assert waiting_changes(district.store) == 0
    assert days[date(2026, 11, 26)] == "holiday"
    assert days[date(2026, 11, 30)] == "school"


def test_a_calendar_that_applies_by_itself_follows_a_snow_day(calendar_home):
    home = calendar_home(apply=True)
    fetch(home, CalendarSite(calendar_of(HOLIDAYS)))
    with open_district(home.path) as district:
        use_fetched(district)
    fetch(home, CalendarSite(calendar_of(["20261202", *HOLIDAYS])), NOW + timedelta(days=1))
    with open_district(home.path) as district:
        after, told = use_fetched(district)
    assert told == ["From fetched lists: calendar-days.ics: 20 days"]
    days = dict(after.registry.frames["calendar_days"].select("date", "day_type").iter_rows())
    assert days[date(2026, 12, 2)] == "holiday"
    assert [*home.registry.glob("calendar-days.ics?*")]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (calendar_of(HOLIDAYS)[:-20], "is not a calendar, or not all of it arrived"),
        (b"<html>Sign in</html>", "is not a calendar, or not all of it arrived"),
        (calendar_of(()), "it gives no rows"),
        (calendar_of(HOLIDAYS[:3]), "too few to believe"),
    ],
)
def test_a_calendar_that_is_not_whole_does_not_count(answer, problem, calendar_home):
    home = calendar_home()
    fetch(home, CalendarSite(calendar_of(HOLIDAYS)))
    (done,) = fetch(home, CalendarSite(answer), NOW + timedelta(days=1))
    assert problem in done.problem
    with open_outlined(home.path) as district:
        ((_, path),) = fetched_files(district.home, district.settings)
    assert path.read_bytes() == calendar_of(HOLIDAYS)


@pytest.mark.parametrize("status", [302, 403, 404, 500])
def test_the_secret_in_the_address_of_a_calendar_is_in_no_message(status, calendar_home):
    home = calendar_home()
    (done,) = fetch(home, CalendarSite(b"", status))
    assert str(status) in done.problem
    assert "calendar.example" in done.problem
    assert SECRET_PATH not in done.problem
    assert SECRET_PATH not in schoolbell("status", "--home", home.path).err


@pytest.mark.parametrize("url", ["http://calendar.example/a.ics", "https://169.254.169.254/a.ics"])
def test_a_calendar_comes_from_a_safe_address_alone(url, fetched_home):
    site = CalendarSite(calendar_of(HOLIDAYS))
    (done,) = fetch(fetched_home("calendar", url=url, lists=["days"]).home, site)
    assert "is not the address of a calendar" in done.problem
    assert site.asked == []


def test_what_fetched_lists_added_is_taken_back_and_stays_away(listed_home):
    home = listed_home("okta", "users", apply=True)
    fetch(home, Lists("okta"))
    path = home.registry / "users.csv"
    before = path.read_bytes()
    with open_district(home.path) as district:
        use_fetched(district)
    with_rows = path.read_text()
    back = schoolbell("propose", "--home", home.path, "--take-back", "fetched", "--reason", "wrong")
    assert back.code == 0, back.err
    assert "person7@school.example" in with_rows
    assert "person7@school.example" not in path.read_text()
    assert path.read_bytes() == before
    service = Lists("okta")
    service.rows["users"].append(row("okta", "users", 121))
    fetch(home, service, NOW + timedelta(days=1))
    with open_district(home.path) as district:
        use_fetched(district)
    assert "person121@school.example" in path.read_text()
    assert "person7@school.example" not in path.read_text()
    with open_outlined(home.path) as district:
        ((_, file),) = fetched_files(district.home, district.settings)
    # a person may name the file: its rows are theirs then
    done = schoolbell("setup", "--home", home.path, "--from", file, "--write")
    assert done.code == 0, done.err
    assert "person7@school.example" in path.read_text()


def test_a_row_that_a_person_removed_does_not_wait(listed_home):
    home = listed_home("okta", "users")
    fetch(home, Lists("okta"))
    assert schoolbell("setup", "--home", home.path, "--write").code == 0
    for name in ("users.csv", "accounts.csv"):
        path = home.registry / name
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if "person7@" not in line))
    with open_district(home.path) as district:
        use_fetched(district)
        assert waiting_changes(district.store) == 0
