"""A detection is one file: dropped into `sql/detections`, nothing else has to know."""

import shutil
from datetime import date
from types import SimpleNamespace

import dagster as dg
import polars as pl
import pytest

from docs.reference_pages import detections_page, dictionary_page
from pipelines.defs.location import build_defs
from pipelines.findings.judgment import judge
from pipelines.findings.record import candidates
from pipelines.lake.drift import Drift
from pipelines.registry.policy import default_policy, read_policy
from pipelines.warehouse import models
from pipelines.warehouse.database import writing
from pipelines.warehouse.detections import blocked_rules, catalog, disabled
from pipelines.warehouse.models import arguments
from tests.sql.tables import Case, create
from tests.unit.findings.given import known

DAY = date(2026, 3, 2)
DETECTION = """\
/* ---
title: An account logged on very often
summary: An account logged on at its keyboard very often in one day.
code: ZZ-1
kind: anomaly
severity: low
severity_raised: [{to: high, fact: is_many}]
stage: trial
base_confidence: C2
clauses: [cl.17]
requires_fields: [logons.user_name, logons.activity]
grain: [subject, event_date]
params:
  event_date: {type: date}
  logons: {type: int, default: 2, min: 1, max: 100, why: once is usual}
claim: Account {account} logged on {logons:count time} at {devices:names}.
details:
  logons: int
  devices: varchar[]
  is_many: boolean
  is_clock_wrong: boolean
explanations:
  - clock
  - name: A task that logs on
    by_design: only logons at a keyboard count; {logons} did
refuted_by:
  - a clock that is put right
false_positives:
  - A broken keyboard.
triage: Ask.
--- */
select
    account as subject,
    min(start_time) as start_time,
    max(start_time) as end_time,
    count(*)::double as measure,
    sorted_values(device) as observables,
    sorted_values(event_id) as evidence,
    struct_pack(
        logons := count(*),
        devices := sorted_values(device),
        is_many := count(*) >= 2 * $logons,
        is_clock_wrong := ruled_out_if(bool_and(is_clock_checked))
    ) as details,
    $event_date::date as event_date
from core.presences
where event_date = $event_date::date
group by account
having count(*) >= $logons
"""
CASE = """\
why: two logons of one account are told, one is not
params: {event_date: 2026-03-02}
every_row:
  core.presences: {device: pc-1, is_clock_checked: true}
given:
  core.presences: |
    account | event_id | start_time
    ada     | 1        | 08:00:00
    ada     | 2        | 09:00:00
    ben     | 3        | 08:00:00
expect: |
  subject | measure | evidence | details.logons | details.is_many
  ada     | 2       | [1, 2]   | 2              | false
"""


@pytest.fixture
def dropped(tmp_path, monkeypatch):
    """The folder of the models with one file more; the case of that file."""
    folder = tmp_path / "sql"
    shutil.copytree(models.sql_folder(), folder)
    (folder / "detections" / "logged_on_often.sql").write_text(DETECTION)
    case = tmp_path / "tests" / "detections" / "logged_on_often" / "often.yaml"
    case.parent.mkdir(parents=True)
    case.write_text(CASE)

    def forget():
        for remembered in (models.every_model, models.models, models.macros, models.rules):
            remembered.cache_clear()

    forget()
    monkeypatch.setattr(models, "sql_folder", lambda: folder)
    yield case
    forget()


def test_it_has_its_case(dropped):
    made, expected = Case(dropped).run()
    assert made == expected


def test_it_is_judged_in_its_own_words(dropped):
    policy = read_policy(default_policy())
    registry = SimpleNamespace(frames=policy._asdict())
    detection = catalog(models.models(), registry)["ZZ-1"]
    with writing(dropped.parent / "w.duckdb", threads=1) as database:
        create(database, "core.presences")
        database.rows(
            "insert into core.presences by name select 'ada' as account,"
            " 'pc-1' as device, number as event_id, date '2026-03-02' as event_date,"
            " timestamptz '2026-03-02 08:00Z' as start_time, true as is_clock_checked"
            " from range(4) as numbers(number)"
        )
        database.build(detection.model, arguments(detection.model), DAY)
        found = candidates(database, detection, [DAY])
    (finding,) = judge(detection, found, known())
    assert finding.claim == "Account {account} logged on 4 times at pc-1."
    assert [(one.result, one.test) for one in finding.alternatives] == [
        ("ruled out", "the hosts' clocks agree with another log's"),
        ("excluded by design", "only logons at a keyboard count; 4 did"),
    ]
    assert (finding.severity, finding.confidence, finding.stage) == (
        "high",
        "C2",
        "trial",
    )
    assert [clause["id"] for clause in finding.clauses] == ["cl.17"]
    assert finding.would_change == ("a clock that is put right",)


def test_a_field_that_it_needs_is_known(dropped):
    assert "ZZ-1" in disabled({"logons": pl.DataFrame()})["logons.activity"]
    gone = Drift(
        source="directory",
        event_class="logons",
        field="activity",
        first_date=DAY,
        last_date=DAY,
        empty_dates=(DAY,),
        share_before=1.0,
        share_since=0.0,
    )
    assert "ZZ-1" in blocked_rules(gone)


def test_it_has_its_page_and_its_asset(dropped):
    page = detections_page()
    assert "ZZ-1: An account logged on very often" in page
    assert "A task that logs on: excluded by how the rule counts" in page
    assert "### detections.logged_on_often" in dictionary_page()
    keys = build_defs().resolve_asset_graph().get_all_asset_keys()
    assert dg.AssetKey(["detections", "logged_on_often"]) in keys
