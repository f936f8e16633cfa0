"""Forged, cross-role, own, stale: each is sent, counted and refused."""

from collections import Counter

import pytest

from pipelines.actions.action import every_action
from pipelines.settings.roles import MATRIX, number_of
from pipelines.state.audit import open_chain
from pipelines.state.reviews import requests
from tests.desk.conftest import sub_cases, with_settings
from tests.desk.visiting import PEOPLE, USERS, open_desk

REASON = "the hearing of Monday"
LOOKS = ("sign in", "read case", "read days of case", "sign in blocked")


def acted(desk):
    """Acts in the chain, but for sign-ins and looks."""
    chain = open_chain(desk.home.district.store, desk.home.home)
    return [one for one in chain.entries() if one.action not in LOOKS]


def filled(form, case):
    """Return every field with something that might do."""
    values = {
        "case": case, "cases": case, "code": "benign", "reason": REASON, "assignee": "ada",
        "name": "owl-11", "office": "hr", "until": "2026-12-18", "scope": "account",
        "finding": "f-1", "text": "x", "summary": "x", "request": "r-00000001",
        "referral": "g-00000001", "login": "x", "grant": "a-00000001", "queue": "show=all",
        "account": "x", "first": "2026-10-19",
        "last": "2026-10-20", "authorized_by": "x", "inquiry": "q-00000001",
        "exception": "X-001", "hold": "h-00000001", "week": "2026-W43", "by": "x",
        "site": "example.org", "class": "sanctioned", "roles": "all",
        "requester": "x", "received": "2026-10-26", "relation": "blocked_domains",
        "record": "PR-2026-001", "item": "names", "decision": "withhold", "seen": "x",
    }  # fmt: skip
    return {one.name: values[one.name] for one in form.fields if one.name in values}


@pytest.fixture
def director(desk):
    visitor = desk.by_proxy("director")
    visitor.get("/")
    return visitor


def test_forged_posts_are_refused(desk, director, cases):
    page = director.get(f"/cases/{cases[0]}")
    hidden = page.form("/act/verdict")
    stranger = desk.by_proxy("analyst")
    other = stranger.get(f"/cases/{cases[0]}").form("/act/verdict")["token"]
    before, got = len(acted(desk)), Counter()
    for form in every_action().values():
        where, fields = f"/act/{form.name}", filled(form, cases[0])
        sent = fields | {"revision": hidden["revision"]}
        for token in ("", "x" * 32, other):
            got[director.post(where, sent | {"token": token}).status] += 1
        good = sent | {"token": hidden["token"]}
        got[director.post(where, good, Origin="http://evil.example").status] += 1
        got[director.post(where, good, Origin="null").status] += 1
        crossed = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
        got[director.post(where, good, **crossed).status] += 1
        got[director.post(where, good, Host="evil.example").status] += 1
        nobody = desk.visitor(cookies={"schoolbell": "x" * 43})
        got[nobody.post(where, good).status] += 1
    assert set(got) == {403, 421, 303}, got
    assert got[421] == got[303] == len(every_action())  # another host; to the sign-in page
    assert got[403] == 6 * len(every_action())
    assert len(acted(desk)) == before


def test_a_page_of_another_site_gets_nothing(director, cases):
    for headers in (
        {"Host": "evil.example"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"},
    ):
        assert director.get(f"/cases/{cases[0]}", **headers).status in (403, 421)
    csp = director.get("/").headers["content-security-policy"]
    assert "script-src 'self'" in csp
    assert "frame-ancestors 'none'" in csp
    assert "unsafe-inline" not in csp.replace("style-src-attr 'unsafe-inline'", "")


@pytest.mark.parametrize("role", USERS)
def test_what_a_role_may_not_do_is_refused(desk, director, cases, role):
    revision = director.get(f"/cases/{cases[0]}").form("/act/verdict")["revision"]
    visitor = desk.by_proxy(role)
    page = visitor.get("/")
    if role == "operator":  # sees no findings: no page at all holds a token
        assert (page.status, page.headers["location"]) == (303, "/system")
        token = "x"
    else:
        token = page.hidden("token")
    barred = [form for form in every_action().values() if role not in MATRIX[form.right]]
    before = len(acted(desk))
    for form in barred:
        sent = filled(form, cases[0]) | {"token": token, "revision": revision}
        answer = visitor.post(f"/act/{form.name}", sent)
        assert answer.status == 403, form.name
        if role != "operator":
            # nor is it offered
            assert f'action="/act/{form.name}"' not in visitor.get(f"/cases/{cases[0]}").text
    assert len(acted(desk)) == before
    assert len(barred) >= (3 if role in ("director", "custodian") else 9) or (role == "director")


def test_a_stale_page_decides_nothing(desk, cases):
    first, second = desk.by_proxy("director"), desk.by_proxy("analyst")
    case, other = cases[1], cases[2]
    stale = {
        name: every_action()[name]
        for name in (
            "verdict",
            "assign",
            "exception",
            "hold",
            "pack",
            "export",
            "refer",
            "answer",
        )
    }
    old = first.get(f"/cases/{case}").form("/act/verdict")
    done = second.act(f"/cases/{case}", "verdict", code="benign", reason=REASON)
    assert done.status == 303
    before = acted(desk)
    for name, form in stale.items():
        sent = filled(form, case) | old
        if name == "exception":
            sent["finding"] = finding_of(first, case)
        answer = first.post(f"/act/{name}", sent)
        assert answer.status == 409, (name, answer.text)
    assert acted(desk) == before
    # a page of another case is not a page of this one
    wrong = first.get(f"/cases/{other}").form("/act/verdict") | {"case": case}
    sent = filled(every_action()["verdict"], case) | wrong
    assert first.post("/act/verdict", sent).status == 409
    again = first.act(f"/cases/{case}", "verdict", code="undetermined", reason=REASON)
    assert again.status == 303


def finding_of(visitor, case):
    text = visitor.get(f"/cases/{case}").text
    return text.split("finding f-")[1][:16].join(["f-", ""])


def test_nobody_decides_about_their_own_account(desk, cases):
    home = desk.home
    context = home.context(None)
    case = context.case(cases[3])
    subject = case.findings[0]["subject"]
    visitor = desk.by_proxy("director", login=subject)
    page = visitor.get(f"/cases/{case.case_id}")
    assert "about your own account" in page.text
    assert 'action="/act/verdict"' not in page.text
    hidden = desk_hidden(page)
    before, got = acted(desk), Counter()
    for name in ("verdict", "exception", "refer"):
        sent = filled(every_action()[name], case.case_id) | hidden
        if name == "exception":
            sent["finding"] = case.findings[0]["finding_id"]
        answer = visitor.post(f"/act/{name}", sent)
        got[answer.status] += 1
        assert "own account" in answer.text
    assert got == {403: 3}
    assert acted(desk) == before


def desk_hidden(page):
    return page.form("/act/hold")


def test_nobody_approves_their_own_request_however_they_sign_in(desk, cases):
    case = cases[4]
    director = desk.by_proxy("director", login="ada")
    asked = director.act(f"/cases/{case}", "export", names="1", reason=REASON)
    assert asked.status == 303
    page = director.get("/requests")
    assert "Waiting for another person" in page.text
    mine = requests(desk.home.district.store, asked_by=number_of("ada"))
    ids = [row["request_id"] for row in mine]
    assert ids
    before = acted(desk)
    token = page.hidden("token")
    for ident in ids:
        for name in ("approve", "refuse"):
            sent = {"request": ident, "token": token, "reason": REASON,
                    "revision": revision_of(desk, ident)}  # fmt: skip
            answer = director.post(f"/act/{name}", sent)
            assert answer.status == 403, answer.text
    # the same login, by another way
    twin = desk.by_proxy("custodian", login="ADA")
    twin.headers["X-Remote-Groups"] = "custodians"
    sent = {"request": ids[0], "token": twin.get("/requests").hidden("token")}
    sent["revision"] = revision_of(desk, ids[0])
    assert twin.post("/act/approve", sent).status == 403
    assert acted(desk) == before
    keeper = desk.by_proxy("custodian")
    sent = {"request": ids[0], "token": keeper.get("/requests").hidden("token")}
    sent["revision"] = revision_of(desk, ids[0])
    assert keeper.post("/act/approve", sent).status == 303
    got = director.act(f"/cases/{case}", "export", names="1", reason=REASON)
    assert got.status == 200
    assert got.headers["content-disposition"].endswith('.csv"')


def test_whoever_had_a_hand_in_a_records_request_does_not_approve_it(desk):
    clerk = desk.by_proxy("custodian", login="kim")
    done = clerk.act(
        "/records",
        "record-open",
        requester="desk@news.example",
        received="2026-10-26",
        text="All domains refused.",
    )
    assert done.status == 303
    number = max(one for one in clerk.get("/records").links() if "/records/" in one)
    days = {"relation": "blocked_domains", "first": "2026-10-19", "last": "2026-10-21"}
    assert clerk.act(number, "record-scope", **days).status == 303
    page = clerk.get(number)
    assert "Waiting for another person" in page.text
    assert 'action="/act/record-approve"' not in page.text
    stale = page.form("/act/record-decide")
    sent = {"record": number.rpartition("/")[2], "token": stale["token"],
            "revision": stale["revision"], "seen": "0" * 64}  # fmt: skip
    before = acted(desk)
    assert clerk.post("/act/record-approve", sent).status == 403
    twin = desk.by_proxy("director", login="KIM")
    sent["token"] = twin.get(number).hidden("token")
    assert twin.post("/act/record-approve", sent).status == 403
    lead = desk.by_proxy("superintendent")
    page = lead.get(number)
    # what was approved is what was seen
    odd = page.form("/act/record-approve") | {"seen": "0" * 64}
    assert lead.post("/act/record-approve", odd).status == 422
    assert "Review the draft again" in lead.post("/act/record-approve", odd).text
    assert lead.post("/act/record-release", page.form("/act/record-approve")).status == 422
    assert acted(desk) == before
    words = {"item": "names", "decision": "withhold", "exemption": "e 1"}
    done = clerk.act(number, "record-decide", **words, reason=REASON)
    assert done.status == 303
    decided = acted(desk)
    old = page.form("/act/record-approve")
    assert lead.post("/act/record-approve", old).status == 409
    assert clerk.post("/act/record-decide", stale | words | {"reason": REASON}).status == 409
    assert acted(desk) == decided
    assert lead.act(number, "record-approve").status == 303
    given = clerk.act(number, "record-release")
    assert given.status == 200
    assert given.headers["content-disposition"].endswith('.zip"')
    assert clerk.act(number, "record-release").body == given.body
    words |= {"reason": REASON}
    assert clerk.post("/act/record-decide", sent | words | {"token": stale["token"]}).status in (
        409,
        422,
    )
    barred = desk.by_proxy("analyst")
    assert "/records" not in barred.get("/").links()
    assert barred.get(number).status == barred.get("/records").status == 403


def revision_of(desk, ident):
    from pipelines.state.desk_users import request_revision

    with desk.home.district.store.reading() as connection:
        return request_revision(connection, ident)


def test_odd_requests_are_answered_in_words(desk, director, cases):
    assert director.get("/cases/c-000000000000").status == 422
    assert director.get("/nowhere").status == 404
    token = director.get("/").hidden("token")
    assert director.post("/act/nothing", {"token": token}).status == 422
    huge = {"token": token, "text": "x" * 400_000}
    assert director.post("/act/answer", huge).status == 413
    short = director.act(f"/cases/{cases[5]}", "verdict", code="benign", reason="no")
    assert short.status == 422
    assert "a reason is needed" in short.text
    odd = director.act(f"/cases/{cases[5]}", "verdict", code="guilty", reason=REASON)
    assert odd.status == 422


def test_settings_that_are_wrong_are_told_and_lock_nobody_out(district, tmp_path, sockets, secret):
    home = with_settings(district.copy(tmp_path))
    with open_desk(home, sockets / "odd") as opened:
        visitor = opened.by_proxy("director", PEOPLE["director"])
        assert visitor.get("/").status == 200
        path = home / "district.toml"
        good = path.read_text()
        path.write_text(good.replace("[district]", "[distrikt]"))
        answer = visitor.get("/")
        assert answer.status == 503
        assert "district.toml" in answer.text
        path.write_text(good)
        assert visitor.get("/").status == 200
        assert sub_cases(opened)
