"""`findings exception|permits|feedback`: entered, counted, taken back; how rules do."""

import json

import pytest

from pipelines.district import open_district
from pipelines.refresh.steps import build_and_judge
from pipelines.settings.home import DistrictHome
from pipelines.state.audit import open_chain
from pipelines.state.connections import open_store
from tests.journey.commands import schoolbell

REASON = "agreed with the principal"
LAST = "2026-12-18"


@pytest.fixture(scope="module")
def home(district, tmp_path_factory):
    return district.copy(tmp_path_factory.mktemp("permits"))


def run(home, *words, code=0):
    done = schoolbell("findings", *words, "--home", home)
    assert done.code == code, done.err
    return done


def rows(home, *words):
    return [json.loads(line) for line in run(home, *words, "--json").out.splitlines()]


def one_site(home):
    """Return a finding about one site, so that a site can be excepted."""
    return next(one for one in rows(home, "list") if one["rule"] == "NA-1")


def now(home, finding_id):
    found = rows(home, "list", "--leads")
    return next(one for one in found if one["finding_id"] == finding_id)


def judged_again(home):
    with open_district(home) as district:
        return build_and_judge(district)


def file_of(home):
    return DistrictHome(home).registry / "exceptions.csv"


def test_an_exception_hides_from_the_next_run_and_taking_it_back_shows(home):
    one, before = one_site(home), file_of(home).read_bytes()
    wish = ("--until", LAST, "--scope", "site", "--reason", REASON)
    said = run(home, "exception", one["finding_id"], *wish).out
    ident = said.split(":")[0]
    assert file_of(home).read_bytes().startswith(before)

    # no model depends on it
    assert not any(judged_again(home).built.days.values())
    hidden = now(home, one["finding_id"])
    assert (hidden["status"], hidden["status_reason"]) == (
        "explained",
        f"exception {ident}",
    )
    permit = next(row for row in rows(home, "permits") if row["permit_id"] == ident)
    assert permit["hides"]["NA-1"] >= 1

    taken = ("--wholly", "--reason", "entered by mistake", "--json")
    told = json.loads(run(home, "exception-end", ident, *taken).out)
    assert told == {"exception_id": ident, "last_day": None}
    assert ident not in {row["permit_id"] for row in rows(home, "permits")}
    judged_again(home)
    assert now(home, one["finding_id"])["status"] == "open"
    history = run(home, "history", one["finding_id"]).out
    assert f"exception none to {ident}" in history
    assert f"exception {ident} to none" in history
    with_entries(home, one["case_id"])


def with_entries(home, case):
    store = open_store(DistrictHome(home).state_db)
    chain = open_chain(store, DistrictHome(home))
    assert chain.verify() is None
    entries = chain.entries()
    store.close()
    (entered, ended) = [one for one in entries if one.action.startswith("exception")]
    assert entered.case == case
    assert "exceptions.csv" in entered.reason
    assert ended.action == "exception ended"
    # the file after the first act is the file before the second
    assert entered.reason.split(" to ")[-1].rstrip(")") in ended.reason


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--until", "2027-12-18"), "at most 180 days"),
        (("--until", "soon"), "is not a date"),
        (("--until", "2026-01-01"), "would not cover"),
        (("--until", LAST, "--scope", "planet"), "account, person, device, site"),
        (("--until", LAST, "--from", "2026-12-01"), "would not cover"),
    ],
)
def test_what_can_not_be_entered_is_told_and_not_written(home, more, said):
    before = file_of(home).read_bytes()
    one = one_site(home)["finding_id"]
    assert said in run(home, "exception", one, *more, "--reason", REASON, code=2).err
    assert file_of(home).read_bytes() == before


def test_an_exception_that_is_not_there(home):
    done = run(home, "exception-end", "X-999", "--reason", REASON, code=2)
    assert "findings permits" in done.err


def test_permits_name_nobody(home, district):
    text = run(home, "permits", "--json").out + run(home, "permits").err
    assert "p-1" not in text
    assert "X-001" in text


def test_feedback_counts_verdicts_and_says_where_to_look(home):
    assert "No decisions yet" in run(home, "feedback").out
    one = one_site(home)
    run(home, "verdict", one["finding_id"], "authorized", "--reason", REASON)
    told = json.loads(run(home, "feedback", "--json").out)
    (rule,) = [row for row in told["rules"] if row["code"] == "NA-1"]
    assert (rule["authorized"], rule["decisions"], rule["confirmed"]) == (1, 1, 0)
    assert (rule["precision"], rule["state"]) == (0, "too few")
    assert rule["precision_high"] == pytest.approx(0.975)
    assert "consents.csv" in told["fixes"][0]["place"]
    assert "NA-1" in run(home, "feedback").err
