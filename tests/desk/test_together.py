"""One verdict for several cases: what it covers is shown first, and it is all or nothing."""

import json
import re
from datetime import date
from html import unescape

from sqlalchemy import select

from pipelines.desk.queue import sentence
from pipelines.state.audit import open_chain
from pipelines.state.desk_users import case_revision
from pipelines.state.findings import change_finding
from pipelines.state.reviews import last_verdicts
from pipelines.state.tables import REVIEWS
from pipelines.warehouse.models import subject_kind
from tests.desk.conftest import with_settings
from tests.desk.visiting import PEOPLE, open_desk

REASON = "the owner was on leave, as HR confirmed"


def groups(visitor, query="show=waiting"):
    """Addresses of the groups that the queue offers."""
    return [one for one in visitor.get(f"/?{query}").links() if one.startswith("/decide?group")]


def covered(page):
    return dict(re.findall(r'name="(case\.c-[0-9a-f]+)" value="([0-9a-f]+)"', page.text))


def verdicts_in(desk):
    return [
        (one.action, one.case)
        for one in open_chain(desk.home.district.store, desk.home.home).entries()
        if one.action == "verdict"
    ]


def cases_by_id(desk):
    return {one.case_id: one for one in desk.home.cases}


def test_a_group_is_shown_and_then_decided_in_one_step(fresh):
    director = fresh.by_proxy("director")
    page = director.get(groups(director)[0])
    boxes, known = covered(page), cases_by_id(fresh)
    assert len(boxes) >= 2
    context = fresh.home.context(None)
    for name in boxes:
        case = known[name.removeprefix("case.")]
        assert f"<b>{case.label}</b>" in page.text
        assert f"weight: {case.severity}" in page.text
        for row in case.undecided:
            assert sentence(context, row) in unescape(page.text)
    sent = page.form("/act/verdict-many") | boxes
    done = director.post("/act/verdict-many", sent | {"code": "authorized", "reason": REASON})
    assert done.status == 303
    after = director.get(done.headers["location"])
    assert f"{len(boxes)} cases are decided: authorized" in after.text
    ids = {name.removeprefix("case.") for name in boxes}
    assert {case for _, case in verdicts_in(fresh)} == ids
    counted = [row for one in ids for row in known[one].undecided]
    assert len(verdicts_in(fresh)) == len(counted)
    # one transaction: the entries and the verdicts are those of one moment
    with fresh.home.district.store.reading() as connection:
        rows = connection.execute(select(REVIEWS)).all()
    assert len(rows) == len(counted)
    # and they are undone together
    undone = director.post("/act/undo", after.form("/act/undo"))
    assert undone.status == 303
    assert not last_verdicts(fresh.home.district.store)


def test_an_unchecked_case_is_left_out(fresh):
    director = fresh.by_proxy("director")
    page = director.get(groups(director)[0])
    boxes = covered(page)
    left_out = boxes.popitem()[0].removeprefix("case.")
    sent = page.form("/act/verdict-many") | boxes
    assert left_out in str(page.form("/act/verdict-many")) + page.text
    sent.pop(f"case.{left_out}", None)
    director.post("/act/verdict-many", sent | {"code": "benign", "reason": REASON})
    assert left_out not in {case for _, case in verdicts_in(fresh)}
    assert {case for _, case in verdicts_in(fresh)} == {
        name.removeprefix("case.") for name in boxes
    }


def test_one_changed_case_refuses_all(fresh):
    director, analyst = fresh.by_proxy("director"), fresh.by_proxy("analyst")
    page = director.get(groups(director)[0])
    boxes = covered(page)
    last = list(boxes)[-1].removeprefix("case.")
    analyst.act(f"/cases/{last}", "comment", text="I asked the school.")
    sent = page.form("/act/verdict-many") | boxes | {"code": "benign", "reason": REASON}
    refused = director.post("/act/verdict-many", sent)
    assert refused.status == 409
    assert "one of these cases has changed" in refused.text
    assert verdicts_in(fresh) == []
    assert not last_verdicts(fresh.home.district.store)


def test_the_own_account_refuses_all(district, tmp_path, sockets, secret):
    """The director's own account is among the cases: nothing is recorded for any."""
    home = district.copy(tmp_path)
    with open_desk(with_settings(home), sockets / "who") as desk:
        page = desk.by_proxy("director").get(groups(desk.by_proxy("director"))[0])
        first = next(iter(covered(page))).removeprefix("case.")
        account = str(cases_by_id(desk)[first].heaviest["subject"])
    settings = home / "district.toml"
    text = settings.read_text().replace(f'"{PEOPLE["director"]}", "ada"', f'"{account}"')
    settings.write_text(text)
    with open_desk(home, sockets / "own") as desk:
        own = desk.by_proxy("director", login=account)
        for link in groups(own):
            page = own.get(link)
            if "about your own account" in page.text:
                break
        boxes = covered(page)
        assert f"case.{first}" not in boxes
        sent = page.form("/act/verdict-many") | boxes
        with desk.home.district.store.reading() as connection:
            sent[f"case.{first}"] = case_revision(connection, first)
        refused = own.post("/act/verdict-many", sent | {"code": "benign", "reason": REASON})
        assert refused.status == 403
        assert verdicts_in(desk) == []


def test_cases_with_nothing_in_common_are_refused(fresh):
    director = fresh.by_proxy("director")
    known = list(cases_by_id(fresh).values())
    first = next(one for one in known if one.undecided)
    other = next(
        one
        for one in known
        if one.undecided
        and one.heaviest["kind"] != first.heaviest["kind"]
        and not {row["subject"] for row in one.counted} & {row["subject"] for row in first.counted}
    )
    refused = director.get(f"/decide?case={first.case_id}&case={other.case_id}")
    assert refused.status == 422
    assert "too little in common" in refused.text
    assert director.get("/decide").status == 422
    assert director.get("/decide?group=subject:c-000000000000").status == 422
    # the action refuses them as well
    page = director.get(groups(director)[0])
    sent = {
        name: value
        for name, value in page.form("/act/verdict-many").items()
        if not name.startswith("case.")
    }
    with fresh.home.district.store.reading() as connection:
        for one in (first, other):
            sent[f"case.{one.case_id}"] = case_revision(connection, one.case_id)
    assert (
        director.post("/act/verdict-many", sent | {"code": "benign", "reason": REASON}).status
        == 422
    )
    assert verdicts_in(fresh) == []


def test_a_violation_covers_one_account(fresh):
    """A dismissal may cover like cases of several accounts; a violation may not."""
    director = fresh.by_proxy("director")
    several, known = "", cases_by_id(fresh)
    for address in groups(director):
        found = [known[name.removeprefix("case.")] for name in covered(director.get(address))]
        subjects = {row["subject"] for case in found for row in case.counted}
        several = address if len(subjects) > 1 else several
    page = director.get(several)
    assert "covers only one at a time" in unescape(page.text)
    sent = page.form("/act/verdict-many") | covered(page) | {"reason": REASON}
    for code in ("violation", "security_incident"):
        assert f'value="{code}"' not in page.text
        refused = director.post("/act/verdict-many", sent | {"code": code})
        assert refused.status == 422
        assert "a verdict of violation or security_incident covers only one" in refused.text
    assert verdicts_in(fresh) == []
    assert director.post("/act/verdict-many", sent | {"code": "benign"}).status == 303
    assert len(verdicts_in(fresh)) >= 2


def test_cases_of_one_account_are_a_violation_together(fresh):
    director, known = fresh.by_proxy("director"), cases_by_id(fresh)
    (address, *_) = [one for one in groups(director, "show=all") if "subject:" in one]
    page = director.get(address)
    assert 'value="violation"' in page.text
    boxes = covered(page)
    subjects = {row["subject"] for name in boxes for row in known[name[5:]].counted}
    assert len(subjects) == 1 < len(boxes)
    sent = page.form("/act/verdict-many") | boxes | {"reason": REASON, "code": "violation"}
    assert director.post("/act/verdict-many", sent).status == 303
    assert {case for _, case in verdicts_in(fresh)} == {name[5:] for name in boxes}


def test_the_list_of_work_opens_a_group_of_like_cases(fresh):
    """Each item of the list leads to its cases: no case is in two, and none is left out."""
    director = fresh.by_proxy("director")
    page = director.get("/").text
    listed = page.partition('id="work"')[2].partition("</section>")[0]
    links = [unescape(one) for one in re.findall(r'href="([^"]+)"', listed)]
    assert 1 < len(links) <= 15
    found = []
    for link in links:
        if link.startswith("/cases/"):
            found.append(link.removeprefix("/cases/").partition("?")[0])
        else:
            found += ids(director, link.removeprefix("/?"))
    assert sorted(found) == sorted(ids(director, "show=waiting"))
    assert "Cases that the same rule found are one item." in listed


def test_the_custodian_decides_nothing(fresh):
    keeper = fresh.by_proxy("custodian")
    assert groups(keeper) == []
    first = next(iter(cases_by_id(fresh)))
    assert keeper.get(f"/decide?case={first}").status == 403


def ids(visitor, query):
    links = visitor.get(f"/?{query}").links()
    return {
        one.removeprefix("/cases/").partition("?")[0] for one in links if one.startswith("/cases/")
    }


def test_the_queue_is_searched_and_filtered(fresh):
    director, known = fresh.by_proxy("director"), cases_by_id(fresh)
    context = fresh.home.context(None)
    every = ids(director, "show=all")
    one = known[next(iter(every))]
    assert ids(director, f"show=all&q={one.label}") == {one.case_id}
    code_name = context.subject(one.heaviest)
    named = ids(director, f"show=all&q={code_name.upper()}")
    assert one.case_id in named
    assert all(
        code_name in {context.subject(row) for row in known[each].findings}
        or code_name in director.get(f"/cases/{each}").text
        for each in named
    )
    # an account finds nothing
    assert ids(director, f"show=all&q={one.heaviest['subject']}") == set()
    shown = ids(director, "show=all&q=espn.com")
    assert shown
    assert all("espn.com" in str(known[each].findings) for each in shown)
    by_kind = ids(director, "show=all&kind=anomaly")
    assert by_kind == {each for each in every if known[each].heaviest["kind"] == "anomaly"}
    assert 0 < len(by_kind) < len(every)
    at_school = ids(director, "show=all&building=HS")
    assert 0 < len(at_school) < len(every)
    assert ids(director, "show=all&building=HS&kind=anomaly") == at_school & by_kind
    week = one.week
    assert ids(director, f"show=all&first={week}&last={week}") == {
        each for each in every if known[each].week == week
    }
    year = date.fromisocalendar(int(week[:4]), int(week[-2:]), 1).year
    assert ids(director, f"show=all&first={year + 1}-W01") == set()
    assert ids(director, "show=nothing-like-it") == ids(director, "show=waiting")


def test_the_queue_is_filtered_by_role_and_searched_for_reasons(fresh):
    director, known = fresh.by_proxy("director"), cases_by_id(fresh)
    every, kind_of = ids(director, "show=all"), subject_kind
    devices = ids(director, "show=all&role=device")
    wanted = {one for one in every if kind_of(known[one].heaviest["rule"]) == "device"}
    assert devices == wanted != set()
    staff, students = (ids(director, f"show=all&role={role}") for role in ("staff", "student"))
    assert staff
    assert staff | students | devices == every
    assert len(staff) + len(students) + len(devices) == len(every)
    first = next(iter(ids(director, "show=waiting")))
    reason = "the band rehearsed until nine"
    assert ids(director, "show=all&q=rehearsed") == set()
    director.act(f"/cases/{first}", "verdict", code="benign", reason=reason)
    assert ids(director, "show=all&q=band+rehearsed") == {first}
    director.act(f"/cases/{first}", "undo")
    assert ids(director, "show=all&q=rehearsed") == set()


def test_a_sensitive_site_is_not_found_by_its_name(fresh):
    director, site = fresh.by_proxy("director"), "espn.com"
    (found, *_) = ids(director, f"show=all&q={site}")
    rows = [row for row in cases_by_id(fresh)[found].findings if site in row["record"]["sites"]]
    with fresh.home.district.store.writing() as connection:
        for row in rows:
            record = {**row["record"], "withheld": [site]}
            change_finding(connection, row["finding_id"], {"record": json.dumps(record)})
    assert found not in ids(director, f"show=all&q={site}")


def test_mine_lists_the_cases_of_the_person_however_the_login_is_written(fresh):
    director = fresh.by_proxy("director")
    first = next(iter(ids(director, "show=waiting")))
    director.act(f"/cases/{first}", "assign", assignee=PEOPLE["director"].upper())
    assert ids(director, "show=mine") == {first}
    assert ids(fresh.by_proxy("analyst"), "show=mine") == set()
