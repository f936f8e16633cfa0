"""The page of weeks shows the open cases, and a signature confirms their number."""

import re
from datetime import date

from pipelines.findings.cases import week_of
from pipelines.reports.sign_off import open_cases, signatures
from pipelines.state.published_reports import report_facts
from tests.desk.visiting import PEOPLE

REASON = "the lesson plan covers it"


def monday_of_report(desk):
    rows = [row for row in report_facts(desk.home.district.store) if row["facts"]["is_over"]]
    return date.fromisoformat(rows[-1]["week"])


def test_a_week_with_open_cases_is_signed_only_after_their_number_is_confirmed(fresh):
    director, monday = fresh.by_proxy("director"), monday_of_report(fresh)
    count = len(
        open_cases(
            fresh.home.district.store, fresh.home.district.home, fresh.home.district.reading, monday
        )
    )
    assert count > 1
    page = director.get("/weeks")
    assert f"{count} cases need a decision up to this week" in page.text
    assert f"I sign with {count} open cases." in page.text
    sent = page.form("/act/sign") | {"week": week_of(monday), "by": "J. Park, director"}
    for wrong in ({}, {"open": str(count - 1)}, {"open": "x"}):
        refused = director.post("/act/sign", sent | wrong)
        assert refused.status == 422
        assert f"{count} cases are open" in refused.text
    assert signatures(fresh.home.district.store, fresh.home.district.home) == {}
    # a case that is decided meanwhile changes the number
    first = re.search(r'href="(/cases/[^"?]+)', director.get("/").text)[1]
    director.act(first, "verdict", code="benign", reason=REASON)
    assert director.post("/act/sign", sent | {"open": str(count)}).status == 422
    done = director.post("/act/sign", sent | {"open": str(count - 1)})
    assert done.status == 303
    (signed,) = signatures(fresh.home.district.store, fresh.home.district.home).values()
    assert signed.waiting == count - 1


def test_the_link_of_a_week_lists_its_open_cases(fresh):
    director, monday = fresh.by_proxy("director"), monday_of_report(fresh)
    link = next(one for one in director.get("/weeks").links() if one.startswith("/?show=waiting"))
    listed = [one for one in director.get(link).links() if one.startswith("/cases/")]
    assert len(listed) == len(
        open_cases(
            fresh.home.district.store, fresh.home.district.home, fresh.home.district.reading, monday
        )
    )


def test_a_verdict_changes_the_pace_of_its_week_and_names_no_reviewer(fresh):
    director = fresh.by_proxy("director")
    before = director.get("/weeks").text
    assert "Decisions by week" in before
    assert "What the thresholds cost" not in before
    first = re.search(r'href="(/cases/[^"?]+)', director.get("/").text)[1]
    director.act(first, "verdict", code="benign", reason=REASON)
    after = director.get("/weeks").text
    assert decided(after) == decided(before) + 1
    assert "What the thresholds cost" in after
    assert cells(after, "Cleared") == [1]
    assert PEOPLE["director"] not in after.partition('id="pace"')[2].partition("</main>")[0]


def decided(page):
    return sum(cells(page.partition('id="costs"')[0], "Decided"))


def cells(page, label):
    return [int(one) for one in re.findall(rf'data-label="{label}" class="n">(\d+)', page)]
