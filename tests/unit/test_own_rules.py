"""Rules of a home: the same checks, a line for each mistake, and no way out of the warehouse."""

import re

import pytest

from pipelines.settings.home import LARGEST_RULE, DistrictHome, own_rule_files
from pipelines.warehouse.models import rules
from pipelines.warehouse.own_rules import (
    OwnRuleError,
    check_query,
    own_rules,
    read_own_rule,
)
from tests.conftest import REPO_ROOT

PAGE = (REPO_ROOT / "docs" / "how-to" / "own-rules.md").read_text(encoding="utf-8")
(RULE,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
FILE = "x_many_devices.sql"


def changed(before, after):
    assert RULE.count(before) == 1, before
    return RULE.replace(before, after)


def line_of(text, word):
    (at,) = [at for at, line in enumerate(text.splitlines(), 1) if word in line]
    return at


def test_the_rule_of_the_document_is_on_trial_whatever_it_says():
    for text in (RULE, changed("severity: low", "severity: low\nstage: live")):
        model = read_own_rule(FILE, text)
        assert (model.name, model.header.code) == ("detections.x_many_devices", "X-1")
        assert model.header.stage == "trial"
        assert model.dated_inputs == ("core.presences", "identity.accounts")


@pytest.mark.parametrize(
    ("before", "after", "word", "what"),
    [
        ("code: X-1", "code: SA-1", "code:", "could be that of a built-in rule"),
        ("severity: low", "severity: terrible", "severity:", "is not a severity"),
        ("kind: anomaly", "kind: crime", "kind:", "is not a kind"),
        ("triage:", "response_by:", "response_by:", "Extra inputs"),
        ("claim:", "claim: [", "claim:", "header is not valid"),
        ("grain:", "audits: [{holds: 'true'}]\ngrain:", "audits:", "has no `audits`"),
        ("grain:", "split_by: {used: account}\ngrain:", "split_by:", "has no `split_by`"),
        ("grain:", "about: device\ngrain:", "about:", "about accounts"),
        (
            "  device_count: int",
            "  device_count: int\n  login: varchar",
            "login:",
            "a person's name",
        ),
        ("group by logons", "group logons", "group logons", "not a select"),
        ("from core.presences as", "from raw.logons as", "raw.logons", "cannot read 'raw.logons'"),
        ("from core.presences as", "from core.presence as", "core.presence", "cannot read"),
        (
            "from core.presences as",
            "from detections.impossible_travel as",
            "from detections",
            "cannot",
        ),
    ],
)
def test_a_mistake_has_its_line(before, after, word, what):
    text = changed(before, after)
    with pytest.raises(OwnRuleError, match=re.escape(what)) as caught:
        read_own_rule(FILE, text)
    assert abs(caught.value.line - line_of(text, word)) <= (word == "claim:")
    assert caught.value.where == f"detections/{FILE}, line {caught.value.line}"
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("select * from read_text('/etc/hostname')", "read_text"),
        ("select * from '/etc/hostname'", "/etc/hostname"),
        ('select * from core."/tmp/x.csv"', "/tmp/x.csv"),
        ("select * from glob('/*')", "glob"),
        ("select * from query('select 1')", "query"),
        ("select * from query_table('core.presences')", "query_table"),
        ("select * from duckdb_settings()", "duckdb_settings"),
        ("select * from warehouse.core.presences", "presences"),
        ('select * from "core".presences', "another way"),
        ("select * from main.built_with", "main.built_with"),
        ("select * from incoming", "incoming"),
        ("with incoming as (select * from incoming) select * from incoming", "incoming"),
        ('with "/a.csv" as (select 1) select * from "/a.csv"', "/a.csv"),
        ("select (select max(x) from (from read_csv('a')) as t(x))", "read_csv"),
        ("select 1 where exists (select 1 from read_blob('a'))", "read_blob"),
        ("select list_transform([1], lambda x: (select max(y) from read_json('a') t(y)))", "read_"),
        ("select getvariable('files_logons')", "getvariable"),
        ("select current_setting('temp_directory')", "current_setting"),
        ("select now()", "now"),
        ("select random()", "random"),
        ("select sum(random()) over ()", "random"),
        ("select nextval('s')", "nextval"),
        ("select main.lower('a')", "lower"),
        ("select * from (show tables)", "show"),
        ("select * from (describe core.presences)", "show"),
        ("select * from core.presences using sample 10%", "select"),
        ("select * from core.presences tablesample 10%", "base table"),
        ("select * from core.presences at (version => 1)", "base table"),
        ("with a as (insert into core.presences values (1) returning 1) from a", "insert"),
        ("with a as (delete from core.presences returning 1) select * from a", "delete"),
        (
            "with recursive a as (select 1 as x union all select x + 1 from a) select * from a",
            "recursive",
        ),
        ("select 1; select 2", "more than one statement"),
        ("copy core.presences to '/tmp/x.csv'", "not a select"),
        ("attach '/tmp/x.duckdb'", "not a select"),
        ("install httpfs", "not a select"),
        ("set enable_external_access = true", "not a select"),
        ("", "statement"),
    ],
)
def test_no_query_leaves_the_warehouse(query, what):
    with pytest.raises(OwnRuleError) as caught:
        check_query(FILE, query, 1)
    assert what in caught.value.what


@pytest.mark.parametrize("code", sorted(rules()))
def test_the_query_of_every_built_in_rule_would_be_allowed(code):
    check_query(FILE, rules()[code].text, 1)


def test_files_of_one_code_are_both_left_out_and_others_run(tmp_path):
    home = DistrictHome(tmp_path)
    home.own_rules.mkdir()
    other = RULE.replace("X-1", "X-2")
    for name, data in {
        "x_one.sql": RULE.encode(),
        "x_two.sql": RULE.encode(),
        "x_good.sql": b"\xef\xbb\xbf" + other.replace("\n", "\r\n").encode(),
        "pooled_account.sql": RULE.replace("X-1", "X-3").encode(),
        "x_bytes.sql": b"\xff\xfe",
        "x_large.sql": RULE.replace("X-1", "X-4").encode() + b" " * LARGEST_RULE,
        "x_empty.sql": b"",
    }.items():
        (home.own_rules / name).write_bytes(data)
    (home.own_rules / "x_link.sql").symlink_to(home.own_rules / "x_good.sql")
    found = own_rules(own_rule_files(home))
    assert list(found.models) == ["detections.x_good"]
    assert {one.file for one in found.problems} == {
        path.name for path in home.own_rules.iterdir() if path.name != "x_good.sql"
    }
    twice = [one for one in found.problems if "another file has the code X-1" in one.what]
    assert {one.line for one in twice} == {line_of(RULE, "code: X-1")}
    assert len(twice) == 2
