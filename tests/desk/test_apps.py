"""Apps at the desk: who uses what, without a name, and a decision from the row."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from pipelines.actions.context import ActionContext
from pipelines.actions.permits import PROHIBITED, proposal
from pipelines.desk.app_page import apps_page
from pipelines.district import open_district
from pipelines.reports.app_rows import decisions
from pipelines.reports.report_inputs import SCHEMAS
from pipelines.settings.roles import Principal
from tests.sections.fixtures import busy


def page_of(**query):
    title_and_rows = apps_page(busy(), query)["groups"]
    return {title: {row["name"]: row for row in rows} for title, rows in title_and_rows}


def test_which_ai_tools_do_teachers_use():
    shown = page_of(kind="generative_ai", role="teacher")
    assert {name: row["people"] for name, row in shown["Generative AI"].items()} == {
        "Essay Helper": "14"
    }
    assert shown["Other apps"] == {}


def test_a_count_of_few_accounts_is_in_no_choice():
    rows = page_of()["Generative AI"]
    assert rows["new-ai.example"]["people"] == "fewer than 5"
    assert rows["new-ai.example"]["roles"] == rows["new-ai.example"]["places"] == ""
    # 3 of an unknown role would follow from 28 less 14 less 11
    assert page_of(role="student")["Generative AI"]["Essay Helper"]["people"] == "withheld"


def test_a_home_without_use_has_a_page():
    inputs = replace(busy(), app_use=busy().app_use.clear())
    assert apps_page(inputs, {})["groups"] == []


@pytest.mark.parametrize(
    ("match", "first", "last", "decision"),
    [
        ("domain", None, None, "approved"),
        ("deny", None, None, "denied"),
        ("domain", None, date(2026, 10, 1), "ended"),
        ("domain", date(2026, 12, 1), None, None),
        ("path_prefix", None, None, None),
    ],
)
def test_the_list_decides_about_an_app_as_of_today(match, first, last, decision):
    entry = {
        "entry_id": "E-1", "pattern": "tool.example", "match": match, "role": "teacher",
        "valid_from": first, "valid_to": last,
    }  # fmt: skip
    kinds = {"valid_from": pl.Date, "valid_to": pl.Date}
    entries = pl.DataFrame([entry], schema_overrides=kinds)
    app = {"app": "Tool", "hosts": "chat.tool.example", "kind": "learning", "is_in_file": True}
    apps = pl.DataFrame([app], schema=dict(SCHEMAS["apps"]))
    (row,) = decisions(apps, entries, busy().app_use.clear(), date(2026, 11, 23)).to_dicts()
    assert row["decision"] == decision


def test_a_denial_never_reaches_back(district, tmp_path):
    with open_district(district.copy(tmp_path)) as opened:
        context = ActionContext(opened, Principal(1, "ada", (), is_alone=True))
        long_ago = context.today - timedelta(days=90)
        row = proposal(context, "tool.example", PROHIBITED, "all", "not for students", long_ago)
    assert (row["match"], row["class"]) == ("deny", "")
    assert row["valid_from"] == context.today.isoformat()


def test_the_desk_shows_apps_by_role(desk):
    page = desk.by_proxy("director").get("/apps?app=Khan+Academy")
    assert page.status == 200
    assert "Decide about Khan Academy" in page.text
    assert 'value="khanacademy.org"' in page.text
    assert "Decide about" not in desk.by_proxy("analyst").get("/apps").text
    assert desk.by_proxy("operator").get("/apps").status == 403
