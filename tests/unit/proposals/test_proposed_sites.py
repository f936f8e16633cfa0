"""Which sites are proposed as a whole, for whom, and which a person looks at first."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from pipelines.proposals.offers import Evidence
from pipelines.proposals.site_rows import reach
from pipelines.warehouse.database import writing
from pipelines.warehouse.inputs import hosts
from pipelines.warehouse.snapshots import attach_warehouse

DAYS = [date(2026, 10, 19) + timedelta(number) for number in range(10)]
PEOPLE = {
    **{f"coach{number}": "coach" for number in range(4)},
    **{f"teacher{number}": "teacher" for number in range(20)},
    **{f"aide{number}": "aide" for number in range(9)},
    "web": "communications",
}
"""Account -> job."""
COACHES, TEACHERS = ([one for one in PEOPLE if one.startswith(job)] for job in ("coach", "teacher"))
CATEGORIES = {
    "learn.example": "education", "film.example": "sports", "social.example": "social",
    "shop.example": "shopping", "hide.example": "circumvention",
    "feed.example": "streaming", "video.example": "streaming",
    "tube.example": "streaming",
}  # fmt: skip
LEISURE = {"sports", "social", "shopping", "circumvention", "streaming"}
USE = {
    "learn.example": [*PEOPLE],
    "film.example": COACHES,
    "social.example": ["web"],
    "shop.example": TEACHERS[:2],
    "hide.example": [*PEOPLE],
    "feed.example": [*PEOPLE],
    "video.example": [*TEACHERS, "aide0", "aide1"],
    "tube.example": [*TEACHERS, *COACHES],
    "blog.example": TEACHERS[:6],
    "own.example": [*PEOPLE],
    "press.example": ["web"],
    "xn--lern-5qa.example": [*PEOPLE],
}
EMBEDDED = {"feed.example"}
"""Sites that others' pages ask for; no one reads them."""
DAILY = {"social.example", "press.example"}


def asked():
    """Yield a row for each request: four an hour apart on two days, or on every day."""
    for site, accounts in USE.items():
        days = DAYS if site in DAILY else DAYS[:2]
        for account in accounts:
            for day in days:
                for hour in range(4):
                    time = datetime(day.year, day.month, day.day, 14 + hour, tzinfo=UTC)
                    yield {
                        "account": account,
                        "site": site,
                        "url_hostname": site,
                        "event_date": day,
                        "start_time": time,
                        "is_staff": True,
                    }


def at_work():
    """Yield requests of each day to the district's own server, so that all are there."""
    for account in PEOPLE:
        for day in DAYS:
            time = datetime(day.year, day.month, day.day, 13, tzinfo=UTC)
            yield {
                "account": account,
                "site": "listed.example",
                "url_hostname": "listed.example",
                "event_date": day,
                "start_time": time,
                "is_staff": True,
            }


@pytest.fixture(scope="module")
def proposed(tmp_path_factory):
    """Each proposal by its site."""
    requests = pl.DataFrame([*asked(), *at_work()])
    judged = requests.filter(pl.col("site") != "listed.example")
    per_day = judged.unique(["account", "site", "event_date"])
    evidence = per_day.with_columns(
        is_page_read=~pl.col("site").is_in(EMBEDDED),
        request_count=pl.lit(4),
        longest_seconds=pl.lit(300.0),
    )
    frames = {
        "core.engaged_requests": requests,
        "core.site_verdicts": per_day.with_columns(verdict=pl.lit("no_list")),
        "core.site_evidence": evidence.with_columns(
            non_work_sources=pl.lit(1), is_well_known=pl.lit(value=False)
        ),
        "core.look_alike_hosts": pl.DataFrame({"registrable_domain": ["xn--lern-5qa.example"]}),
        "core.served_hosts": pl.DataFrame({"url_hostname": ["served.example"]}),
        "core.host_categories": pl.DataFrame(
            [
                {"url_hostname": site, "category": word, "is_non_work": word in LEISURE}
                for site, word in CATEGORIES.items()
            ]
        ),
        "identity.accounts": pl.DataFrame(
            [
                {"account": account, "event_date": day, "account_type": "person",
                 "is_valid": True, "is_staff": True, "is_student": False,
                 "job_title": job, "role": "staff"}
                for account, job in PEOPLE.items() for day in DAYS
            ]
        ),
    }  # fmt: skip
    path = tmp_path_factory.mktemp("sites") / "warehouse.duckdb"
    with writing(path, threads=1) as database:
        for name, frame in frames.items():
            database.replace(name, frame)
        database.replace("identity.hosts", hosts([*USE], {}))
    with attach_warehouse(path) as database:
        own = frozenset({"own.example"})
        found = list(reach(Evidence(database, "UTC", own)))
    return {one.cells["pattern"]: one for one in found}


@pytest.mark.parametrize(
    ("site", "topic", "roles"),
    [
        ("learn.example", "sites:education", "staff"),
        ("own.example", "sites:district", "staff"),
        ("blog.example", "sites:uncategorized", "staff"),  # a tenth of the staff
        ("film.example", "sites:sports", "coach"),  # most people of a job
        ("video.example", "sites:streaming", "teacher"),
        ("tube.example", "sites:streaming", "staff"),  # of two jobs: others too
        # nearly every day by the one person of that job
        ("social.example", "sites:social", "communications"),
        # no leisure: a colleague who steps in may use it too
        ("press.example", "sites:uncategorized", "staff"),
    ],
)
def test_what_serves_the_school_is_proposed_for_those_whom_it_serves(proposed, site, topic, roles):
    one = proposed[site]
    assert (one.topic, one.cells["roles"], one.doubt) == (topic, roles, "")


def test_no_proposal_has_a_first_day(proposed):
    """Use before it would open cases about an approval that had not begun."""
    assert proposed
    assert not any("valid_from" in one.cells for one in proposed.values())


@pytest.mark.parametrize(
    ("site", "doubt"),
    [
        ("hide.example", "lists classify it as circumvention"),  # however many use it
        ("xn--lern-5qa.example", "its name looks like that of another site"),
        (
            "feed.example",
            "lists classify it as streaming, and most accounts use it only briefly",
        ),  # embedded
    ],
)
def test_a_site_that_needs_a_look_is_in_no_group(proposed, site, doubt):
    assert proposed[site].doubt == doubt


def test_two_teachers_at_a_shop_approve_nothing(proposed):
    """Few use it: no line in a list that is accepted as a whole."""
    assert "shop.example" not in proposed
