"""Another office reads, answers and downloads one referral, by a dated grant, and no more."""

import io
import json
import re
import zipfile
from datetime import date, timedelta

import pytest
from argon2 import PasswordHasher

from pipelines.actions.action import every_action
from pipelines.desk.app import routes
from pipelines.state.audit import open_chain
from pipelines.state.desk_users import put_account
from pipelines.state.reviews import grants, referrals, statements
from pipelines.state.tables import REFERRAL_GRANTS
from tests.desk.conftest import with_settings
from tests.desk.test_second_person import ADDRESS, post, waiting_case, with_mail  # noqa: F401
from tests.desk.visiting import PEOPLE, open_desk
from tests.journey.commands import schoolbell

HR = "hr@school.example"
COUNSEL = "counsel@school.example"
REASON = "the hearing of Monday"


def referred(desk, case, office="hr"):
    """Refer a case with the approval of a second person; return the id of the referral."""
    director, keeper = desk.by_proxy("director"), desk.by_proxy("custodian")
    hidden = director.get(f"/cases/{case.case_id}").form("/act/refer")
    sent = hidden | {"office": office, "reason": REASON}
    where = director.post("/act/refer", sent).headers["location"]
    assert keeper.act(where, "approve").status == 303
    done = director.post("/act/refer", director.get(where).form("/act/refer"))
    assert done.headers["content-type"] == "application/zip"
    return referrals(desk.home.district.store)[-1]["referral_id"]


def give(desk, referral, login=HR, days=7):
    director = desk.by_proxy("director")
    until = desk.home.context(None).today + timedelta(days=days)
    token = director.get("/referrals").hidden("token")
    values = {"token": token, "referral": referral, "login": login, "until": until.isoformat()}
    return director.post("/act/grant", values)


def person(desk, login=HR):
    return desk.by_proxy("office", login=login)


def acted(desk):
    return [one.action for one in open_chain(desk.home.district.store, desk.home.home).entries()]


def other_cases(desk, count):
    found = [one for one in desk.home.cases if one.undecided and one.confidence != "C1"]
    return found[:count]


def test_the_office_reads_answers_and_downloads_its_referral(fresh):
    case = waiting_case(fresh)
    ident = referred(fresh, case)
    assert give(fresh, ident).status == 303
    hr, where = person(fresh), f"/office/{ident}"
    assert hr.get("/").headers["location"] == "/office"
    listed = hr.get("/office")
    assert f'href="{where}"' in listed.text
    assert 'class="badge">1<' in listed.text
    page = hr.get(where)
    assert page.status == 200
    subject = str(case.heaviest["subject"])
    assert subject not in page.text  # code names, and the letter gives the names
    letter = hr.get(f"{where}/letter")
    assert subject in letter.text
    assert "script" not in letter.headers["content-security-policy"]
    assert letter.headers["cache-control"] == "no-store"
    bundle = hr.act(where, "office-bundle")
    with zipfile.ZipFile(io.BytesIO(bundle.body)) as pack:
        assert subject in pack.read("letter.html").decode()
        assert "verify.py" in pack.namelist()
    assert hr.act(where, "receipt").status == 303
    assert 'action="/act/receipt"' not in hr.get(where).text
    said = {"text": "I was lent the laptop.", "summary": "Lent a laptop."}
    assert hr.act(where, "office-statement", **said).status == 303
    named = {"text": "x", "summary": f"It was {subject}."}
    assert hr.act(where, "office-statement", **named).status == 422
    assert hr.act(where, "office-answer", code="benign").status == 303
    (row,) = referrals(fresh.home.district.store)
    assert (row["outcome"], bool(row["acknowledged_time"])) == ("benign", True)
    (kept,) = statements(fresh.home.district.store)
    assert kept["received_by"].startswith("hr")
    assert "You answered this referral" in hr.get(where).text
    token = listed.hidden("token")
    again = {"token": token, "referral": ident, "code": "violation"}
    assert hr.post("/act/office-answer", again).status == 422
    assert acted(fresh).count("referral read") == 1
    assert acted(fresh).count("referral downloaded") == 1
    assert "returned: benign" in fresh.by_proxy("director").get("/referrals").text


def test_without_a_grant_nothing_opens(fresh):
    ident = referred(fresh, waiting_case(fresh))
    hr, where = person(fresh), f"/office/{ident}"
    listed = hr.get("/office")
    assert listed.status == 200
    assert ident not in listed.text
    token = listed.hidden("token")
    before = referrals(fresh.home.district.store)
    missing = hr.get("/office/g-00000000")
    for path in (where, f"{where}/letter"):
        refused = hr.get(path)
        assert refused.status == 403
        # a referral that exists is refused with the words of one that does not
        assert refused.text.replace(ident, "g-00000000") == missing.text
    values = {"token": token, "referral": ident, "code": "benign", "text": "x", "summary": "x"}
    for name, form in every_action().items():
        if form.right == "referral":
            assert hr.post(f"/act/{name}", values).status == 403, name
    assert referrals(fresh.home.district.store) == before
    assert statements(fresh.home.district.store) == []
    assert "referral access refused" in acted(fresh)


def test_a_grant_opens_one_referral_to_one_login(fresh):
    first, second = (referred(fresh, case) for case in other_cases(fresh, 2))
    give(fresh, first)
    hr, counsel = person(fresh), person(fresh, COUNSEL)
    assert hr.get(f"/office/{first}").status == 200
    assert second not in hr.get("/office").text
    for visitor, ident in ((hr, second), (counsel, first), (counsel, second)):
        assert visitor.get(f"/office/{ident}").status == 403
        assert visitor.get(f"/office/{ident}/letter").status == 403
        values = {"token": visitor.get("/office").hidden("token"), "referral": ident}
        assert visitor.post("/act/office-bundle", values).status == 403


@pytest.mark.parametrize("end", ["expired", "not yet", "ended"])
def test_a_grant_that_is_not_in_force_opens_nothing(fresh, end):
    ident = referred(fresh, waiting_case(fresh))
    give(fresh, ident)
    hr = person(fresh)
    assert hr.get(f"/office/{ident}").status == 200
    token = hr.get("/office").hidden("token")
    today = fresh.home.context(None).today
    if end == "ended":
        assert fresh.by_proxy("director").act("/referrals", "end-grant").status == 303
    else:
        gone = end == "expired"
        first, last = (-9, -1) if gone else (1, 9)
        values = {
            "first_day": (today + timedelta(days=first)).isoformat(),
            "last_day": (today + timedelta(days=last)).isoformat(),
        }
        with fresh.home.district.store.writing() as connection:
            connection.execute(REFERRAL_GRANTS.update().values(**values))
    assert hr.get(f"/office/{ident}").status == 403
    assert hr.get(f"/office/{ident}/letter").status == 403
    sent = {"token": token, "referral": ident}
    assert hr.post("/act/office-bundle", sent).status == 403
    assert ident not in hr.get("/office").text


def test_the_office_sees_no_other_page_and_no_other_form(fresh):
    case = waiting_case(fresh)
    ident = referred(fresh, case)
    give(fresh, ident)
    hr = person(fresh)
    page = hr.get(f"/office/{ident}")
    tabs = page.text.partition('<nav class="tabs"')[2].partition("</nav>")[0]
    assert re.findall(r'href="([^"]*)"', tabs) == ["/office"]
    filled = {"case": case.case_id, "referral": ident, "request": "r-1", "record": "PR-1"}
    filled |= {"trial": "t-1", "name": "x", "week": "2026-W43", "token": "x", "rule": "SA-1"}
    for route in routes():
        if "GET" not in (route.methods or ()) or route.path in ("/", "/metrics", "/calendar.ics"):
            continue
        path = re.sub(r"{(\w+)}", lambda found: filled[found[1]], route.path)
        # a mailed question is for a person without an account; this link is of none
        expected = 404 if path.startswith("/question") else 403
        if not path.startswith(("/office", "/signin", "/assets", "/api")):
            assert hr.get(path).status == expected, path
    for path in ("/api/v1/cases", "/metrics", "/calendar.ics"):
        assert hr.get(path).status in (401, 404), path
    token = page.hidden("token")
    for name, form in every_action().items():
        if form.right != "referral":
            values = {one.name: "x" for one in form.fields} | {"token": token}
            values |= {"case": case.case_id, "referral": ident}
            assert hr.post(f"/act/{name}", values).status == 403, name


def test_a_login_without_the_role_gets_no_grant_and_no_page(fresh):
    ident = referred(fresh, waiting_case(fresh))
    assert give(fresh, ident, "other@school.example").status == 422
    assert give(fresh, ident, "hr@evil.example").status == 422
    assert give(fresh, ident, days=-1).status == 422
    assert give(fresh, ident, days=400).status == 422
    assert give(fresh, "g-00000000").status == 422
    assert grants(fresh.home.district.store) == []
    assert fresh.by_proxy("other", login="other@school.example").get("/office").status == 403
    # a grant alone, without the role, opens nothing
    give(fresh, ident)
    with fresh.home.district.store.writing() as connection:
        connection.execute(REFERRAL_GRANTS.update().values(login="other"))
    other = fresh.by_proxy("other", login="other@school.example")
    assert other.get(f"/office/{ident}").status == 403


def test_only_a_referring_role_gives_access(fresh):
    ident = referred(fresh, waiting_case(fresh))
    analyst = fresh.by_proxy("analyst")
    values = {"token": analyst.get("/").hidden("token"), "referral": ident, "login": HR}
    until = (fresh.home.context(None).today + timedelta(days=3)).isoformat()
    assert analyst.post("/act/grant", values | {"until": until}).status == 403
    assert 'action="/act/grant"' not in analyst.get("/referrals").text
    assert grants(fresh.home.district.store) == []


def test_a_person_of_the_office_gets_no_case_about_their_own_account(fresh):
    case = waiting_case(fresh)
    ident = referred(fresh, case)
    subject = str(case.heaviest["subject"])
    own = f"{subject}@school.example"
    path = fresh.home.home.settings_file
    path.write_text(path.read_text().replace('office = ["hr@', f'office = ["{own}", "hr@'))
    assert give(fresh, ident, own).status == 403
    assert grants(fresh.home.district.store) == []


def test_a_person_who_signs_in_with_a_password_gets_their_referral(fresh):
    ident = referred(fresh, waiting_case(fresh))
    give(fresh, ident)
    with fresh.home.district.store.writing() as connection:
        put_account(connection, HR, PasswordHasher().hash("right horse"), "x")
        put_account(connection, "other@school.example", PasswordHasher().hash("right horse"), "x")
    visitor = fresh.visitor()
    done = visitor.post("/signin/local", {"login": HR, "password": "right horse"})
    assert done.status == 303
    assert visitor.get(f"/office/{ident}").status == 200
    other = fresh.visitor()
    values = {"login": "other@school.example", "password": "right horse"}
    assert other.post("/signin/local", values).status == 403


def test_mail_brings_the_link_and_the_answer_comes_back(
    district,
    tmp_path,
    sockets,
    secret,
    post,  # noqa: F811
):
    home = with_mail(district.copy(tmp_path), post.port, [PEOPLE["director"], HR])
    with open_desk(home, sockets / "office") as desk:
        case = waiting_case(desk)
        ident = referred(desk, case)
        before = len(post.wait_any())
        give(desk, ident)
        recipients, text = post.wait(before + 1)
        assert recipients == [HR]
        assert f"{ADDRESS}/office/{ident}" in text
        for hidden in (str(case.heaviest["subject"]), REASON, case.case_id):
            assert hidden not in text
        assert person(desk).act(f"/office/{ident}", "office-answer", code="benign").status == 303
        recipients, text = post.wait(before + 2)
        assert recipients == [PEOPLE["director"]]
        assert f"Human resources answered the referral of case {case.label}" in text


def test_commands_give_and_end_access(district, tmp_path, secret):
    home = with_settings(district.copy(tmp_path))
    text = (home / "district.toml").read_text()
    text = re.sub(r"(?ms)^\[roles\]$.*?(?=^\[)", "", text)
    (home / "district.toml").write_text(text)
    case = next(
        row["case_id"]
        for row in rows(schoolbell("findings", "cases", "--json", "--home", home))
        if row["standing"] == "waiting"
    )
    out = tmp_path / "pack.zip"
    words = ("refer", case, "--to", "hr", "--reason", REASON, "--out", out, "--home", home)
    done = schoolbell(*words)
    assert done.code == 0, done.err
    (listed,) = rows(schoolbell("referrals", "list", "--json", "--home", home))
    ident = listed["referral_id"]
    today = schoolbell(
        "referrals", "grant", ident, "--login", HR, "--until", "soon", "--home", home
    )
    assert today.code == 2
    assert "is not a date" in today.err
    until = (date.today() + timedelta(days=9)).isoformat()  # noqa: DTZ011
    words = ("referrals", "grant", ident, "--login", HR, "--until", until, "--json")
    (made,) = rows(schoolbell(*words, "--home", home))
    assert made["login"] == "hr"
    shown = schoolbell("referrals", "list", "--home", home).out
    assert f"{made['grant_id']}: hr until {until}" in shown
    ended = schoolbell("referrals", "end-access", made["grant_id"], "--home", home)
    assert ended.code == 0
    assert "hr until" not in schoolbell("referrals", "list", "--home", home).out
    again = schoolbell("referrals", "end-access", made["grant_id"], "--home", home)
    assert again.code == 2


def rows(done):
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]
