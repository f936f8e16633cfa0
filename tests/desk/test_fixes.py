"""A list is corrected from a case: previewed, written by one road, and taken back."""

import pytest

from pipelines.actions.context import ActionContext
from pipelines.actions.fixes import corrections
from pipelines.district import open_district
from pipelines.settings.home import DistrictHome
from tests.desk.conftest import with_settings
from tests.desk.test_acts import REASON, entries, run, tried
from tests.desk.visiting import open_desk


def offered(home):
    """Return for each kind of correction the cases that allow it, with the choices."""
    found = {}
    with open_district(home) as district:
        context = ActionContext(district, None)
        for case in context.cases:
            for action, values in corrections(context, case):
                choices = {name: list(known) for name, known in values.items() if name != "case"}
                found.setdefault(action.name, []).append((case.case_id, choices))
    return found


def statuses(home, case_id):
    with open_district(home) as district:
        found = ActionContext(district, None).find_case(case_id)
        return {row["rule"]: row["status"] for row in found.findings}


def registry_file(home, name):
    return (DistrictHome(home).registry / name).read_bytes()


def sent_from(visitor, case_id, name, picked):
    page = visitor.get(f"/cases/{case_id}")
    assert f'action="/try/{name}"' in page.text
    return {"token": page.hidden("token"), "case": case_id, "reason": REASON, **picked}


@pytest.fixture(scope="module")
def choices(district):
    found = offered(district.home)
    assert {"fix-leave", "fix-duty", "fix-owner", "fix-building", "fix-role"} == set(found)
    return found


def test_canceled_leave_closes_its_case_and_can_be_taken_back(
    district, choices, tmp_path, sockets, secret
):
    case_id, known = choices["fix-leave"][0]
    (finding, *_) = known["finding"]
    by_page = with_settings(district.copy(tmp_path / "page"))
    by_command = district.copy(tmp_path / "command")
    before = registry_file(by_page, "leave.csv")
    with open_desk(by_page, sockets / "leave") as desk:
        visitor = desk.by_proxy("director")
        sent = sent_from(visitor, case_id, "fix-leave", {"finding": finding})
        tried(visitor, sent, "fix-leave")
        assert registry_file(by_page, "leave.csv") == before
        assert visitor.post("/act/fix-leave", sent).headers["location"] == f"/cases/{case_id}"
        page = visitor.get(f"/cases/{case_id}")
        assert "leave.csv is corrected" in page.text
        assert "Corrected from this case: leave.csv" in page.text
        names = [row.split(",")[0] for row in before.decode().splitlines()[1:]]
        assert not any(name in page.text for name in names)
        assert "corrections from case" in visitor.get("/proposals").text
    after = registry_file(by_page, "leave.csv")
    assert after.count(b"cancelled") == before.count(b"cancelled") + 1
    words = ("fix", "leave", case_id, "--finding", finding, "--reason", REASON)
    shown = run(by_command, *words).out
    assert "Leave of the owner of" in shown
    assert "closes." in shown
    assert registry_file(by_command, "leave.csv") == before
    run(by_command, *words, "--save")
    assert registry_file(by_command, "leave.csv") == after
    assert entries(by_page)[-1][1:] == entries(by_command)[-1][1:]
    assert entries(by_page)[-1][1:4] == ["list corrected", "leave.csv", case_id]
    rule = next(rule for rule, status in statuses(by_page, case_id).items() if rule == "SA-3")
    run(by_page, "run")
    assert statuses(by_page, case_id)[rule] == "withdrawn"
    with open_desk(by_page, sockets / "leave-back") as desk:
        visitor = desk.by_proxy("director")
        done = visitor.act(f"/cases/{case_id}", "proposal-back", reason=REASON)
        assert done.headers["location"] == f"/cases/{case_id}"
        assert "Corrected from this case" not in visitor.get(f"/cases/{case_id}").text
    assert registry_file(by_page, "leave.csv") == before
    run(by_page, "run")
    assert statuses(by_page, case_id)[rule] == "open"


def test_each_correction_writes_its_row_and_takes_it_back(district, choices, tmp_path):
    home = district.copy(tmp_path)
    options = {
        "fix-duty": ("staff_duty.csv", {}, "--finding"),
        "fix-owner": ("devices.csv", {"to": "shared"}, "--device"),
        "fix-building": ("devices.csv", {}, "--of"),
        "fix-role": ("accounts.csv", {"to": "role_shared"}, "--account"),
    }
    for name, (file, fixed, option) in options.items():
        before = registry_file(home, file)
        case_id, known = choices[name][0]
        values = {one: values[0] for one, values in known.items()} | fixed
        if name == "fix-building":
            values["building"] = known["building"][-1]
        subject = values.pop(option.removeprefix("--"))
        words = [option, subject, *(x for one in values.items() for x in (f"--{one[0]}", one[1]))]
        kind = name.removeprefix("fix-")
        run(home, "fix", kind, case_id, *words, "--reason", REASON, "--save")
        after = registry_file(home, file)
        assert before != after
        again = run(home, "fix", kind, case_id, *words, "--reason", REASON, "--save", code=2)
        assert "the list already has it so" in again.err
        run(home, "check")
        run(home, "propose", "--take-back", f"case:{case_id}", "--reason", REASON)
        assert registry_file(home, file) == before or _same_rows(before, home, file)


def _same_rows(before, home, file):
    """A column that a correction needed stays, without a value."""
    rows = [line.rstrip(",") for line in before.decode().splitlines()]
    now = [line.rstrip(",") for line in registry_file(home, file).decode().splitlines()]
    return rows[1:] == now[1:]


def test_a_correction_needs_the_right_a_reason_and_a_choice_of_the_case(
    district, choices, tmp_path, sockets, secret
):
    home = with_settings(district.copy(tmp_path))
    case_id, known = choices["fix-leave"][0]
    before = registry_file(home, "leave.csv")
    with open_desk(home, sockets / "refused") as desk:
        analyst = desk.by_proxy("analyst")
        page = analyst.get(f"/cases/{case_id}")
        assert "Correct a list" not in page.text
        sent = {"token": page.hidden("token"), "case": case_id, "reason": REASON}
        sent["finding"] = known["finding"][0]
        assert analyst.post("/try/fix-leave", sent).status == 403
        assert analyst.post("/act/fix-leave", sent).status == 403
        director = desk.by_proxy("director")
        own = sent_from(director, case_id, "fix-leave", {"finding": "f-0"})
        assert "is not one of the choices" in director.post("/try/fix-leave", own).text
        short = own | {"finding": known["finding"][0], "reason": "no"}
        assert "a reason is needed" in director.post("/try/fix-leave", short).text
    assert registry_file(home, "leave.csv") == before


def test_a_list_edited_since_the_preview_is_not_overwritten(
    district, choices, tmp_path, sockets, secret
):
    home = with_settings(district.copy(tmp_path))
    case_id, known = choices["fix-leave"][0]
    with open_desk(home, sockets / "edited") as desk:
        director = desk.by_proxy("director")
        sent = sent_from(director, case_id, "fix-leave", {"finding": known["finding"][0]})
        tried(director, sent, "fix-leave")
        file = DistrictHome(home).registry / "leave.csv"
        edited = file.read_bytes().replace(b",approved", b",pending")
        file.write_bytes(edited)
        refused = director.post("/act/fix-leave", sent)
        assert refused.status == 422
        assert file.read_bytes() == edited


def test_no_one_corrects_a_list_from_a_case_about_their_own_account(
    district, choices, tmp_path, sockets, secret
):
    home = with_settings(district.copy(tmp_path))
    case_id, known = choices["fix-leave"][0]
    with open_district(home) as district_now:
        subject = ActionContext(district_now, None).find_case(case_id).heaviest["subject"]
    with open_desk(home, sockets / "own") as desk:
        director = desk.by_proxy("director", f"{subject}@school.example")
        page = director.get(f"/cases/{case_id}")
        assert "Correct a list" not in page.text
        sent = {"token": page.hidden("token"), "case": case_id, "reason": REASON}
        refused = director.post("/try/fix-leave", sent | {"finding": known["finding"][0]})
        assert refused.status == 403
        assert "own account" in refused.text


def test_the_queue_shows_what_would_keep_decided_cases_away(
    district, choices, tmp_path, sockets, secret
):
    home = with_settings(district.copy(tmp_path))
    on_leave = [case_id for case_id, _ in choices["fix-leave"]]
    leave = on_leave[0]
    duty = next(case_id for case_id, _ in choices["fix-duty"] if case_id not in on_leave)
    with open_desk(home, sockets / "lately") as desk:
        director = desk.by_proxy("director")
        assert "in seven days" not in director.get("/").text
        decide = {"reason": REASON, "code": "data_fault"}
        director.act(f"/cases/{leave}", "verdict", **decide)
        director.act(f"/cases/{duty}", "verdict", **decide | {"code": "authorized"})
        page = director.get("/").text
        assert "You decided 2 cases in seven days, 2 without a violation" in page
        assert "1 was during leave on file" in page
        assert f'href="/cases/{leave}#fix"' in page
        assert "1 was outside the duty hours on file" in page
        # another person's decisions, and violations, are not counted
        assert "in seven days" not in desk.by_proxy("director", "ada").get("/").text
        director.act(f"/cases/{duty}", "verdict", **decide | {"code": "violation"})
        page = director.get("/").text
        assert "You decided 2 cases in seven days, 1 without a violation" in page
        assert "outside the duty hours" not in page
        sent = sent_from(
            director, leave, "fix-leave", {"finding": choices["fix-leave"][0][1]["finding"][0]}
        )
        tried(director, sent, "fix-leave")
        director.post("/act/fix-leave", sent)
        page = director.get("/").text
        assert "From 1 of them you corrected a list." in page
        assert "1 was during leave" not in page
