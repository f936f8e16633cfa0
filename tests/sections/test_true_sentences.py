"""Sentences that once were untrue or that two readers took differently."""

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from pipelines.reports.headline import NOT_YET
from pipelines.reports.page_one import Line, limited, lines
from pipelines.reports.sections import sections
from pipelines.reports.view import NO_BUILDING, View
from pipelines.reports.weekly import weekly_report
from tests.sections.fixtures import MONDAY, busy
from tests.sections.reading import Page

SECTIONS = {one.name: one for one in sections()}
INDEX = "2026-W47/index.html"
PICTURES = "2026-W47/pictures.html"


def said(name, inputs):
    section = SECTIONS[name]
    rows = section.rows(View(inputs, MONDAY))
    return section.title(rows), section.summary(rows), rows


def with_types(inputs, day, day_type):
    days = inputs.school_days.with_columns(
        day_type=pl.when(pl.col("event_date") == day).then(pl.lit(day_type)).otherwise("day_type")
    )
    return replace(inputs, school_days=days)


@pytest.mark.parametrize(
    "name", ["glance", "use-by-hour", "top-sites", "top-categories", "buildings"]
)
def test_a_day_of_remote_learning_is_named_where_it_is_left_out(name):
    """A week of four school days was divided by three, and no chart said so."""
    friday = MONDAY + timedelta(days=4)
    _, summary, _ = said(name, with_types(busy(), friday, "elearning"))
    assert "Fri, Nov 20 was remote learning" in summary
    if name != "buildings":
        assert "Averages are over 4 school days" in summary
    _, plain, _ = said(name, busy())
    assert "remote" not in plain


def test_the_heading_counts_remote_days_apart():
    friday = MONDAY + timedelta(days=4)
    page = Page(weekly_report(with_types(busy(), friday, "elearning"), MONDAY)[INDEX])
    assert "5 school days, 1 of them remote learning" in page.text


def test_time_online_and_time_on_sites_have_two_names():
    """Bars of 96 hours were next to a total of 202, both "use a school day"."""
    _, online, _ = said("glance", busy())
    assert "counts active minutes only, and is less" in online
    _, summary, ranked = said("top-sites", busy())
    assert "time on each site" in summary
    hours = round(ranked.rows["minutes"].sum() / 60)
    assert f"about {hours} hours (estimate) in all" in summary


def without_list(inputs, leisure=""):
    is_leisure = pl.col("site") == leisure
    verdict = pl.when(is_leisure).then(pl.lit("leisure")).otherwise(pl.lit("no_list"))
    return replace(inputs, site_use=inputs.site_use.with_columns(verdict=verdict))


@pytest.mark.parametrize("leisure", ["", busy().site_use["site"][0]])
def test_without_a_list_the_report_says_so_once_and_offers_one(leisure):
    """It said "503 new sites are not on the list (yet)" and "0% on the list".

    One known leisure site was enough for that.
    """
    inputs = without_list(busy(), leisure)
    title, summary, _ = said("sites", inputs)
    assert title.startswith("There is no list of approved sites yet")
    assert "Proposals of the review desk" in summary
    page = Page(weekly_report(inputs, MONDAY)[PICTURES]).text
    assert "on approved sites" not in page
    (line,) = (one for one in lines(View(inputs, MONDAY)) if one.key == "new-sites")
    assert line.rest.endswith("There is no list of approved sites yet.")


def test_without_networks_no_building_is_named():
    """It said "People used the network most at no known building"."""
    inputs = busy()
    nowhere = inputs.daily_use.with_columns(building=pl.lit(NO_BUILDING))
    title, summary, _ = said("buildings", replace(inputs, daily_use=nowhere))
    assert title == "The building of this use is not known yet: no networks are listed"
    assert "Highest" not in summary
    assert NO_BUILDING not in summary


def test_what_one_rule_found_is_not_denied_by_what_others_could_not_check():
    line = limited(Line("k", "l", 1, "account was used.", "", "a"), f"{NOT_YET} 100% of requests.")
    assert line.rest == "account was used. Other use can't be checked yet: 100% of requests."


def test_sites_without_a_bar_are_counted_whole():
    """It counted those of under a minute, and not those beyond the tenth."""
    _, summary, rows = said("sites", busy())
    drawn = SECTIONS["sites"].draw(rows)
    bars = sum(len(trace["y"]) for trace in drawn["data"])
    assert f"{rows.height - bars} sites have no bar" in summary


def a_shared_account(inputs):
    """Return a finding of the week, with more than one log line, as a frame of one row."""
    ids = View(inputs, MONDAY).seen("shared_account")["finding_id"]
    cited = inputs.evidence.filter(pl.col("finding_id").is_in(ids.to_list()))
    chosen = cited.group_by("finding_id").len().sort("len").row(-1)[0]
    return inputs.findings.filter(pl.col("finding_id") == chosen)


def test_a_picture_of_some_findings_says_of_how_many():
    inputs = busy()
    shared = a_shared_account(inputs)
    ids = [f"f-2026w47-9{n:02d}" for n in range(7)]
    more = pl.concat(
        shared.with_columns(finding_id=pl.lit(one), subject=pl.lit(f"wren-{n}"))
        for n, one in enumerate(ids)
    )
    cited = inputs.evidence.filter(pl.col("finding_id") == shared["finding_id"][0])
    lines_of = pl.concat(cited.with_columns(finding_id=pl.lit(one)) for one in ids)
    _, summary, _ = said("shared-accounts", replace(inputs, findings=more, evidence=lines_of))
    assert "The chart shows 5 of 7 findings; the table has all." in summary


def test_what_a_rule_on_trial_finds_at_low_weight_is_not_counted():
    """A shared account, by a rule that asks no one, was "away from its owner"."""
    inputs = busy()
    one = a_shared_account(inputs)
    trial = one.with_columns(
        finding_id=pl.lit("f-trial"),
        subject=pl.lit("library"),
        case_id=pl.lit("c-t"),
        stage=pl.lit("trial"),
        severity=pl.lit("low"),
    )
    with_trial = replace(inputs, findings=pl.concat([inputs.findings, trial]))
    before, after = (
        next(one for one in lines(View(each, MONDAY)) if one.key == "shared-accounts")
        for each in (inputs, with_trial)
    )
    assert before.value == after.value
    heavy = trial.with_columns(severity=pl.lit("medium"))
    asked = replace(inputs, findings=pl.concat([inputs.findings, heavy]))
    (line,) = (one for one in lines(View(asked, MONDAY)) if one.key == "shared-accounts")
    assert line.value == before.value + 1
