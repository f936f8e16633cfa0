"""A request for a second person: its page, the badge, mail both ways, one button afterwards."""

import re
import time
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller

from pipelines.state.alert_records import outbox
from pipelines.state.reviews import requests
from tests.desk.conftest import SETTINGS, with_settings
from tests.desk.visiting import PEOPLE, open_desk
from tests.journey.squid import free_port

REASON = "the hearing of Monday"
ADDRESS = "https://desk.school.example"
KEEPER = "keeper@school.example"
CHIEF = "chief@school.example"
MAIL = """
[alerts.channels.mail]
type = "smtp"
host = "127.0.0.1"
port = {port}
tls = false
sender = "schoolbell@school.example"
recipients = ["{director}"]
audience = ["director"]
[alerts.channels.chief]
type = "smtp"
enabled = {has_chief}
host = "127.0.0.1"
port = {port}
tls = false
sender = "schoolbell@school.example"
recipients = ["{chief}"]
audience = ["superintendent"]
"""


class Post:
    """Keeps the mails that it receives."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        made = message_from_bytes(envelope.content, policy=default)
        text = f"{made['Subject']}\n{made.get_content()}"
        self.mails.append((sorted(envelope.rcpt_tos), text))
        return "250 OK"

    def wait_any(self, seconds=0.5):
        """Return the mails that arrived until none came for a while."""
        count = -1
        while count < len(self.mails):
            count = len(self.mails)
            time.sleep(seconds)
        return self.mails

    def wait(self, count):
        for _ in range(400):
            if len(self.mails) >= count:
                break
            time.sleep(0.05)
        assert len(self.mails) == count
        return self.mails[-1]


@pytest.fixture
def post():
    made, port = Post(), free_port()
    controller = Controller(made, hostname="127.0.0.1", port=port)
    controller.start()
    made.port = port
    yield made
    controller.stop()


def with_mail(home, port, recipients, *, has_chief=False):
    with_settings(home, SETTINGS)
    path = home / "district.toml"
    text = path.read_text()
    listed = ", ".join(f'"{one}"' for one in recipients)
    text = text.replace("\n[alerts]\n", f"\n[alerts]\nrecipients = [{listed}]\n")
    text = text.replace("[desk]\nlocal", f'[desk]\naddress = "{ADDRESS}"\nlocal')
    text += MAIL.format(
        port=port, director=PEOPLE["director"], chief=CHIEF, has_chief=str(has_chief).lower()
    )
    path.write_text(text)
    return home


def waiting_case(desk):
    return next(one for one in desk.home.cases if one.undecided and one.confidence != "C1")


def ask(desk, visitor, case, act="reveal"):
    context = desk.home.context(None)
    token = context.subject(case.heaviest)
    values = {"reveal": {"name": token}, "refer": {"office": "hr"}, "pack": {"names": "1"}}[act]
    hidden = visitor.get(f"/cases/{case.case_id}").form(f"/act/{act}")
    return visitor.post(f"/act/{act}", hidden | values | {"reason": REASON})


def states(desk):
    rows = outbox(desk.home.district.store)
    return [one["state"] for one in rows if one["class_name"] == "request"]


def badge(visitor):
    found = re.search(r'class="badge">(\d+)<', visitor.get("/weeks").text)
    return int(found[1]) if found else 0


def test_mail_goes_to_the_second_person_and_the_answer_comes_back(
    district, tmp_path, sockets, secret, post
):
    home = with_mail(district.copy(tmp_path), post.port, [PEOPLE["director"], KEEPER])
    with open_desk(home, sockets / "mail") as desk:
        director, keeper = desk.by_proxy("director"), desk.by_proxy("custodian", login=KEEPER)
        case = waiting_case(desk)
        done = ask(desk, director, case)
        assert done.status == 303
        (row,) = requests(desk.home.district.store)
        assert done.headers["location"] == f"/requests/{row['request_id']}"
        page = director.get(done.headers["location"])
        assert page.status == 200
        assert (
            "Sent to another director or the custodian or the superintendent for approval"
            in page.text
        )
        assert "What happens next" in page.text
        recipients, text = post.wait(1)
        assert recipients == [KEEPER]
        assert f"{ADDRESS}/requests/{row['request_id']}" in text
        assert f"case {case.label}" in text
        for hidden in (case.heaviest["subject"], row["subject"], REASON):
            assert str(hidden) not in text
        assert (badge(keeper), badge(director)) == (1, 0)
        # the same again is the same request, and no second mail
        assert ask(desk, director, case).headers["location"] == done.headers["location"]
        answered = keeper.act(done.headers["location"], "approve")
        assert answered.status == 303
        recipients, text = post.wait(2)
        assert recipients == [PEOPLE["director"]]
        assert "Your request was approved" in text
        assert (badge(keeper), badge(director)) == (0, 1)
        # one button, nothing typed again: on the page, on the list, on the case
        for where in (done.headers["location"], "/requests", f"/cases/{case.case_id}"):
            assert director.get(where).form("/act/reveal")["name"] == row["subject"]
        filled = director.get(done.headers["location"]).form("/act/reveal")
        assert filled["reason"] == REASON
        shown = director.post("/act/reveal", filled)
        assert shown.status == 200
        assert str(case.heaviest["subject"]) in shown.text
        assert badge(director) == 0
        assert 'action="/act/reveal"' not in director.get(done.headers["location"]).text
        assert states(desk) == ["sent", "sent"]


def test_a_refusal_is_sent_back_and_the_superintendents_channel_is_asked(
    district, tmp_path, sockets, secret, post
):
    allowed = [PEOPLE["director"], CHIEF]
    home = with_mail(district.copy(tmp_path), post.port, allowed, has_chief=True)
    with open_desk(home, sockets / "chief") as desk:
        director, keeper = desk.by_proxy("director"), desk.by_proxy("custodian", login=KEEPER)
        where = ask(desk, director, waiting_case(desk)).headers["location"]
        recipients, _ = post.wait(1)
        assert recipients == [CHIEF]  # the keeper's address is not on the list
        keeper.act(where, "refuse", reason=REASON)
        recipients, text = post.wait(2)
        assert recipients == [PEOPLE["director"]]
        assert "Your request was refused" in text
        page = director.get(where)
        assert "Refused" in page.text
        assert 'action="/act/reveal"' not in page.text


@pytest.mark.parametrize("act", ["refer", "pack"])
def test_an_approved_request_is_done_with_one_button(fresh, act):
    director, keeper = fresh.by_proxy("director"), fresh.by_proxy("custodian")
    case = waiting_case(fresh)
    where = ask(fresh, director, case, act).headers["location"]
    assert keeper.act(where, "approve").status == 303
    done = director.post(f"/act/{act}", director.get(where).form(f"/act/{act}"))
    assert done.status == 200
    assert done.headers["content-type"] == "application/zip"
    (row,) = requests(fresh.home.district.store)
    assert row["used_time"]


def test_an_approved_referral_goes_to_that_office_only(fresh):
    director, keeper = fresh.by_proxy("director"), fresh.by_proxy("custodian")
    case = waiting_case(fresh)
    where = ask(fresh, director, case, "refer").headers["location"]
    assert "Referral to human resources" in keeper.get(where).text
    keeper.act(where, "approve")
    other = director.get(where).form("/act/refer") | {"office": "principal"}
    done = director.post("/act/refer", other)
    assert done.status == 303
    assert done.headers["location"] != where
    assert len(requests(fresh.home.district.store)) == 2


def test_a_request_without_mail_settings_sends_nothing(fresh):
    director = fresh.by_proxy("director")
    assert ask(fresh, director, waiting_case(fresh)).status == 303
    time.sleep(0.3)
    assert states(fresh) == []
    assert director.get("/requests/r-00000000").status == 422
