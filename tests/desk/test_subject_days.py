"""The days of a case: its account across weeks, its devices, and no name of anyone else."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest

from pipelines.desk.subject_days import OTHERS, days_page
from pipelines.errors import SettingsError
from pipelines.findings.cases import LEAD
from pipelines.reports.words import day_with_year
from pipelines.settings.roles import Principal
from pipelines.state.audit import open_chain
from tests.desk.visiting import open_desk
from tests.journey.small import judged
from tests.journey.test_retention import end_of, noon, purged, with_retention


@pytest.fixture
def context(desk):
    return desk.home.context(Principal(0, "root", (), is_alone=True))


def case_of(context, rule):
    return next(
        case
        for case in context.cases
        if any(row["rule"] == rule and row["confidence"] != LEAD for row in case.counted)
    )


def test_a_case_leads_to_the_days_of_its_account_and_devices(desk, context):
    case = case_of(context, "SA-1")
    chain = open_chain(desk.home.district.store, desk.home.home)
    looks_before = sum(entry.action == "read days of case" for entry in chain.entries())
    visitor = desk.by_proxy("director")
    assert f"/cases/{case.case_id}/days" in visitor.get(f"/cases/{case.case_id}").links()
    page = visitor.get(f"/cases/{case.case_id}/days")
    assert page.status == 200
    assert "does not show that the account was not used" in page.text
    accounts = set(context.district.registry.frames["accounts"]["account"])
    devices = set(context.district.registry.frames["devices"]["device"])
    for link in [f"/cases/{case.case_id}/days", *page.links()]:
        if "/days?of=" in link:
            words = set(re.findall(r"[\w.@-]+", visitor.get(link.replace("&amp;", "&")).text))
            assert not words & accounts
            assert not words & devices
    looks = [entry.case for entry in chain.entries() if entry.action == "read days of case"]
    # a reading is recorded once an hour: another test may have looked at this case before
    assert case.case_id in looks
    assert set(looks[looks_before:]) <= {case.case_id}


def test_a_device_has_no_name_of_an_account_outside_the_case(desk, context):
    case = case_of(context, "SA-1")
    own = {context.subject(row) for row in case.counted}
    lanes = set()
    for one in days_page(desk.home, context, case, {})["subjects"]:
        if one.kind == "device":
            shown = days_page(desk.home, context, case, {"of": one.name})
            lanes |= {lane for day in shown["days"] for lane in day.minutes}
    assert OTHERS in lanes
    assert lanes <= own | {OTHERS}


def test_the_finding_is_on_its_day_and_its_weeks_follow_each_other(desk, context):
    case = case_of(context, "SA-1")
    shown = days_page(desk.home, context, case, {})
    days = {str(day.when): day for day in shown["days"]}
    for row in case.counted:
        assert case.case_id in {one.case_id for one in days[row["event_date"]].cases}
        assert days[row["event_date"]].minutes
    earlier = case.monday - timedelta(weeks=20)
    empty = days_page(desk.home, context, case, {"from": earlier.isoformat()})
    assert empty["days"] == []
    assert len(empty["without_logs"]) == 1


def test_deleted_lines_of_a_day_are_stated(district, tmp_path, sockets, secret):
    home = with_retention(district.copy(tmp_path), "\n[retention]\nevent_days = 60\n")
    now = noon(end_of(home) + timedelta(days=61))
    # a line of the week after stays, and so do the tables of its day
    (log, *_) = sorted((home.landing / "proxy").glob("*.log"))
    stamp, rest = log.read_text().splitlines()[0].split(" ", 1)
    later = float(stamp) + timedelta(days=8).total_seconds()
    (log.parent / "week-after.log").write_text(f"{later:.3f} {rest}\n")
    judged(home.path, settle_seconds=0)
    purged(home, now)
    with open_desk(home.path, sockets / "purged") as desk:
        context = desk.home.context(Principal(0, "root", (), is_alone=True))
        case = case_of(context, "SA-1")
        shown = days_page(desk.home, context, case, {})
    days = {str(day.when): day for day in shown["days"]}
    row = case.counted[0]
    assert days[row["event_date"]].gaps == [f"log lines deleted {day_with_year(context.today)}"]
    assert days[row["event_date"]].use == ["unknown: no logs"]
    assert days[row["event_date"]].cases


@pytest.mark.parametrize("chosen", [{"of": "nothing-1"}, {"from": "x"}, {"from": "9999-12-30"}])
def test_a_wrong_choice_is_refused(desk, context, chosen):
    with pytest.raises(SettingsError):
        days_page(desk.home, context, case_of(context, "SA-1"), chosen)


def test_a_lead_has_no_page_of_days(desk, context):
    lead = SimpleNamespace(counted=[{"confidence": LEAD}], label="46-01")
    with pytest.raises(SettingsError, match="only a lead"):
        days_page(desk.home, context, lead, {})


def test_an_operator_does_not_see_days(desk, cases):
    assert desk.by_proxy("operator").get(f"/cases/{cases[0]}/days").status == 403
