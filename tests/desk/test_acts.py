"""Every act is one function: the command and the page leave the same audit entry."""

import json
import re
import time
import zipfile
from dataclasses import asdict
from datetime import date

import pytest
import typer

from pipelines.actions import fixes
from pipelines.actions import owner_questions as asking
from pipelines.actions.action import actions_of, every_action
from pipelines.actions.kept_evidence import HoldDaysInput
from pipelines.actions.permits import ExceptionEndInput, ExceptionInput
from pipelines.actions.referral_access import GrantInput
from pipelines.actions.referrals import ReferInput
from pipelines.actions.verdicts import SignInput, VerdictInput, VerdictManyInput, revisions_of
from pipelines.cli import options
from pipelines.cli.app import GROUPS, app
from pipelines.district import open_district
from pipelines.errors import SchoolbellError, SettingsError
from pipelines.findings.cases import week_of
from pipelines.findings.review import VERDICT_WORDS, VERDICTS
from pipelines.reports.sign_off import open_cases, week_monday
from pipelines.settings.home import DistrictHome
from pipelines.state.audit import open_chain
from pipelines.state.connections import open_store
from pipelines.state.published_reports import report_facts
from pipelines.state.retention import holds
from pipelines.state.reviews import inquiries, referrals, requests
from tests.desk.conftest import with_settings
from tests.desk.visiting import GROUPS as SYSTEM_GROUPS
from tests.desk.visiting import USERS, as_system_user, open_desk
from tests.journey.commands import schoolbell

REASON = "the hearing of Monday"
LOOKING = {
    "rerun",
    "findings list", "findings cases", "findings history", "findings show",
    "findings explain", "findings feedback", "findings permits", "audit verify",
    "audit show", "audit lookups", "hold list", "referrals list", "inquiry list",
    "questions list", "questions paper", "sites list", "report readers",
    "desk account list", "records list", "records draft", "records show", "rule try",
}  # fmt: skip
"""Commands that only look; pages show the same."""
ELSEWHERE = {
    "desk": "it is the desk",
    "desk account add": "nobody makes accounts for the desk at the desk",
    "desk account accept": "the same",
    "desk account end": "the same",
    "roles": "the account that owns the home accepts them, and no role",
    "report": "it publishes; a run does so by itself",
}


ONLY_AT_DESK = {
    "save-view": "a person's own list of the queue page",
    "remove-view": "the same",
    "office-bundle": "people of other offices have no account on the machine",
}


def commands_of(group, path):
    if hasattr(group, "commands"):
        for name, one in group.commands.items():
            yield from commands_of(one, (*path, name))
        if group.invoke_without_command:
            yield " ".join(path)
    else:
        yield " ".join(path)


def review_commands():
    root = typer.main.get_command(app)
    for name in (*GROUPS["Review"], "hold", "report", "propose", "rule", "setup"):
        yield from commands_of(root.commands[name], (name,))


def test_every_command_act_has_a_page_and_every_page_act_a_command():
    acting = set(review_commands()) - LOOKING - set(ELSEWHERE)
    forms = every_action().values()
    commands = {form.name: form.command or form.of_command for form in forms}
    assert {command for command in commands.values() if command} == acting
    assert {name for name, command in commands.items() if not command} == set(ONLY_AT_DESK)
    assert set(review_commands()) >= LOOKING | set(ELSEWHERE)
    assert set(VERDICT_WORDS) == set(VERDICTS)


def test_a_form_gives_no_value_that_only_a_command_may_give():
    sent = {"case": "c-1", "code": "benign", "reason": REASON}
    given = VerdictInput.of_form(sent | {"again": "1", "subject": " "})
    assert given == VerdictInput.of_form(sent)
    assert (given.case, given.subject, given.again) == ("c-1", "all", False)
    # several cases are sent under separate names
    many = VerdictManyInput.of_form(sent | {"case.c-2": "r"})
    assert revisions_of(many.model_extra) == {"c-2": "r"}
    limited = {"case": "c-1", "finding": "f-1", "until": "2026-12-18", "reason": REASON}
    assert ExceptionInput.of_form(limited | {"since": "2020-01-01"}).since is None
    # nothing was confirmed, so none is accepted
    assert SignInput.of_form({"week": "2026-W43", "by": "x", "open": "many"}).open == 0


@pytest.mark.parametrize(
    ("input_", "values", "what"),
    [
        (ReferInput, {"case": "c-1", "office": "moon"}, "'moon' is not one of the choices"),
        (HoldDaysInput, {"first": "soon", "last": "2026-10-20"}, "'soon' is not a date"),
        (GrantInput, {"referral": "g-1", "login": "x", "until": "soon"}, "'soon' is not a date"),
    ],
)
def test_a_wrong_value_is_named_by_its_label_or_its_option(input_, values, what):
    sent = values | {"reason": REASON}
    with pytest.raises(SettingsError, match=what) as on_page:
        input_.of_form(sent)
    assert on_page.value.where in ("To", "First day", "Last day")
    if any(one.option for one in input_.values if one.name in ("office", "until")):
        with pytest.raises(SettingsError, match=what) as by_command:
            input_.of_command(sent)
        assert by_command.value.where in ("--to", "--until")


def test_a_blank_field_is_one_that_was_not_given():
    sent = {"exception": "X-001", "reason": REASON, "wholly": " "}
    assert ExceptionEndInput.of_form(sent).wholly is False
    with pytest.raises(SchoolbellError, match="not filled in: Reason"):
        ExceptionEndInput.of_form(sent | {"reason": " "})


SEEN = ("sign in", "read case")
"""What the desk notes beside acts: who came, and who looked."""


def entries(home):
    store = open_store(DistrictHome(home).state_db)
    found = [
        asdict(one)
        for one in open_chain(store, DistrictHome(home)).entries()
        if one.action not in SEEN
    ]
    store.close()
    kept = ("actor", "action", "subject", "case", "reason")
    drawn = {}

    def same(text):
        """Return what is drawn by lot or holds a time, by the order in which it comes."""
        text = re.sub(r"[0-9a-f]{64}", "HASH", text)
        return re.sub(
            r"\b[rhgsqn]-[0-9a-f]{8}\b",
            lambda found: drawn.setdefault(found[0], f"{found[0][0]}-{len(drawn)}"),
            text,
        )

    return [[same(one[name]) for name in kept] for one in found]


def newest(home, what):
    """Return the id that was drawn last for a hold, a referral, an inquiry or a request."""
    store = open_store(DistrictHome(home).state_db)
    rows = {
        "h": lambda: [one.hold_id for one in sorted(holds(store), key=lambda one: one.time)],
        "g": lambda: [one["referral_id"] for one in referrals(store)],
        "q": lambda: [one["inquiry_id"] for one in inquiries(store)],
        "r": lambda: [one["request_id"] for one in requests(store)][::-1],
    }[what]()
    store.close()
    return rows[-1]


def run(home, *words, code=0):
    done = schoolbell(*words, "--home", home)
    assert done.code == code, done.err + done.out
    return done


def listed(home):
    out = run(home, "findings", "list", "--json").out
    return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def chosen(district):
    rows = [row for row in listed(district.home) if row["status"] == "open"]
    return next(row for row in rows if row["rule"] == "SA-1")


def test_the_same_acts_leave_the_same_entries(district, tmp_path, sockets, monkeypatch, chosen):
    case, finding, token = chosen["case_id"], chosen["finding_id"], chosen["account"]
    account = account_of(district.home, token, case, tmp_path)
    values = {"case": case, "reason": REASON}
    week = report_week(district.home)
    inquiry = {"account": account, "first": "2026-10-19", "last": "2026-10-21",
               "office": "hr", "authorized_by": "J. Park, HR"}  # fmt: skip
    site = {"site": "lessons.example.org", "class": "sanctioned", "roles": "staff",
            "first": "2026-10-01", "until": "2027-05-01", "reason": REASON}  # fmt: skip
    statement = tmp_path / "said.txt"
    statement.write_text("I was lent a laptop that day.")

    wish = tmp_path / "wish.txt"
    wish.write_text("All domains that were refused.")
    record = "PR-2026-001"
    wished = {"requester": "desk@news.example", "received": "2026-10-26",
              "text": wish.read_text()}  # fmt: skip
    opened = ("records", "open", "--requester", "desk@news.example", "--received",
              "2026-10-26", "--text", wish)  # fmt: skip

    def out(name):
        return tmp_path / name

    steps = [
        ("site", site,
         ("sites", "decide", "lessons.example.org", "--roles", "staff", "--from",
          "2026-10-01", "--until", "2027-05-01", "--reason", REASON, "--save")),
        ("app", {"app": "Reading Room", "hosts": "readingroom.example", "kind": "learning",
                 "asked": "2026-10-20", "owner": "library", "reason": REASON},
         ("sites", "app", "Reading Room", "--hosts", "readingroom.example", "--kind",
          "learning", "--asked", "2026-10-20", "--owner", "library", "--reason", REASON,
          "--save")),
        ("assign", values | {"assignee": "ada"},
         ("findings", "assign", case, "ada", "--reason", REASON)),
        ("verdict", values | {"code": "benign"},
         ("findings", "verdict", case, "benign", "--reason", REASON)),
        ("undo", {"cases": case}, ("findings", "undo", case)),
        ("verdict", values | {"code": "benign"},
         ("findings", "verdict", case, "benign", "--reason", REASON)),
        ("ticket", {"case": case, "ticket": "NET-1042"},
         ("findings", "ticket", case, "NET-1042")),
        ("comment", {"case": case, "text": "The lab was open late."},
         ("findings", "comment", case, "--text", "The lab was open late.")),
        ("exception", values | {"finding": finding, "scope": "account",
                                "until": "2026-12-18"},
         ("findings", "exception", finding, "--reason", REASON, "--until",
          "2026-12-18")),
        ("exception-end", {"exception": "X-001", "reason": REASON, "wholly": "1"},
         ("findings", "exception-end", "X-001", "--reason", REASON, "--wholly")),
        ("hold", values, ("hold", "add", "--case", case, "--reason", REASON)),
        ("hold-days", {"first": "2026-10-19", "last": "2026-10-20", "reason": REASON},
         ("hold", "add", "--from", "2026-10-19", "--to", "2026-10-20", "--reason",
          REASON)),
        ("release", {"hold": "@h", "reason": REASON},
         ("hold", "release", "@h", "--reason", REASON)),
        ("pack", values, ("findings", "pack", case, "--to", out("a.zip"), "--reason",
                          REASON)),
        ("pack", values | {"names": "1"},
         ("findings", "pack", case, "--to", out("b.zip"), "--reason", REASON,
          "--names")),
        ("export", values, ("findings", "export", "--case", case)),
        ("export", values | {"names": "1"},
         ("findings", "export", "--case", case, "--names", "--reason", REASON)),
        ("reveal", values | {"name": token},
         ("reveal", token, "--case", case, "--reason", REASON)),
        ("answer", {"case": case, "text": statement.read_text(),
                    "summary": "Lent a laptop.", "tests": "devices.csv"},
         ("answer", case, "--file", statement, "--summary", "Lent a laptop.",
          "--tests", "devices.csv")),
        ("refer", values | {"office": "hr"},
         ("refer", case, "--to", "hr", "--reason", REASON, "--out", out("c.zip"))),
        ("acknowledge", {"referral": "@g"},
         ("referrals", "acknowledge", "@g")),
        ("return", {"referral": "@g", "code": "benign"},
         ("referrals", "return", "@g", "benign")),
        ("inquire", inquiry | {"reason": REASON},
         ("inquiry", "open", "--account", account, "--from", "2026-10-19", "--to",
          "2026-10-21", "--for", "hr", "--by", "J. Park, HR", "--reason", REASON)),
        ("release-inquiry", {"inquiry": "@q"},
         ("inquiry", "release", "@q", "--out", out("d.zip"))),
        ("record-open", wished, opened),
        ("record-scope", {"record": record, "relation": "blocked_domains",
                          "first": "2026-10-19", "last": "2026-10-21",
                          "columns": "day, domain, requests"},
         ("records", "scope", record, "--relation", "blocked_domains", "--days",
          "2026-10-19..2026-10-21", "--column", "day", "--column", "domain",
          "--column", "requests")),
        ("record-decide", {"record": record, "item": "sensitive_sites",
                           "decision": "mask", "exemption": "e 1", "reason": REASON},
         ("records", "decide", record, "sensitive_sites", "mask", "--exemption", "e 1",
          "--reason", REASON)),
        ("record-approve", {"record": record}, ("records", "approve", record)),
        ("record-release", {"record": record},
         ("records", "release", record, "--to", out("records"))),
        ("record-open", wished, opened),
        ("record-close", {"record": "PR-2026-002", "reason": REASON},
         ("records", "close", "PR-2026-002", "--reason", REASON)),
        ("sign", {"week": week, "by": "J. Park, director", "open": "@open"},
         ("report", "sign", week, "--by", "J. Park, director")),
    ]  # fmt: skip
    by_command, by_page = tmp_path / "command", tmp_path / "page"
    for folder in (by_command, by_page):
        folder.mkdir()
    left, right = district.copy(by_command), district.copy(by_page)
    for _, _, words in steps:
        run(left, *(drawn(left, one) for one in words))
    elsewhere = {"approve", "refuse", "proposal", "proposal-group", "proposal-back",
                 "verdict-many", "stop-mail", "resume-mail", "test-mail", "grant", "end-grant",
                 "send-ticket", "receipt", "office-answer", "office-statement", "fetched-lists",
                 "threshold", *ONLY_AT_DESK,
                 *(one.name for part in (fixes, asking) for one in actions_of(part))}  # fmt: skip
    assert {name for name, _, _ in steps} | elsewhere == set(every_action())
    with open_desk(right, sockets / "same") as desk:
        visitor = desk.visitor()
        for name, fields, _ in steps:
            page = visitor.get(f"/cases/{case}")
            about = page.form("/act/verdict")
            sent = {"token": about["token"], "revision": about["revision"]}
            sent |= {key: drawn(right, value) for key, value in fields.items()}
            if name in ("site", "app"):
                tried(visitor, sent, name)
            if "record" in fields:
                sent |= visitor.get(f"/records/{sent['record']}").form(f"/act/{name}")
            done = visitor.post(f"/act/{name}", sent)
            assert done.status in (200, 303), (name, done.text)
            if name == "record-release":
                assert done.body == (out("records") / f"{record}.zip").read_bytes()
    assert entries(right) == entries(left)
    acted = {one[1] for one in entries(left)}
    assert {
        "verdict",
        "referred",
        "statement",
        "inquiry released",
        "site approved",
        "sign week",
    } <= acted
    with zipfile.ZipFile(out("c.zip")) as pack:
        letter = pack.read("letter.html").decode()
        assert account in letter
        assert "Lent a laptop." in letter
        assert "I was lent a laptop" in "".join(
            pack.read(one).decode() for one in pack.namelist() if one.startswith("statements/")
        )


def drawn(home, value):
    """`@h` represents the newest hold, and so on."""
    if value == "@open":
        return str(open_in(home, report_week(home)))
    is_one = isinstance(value, str) and value.startswith("@")
    return newest(home, value[1]) if is_one else value


def open_in(home, week):
    """The number of cases that need a decision in the report of a week."""
    with open_district(home) as district:
        return len(open_cases(district.store, district.home, district.reading, week_monday(week)))


def tried(visitor, sent, act):
    """What changes the registry is tried first; saving it before that is refused. The preview."""
    assert visitor.post(f"/act/{act}", sent).status == 409
    where = visitor.post(f"/try/{act}", sent).headers["location"]
    for _ in range(600):
        page = visitor.get(where)
        assert page.status == 200, page.text
        if f'action="/act/{act}"' in page.text:
            return page.text
        time.sleep(0.05)
    raise AssertionError("the trial never ended")


def account_of(home, token, case, tmp_path):
    (tmp_path / "known").mkdir()
    import shutil

    known = tmp_path / "known" / "district"
    shutil.copytree(home, known)
    told = run(known, "reveal", token, "--case", case, "--reason", REASON, "--json").out
    return json.loads(told)["value"]


def report_week(home):
    with open_district(home) as district:
        rows = [row for row in report_facts(district.store) if row["facts"]["is_over"]]
    return week_of(date.fromisoformat(rows[-1]["week"]))


def test_two_people_leave_the_same_entries(
    district, tmp_path, sockets, secret, monkeypatch, chosen
):
    """One asks, another approves or refuses: at the socket as at a terminal."""
    case, token = chosen["case_id"], chosen["account"]
    left, right = tmp_path / "left", tmp_path / "right"
    for folder in (left, right):
        folder.mkdir()
    left = with_settings(district.copy(left))
    right = with_settings(district.copy(right))
    asked = ("reveal", token, "--case", case, "--reason", REASON)

    def as_user(role, *words, code=0):
        import pwd

        uid = pwd.getpwnam(USERS[role]).pw_uid
        monkeypatch.setattr(options, "_uid", lambda: uid)
        known = (USERS[role], [SYSTEM_GROUPS[role]])
        monkeypatch.setattr(options, "_known", lambda _uid: known)
        return run(left, *words, code=code)

    as_user("director", *asked, code=77)
    as_user("director", "findings", "approve", newest(left, "r"), code=77)
    as_user("custodian", "findings", "refuse", newest(left, "r"), "--reason", REASON)
    as_user("director", *asked, code=77)
    as_user("custodian", "findings", "approve", newest(left, "r"))
    as_user("director", *asked)
    with (
        open_desk(right, sockets / "two") as desk,
        as_system_user(desk.path, USERS["director"]) as director,
        as_system_user(desk.path, USERS["custodian"]) as custodian,
    ):
        sent_on = asked_at(director, case, token)
        assert sent_on.status == 303
        told = director.get(sent_on.headers["location"]).text
        assert (
            "Sent to another director or the custodian or the superintendent for approval" in told
        )
        assert "Not done" not in told
        own = director.get("/requests")
        assert "Waiting for another person" in own.text
        sent = {"token": own.hidden("token"), "request": newest(right, "r")}
        assert director.post("/act/approve", sent).status == 403
        done = custodian.act("/requests", "refuse", reason=REASON)
        assert done.status == 303
        assert asked_at(director, case, token).status == 303
        assert custodian.act("/requests", "approve").status == 303
        told = asked_at(director, case, token)
        assert told.status == 200
        assert told.headers["cache-control"] == "no-store"
    assert entries(right) == entries(left)


def asked_at(visitor, case, code_name):
    """Ask whose a code name is, on the page of its case."""
    page = visitor.get(f"/cases/{case}")
    hidden = page.form("/act/reveal")
    pairs = [("token", hidden["token"]), ("revision", hidden["revision"]),
             ("case", case), ("name", code_name), ("reason", REASON)]  # fmt: skip
    return visitor.post("/act/reveal", dict(pairs))
