"""A registry that changes opens the days that its rows touch, and no others.

Built day by day after each change, the warehouse is what it would be if it were
built anew: that is what "touches" means.
"""

from datetime import date, timedelta

import duckdb
import polars as pl
import pytest

from pipelines.registry import domain_lists
from pipelines.settings.home import DistrictHome
from tests.conftest import LONG, only_long
from tests.journey.commands import schoolbell
from tests.journey.small import findings_of, judged, rows_of, told_of

NEAR = timedelta(days=1)


@pytest.fixture(scope="module")
def district(district, two_days):
    return district if LONG else two_days


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def home(district, tmp_path_factory, patch):
    home = district.copy(tmp_path_factory.mktemp("registry"))
    judged(home)
    return home


def registry(home, name):
    return DistrictHome(home).registry / name


def change(home, name, frame_of):
    """Write a file again as `frame_of` makes it, and judge."""
    path = registry(home, name)
    frame_of(pl.read_csv(path, infer_schema=False)).write_csv(path)
    return judged(home)


def opened(result):
    """Return days of the models that read nothing but their own day."""
    return set(result.built.days.get("marts.source_hours", ()))


def days_of(home):
    return set(rows_of(home)["core.http_requests"]["event_date"])


def visits(home, site):
    with duckdb.connect(DistrictHome(home).warehouse, read_only=True) as connection:
        rows = connection.execute(
            "select distinct event_date from core.http_requests where site = ?", [site]
        )
        return {row[0] for row in rows.fetchall()}


@only_long
def test_a_leave_row_opens_its_date_and_the_reason_names_the_file(home):
    (chosen, *_) = [row for row in findings_of(home) if row["rule"] == "SA-3"]
    accounts = pl.read_csv(registry(home, "accounts.csv"), infer_schema=False)
    owner = accounts.filter(username=chosen["subject"])["owner_person_id"].item()
    day = date.fromisoformat(chosen["event_date"])
    is_it = (pl.col("person_id") == owner) & (pl.col("date") == day.isoformat())

    result = change(home, "leave.csv", lambda rows: rows.filter(~is_it))

    assert opened(result) == {day - NEAR, day, day + NEAR} & days_of(home)
    assert result.built.because == ("leave.csv",)
    assert chosen["finding_id"] in result.kept.withdrawn
    (gone,) = [x for x in findings_of(home) if x["finding_id"] == chosen["finding_id"]]
    assert gone["status"] == "withdrawn"
    assert "leave.csv" in gone["status_reason"]


@only_long
def test_a_duty_row_opens_its_days(home):
    day = date(2026, 10, 21)
    extra = {
        "person_id": "p-1000",
        "date_from": day.isoformat(),
        "date_to": day.isoformat(),
        "weekday": "date",
        "start_local": "18:00",
        "end_local": "21:00",
        "building": "DO",
        "kind": "extra",
    }
    result = change(
        home,
        "staff_duty.csv",
        lambda rows: pl.concat([rows, pl.DataFrame([extra])], how="diagonal"),
    )
    assert opened(result) == {day - NEAR, day, day + NEAR}


@only_long
def test_a_day_type_opens_its_day(home):
    day = date(2026, 10, 22)
    kind = pl.when(pl.col("date") == day.isoformat()).then(pl.lit("holiday"))
    result = change(
        home,
        "calendar.csv",
        lambda rows: rows.with_columns(day_type=kind.otherwise("day_type")),
    )
    assert opened(result) == {day - NEAR, day, day + NEAR}


@only_long
def test_a_site_opens_the_days_on_which_somebody_asked_for_it(home):
    path = registry(home, "approved_sites.csv")
    entries = pl.read_csv(path, infer_schema=False).filter(pl.col("match") == "domain")
    seen = {row: visits(home, row) for row in entries["pattern"]}
    site = min((s for s in seen if seen[s]), key=lambda s: (len(seen[s]), s))
    assert len(seen[site]) < len(days_of(home))

    lapsed = pl.when(pl.col("pattern") == site).then(pl.lit("2026-08-31"))
    result = change(
        home,
        "approved_sites.csv",
        lambda rows: rows.with_columns(valid_to=lapsed.otherwise("valid_to")),
    )
    assert opened(result) == seen[site]


def test_a_row_that_touches_no_day_opens_none(home):
    unseen = {"domain": "nobody-was-here.example", "category": "games"}
    path = registry(home, "site_categories.csv")
    with path.open("a", encoding="utf-8") as file:
        if path.stat().st_size == 0:
            file.write("domain,category,source\n")
        file.write(f"{unseen['domain']},{unseen['category']},district\n")
    assert not judged(home).built.days
    assert not judged(home).built.days


def test_comments_in_a_file_open_no_day(home):
    with registry(home, "leave.csv").open("a", encoding="utf-8") as file:
        file.write("# looked through again\n")
    assert not judged(home).built.days


def test_a_device_opens_the_days_that_mention_it(home):
    leases = f"{DistrictHome(home).lake}/leases/*/*.parquet"
    known = pl.read_csv(registry(home, "devices.csv"), infer_schema=False)
    rows = duckdb.execute(
        "select mac, list(distinct event_date) as days from read_parquet($path)"
        " where mac not in (from unnest($known)) group by mac order by len(days), mac",
        {"path": leases, "known": known["mac"].drop_nulls().to_list()},
    )
    card, days = rows.fetchone()
    assert set(days) < days_of(home)
    stray = {"hostname": "found-again", "mac": card, "device_class": "laptop"}
    result = change(
        home,
        "devices.csv",
        lambda rows: pl.concat([rows, pl.DataFrame([stray])], how="diagonal"),
    )
    assert opened(result) == set(days)


def test_an_account_that_nobody_used_opens_no_day_and_is_there(home):
    path = registry(home, "accounts.csv")
    new = {"username": "nobody-yet", "account_type": "service"}
    rows = pl.read_csv(path, infer_schema=False)
    pl.concat([rows, pl.DataFrame([new])], how="diagonal").write_csv(path)
    assert not judged(home).built.days
    with duckdb.connect(DistrictHome(home).warehouse, read_only=True) as connection:
        (days,) = connection.execute(
            "select count(distinct event_date) from identity.accounts where account = 'nobody-yet'"
        ).fetchone()
    assert days == len(days_of(home))


def few_days(home, query):
    """Return a value of the warehouse that the fewest days have, and those days."""
    with duckdb.connect(DistrictHome(home).warehouse, read_only=True) as connection:
        rows = connection.execute(
            "select value, list(distinct event_date) as days"
            f" from ({query}) as seen (value, event_date)"
            " group by value order by len(days), value limit 1"
        )
        value, days = rows.fetchone()
    assert set(days) < days_of(home)
    return value, set(days)


def test_a_network_and_a_site_to_sign_in_open_the_days_of_what_they_change(home, patch):
    outside, signed_in = few_days(home, "select ip, event_date from core.outside_signins")
    site, asked = few_days(
        home,
        "select site, event_date from core.http_requests inner join identity.hosts"
        " using (url_hostname, site) where background_kind is null and site not in"
        " (select domain from registry.site_categories) and site not in"
        " (select pattern from registry.approved_sites) and length(site_label) >= 5"
        " and site_label ~ '[a-z]*o[a-z]*'",
    )
    listed = pl.concat(
        [domain_lists.login_hosts(), pl.DataFrame({"host": site.replace("o", "0", 1)})],
        how="diagonal",
    )
    patch.setattr(domain_lists, "login_hosts", lambda: listed)
    patch.setattr(domain_lists, "version", lambda: "the next")
    remote = {"cidr": f"{outside}/32", "kind": "remote"}
    result = change(
        home,
        "subnets.csv",
        lambda rows: pl.concat([rows, pl.DataFrame([remote])], how="diagonal"),
    )
    assert result.built.reasons == {
        "login hosts": sorted(asked),
        "subnets": sorted(signed_in),
    }
    assert result.built.because == ("built-in", "subnets.csv")
    assert opened(result) == asked | signed_in


def test_the_command_lists_what_changed_and_which_days_it_opened(home):
    leave = pl.read_csv(registry(home, "leave.csv"), infer_schema=False, comment_prefix="#")
    leave.filter(pl.col("date") != "2026-10-20").write_csv(registry(home, "leave.csv"))
    places = pl.read_csv(registry(home, "buildings.csv"), infer_schema=False)
    apart = pl.when(building="HS").then(pl.lit("moved-away")).otherwise("campus")
    places.with_columns(campus=apart).write_csv(registry(home, "buildings.csv"))

    done = schoolbell("run", "--home", home, "--quiet")

    assert done.code == 0
    first, *_, last = sorted(days_of(home))
    by_network = f"buildings: {len(days_of(home))} days, {first} to {last}"
    assert f"rebuilt because of {by_network}\n" in done.out
    assert "rebuilt because of leave windows: " in done.out
    assert "Registry files that changed: buildings.csv, leave.csv." in done.out
    assert by_network in schoolbell("status", "--home", home, "--json").out


def test_it_all_comes_to_the_same_as_building_anew(home):
    stepwise, told, days = rows_of(home), told_of(home), sorted(days_of(home))
    DistrictHome(home).warehouse.unlink()
    assert judged(home).built.reasons == {"first build": days}
    for name, rows in rows_of(home).items():
        # no line of the days that stayed closed mentions this one
        mine, theirs = (
            one.filter(pl.col("device").ne_missing("found-again"))
            if "device" in one.columns
            else one
            for one in (rows, stepwise[name])
        )
        assert mine.equals(theirs), name
    assert told_of(home) == told
