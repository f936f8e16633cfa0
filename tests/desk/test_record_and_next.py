"""After a verdict the next case opens; a verdict can be undone; reasons are offered again."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import update

from pipelines.actions.reasons import FIXED
from pipelines.desk.queue import next_case
from pipelines.findings.review import VERDICT_WORDS, VERDICTS
from pipelines.state.audit import open_chain
from pipelines.state.findings import history
from pipelines.state.reviews import last_verdicts
from pipelines.state.tables import REVIEWS
from tests.conftest import REPO_ROOT
from tests.desk.visiting import PEOPLE

REASON = "the lesson plan covers it"


def queue_of(visitor, query="show=waiting"):
    """Links of the queue, in its order."""
    links = visitor.get(f"/?{query}").links()
    return [one for one in links if one.startswith("/cases/")]


def ids(links):
    return [one.removeprefix("/cases/").partition("?")[0] for one in links]


def finding_ids(desk, case_id):
    found = next(one for one in desk.home.cases if one.case_id == case_id)
    return [row["finding_id"] for row in found.findings]


def acts(desk):
    return [
        (one.actor, one.action, one.subject, one.case, one.reason)
        for one in open_chain(desk.home.district.store, desk.home.home).entries()
        if one.action in ("verdict", "verdict undone", "comment")
    ]


@pytest.mark.parametrize(
    ("order", "decided", "left", "expected"),
    [
        ("abc", "a", "bc", "b"),
        ("abc", "b", "ac", "c"),
        ("abc", "c", "ab", "a"),
        ("abc", "b", "abc", "c"),
        ("abc", "b", "a", "a"),
        ("abc", "ab", "c", "c"),
        ("abc", "x", "abc", "a"),
        ("a", "a", "a", ""),
    ],
)
def test_the_next_case_follows_the_order_of_the_queue(order, decided, left, expected):
    assert next_case(list(order), list(decided), list(left)) == expected


def test_a_verdict_opens_the_next_case_of_the_same_filter(fresh):
    director = fresh.by_proxy("director")
    links = queue_of(director, "show=waiting&kind=shared_account")
    assert len(links) >= 2
    page = director.get(links[0])
    sent = page.form("/act/verdict") | {"code": "benign", "reason": REASON}
    done = director.post("/act/verdict", sent)
    assert done.status == 303
    where = done.headers["location"]
    assert where == unescape(links[1])
    assert "kind=shared_account" in where
    shown = director.get(where)
    label = next(one.label for one in fresh.home.cases if one.case_id == ids(links)[0])
    assert f"{label} is decided: benign" in shown.text
    assert shown.form("/act/undo")["cases"] == ids(links)[0]
    # the offer appears once, next to the confirmation
    assert 'action="/act/undo"' not in director.get(where).text


def test_an_undetermined_case_stays_open_and_the_desk_says_so(fresh):
    director = fresh.by_proxy("director")
    link = queue_of(director, "show=waiting")[0]
    page = director.get(link)
    assert "the logs cannot show it, and the case stays open" in page.text
    sent = page.form("/act/verdict") | {"code": "undetermined", "reason": REASON}
    done = director.post("/act/verdict", sent)
    label = next(one.label for one in fresh.home.cases if one.case_id == ids([link])[0])
    text = director.get(done.headers["location"]).text
    assert f"{label} stays open: undetermined" in text
    assert f"{label} is decided" not in text
    assert ids([link])[0] in ids(queue_of(director, "show=waiting"))


def test_the_guide_and_the_desk_have_the_same_verdicts():
    guide = (REPO_ROOT / "docs" / "how-to" / "review-findings.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \| \w+ \|$", guide, re.MULTILINE))
    words = {code: text.partition(": ")[2] for code, text in VERDICT_WORDS.items()}
    assert rows == words


def test_after_the_last_case_the_queue_opens(fresh):
    director = fresh.by_proxy("director")
    (only,) = [one for one in fresh.home.cases if one.case_id == ids(queue_of(director))[0]]
    query = f"q={only.label}"
    (link,) = queue_of(director, query)
    done = director.act(link, "verdict", code="benign", reason=REASON)
    assert done.headers["location"] == f"/?show=waiting&q={only.label}"


def test_an_undone_verdict_leaves_the_case_undecided_and_stays_in_the_history(fresh):
    director = fresh.by_proxy("director")
    first = ids(queue_of(director))[0]
    director.act(f"/cases/{first}", "verdict", code="violation", reason=REASON)
    assert first not in ids(queue_of(director))
    done = director.act(f"/cases/{first}", "undo")
    assert done.headers["location"].startswith(f"/cases/{first}")
    assert first in ids(queue_of(director))
    store = fresh.home.district.store
    counts = last_verdicts(store)
    for finding_id in finding_ids(fresh, first):
        changes = [row["change"] for row in history(store, finding_id)]
        if "verdict" in changes:
            assert changes[-2:] == ["verdict", "verdict undone"]
        assert finding_id not in counts
    actor = f"{PEOPLE['director'].partition('@')[0]}"
    undone = [one for one in acts(fresh) if one[1] == "verdict undone"]
    given = [one for one in acts(fresh) if one[1] == "verdict"]
    assert [one[2:] for one in undone] == [one[2:] for one in given]
    assert all(one[0].startswith(actor) for one in undone)


def test_an_undone_second_verdict_gives_way_to_the_first(fresh):
    analyst, director = fresh.by_proxy("analyst"), fresh.by_proxy("director")
    first = ids(queue_of(director))[0]
    analyst.act(f"/cases/{first}", "verdict", code="violation", reason=REASON)
    director.act(f"/cases/{first}", "verdict", code="benign", reason=REASON)
    director.act(f"/cases/{first}", "undo")
    counts = last_verdicts(fresh.home.district.store)
    decided = [counts[one] for one in finding_ids(fresh, first) if one in counts]
    assert {row["verdict"] for row in decided} == {"violation"}
    found = next(one for one in fresh.home.cases if one.case_id == first)
    assert found.status == "confirmed"


def test_only_the_same_person_undoes_and_only_for_ten_minutes(fresh):
    analyst, director = fresh.by_proxy("analyst"), fresh.by_proxy("director")
    first = ids(queue_of(director))[0]
    director.act(f"/cases/{first}", "verdict", code="benign", reason=REASON)
    assert "Undo my verdict" not in analyst.get(f"/cases/{first}").text
    token = analyst.get(f"/cases/{first}").hidden("token")
    refused = analyst.post("/act/undo", {"token": token, "cases": first})
    assert refused.status == 422
    assert "no verdict that you can undo" in refused.text
    own = director.get(f"/cases/{first}").form("/act/undo")
    earlier = (datetime.now(UTC) - timedelta(minutes=11)).isoformat()
    with fresh.home.district.store.writing() as connection:
        connection.execute(update(REVIEWS).values(time=earlier))
    assert director.post("/act/undo", own).status == 422
    assert "Undo my verdict" not in director.get(f"/cases/{first}").text
    assert [one[1] for one in acts(fresh)].count("verdict undone") == 0


def chips(page):
    return [
        (code, unescape(text))
        for code, text in re.findall(r'data-code="([^"]*)" data-text="([^"]*)"', page.text)
    ]


def test_reasons_with_names_are_not_offered_on_other_cases(fresh):
    director = fresh.by_proxy("director")
    case_ids = ids(queue_of(director))
    found = next(one for one in fresh.home.cases if one.case_id == case_ids[0])
    context = fresh.home.context(None)
    account, code_name = str(found.heaviest["subject"]), context.subject(found.heaviest)
    other = next(iter(fresh.home.district.registry.people_names.values())).split()[-1]
    for reason in (
        f"talked to {account} about it",
        f"{code_name} was on site",
        f"Confirmed with Ms. {other} today",
        "asked jo@school.example by mail",
        REASON,
    ):
        director.act(f"/cases/{case_ids[0]}", "verdict", code="benign", reason=reason)
    offered = chips(director.get(f"/cases/{case_ids[1]}"))
    assert offered[0] == ("benign", REASON)
    short = [(code, text) for code, texts in FIXED.items() for text in texts]
    assert offered == [("benign", REASON), *short]
    assert set(FIXED) == set(VERDICTS), "each verdict has reasons that fit it"
    # another person's reasons are theirs
    assert ("benign", REASON) not in chips(fresh.by_proxy("analyst").get(f"/cases/{case_ids[1]}"))


def test_at_most_six_own_reasons_for_a_verdict(fresh):
    director = fresh.by_proxy("director")
    case_id = ids(queue_of(director))[0]
    for number in range(8):
        director.act(
            f"/cases/{case_id}", "verdict", code="undetermined", reason=f"reason {number} of many"
        )
    short = [text for texts in FIXED.values() for text in texts]
    offered = chips(director.get(f"/cases/{case_id}"))
    own = [text for _, text in offered if text not in short]
    assert own == [f"reason {number} of many" for number in range(7, 1, -1)]


def with_two_findings(desk):
    return next(one for one in desk.home.cases if len(one.undecided) >= 2)


def test_a_verdict_for_one_finding_leaves_the_others_open(fresh):
    director = fresh.by_proxy("director")
    found = with_two_findings(fresh)
    one, *rest = [row["finding_id"] for row in found.undecided]
    page = director.get(f"/cases/{found.case_id}")
    assert f'<option value="{one}"' in page.text
    sent = page.form("/act/verdict") | {"code": "benign", "reason": REASON, "subject": one}
    done = director.post("/act/verdict", sent)
    assert done.headers["location"].startswith(f"/cases/{found.case_id}")
    assert set(last_verdicts(fresh.home.district.store)) == {one}
    shown = director.get(done.headers["location"])
    assert f"one finding of {found.label} is decided: benign" in shown.text
    left = next(case for case in fresh.home.cases if case.case_id == found.case_id)
    assert [row["finding_id"] for row in left.undecided] == rest


def test_a_finding_of_another_case_is_refused(fresh):
    director = fresh.by_proxy("director")
    found = with_two_findings(fresh)
    other = next(one for one in fresh.home.cases if one is not found)
    sent = director.get(f"/cases/{found.case_id}").form("/act/verdict")
    sent |= {"code": "benign", "reason": REASON, "subject": other.findings[0]["finding_id"]}
    assert director.post("/act/verdict", sent).status == 422
    assert not acts(fresh)


def test_a_comment_appears_in_the_history_and_contains_no_name(fresh):
    keeper = fresh.by_proxy("custodian")
    found = next(one for one in fresh.home.cases if one.case_id == ids(queue_of(keeper))[0])
    where = f"/cases/{found.case_id}"
    account = str(found.heaviest["subject"])
    refused = keeper.act(where, "comment", text=f"I know {account.upper()} well.")
    assert refused.status == 422
    assert "the comment names" in refused.text
    assert keeper.act(where, "comment", text="The lab was open\nlate.").status == 303
    history_part = keeper.get(where).text.partition('id="history"')[2]
    assert "The lab was open late." in history_part
    assert account not in history_part
    (act,) = acts(fresh)
    assert act[1] == "comment"
    assert act[3:] == (found.case_id, "The lab was open late.")
