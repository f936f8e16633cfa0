"""A clause is served by a control once something proves it, and says since when."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipelines.district import open_district
from pipelines.registry.new_home import create
from pipelines.registry.policy import default_policy, read_policy
from pipelines.reports.controls import CONTROLS, controls_by_clause
from pipelines.reports.sections.policy_map import (
    control,
    idle,
    served,
    since,
    state,
)
from pipelines.reports.snapshot_inputs import openness, reach
from pipelines.state.audit import Act, open_chain
from pipelines.state.connections import remember
from pipelines.state.source_records import DRILLED
from pipelines.warehouse.database import writing
from tests.journey.commands import schoolbell


@pytest.fixture
def home(tmp_path):
    return create(tmp_path / "home").path


def proofs(home):
    with open_district(home) as district:
        by_clause = controls_by_clause(district)
    return {one["name"]: one for each in by_clause.values() for one in each}


def test_each_control_serves_a_clause_of_the_policy():
    known = set(read_policy(default_policy()).clauses["clause_id"])
    assert {clause for one in CONTROLS.values() for clause in one.clauses} <= known


def test_a_new_home_proves_nothing(home):
    found = proofs(home)
    assert set(found) == set(CONTROLS)
    assert {one["what"] for one in found.values()} == {""}
    assert state("S", (), {}, [found["records"]]) == "unproven"


def test_what_was_done_proves_it(home, tmp_path):
    settings = home / "district.toml"
    said = "\n[detections.SA-1]\nregulation = 'R-1'\napproved_on = 2026-08-01\n"
    settings.write_text(settings.read_text(encoding="utf-8") + said, encoding="utf-8")
    letter = tmp_path / "letter.txt"
    letter.write_text("All refused domains.")
    schoolbell(
        "records",
        "open",
        "--home",
        home,
        "--requester",
        "a@news.example",
        "--received",
        "2026-10-01",
        "--text",
        letter,
    )
    schoolbell(
        "hold",
        "add",
        "--home",
        home,
        "--from",
        "2026-10-01",
        "--to",
        "2026-10-02",
        "--reason",
        "asked for",
    )
    with open_district(home) as district, district.store.writing() as connection:
        remember(connection, DRILLED, datetime(2026, 11, 3, 20, tzinfo=UTC).isoformat())
    found = proofs(home)
    assert found["records"]["what"] == "1 request, 0 answered"
    assert found["holds"]["what"] == "1 hold, 1 in force"
    assert found["regulations"]["day"] == str(date(2026, 8, 1))
    assert found["drill"]["day"] == "2026-11-03"
    assert found["audit"]["what"] == "2 entries, each sealed"
    assert not found["duties"]["what"]
    assert control(found["drill"]).endswith("compared, Tue, Nov 3, 2026)")
    assert state("W", (), {}, [found["drill"]]) == "control"


def test_a_consent_proves_its_own_clause_alone(home):
    (home / "registry" / "consents.csv").write_text(
        "consent_id,type,grantor,grantor_role,subject,what,clause,valid_from,valid_to\n"
        "C-1,b,p-1,superintendent,p-2,team site,cl.35,2026-08-24,2027-06-30\n"
    )
    found = proofs(home)
    assert found["consents cl.35"]["what"] == "1 consent from lawful grantors"
    assert not found["consents cl.36"]["what"]


def test_a_clause_says_what_serves_it_and_since_when():
    rules = {
        "AN-1": {"code": "AN-1", "since": "2026-10-20"},
        "AN-3": {"code": "AN-3", "since": "2026-10-19"},
        "AN-9": {"code": "AN-9", "since": "", "is_fed": False},
        "AN-15": {"since": "2026-10-01", "lacks": ["change_windows.csv"]},
    }
    assert since(["AN-1", "AN-3", "AN-9", "AN-99"], rules) == "2026-10-19"
    assert since(["AN-9", "AN-15"], rules) == ""
    waiting = idle(["AN-1", "AN-9", "AN-15"], rules)
    assert waiting == [
        "AN-9 not yet (no needed log arrives)",
        "AN-15 not yet (no rows in change_windows.csv)",
    ]
    assert state("S", ["AN-9"], rules) == "unfed"
    assert state("S", ["AN-9", "AN-15"], rules) == "unlisted"
    assert state("S", ["AN-15", "AN-1"], rules) == "watched"
    row = {"serving": ["AN-1", "AN-3"], "since": "2026-10-19", "idle": [],
           "controls": ["a (b)"]}  # fmt: skip
    assert served(row) == "AN-1 and AN-3, since Mon, Oct 19, 2026; a (b)"
    assert served(row | {"controls": [], "since": ""}) == "AN-1 and AN-3"
    nothing = {"serving": [], "since": "", "idle": [], "controls": []}
    assert served(nothing) == "no rule"
    assert served(nothing | {"idle": waiting}) == "; ".join(waiting)


def test_the_reach_of_the_logs_is_told_once_a_device_was_seen():
    with writing(Path(":memory:"), threads=1) as database:
        ((said,),) = reach(database).values()
        assert said["what"] == ""
        database.rows(
            "create table marts.device_reach as select * from (values"
            " (true, date '2026-10-20', date '2026-10-19'),"
            " (true, date '2026-10-21', null), (true, null, null), (false, null, null))"
            " as seen(is_portable, last_seen_date, last_outside_date)"
        )
        ((said,),) = reach(database).values()
    assert said["what"].startswith("1 of 3 laptops and Chromebooks seen away")
    assert said["what"].endswith("2 devices not seen anywhere")
    assert said["day"] == "2026-10-21"


def test_a_chain_that_does_not_hold_proves_nothing(home):
    schoolbell(
        "hold",
        "add",
        "--home",
        home,
        "--from",
        "2026-10-01",
        "--to",
        "2026-10-02",
        "--reason",
        "asked for",
    )
    assert proofs(home)["audit"]["what"]
    (home / "audit.head").unlink()
    assert not proofs(home)["audit"]["what"]


def test_a_look_alone_counts_and_one_under_code_names_does_not(home):
    with open_district(home) as district:
        chain = open_chain(district.store, district.home)
        for action in (
            "reveal, alone",
            "who",
            "reveal refused",
            "records approve, alone",
        ):
            with chain.recording(Act(actor="a (1)", action=action, subject="s")):
                pass
        assert (
            openness(district.store, district.home, district.zone, datetime.now(UTC))["look_ups"]
            == 1
        )
    settings = home / "district.toml"
    text = settings.read_text(encoding="utf-8")
    said = '[roles]\ndirector = ["heads"]\n'
    settings.write_text(text.replace("[roles]\n", said, 1), encoding="utf-8")
    assert proofs(home)["duties"]["what"].endswith("nothing has required two people yet")
