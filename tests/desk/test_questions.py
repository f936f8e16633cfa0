"""A question to an account's owner: off at first, one link, one answer, and never a verdict."""

import re
from datetime import date

import pytest
from aiosmtpd.controller import Controller

from pipelines.actions.context import ActionContext
from pipelines.actions.owner_questions import askable, shown_use, why_not
from pipelines.district import open_district
from pipelines.settings.home import DistrictHome
from pipelines.state.alert_records import outbox
from pipelines.state.asked_questions import questions
from pipelines.state.connections import open_store
from pipelines.state.reviews import reviews, statements
from tests.browser.looking import CHROMIUM
from tests.desk.conftest import with_settings
from tests.desk.test_acts import REASON, entries, run
from tests.desk.test_second_person import Post, with_mail
from tests.desk.visiting import PEOPLE, SECRET, open_desk
from tests.journey.squid import free_port

ADDRESS = "https://desk.school.example"
ON = """
[questions]
approved_by = "L. Ortega, General Counsel"
approved_on = 2026-01-01
"""
LINK = re.compile(rf"{ADDRESS}(/question/\S+)")


class RefusingPost(Post):
    """A mail server that knows no mailbox."""

    async def handle_RCPT(self, *_):  # noqa: N802
        return "550 no such mailbox"


@pytest.fixture(params=[Post])
def post(request):
    made, port = request.param(), free_port()
    controller = Controller(made, hostname="127.0.0.1", port=port)
    controller.start()
    made.port = port
    yield made
    controller.stop()


@pytest.fixture
def home(district, tmp_path, post):
    """A home whose counsel approved questions, with a mail server."""
    made = district.copy(tmp_path)
    with_mail(made, post.port, ["director@school.example"])
    path = made / "district.toml"
    path.write_text(path.read_text().replace("\n[questions]\n", ON))
    return made


def case_to_ask(home):
    """Return a case about an account's use, what its owner is shown, and the account."""
    with open_district(home) as district:
        context = ActionContext(district, None)
        for case in context.cases:
            if case.heaviest["rule"] == "SA-3" and case.heaviest["finding_id"] in askable(
                context, case
            ):
                row = case.heaviest
                return case.case_id, shown_use(context, row), str(row["subject"])
    raise AssertionError("no case to ask about")


def asked(desk, case_id):
    """Send the question from the page of the case, as the director."""
    director = desk.by_proxy("director")
    page = director.get(f"/cases/{case_id}").text
    finding = re.search(r'<select id="ask-finding-0".*?value="(f-[0-9a-f]+)"', page, re.DOTALL)[1]
    done = director.act(f"/cases/{case_id}", "ask", finding=finding, reason=REASON)
    assert done.status == 303, done.text
    return director


def link_in(post):
    (mail,) = [text for to, text in post.wait_any() if "question about your account" in text]
    return LINK.search(mail)[1], mail


def state_of_home(home):
    store = open_store(DistrictHome(home).state_db)
    found = questions(store), statements(store), reviews(store), outbox(store)
    store.close()
    return found


def test_questions_are_off_until_counsel_approved_them(district, tmp_path, sockets, secret):
    home = with_settings(district.copy(tmp_path))
    case_id, *_ = case_to_ask(home)
    with open_desk(home, sockets / "off") as desk:
        director = desk.by_proxy("director")
        page = director.get(f"/cases/{case_id}")
        assert "Ask the person" not in page.text
        sent = {"token": page.hidden("token"), "case": case_id, "reason": REASON}
        with open_district(home) as now:
            finding = ActionContext(now, None).find_case(case_id).heaviest["finding_id"]
        sent |= {"finding": finding, "revision": page.hidden("revision")}
        refused = director.post("/act/ask", sent)
        assert "off until counsel approves them" in refused.text
        assert director.get(f"/cases/{case_id}/question").status == 422
    alone = district.copy(tmp_path / "alone")
    settings = alone / "district.toml"
    later = ON.replace("2026-01-01", "2999-01-01")
    settings.write_text(settings.read_text().replace("\n[questions]\n", later))
    words = ("questions", "answer", case_id, "--by", "owner", "--answer", "yes")
    assert "off until counsel" in run(alone, *words, code=2).err


def test_one_link_takes_one_answer_which_is_a_statement(home, post, sockets, secret):
    case_id, shown, account = case_to_ask(home)
    with open_desk(home, sockets / "ask") as desk:
        director = asked(desk, case_id)
        where, mail = link_in(post)
        assert post.mails[-1][0] == [f"{account}@sampleton.example"]
        assert shown in mail
        assert account not in mail  # not in the text: only the envelope has the address
        assert "waiting for an answer" in director.get(f"/cases/{case_id}").text
        reader = desk.visitor()
        for _ in range(2):  # a mail scanner opens it first, and takes nothing
            page = reader.get(where)
            assert page.status == 200
            assert shown in page.text
        label = re.search(r"<title>Case ([\d-]+)", director.get(f"/cases/{case_id}").text)[1]
        for hidden in (account, case_id, label, "Queue", "/cases/"):
            assert hidden not in page.text
        done = reader.post(where, {"answer": "no", "text": "I was at a conference."})
        assert "Your answer is saved" in done.text
        for again in (reader.get(where), reader.post(where, {"answer": "yes", "text": ""})):
            assert again.status == 404
            assert "This link does not work" in again.text
        page = director.get(f"/cases/{case_id}")
        assert "“No, this was not me” (by mailed link)." in page.text
        assert "conference" not in page.text  # their words are in packs with names alone
        assert "answered: No, this was not me" in page.text
    rows, answers, verdicts, mails = state_of_home(home)
    assert [row["answer"] for row in rows] == ["no"]
    assert answers[-1]["text"] == "No, this was not me.\n\nI was at a conference."
    assert verdicts == []  # an answer is never a verdict
    token = where.rpartition("/")[2]
    assert not any(token in str(one) for one in (*rows, *mails))
    noted = [one[1] for one in entries(home)]
    assert noted[-3:] == ["questions switched on", "question asked", "question answered"]
    approved = next(one for one in entries(home) if one[1] == "questions switched on")
    assert "L. Ortega, General Counsel, 2026-01-01" in approved[4]


def test_markup_stays_text_and_a_wrong_answer_leaves_the_link(home, post, sockets, secret):
    case_id, *_ = case_to_ask(home)
    with open_desk(home, sockets / "markup") as desk:
        director = asked(desk, case_id)
        where, _ = link_in(post)
        reader = desk.visitor()
        assert reader.post(where, {"answer": "violation", "text": ""}).status == 422
        assert reader.post(where, {"answer": "yes", "text": "x" * 2001}).status == 422
        assert reader.post(where, {"answer": "yes"}, Origin="https://evil.example").status == 403
        text = "<script>alert(1)</script>\x00\x1b[31m\u202e end"
        assert reader.post(where, {"answer": "yes", "text": text}).status == 200
        assert "<script>alert" not in director.get(f"/cases/{case_id}").text
    _, answers, _, _ = state_of_home(home)
    assert answers[-1]["text"].endswith("<script>alert(1)</script>  [31m  end")


def test_a_guessed_link_shows_nothing_and_is_stopped(home, post, sockets, secret):
    case_id, *_ = case_to_ask(home)
    with open_desk(home, sockets / "guessed") as desk:
        asked(desk, case_id)
        where, _ = link_in(post)
        guesser = desk.visitor()
        pages = {guesser.get(f"/question/{number:043d}").text for number in range(30)}
        assert len(pages) == 1
        # who guessed thirty times gets no question either, even with the right link
        assert guesser.get(where).status == 404
        other = desk.visitor(headers={"X-Forwarded-For": "10.0.0.9"})
        assert other.get(where).status == 200


def test_an_ended_or_replaced_link_does_not_work(home, post, sockets, secret):
    case_id, *_ = case_to_ask(home)
    with open_desk(home, sockets / "ended") as desk:
        director = asked(desk, case_id)
        first, _ = link_in(post)
        post.mails.clear()
        asked(desk, case_id)
        second, _ = link_in(post)
        reader = desk.visitor()
        assert reader.get(first).status == 404
        assert reader.get(second).status == 200
        done = director.act(f"/cases/{case_id}", "question-end", reason="the mail came back")
        assert done.status == 303
        assert reader.post(second, {"answer": "yes", "text": ""}).status == 404
    assert state_of_home(home)[1] == []


@pytest.mark.parametrize("post", [RefusingPost], indirect=True)
def test_a_refused_mail_is_shown_and_leaves_no_link(home, post, sockets, secret):
    case_id, *_ = case_to_ask(home)
    with open_desk(home, sockets / "bounced") as desk:
        director = asked(desk, case_id)
        post.wait_any()
        for _ in range(50):
            page = director.get(f"/cases/{case_id}").text
            if "did not accept the mail; ask on paper" in page:
                break
        assert "did not accept the mail; ask on paper" in page
    assert all(not one["message"] for one in state_of_home(home)[3] if one["alert_key"][0] == "k")


def test_who_cannot_be_asked(home):
    """A shared account, an owner who left, a student and a device have no one to ask by mail."""
    case_id, _, account = case_to_ask(home)

    def reason():
        with open_district(home) as district:
            context = ActionContext(district, None)
            return why_not(context, context.find_case(case_id).heaviest)

    assert reason() == ""
    registry = DistrictHome(home).registry
    accounts, users = registry / "accounts.csv", registry / "users.csv"
    was = accounts.read_text()
    header = was.splitlines()[0].split(",")
    row = {"username": account, "account_type": "role_shared", "approved_shared": "true"}
    accounts.write_text(was + ",".join(row.get(name, "") for name in header) + "\n")
    assert reason() == "the account has no single owner"
    accounts.write_text(was)
    lines = users.read_text()
    gone = re.sub(
        rf"^([^,]+),active,[^,]*,true,(.*,{account},)",
        rf"\1,tobedeleted,{date(2026, 11, 1)},false,\2",
        lines,
        flags=re.MULTILINE,
    )
    assert gone != lines
    users.write_text(gone)
    assert reason() != ""


def test_an_answer_on_paper_needs_the_right_and_is_no_verdict(home, post, sockets, secret):
    case_id, shown, account = case_to_ask(home)
    with open_desk(home, sockets / "paper") as desk:
        director = desk.by_proxy("director")
        paper = director.get(f"/cases/{case_id}/question?for=owner")
        assert shown in paper.text
        assert "Yes, this was me" in paper.text
        assert account not in paper.text
        about = director.get(f"/cases/{case_id}/question?for=supervisor").text
        assert shown.replace("your account", "the account of the person named above") in about
        assert "Do not ask the person" in about
        assert "this was me" not in about
        assert account not in about
        assert director.get(f"/cases/{case_id}/question?for=anyone").status == 422
        director.act(f"/cases/{case_id}", "question-answer", by="supervisor", answer="yes", text="")
        assert (
            "“Yes, this was the owner of the account” (by paper, from the supervisor)."
            in director.get(f"/cases/{case_id}").text
        )
        analyst = desk.by_proxy("analyst")
        page = analyst.get(f"/cases/{case_id}")
        assert "Ask the person" not in page.text
        assert analyst.get(f"/cases/{case_id}/question").status == 403
        own = desk.by_proxy("director", f"{account}@school.example")
        assert "Ask the person" not in own.get(f"/cases/{case_id}").text
    assert state_of_home(home)[2] == []


def test_the_terminal_prints_the_question_for_each_person(district, tmp_path):
    home = district.copy(tmp_path)
    path = home / "district.toml"
    path.write_text(path.read_text().replace("\n[questions]\n", ON))
    case_id, shown, account = case_to_ask(home)
    about = run(home, "questions", "paper", case_id).out
    assert shown.replace("your account", "the account of the person named above") in about
    assert shown in run(home, "questions", "paper", case_id, "--for", "owner").out
    assert account not in about
    wrong = run(home, "questions", "paper", case_id, "--for", "principal", code=2)
    assert "owner, supervisor" in wrong.err


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
def test_the_question_on_paper_is_seen_before_it_is_printed(browser, home, post, sockets, secret):
    """The page had a class that only paper shows: a person saw an empty page."""
    case_id, *_ = case_to_ask(home)
    headers = {"X-Remote-User": PEOPLE["director"], "X-Schoolbell-Proxy": SECRET}
    with open_desk(home, sockets / "seen") as desk:
        page = browser.new_context(extra_http_headers=headers).new_page()
        page.goto(f"http://127.0.0.1:{desk.port}/cases/{case_id}/question?for=supervisor")
        question = page.get_by_role("heading", name="Was this the owner of the account?")
        hint = page.get_by_text("write the name on it")
        assert question.is_visible()
        assert hint.is_visible()
        page.emulate_media(media="print")
        assert question.is_visible()
        assert not hint.is_visible()
        page.context.close()
