"""No page spells a name: every page, for every role, before and after a request."""

import re
from html import unescape
from itertools import pairwise

import pytest
from sqlalchemy import update

from pipelines.state.audit import open_chain
from pipelines.state.tables import REQUESTS
from tests.desk.visiting import USERS

REASON = "the hearing of Monday"
MAX_PAGES = 80


@pytest.fixture(scope="module")
def planted(desk):
    """Every account, person and device that the registry or a finding names."""
    district = desk.home.district
    frames = district.registry.frames
    names = set(frames["accounts"]["account"]) | set(frames["devices"]["device"])
    names |= {name for name in district.registry.people_names.values() if name}
    for case in desk.home.cases:
        for row in case.findings:
            names |= {row["subject"], *row["record"]["devices"]}
    return {name.casefold() for name in names if len(name) > 3}


WORD = re.compile(r"[\w.@-]+(?: [\w.@-]+)?")


ALIKE = ("/cases/", "/sites?", "/decide?", "/use?", "/apps?", "/?")
"""Pages of which a few are enough."""


def spelt(text, planted):
    """Planted names that are in a page, as separate words."""
    plain = unescape(re.sub(r"<[^>]+>", " ", text)).casefold() + " " + text.casefold()
    words = re.findall(r"[\w@-]+(?:\.[\w@-]+)*", plain)
    pairs = {f"{a} {b}" for a, b in pairwise(words)}
    return (set(words) | pairs) & planted


def crawled(visitor):
    """Return every page that links lead to, each kind of case page a few times."""
    waiting, seen, pages = ["/"], set(), {}
    while waiting and len(pages) < MAX_PAGES:
        where = waiting.pop(0)
        if where in seen or where.startswith("/assets/"):
            continue
        seen.add(where)
        answer = visitor.get(where)
        pages[where] = answer
        if answer.status == 303:
            waiting.append(answer.headers["location"])
        # a case is the same page with and without the filter of the queue
        links = [
            one.partition("?")[0] if one.startswith("/cases/") else one for one in answer.links()
        ]
        waiting += [one for one in links if not one.startswith(ALIKE)]
        for alike in ALIKE:
            waiting += [one for one in links if one.startswith(alike)][:4]
    return pages


@pytest.mark.parametrize("role", USERS)
def test_a_crawl_finds_no_name(desk, planted, role):
    visitor = desk.by_proxy(role)
    pages = crawled(visitor)
    kinds = {where.split("/")[1].partition("?")[0] for where in pages}
    if role != "operator":
        assert {"", "cases", "sites", "requests", "exceptions", "weeks", "acts"} <= kinds
        assert any(where.endswith("/letter") for where in pages)
        assert len(pages) > 20
    if role in ("director", "analyst"):
        assert "decide" in kinds
    # anyone who acted is in the audit record under their login
    chain = open_chain(desk.home.district.store, desk.home.home)
    actors = {one.actor.rpartition(" (")[0].casefold() for one in chain.entries()}
    for where, answer in pages.items():
        assert answer.status in (200, 303, 403), where
        assert answer.headers["cache-control"] == "no-store"
        known = actors if where.startswith("/acts") else set()
        assert spelt(answer.text, planted) - known == set(), where


def test_the_crawl_would_find_one(planted):
    name = min(planted)
    assert spelt(f"<p>It is {name}.</p>", planted) == {name}


def test_a_name_is_shown_once_to_who_asked_and_only_while_it_is_approved(desk, planted, cases):
    director, keeper = desk.by_proxy("director"), desk.by_proxy("custodian")
    # a case about a system names no account
    tokens = (
        (case, re.search(r"ccount ([a-z-]+-\d+)", director.get(f"/cases/{case}").text))
        for case in reversed(cases[8:])  # others ask for names of the first ones
    )
    case, token = next((case, found[1]) for case, found in tokens if found)

    def ask(visitor):
        hidden = visitor.get(f"/cases/{case}").form("/act/reveal")
        return visitor.post("/act/reveal", hidden | {"name": token, "reason": REASON})

    for _ in range(2):
        sent_on = ask(director)
        assert sent_on.status == 303
        page = director.get(sent_on.headers["location"])
        assert "for approval" in page.text
        assert spelt(page.text, planted) == set()
    assert keeper.act("/requests", "approve").status == 303
    # who approved sees nothing by that
    assert ask(keeper).status == 303
    told = ask(director)
    assert told.status == 200
    assert spelt(told.text, planted)
    assert told.headers["cache-control"] == "no-store"
    for where in (f"/cases/{case}", "/", "/acts", "/requests"):
        assert spelt(director.get(where).text, planted) == set(), where
    store = desk.home.district.store
    with store.writing() as connection:
        old = "2020-01-01T00:00:00+00:00"
        connection.execute(update(REQUESTS).values(asked_time=old, used_time=old))
    again = ask(director)
    assert again.status == 303
    assert spelt(director.get(again.headers["location"]).text, planted) == set()


def test_a_summary_for_cards_that_names_somebody_is_refused(desk, planted, cases):
    case = desk.home.context(None).case(cases[7])
    director = desk.by_proxy("director")
    subject = case.findings[0]["subject"]
    said = {"text": f"I, {subject}, was away.", "summary": f"{subject} was away."}
    refused = director.act(f"/cases/{case.case_id}", "answer", **said)
    assert refused.status == 422
    said["summary"] = "Says that a colleague drove the bus that day."
    assert director.act(f"/cases/{case.case_id}", "answer", **said).status == 303
    page = director.get(f"/cases/{case.case_id}").text
    assert "drove the bus" in page
    assert spelt(page, planted) == set()
    letter = director.get(f"/cases/{case.case_id}/letter").text
    assert "drove the bus" in letter
