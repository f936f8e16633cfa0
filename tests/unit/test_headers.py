"""The header of a detection: what it must say, and what does not hold together."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.errors import ModelError
from pipelines.warehouse.database import writing
from pipelines.warehouse.models import arguments, model_version, read_models

SHARED = {
    "columns": {
        "subject": {"type": "varchar", "is": "account"},
        "details": {"type": "varchar", "is": "facts"},
        "event_date": {"type": "date", "is": "local day"},
    },
    "details": {"logon": {"logons": "int"}},
    "explanations": {
        "clock": {
            "name": "A clock that is wrong",
            "test": "is_clock_wrong",
            "ruled_out": "it was checked",
        },
    },
    "fields": {"logon": {"requires_fields": ["logons.user_name"], "once_filled": ["logons.host"]}},
}
HEADER = {
    "title": "Logons",
    "summary": "An account logged on.",
    "code": "ZZ-1",
    "kind": "anomaly",
    "severity": "low",
    "grain": ["subject", "event_date"],
    "params": {"event_date": {"type": "date"}},
    "claim": "Account {account} logged on {logons:count time}.",
    "details": {"shared": "logon", "is_clock_wrong": "boolean"},
    "explanations": ["clock", {"name": "Chance", "by_design": "{logons} are enough"}],
    "refuted_by": ["another day"],
    "requires_fields": ["logon"],
    "triage": "Ask.",
}
QUERY = """
select
    user_name as subject,
    struct_pack(
        logons := count(*), is_clock_wrong := no_clock(false)
    ) as details,
    $event_date::date as event_date
from raw.logons
where event_date = $event_date::date
group by user_name
"""
MACRO = "create or replace temporary macro no_clock(known) as {};\n"


def written(values):
    return yaml.safe_dump(values, sort_keys=False)


def read(folder, header=None, query=QUERY, macro="case when known then false end"):
    (folder / "detections").mkdir(exist_ok=True)
    (folder / "macros").mkdir(exist_ok=True)
    (folder / "detections" / "_shared.yaml").write_text(yaml.safe_dump(SHARED, sort_keys=False))
    (folder / "macros" / "no_clock.sql").write_text(MACRO.format(macro))
    text = f"/* ---\n{written(HEADER | (header or {}))}--- */\n{query}\n"
    (folder / "detections" / "logged_on.sql").write_text(text)
    return read_models(folder)["detections.logged_on"]


def test_a_header_takes_what_its_folder_shares(tmp_path):
    header = read(tmp_path).header
    assert list(header.columns) == ["subject", "details", "event_date"]
    assert [one.name for one in header.explanations] == [
        "A clock that is wrong",
        "Chance",
    ]
    assert header.details == {"logons": "int", "is_clock_wrong": "boolean"}
    assert header.requires_fields == ("logons.user_name",)
    assert header.once_filled == ("logons.host",)


def test_a_shared_explanation_may_be_said_otherwise(tmp_path):
    own = [{"shared": "clock", "by_design": "only checked clocks count"}]
    (found,) = read(tmp_path, {"explanations": own}).header.explanations
    assert (found.name, found.test) == ("A clock that is wrong", "")
    assert found.by_design == "only checked clocks count"


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"claim": "Account {account} used {sites:names}."}, "no fact 'sites'"),
        ({"claim": [{"when": ["is_new"], "says": "a"}, {"says": "b"}]}, "no fact"),
        ({"claim": [{"when": ["logons"], "says": "a"}]}, "without a condition"),
        ({"claim": ""}, "claim"),
        ({"refuted_by": []}, "'refuted_by'"),
        ({"explanations": ["drive"]}, "no explanation 'drive'"),
        ({"explanations": []}, "'explanations'"),
        ({"explanations": [{"name": "it", "test": "logons", "says": "a"}]}, "boolean"),
        ({"explanations": [{"name": "it", "test": "is_clock_wrong"}]}, "its texts"),
        (
            {"explanations": [{"name": "it", "by_design": "a", "not_testable": "b"}]},
            "by_design alone",
        ),
        ({"severity_raised": [{"to": "high", "fact": "is_new"}]}, "'is_new'"),
        ({"severity_raised": [{"to": "high"}]}, "by a fact or by days"),
        ({"details": {"shared": "site"}}, "no details 'site'"),
        (
            {"details": {"shared": "logon", "is_clock_wrong": "boolean", "buildings": "int"}},
            r"'buildings' must be varchar\[\]; call another one 'building_count'",
        ),
        (
            {"details": {"shared": "logon", "is_clock_wrong": "boolean", "account": "varchar"}},
            "'account' is the subject of a claim",
        ),
        ({"requires_fields": ["keyboard"]}, "no fields 'keyboard'"),
        ({"requires_fields": ["logons.colour"]}, "no event field"),
        ({"requires_fields": ["leases.ip"]}, "reads no such event"),
    ],
)
def test_what_does_not_hold_together_is_refused(tmp_path, header, why):
    with pytest.raises(ModelError, match=why):
        read(tmp_path, header)


@pytest.mark.parametrize(
    "details",
    [
        {"logons": "int"},
        {"logons": "varchar", "is_clock_wrong": "boolean"},
        {"logons": "int", "is_clock_wrong": "boolean", "days": "int"},
    ],
    ids=["not declared", "another type", "not packed"],
)
def test_facts_are_those_that_the_query_packs(tmp_path, details):
    says = {"claim": "Account {account}.", "explanations": [
        {"name": "Chance", "by_design": "enough"}
    ]}  # fmt: skip
    sound, wrong = read(tmp_path, says), read(tmp_path, says | {"details": details})
    with writing(Path(":memory:"), threads=1) as database:
        database.rows((tmp_path / "macros" / "no_clock.sql").read_text())
        database.rows("create table raw.logons (user_name varchar, event_date date)")
        database.rows("insert into raw.logons values ('ada', '2026-03-02')")
        day = date(2026, 3, 2)
        assert database.build(sound, arguments(sound), day) == 1
        (made,) = database.rows("select details from detections.logged_on")
        assert made == ('{"logons":1,"is_clock_wrong":null}',)
        with pytest.raises(ModelError, match="facts differ"):
            database.build(wrong, arguments(wrong), day)


def test_a_changed_macro_is_another_version_of_what_uses_it(tmp_path):
    def version(**changes):
        model = read(tmp_path, **changes)
        return model_version(model, arguments(model))

    plain = QUERY.replace("no_clock(false)", "null::boolean")
    assert version() != version(macro="false")
    assert version(query=plain) == version(query=plain, macro="false")


@pytest.mark.parametrize(
    ("header", "differs"),
    [
        ({"title": "Other", "summary": "Other.", "triage": "Other."}, False),
        ({"claim": "Account {account} did."}, True),
        ({"base_confidence": "C2"}, True),
        ({"clauses": ["cl.1"]}, True),
        ({"severity": "high"}, True),
        ({"explanations": ["clock"]}, True),
    ],
)
def test_what_findings_are_made_of_is_part_of_the_version(tmp_path, header, differs):
    was = read(tmp_path)
    before = model_version(was, arguments(was))
    now = read(tmp_path, header)
    assert (model_version(now, arguments(now)) != before) is differs


def test_a_macro_stands_in_the_file_of_its_name(tmp_path):
    read(tmp_path)
    (tmp_path / "macros" / "no_clock.sql").write_text(
        MACRO.format("false").replace("no_clock", "other")
    )
    with pytest.raises(ModelError, match="no_clock"):
        read_models(tmp_path)
