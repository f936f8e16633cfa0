"""Questions answer in the district's time; charts keep their data to themselves."""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import polars as pl
import pytest

from pipelines.errors import ModelError
from pipelines.notebook import figures
from pipelines.notebook.connection import Connection
from pipelines.notebook.figures import (
    STEPS,
    device_holders,
    session_timeline,
    site_first_sight,
)
from pipelines.notebook.questions import (
    account_week,
    best_shown,
    finding_evidence,
    presence,
    site_first_seen,
)

CHROMIUM = os.environ.get("SCHOOLBELL_CHROMIUM") or shutil.which("chromium")
HOSTILE = "<img src=x onerror=alert(1)>"
AT = datetime(2026, 10, 20, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def con(district):
    opened = Connection(district.home)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def finding(con):
    rows = con.sql(
        "select finding_id, rule, subject, devices, event_date from findings.findings"
        " where status = 'open' order by confidence desc, finding_id"
    )
    return rows.pl().row(0, named=True)


def test_an_account_week_adds_up_to_its_use_of_sites(con, finding):
    week = account_week(con, finding["subject"], finding["event_date"])
    assert finding["event_date"] in week["event_date"]
    assert {day.isocalendar().week for day in week["event_date"]} == {
        finding["event_date"].isocalendar().week
    }
    (total,) = con.sql(
        "select sum(total_seconds) / 60 from core.site_use"
        " where account = $account and event_date between $first and $last",
        account=finding["subject"],
        first=date(2026, 10, 19),
        last=date(2026, 10, 25),
    ).fetchall()[0]
    assert week["minutes"].sum() == pytest.approx(total)
    assert week.schema["first_time"] == pl.Datetime("us", con.zone)


def test_the_best_shown_finding_is_found_while_one_is_open(con, finding):
    """Sorting by a column that only one branch had left every finding out."""
    best = best_shown(con)
    assert best["finding_id"]
    assert (best["status"], best["finding_id"]) == ("open", finding["finding_id"])
    assert best["claim"]
    assert best["devices"]


def test_presence_is_in_local_time_of_its_day(con, finding):
    stretches = presence(con, finding["subject"], date(2026, 10, 19), date(2026, 10, 25))
    assert stretches.height
    assert (stretches["start_time"].dt.date() == stretches["event_date"]).all()
    assert (stretches["minutes"] >= 0).all()
    one_day = presence(con, finding["subject"], finding["event_date"])
    assert one_day.equals(stretches.filter(pl.col("event_date") == finding["event_date"]))


def test_sites_come_newest_first_and_only_since_a_day(con):
    sites = site_first_seen(con)
    assert sites["first_seen_date"].is_sorted(descending=True)
    assert sites["site"].is_unique().all()
    since = site_first_seen(con, date(2026, 10, 21))
    assert since.equals(sites.filter(pl.col("first_seen_date") >= date(2026, 10, 21)))


def test_evidence_has_every_cited_line(con, finding):
    lines = finding_evidence(con, finding["finding_id"])
    assert sorted(lines["position"]) == list(range(1, lines.height + 1))
    assert lines["line_sha256"].str.len_chars().unique().to_list() == [64]
    with pytest.raises(ModelError, match="no finding"):
        finding_evidence(con, "f-' or 1=1 --")


def test_a_device_was_held_by_those_who_logged_on_or_asked_from_it(con, finding):
    first, last = date(2026, 10, 19), date(2026, 10, 25)
    for device in finding["devices"]:
        holders = device_holders(con, device, first, last)
        stretches = con.sql(
            "select account, start_time from core.presence_blocks"
            " where device = $device order by all",
            device=device,
        ).fetchall()
        asked = holders.filter(how="requests").select("account", "start_time")
        assert sorted(asked.rows()) == stretches
        assert holders["start_time"].is_sorted()
        assert holders.is_unique().all()
        day = device_holders(con, device, finding["event_date"])
        assert (day["start_time"].dt.date() <= finding["event_date"]).all()
        assert (day["end_time"].dt.date() >= finding["event_date"]).all()
    assert finding["subject"] in holders["account"]


def test_a_day_of_an_account_has_its_stretches_sites_and_finding(con, finding):
    account, day = finding["subject"], finding["event_date"]
    steps = session_timeline(con, account, day)
    assert set(steps["what"]) <= set(STEPS)
    assert finding["rule"] in steps.filter(what="finding")["detail"]
    stretches = presence(con, account, day)
    assert steps.filter(what="at work").height == stretches.height
    (sites,) = con.sql(
        "select count(*) from core.site_visits where account = $account and event_date = $day",
        account=account,
        day=day,
    ).fetchall()[0]
    assert steps.filter(what="site").height == sites
    assert (steps["start_time"].dt.date() <= day).all()
    assert (steps["end_time"].dt.date() >= day).all()


def test_first_sight_of_a_site_is_the_day_that_the_ranking_says(con):
    for site, first in site_first_seen(con).select("site", "first_seen_date").rows():
        accounts = site_first_sight(con, site)
        assert accounts["first_time"].min().date() == first
        assert accounts["account"].is_unique().all()
    with pytest.raises(ModelError, match="no account used the site"):
        site_first_sight(con, "www.example.invalid")


def test_nobody_asked_about_gives_an_empty_answer_and_an_empty_chart(con):
    nobody = presence(con, "nobody-0", date(2026, 10, 19))
    assert nobody.is_empty()
    assert len(figures.draw_presence(nobody).data) == 0
    empty = account_week(con, "nobody-0", date(2026, 10, 19))
    assert len(figures.draw_account_week(empty).data) == 0
    held = device_holders(con, "nothing-0", date(2026, 10, 19))
    assert len(figures.draw_device_holders(held).data) == 0
    steps = session_timeline(con, "nobody-0", date(2026, 10, 19))
    assert len(figures.draw_session_timeline(steps).data) == 0


def stretches(device):
    times = {"start_time": [AT], "end_time": [AT]}
    rows = {"device": [device], "building": [None], "request_count": [3], **times}
    return pl.DataFrame(rows, schema_overrides={"building": pl.String})


def sites(site):
    return pl.DataFrame(
        {
            "site": [site],
            "first_seen_date": [AT.date()],
            "verdict": ["external"],
            "category": [site],
            "minutes": [3.0],
        }
    )


def week(site):
    return pl.DataFrame(
        {
            "event_date": [AT.date()],
            "site": [site],
            "verdict": [None],
            "minutes": [3.0],
        },
        schema_overrides={"verdict": pl.String},
    )


def lines(device):
    return pl.DataFrame(
        {
            "time": [AT, None],
            "role": ["request", "lease"],
            "device": [device, None],
            "site": [device, None],
            "line_no": [1, 2],
        }
    )


def sights(device):
    return pl.DataFrame(
        {
            "account": ["a"],
            "first_time": [AT],
            "device": [device],
            "building": [device],
            "verdict": ["external"],
        }
    )


def held(account):
    return pl.DataFrame(
        {
            "account": [account],
            "how": ["live"],
            "start_time": [AT],
            "end_time": [AT],
            "logon_kind": ["cached"],
        }
    )


def steps(site):
    return pl.DataFrame(
        {"what": ["site"], "detail": [site], "device": [site], "start_time": [AT], "end_time": [AT]}
    )


EVERY = [
    (figures.draw_site_first_sight, sights),
    (figures.draw_device_holders, held),
    (figures.draw_session_timeline, steps),
    (figures.draw_presence, stretches),
    (figures.draw_sites, sites),
    (figures.draw_account_week, week),
    (figures.draw_evidence, lines),
]


@pytest.mark.parametrize(("draw", "rows"), EVERY)
def test_what_a_notebook_gets_of_a_chart_is_data_and_closed_settings(draw, rows):
    chart = draw(rows(HOSTILE))
    bundle = chart._repr_mimebundle_()
    assert set(bundle) == {figures.MIME, "text/plain"}
    assert chart._repr_html_() is None
    settings = bundle[figures.MIME]["config"]
    assert settings["showSendToCloud"] is False
    assert settings["plotlyServerURL"] == ""
    text = json.dumps(bundle)
    assert "<img" not in text
    assert "&lt;img" in text
    assert chart.layout.template == figures.TEMPLATE


def test_an_instant_is_drawn_at_its_local_clock_time():
    local = stretches("a").with_columns(
        pl.col("start_time", "end_time").dt.convert_time_zone("America/Chicago")
    )
    (trace,) = figures.draw_presence(local).data
    assert trace.x == ("2026-10-20T10:00:00", "2026-10-20T10:01:00", None)


def looked_at(page_file):
    """Return what a browser shows of a page; its buttons, pictures and requests."""
    playwright = pytest.importorskip("playwright.sync_api")
    asked = []
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(page_file.as_uri())
        page.wait_for_selector(".modebar-btn", state="attached")
        titles = page.eval_on_selector_all(
            ".modebar-btn", "all => all.map(one => one.dataset.title)"
        )
        shown = page.text_content(".cartesianlayer")
        images = page.query_selector_all("img")
        browser.close()
    return titles, shown, images, asked


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
def test_a_written_page_offers_no_upload_and_asks_for_nothing(tmp_path):
    page_file = tmp_path / "chart.html"
    figures.draw_presence(stretches(HOSTILE)).write_html(page_file)
    # a browser of this process may be open for other tests, and one thread has one
    with ThreadPoolExecutor(1) as other:
        titles, shown, images, asked = other.submit(looked_at, page_file).result()
    assert titles
    assert not [one for one in titles if "share" in one.lower() or "cloud" in one]
    assert asked == [page_file.as_uri()]
    assert HOSTILE in shown
    assert not images
