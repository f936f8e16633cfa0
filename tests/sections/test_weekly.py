"""The report as a whole: numbers equal evidence, links lead somewhere, bytes repeat."""

import csv
import io
import json
import posixpath
import re
import zipfile
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from pipelines.errors import ModelError
from pipelines.findings.attribution_words import in_words
from pipelines.reports.archive import as_bytes
from pipelines.reports.cards import MEASURES
from pipelines.reports.charts import case_lines
from pipelines.reports.corrections import facts, revision_after
from pipelines.reports.page_one import school_days
from pipelines.reports.report_inputs import empty_frame
from pipelines.reports.sections import PAGES, sections
from pipelines.reports.snapshot_inputs import with_building_names
from pipelines.reports.text_tables import CUT
from pipelines.reports.view import View, counterpart
from pipelines.reports.weekly import report_id, weekly_report
from pipelines.reports.words import duration
from pipelines.warehouse.headers import RESERVED
from tests.conftest import LONG
from tests.sections.conftest import pages_of
from tests.sections.fixtures import (
    MONDAY,
    WEEKS,
    busy,
    finding,
    frame,
    lines_of,
    record,
)
from tests.sections.reading import Page, sheet, texts

INDEX = "2026-W47/index.html"


def is_page(path):
    return path.endswith(".html")


def text_of(pages, path):
    return Page(pages[path]).text


def test_the_same_inputs_give_the_same_bytes(week, pages):
    assert weekly_report(WEEKS[week](), MONDAY) == pages


@pytest.mark.parametrize("value", [3, 0.5, "x", None, True, [1], [None], {"a": 1}], ids=repr)
def test_a_fact_of_an_odd_type_stops_no_report(value):
    """Such as a number that a district's own rule calls `buildings`."""
    inputs = busy()
    odd = json.dumps(dict.fromkeys((*RESERVED, *MEASURES), value))
    rows = [
        json.dumps(json.loads(one) | {"measures": json.loads(odd)})
        for one in inputs.findings["record"]
    ]
    inputs = replace(inputs, findings=inputs.findings.with_columns(record=pl.Series(rows)))
    pages = weekly_report(with_building_names(inputs, {"HS": "Sampleton High School"}), MONDAY)
    assert pages.keys() >= {INDEX}


def test_every_number_equals_its_evidence(pages):
    links = [
        attrs for tag, attrs in Page(pages[INDEX]).tags if tag == "a" and "data-number" in attrs
    ]
    assert links
    shown = numbers_by_link(pages[INDEX])
    for attrs in links:
        proof = Page(pages[posixpath.join("2026-W47", attrs["href"])])
        number = int(proof.attribute("data-count")[0])
        assert shown[attrs["data-number"]] == number
        rows = csv_rows(pages[f"2026-W47/data/number-{attrs['data-number']}.csv"])
        column = proof.attribute("data-adds-up")[0]
        if column:
            assert sum(int(row[column]) for row in rows) == number
        else:
            assert len(rows) == proof.row_count() == number


def numbers_by_link(text):
    found = {}

    class Numbers(Page):
        def handle_data(self, data):
            super().handle_data(data)
            tag, attrs = self.stack[-1] if self.stack else ("", {})
            if tag == "a" and "data-number" in attrs:
                found[attrs["data-number"]] = int(data.replace(",", ""))

    Numbers(text)
    return found


def csv_rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_an_items_page_holds_all_its_log_lines(pages):
    for path, text in texts(pages).items():
        if "/evidence/f-" not in path or "log-lines" not in text:
            continue
        page = Page(text, within="log-lines")
        shown = sum(map(int, page.attribute("data-lines")))
        assert shown == int(page.attribute("data-count")[0])


def test_every_link_leads_to_a_page_of_the_archive(pages):
    known = {week for week in pages if is_page(week)}
    for path in known:
        for link in Page(pages[path]).links:
            target, _, anchor = link.partition("#")
            if not target:
                assert f'id="{anchor}"' in pages[path]
                continue
            whole = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            assert not whole.startswith("..")
            assert whole in pages or is_another_week(whole)


def is_another_week(path):
    """Its pages, or that of a case that waits since."""
    files = tuple(f"/{file}" for file, _ in PAGES.values())
    is_there = path.endswith(files) or "/evidence/c-" in path
    return is_there and not path.startswith("2026-W47")


def test_a_carried_case_leads_to_the_week_that_showed_it_first():
    pages, carried = pages_of("busy"), "2026-W47/evidence/c-2026w46-007.html"
    page = Page(pages[carried], within="claim")
    assert "../../2026-W46/evidence/c-2026w46-007.html" in page.links
    held = busy().evidence.filter(pl.col("finding_id") == "f-2026w46-007").height
    assert f"other explanations, limits and {held} log lines are in" in page.text
    assert "Case c-2026w46-007." in page.text
    finding = "2026-W47/evidence/f-2026w46-007.html"
    assert finding not in pages
    assert "2026-W47/data/finding-f-2026w46-007.csv" not in pages
    # an archive that has no such week holds them itself
    alone = weekly_report(replace(busy(), previous=()), MONDAY)
    lines = Page(alone[finding], within="log-lines").attribute("data-lines")
    assert sum(map(int, lines)) == held
    assert "2026-W47/data/finding-f-2026w46-007.csv" in alone


def test_what_the_person_says_stands_on_every_card_of_the_case():
    case = "c-2026w47-001"
    heard = replace(busy(), statements={case: ["Was lent a laptop that day."]})
    pages = weekly_report(heard, MONDAY)
    for path in (INDEX, f"2026-W47/evidence/{case}.html"):
        assert "Was lent a laptop that day." in Page(pages[path]).text, path
        assert "The person says" not in Page(pages_of("busy")[path]).text


def test_a_lease_of_the_night_before_is_not_drawn_into_the_minutes_that_matter():
    row = finding("f-1", "shared_account", "heron-05", 1, 9)
    lines = lines_of(row)
    lines[0] |= {"time": row["start_time"] - timedelta(hours=11), "source": "dhcp"}
    inputs = replace(busy(), findings=frame("findings", [row]), evidence=frame("evidence", lines))
    view = View(inputs, MONDAY)
    drawn = case_lines(view, ["f-1"], "shared_account")
    assert len(drawn) == len(lines) - 1
    assert min(one.time for one in drawn) >= row["start_time"]
    early = replace(inputs, evidence=frame("evidence", lines[:1]))
    assert len(case_lines(View(early, MONDAY), ["f-1"], "shared_account")) == 1


def test_a_line_of_another_site_that_shows_that_the_log_arrived_is_not_drawn():
    """A case about a backup that did not come showed the site of another case."""
    row = finding("f-1", "anomaly", "willow-79", 1, 9)
    record = json.loads(row["record"]) | {"sites": ["backup.example"]}
    row |= {"record": json.dumps(record)}
    early, *others = lines_of(row)
    early |= {"site": "backup.example", "device": None}
    early |= {"time": row["start_time"] - timedelta(days=1)}
    lines = [early, *({**one, "site": "other.example", "device": None} for one in others)]
    assert others
    inputs = replace(busy(), findings=frame("findings", [row]), evidence=frame("evidence", lines))
    drawn = case_lines(View(inputs, MONDAY), ["f-1"], "anomaly")
    assert [one.lane for one in drawn] == ["backup.example"]


def test_lines_without_a_device_are_in_the_lane_of_the_device_that_the_finding_is_about():
    """A case about a device that asked 293 others had one lane: device not known."""
    row = finding("f-1", "anomaly", "willow-79", 1, 9) | {"rule": "AN-20"}
    lines = [{**one, "site": None, "device": None} for one in lines_of(row)]
    inputs = replace(busy(), findings=frame("findings", [row]), evidence=frame("evidence", lines))
    drawn = case_lines(View(inputs, MONDAY), ["f-1"], "anomaly")
    assert {one.lane for one in drawn} == {"willow-79"}
    about_account = frame("findings", [row | {"rule": "SA-1"}])
    drawn = case_lines(View(replace(inputs, findings=about_account), MONDAY), ["f-1"], "anomaly")
    assert {one.lane for one in drawn} == {"device not known"}


NOT_IN_BUSY = {"corrections", "student-cases", "rule-coverage", "untested"}
SHOWN = [one.name for one in sections() if one.name not in NOT_IN_BUSY]
MAY_GO = [section.name for section in sections() if not section.stays]
NAMES = tuple(section.name for section in sections())


@pytest.mark.parametrize("off", [*((name,) for name in MAY_GO[:: 1 if LONG else 4]), NAMES])
def test_a_section_that_is_off_is_left_out_and_nothing_leads_to_it(off):
    pages = weekly_report(replace(busy(), sections_off=off), MONDAY)
    gone = [name for name in MAY_GO if name in off]
    kept = [name for name in SHOWN if name not in gone]
    found = {}
    for file, _ in PAGES.values():
        page = Page(pages[f"2026-W47/{file}"])
        parts = [one for one in page.attribute("id") if one.endswith("-part")]
        found |= dict.fromkeys(parts, file)
        anchors = {link.partition("#") for link in page.links if link.endswith("-part")}
        assert {name for _, _, name in anchors} <= {f"{name}-part" for name in kept}
    assert sorted(found) == sorted(f"{name}-part" for name in kept)
    for one in sections():
        assert found.get(f"{one.name}-part", PAGES[one.page][0]) == PAGES[one.page][0]
    left = {f"2026-W47/data/{name}.csv" for name in gone}
    assert pages_of("busy").keys() - pages.keys() == left
    test_every_link_leads_to_a_page_of_the_archive(pages)
    test_every_number_equals_its_evidence(pages)


def test_limits_rules_and_trust_are_in_every_report():
    stays = {"limits", "rules", "source-coverage", "line-account", "corrections"}
    stays |= {"rule-coverage", "untested"}  # only where rules are blind
    stays.add("student-cases")  # what students' accounts did is decided on by itself
    assert stays == set(NAMES) - set(MAY_GO)
    pages = weekly_report(replace(busy(), sections_off=NAMES), MONDAY)
    assert 'id="limits-part"' in pages["2026-W47/quality.html"]
    assert 'id="hours-missing"' in pages[INDEX]


def test_the_title_stands_beside_the_district():
    pages = weekly_report(replace(busy(), title="Our <b>nets"), MONDAY)
    for path, text in pages.items():
        if is_page(path):
            assert "Our <b>nets" not in text
            assert "Our &lt;b&gt;nets, Cedar Falls Example District</title>" in text
            assert "Cedar Falls Example District Our <b>nets" in Page(text).text
    assert "Network use, week by week" in text_of(pages_of("busy"), INDEX)


def test_five_lines_in_their_order(pages):
    keys = [
        attrs["id"] for tag, attrs in Page(pages[INDEX]).tags if tag == "li" and attrs.get("id")
    ]
    assert keys == [
        "needs-you",
        "hours-missing",
        "shared-accounts",
        "new-sites",
        "off-hours-accounts",
    ]


def test_leads_are_nowhere(pages):
    assert not [path for path, text in texts(pages).items() if "lead-01" in text]


def test_withdrawn_cases_are_in_what_changed_only():
    page = pages_of("busy")[INDEX]
    parts = [
        attrs["id"]
        for tag, attrs in Page(page).tags
        if tag == "section" and attrs.get("id", "").endswith("-part")
    ]
    csvs = {p for p, text in texts(pages_of("busy")).items() if "gull-09" in text}
    assert "2026-W47/data/changes.csv" in csvs
    assert "2026-W47/data/cases.csv" not in csvs
    holds = [p for p in parts if "gull-09" in Page(page, within=p).text]
    assert holds == ["changes-part"]


def test_a_first_use_at_low_weight_asks_about_the_site_and_names_nobody():
    pages = pages_of("busy")
    asked = csv_rows(pages["2026-W47/data/sites-to-decide.csv"])
    assert [(row["Site"], row["Accounts"]) for row in asked] == [("clip-stream.example", "1")]
    assert not [path for path, text in texts(pages).items() if "quail-33" in text]


def test_a_lead_on_a_site_asks_about_the_site_and_names_nobody():
    """The board's denied site was used for 131 minutes and was in no table."""
    lead = finding("f-lead", "non_approved_site", "heron-51", 2, 20) | {
        "confidence": "C1",
        "record": record(
            sites=["dice-den.example"],
            measures={"sites": ["dice-den.example"], "total_seconds": 5460},
        ),
    }
    # a rule about an account counts its sites and does not list them
    leave = finding("f-leave", "shared_account", "heron-52", 2, 20) | {
        "record": record(measures={"sites": 3})
    }
    known = busy()
    use = known.site_use.with_columns(unjudged_minutes=pl.lit(20.0))
    given = replace(
        known,
        findings=pl.concat([known.findings, frame("findings", [lead, leave])]),
        site_use=use,
    )
    pages = weekly_report(given, MONDAY)
    asked = csv_rows(pages["2026-W47/data/sites-to-decide.csv"])
    assert [(row["Site"], row["Minutes"], row["Cases"]) for row in asked] == [
        ("clip-stream.example", asked[0]["Minutes"], "1"),
        ("dice-den.example", "91", "0"),
    ]
    text = Page(pages[INDEX], within="sites-to-decide-part").text
    assert "1 site needs your decision" in text
    assert "1 site without a case: the logs cannot rule out an innocent" in text
    hours = use.filter(pl.col("event_date").is_between(MONDAY, MONDAY + timedelta(days=6))).height
    assert f"no rule judges, took {duration(20.0 * hours)}; they are counted" in text
    assert not [path for path, text in texts(pages).items() if "heron-51" in text]


def test_a_card_and_its_page_say_how_the_account_is_known():
    known = [in_words("network + inventory"), "cedar-04: card learned from 14 leases"]
    rows = busy().findings.with_columns(
        pl.when(pl.col("finding_id") == "f-2026w47-001")
        .then(pl.lit(record(known_by=known)))
        .otherwise("record")
        .alias("record")
    )
    pages = weekly_report(replace(busy(), findings=rows), MONDAY)
    card = Page(pages[INDEX], within="case-c-2026w47-001").text
    whole = Page(pages["2026-W47/evidence/c-2026w47-001.html"]).text
    for text in (card, whole):
        assert "How the account is known" in text
        assert "etwork login + inventory: the Wi-Fi or a port accepted" in text
        assert "edar-04: card learned from 14 leases" in text
    other = Page(pages["2026-W47/evidence/c-2026w47-004.html"]).text
    assert "How the account is known" not in other


def test_low_weight_expires_with_a_note_and_leads_nowhere():
    old = [
        finding(f"f-old-{days}", "off_hours_external", f"lark-{days}", days, 20)
        for days in (-14, -13, -7, -21)
    ]
    findings = pl.concat([busy().findings, frame("findings", old)])
    pages = weekly_report(replace(busy(), findings=findings), MONDAY)
    page = Page(pages[INDEX], within="cases-part").text
    assert "2 low-weight cases expired this week." in page
    rows = csv_rows(pages["2026-W47/data/cases.csv"])
    standings = {row["Case"]: row["Standing"] for row in rows}
    assert standings["c-old--7"] == "waiting for a decision"
    assert standings["c-old--14"].startswith("expired")
    assert "c-old--21" not in standings
    assert "2026-W47/evidence/c-old--7.html" in pages
    test_every_link_leads_to_a_page_of_the_archive(pages)


def test_use_of_a_site_within_off_hours_use_is_told_there():
    pages = pages_of("busy")
    page = Page(pages["2026-W47/evidence/c-2026w47-10.html"])
    assert "Account amber-03 used 3 outside sites" in page.text
    assert {"f-2026w47-10.html", "f-2026w47-007.html"} <= set(page.links)
    rows = csv_rows(pages["2026-W47/data/cases.csv"])
    (own,) = [row for row in rows if row["Case"] == "c-2026w47-10"]
    assert own["Findings"] == "2"
    assert own["About"] == "outside site outside duty hours"


def test_carried_items_keep_the_day_they_were_first_seen():
    text = Page(pages_of("busy")[INDEX], within="needs-you").text
    assert "2 new, 1 older (oldest: Tue, Nov 10)" in text


def test_a_partial_week_says_so_and_does_not_compare():
    text = Page(pages_of("partial")[INDEX], within="headline").text
    assert "Partial week: 92% of hours arrived" in text
    assert "usually" not in text


def test_a_first_week_has_nothing_to_compare_with():
    text = Page(pages_of("first-ever")[INDEX], within="headline").text
    assert text.count("No earlier week to compare with.") == 5


def test_a_quiet_week_says_so():
    text = text_of(pages_of("quiet"), INDEX)
    assert "A quiet week, and all 4 sources arrived" in text


@pytest.mark.parametrize("week", ["empty", "nothing"])
def test_without_data_no_zero_is_claimed(week):
    page = pages_of(week)[INDEX]
    assert "No log lines arrived" in text_of(pages_of(week), INDEX)
    for key in ("shared-accounts", "new-sites", "off-hours-accounts"):
        assert "Unknown" in Page(page, within=key).text
        assert "0" not in Page(page, within=key).text


def test_a_week_that_is_not_over_says_so():
    early = replace(busy(), generated_time=busy().generated_time.replace(day=20))
    text = text_of(weekly_report(early, MONDAY), INDEX)
    assert "The week is not over" in text


def test_a_corrected_report_says_so():
    text = text_of(weekly_report(replace(busy(), revision=2), MONDAY), INDEX)
    assert "Corrected report, revision 2" in text
    assert "-r2" in text
    # on the day of the setup each accepted list makes another revision, which no one has read
    early = replace(busy(), revision=2, is_set_up_today=True)
    assert "Corrected report" not in text_of(weekly_report(early, MONDAY), INDEX)


def with_status(status):
    """Return the busy week with another standing of its first finding."""
    is_first = pl.col("finding_id") == "f-2026w47-001"
    rows = busy().findings.with_columns(
        status=pl.when(is_first).then(pl.lit(status)).otherwise("status")
    )
    return replace(busy(), findings=rows)


def test_a_decision_is_no_correction():
    """Eight verdicts made "Corrected report, revision 2" in amber."""
    before = facts(View(busy(), MONDAY))
    for status in ("explained", "confirmed"):
        decided = View(with_status(status), MONDAY)
        assert facts(decided) != before
        assert revision_after({1: before}, facts(decided)) == 1
        assert report_id(decided) == report_id(View(busy(), MONDAY))


def test_a_correction_names_each_difference():
    before = facts(View(busy(), MONDAY))
    later = with_status("withdrawn")
    now = facts(View(later, MONDAY))
    assert revision_after({1: before}, now) == 2
    pages = weekly_report(replace(later, revision=2, earlier_facts=[before]), MONDAY)
    text = Page(pages[INDEX], within="corrections-part").text
    assert "Revision 2 changes 2 numbers and items" in text
    assert "Shared accounts 3 2" in text
    assert "Finding f-2026w47-001 waiting for a decision (well supported) withdrawn" in text


def test_the_same_facts_are_the_same_report():
    now = facts(View(busy(), MONDAY))
    assert revision_after({}, now) == 1
    assert revision_after({1: now}, now) == 1
    assert revision_after({1: now | {"is_over": False}}, now) == 1
    again = replace(busy(), snapshot_id="2026-11-24T0000Z-0000")
    assert report_id(View(again, MONDAY)) == report_id(View(busy(), MONDAY))
    quiet = View(WEEKS["quiet"](), MONDAY)
    assert report_id(quiet) != report_id(View(busy(), MONDAY))


def test_months_and_semesters_hold_the_weeks_of_the_archive():
    pages = pages_of("busy")
    month = pages["months/2026-11.html"]
    assert "3 weeks with a report" in Page(month).text
    assert Page(month).links.count("../2026-W47/index.html") == 1
    assert len(csv_rows(pages["months/2026-11.csv"])) == 3
    fall = csv_rows(pages["semesters/2026-2-fall.csv"])
    assert len(fall) == 14
    (now,) = [row for row in fall if row["Week"] == "Week 47"]
    headline = numbers_by_link(pages[INDEX])
    assert int(now["New sites"]) == headline["new-sites"]
    assert "of them a partial week" in Page(pages["semesters/2026-2-fall.html"]).text


def test_a_report_of_an_older_week_leaves_the_pointer_alone():
    later = [*busy().previous, {"week_start": "2026-11-23", "needs_review": 1}]
    pages = weekly_report(replace(busy(), previous=later), MONDAY)
    assert "latest.html" not in pages
    assert "2026-W48/index.html" in pages["index.html"]


def test_lost_lines_are_named_by_number():
    days = busy().source_days.with_columns(lines=pl.col("lines") + 1)
    pages = weekly_report(replace(busy(), source_days=days), MONDAY)
    text = text_of(pages, "2026-W47/quality.html")
    assert "The line account does not balance for" in text
    assert "28 lines are unaccounted for" in text


def test_evidence_removed_by_retention_is_said():
    gone = replace(busy(), evidence=empty_frame("evidence"))
    pages = weekly_report(gone, MONDAY)
    page = text_of(pages, "2026-W47/evidence/f-2026w47-001.html")
    assert "removed under the retention rules" in page


def test_a_week_begins_on_a_monday():
    with pytest.raises(ValueError, match="Monday"):
        weekly_report(busy(), MONDAY.replace(day=17))


def test_a_record_that_is_not_json_stops_the_report():
    bad = [finding("f-1", "shared_account", "heron-05", 1, 9, record="{")]
    with pytest.raises(ModelError, match="f-1"):
        weekly_report(replace(busy(), findings=frame("findings", bad)), MONDAY)


def test_a_missing_column_is_named():
    with pytest.raises(ModelError, match="rejects"):
        replace(busy(), source_days=busy().source_days.drop("rejects"))


def test_weight(week, pages):
    index = len(pages[INDEX].encode("utf-8", "backslashreplace"))
    assert index <= 600_000
    assert sum(path.endswith(".min.js") for path in pages) == 1
    per_week = sum(len(as_bytes(t)) for p, t in pages.items() if p.startswith("2026-"))
    assert per_week <= 60_000_000 / 52 or week == "hostile"


def fits(value):
    """Return what a cell of Excel holds of a value."""
    is_long = isinstance(value, str) and len(value) > 32_767
    return value[: 32_767 - len(CUT)] + CUT if is_long else value


BOOK = "2026-W47/data/week.xlsx"


def sheets_of(pages):
    """Return the first sheet, as names and values, and the rows of each other by its name."""
    content = as_bytes(pages[BOOK])
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    held = {name: sheet(content, at) for at, name in enumerate(names, start=1)}
    return dict(held.pop("About")), held


def test_each_selection_is_the_same_rows_as_csv_and_in_the_workbook(week, pages):
    files = {p.split("/")[-1][:-4]: p for p in pages if p.startswith("2026-W47/data/")}
    about, sheets = sheets_of(pages)
    no_sheet = ("finding-", "week", "student-cases")
    csvs = {name for name in files if not name.startswith(no_sheet)}
    assert sheets.keys() == {name[:31] for name in csvs}
    assert csvs <= about.keys()
    for name in csvs:
        rows = csv_rows(pages[files[name]])
        head, *cells = sheets[name[:31]]
        assert len(rows) == len(cells)
        for row, shown in zip(rows, cells, strict=True):
            assert [*row] == head
            blanks = [None] * (len(row) - len(shown))
            said = [value.removeprefix("'") for value in row.values()]
            assert [fits(value) for value in said] == [
                "" if value is None else str(value) for value in shown + blanks
            ]


def test_exports_are_the_same_bytes_each_time():
    book = pages_of("busy")[BOOK]
    assert as_bytes(book) == as_bytes(book)


def test_a_workbook_says_what_its_sheets_are():
    about, sheets = sheets_of(pages_of("busy"))
    assert len(sheets["cases"]) == 11 + 1
    assert about["cases"].endswith("(11 rows)")
    assert about["Report"].startswith("r-2026w47-")
    assert "code names" in about["Names"]


def test_a_table_that_excel_cannot_hold_is_in_the_csv_alone(monkeypatch):
    monkeypatch.setattr("pipelines.reports.text_tables.MAX_IN_EXCEL", 5)
    about, sheets = sheets_of(weekly_report(busy(), MONDAY))
    assert "cases" not in sheets
    assert "too many for Excel: see the CSV file" in about["cases"]


def test_the_same_week_of_school_a_year_before():
    """A week with a holiday shifts the count: the calendar decides, not the date."""
    year = [
        {
            "event_date": MONDAY - timedelta(days=back),
            "building": "North High",
            "day_type": "school",
        }
        for back in (0, 7, 14, 371, 378, 385)
    ]
    before = MONDAY - timedelta(days=371)
    weeks = [{"week_start": before, "needs_review": 9, "coverage": 1.0},
             *busy().previous]  # fmt: skip
    inputs = replace(busy(), school_days=frame("school_days", year), previous=weeks)
    assert counterpart(View(inputs, MONDAY), MONDAY) == before
    text = text_of(weekly_report(inputs, MONDAY), INDEX)
    assert "usually 0 to 4; last year 9." in text
    pictures = text_of(weekly_report(inputs, MONDAY), "2026-W47/pictures.html")
    assert "Dashed: the same weeks of school a year before." in pictures
    fewer = frame("school_days", year[:3] + year[4:])
    shifted = View(replace(inputs, school_days=fewer), MONDAY)
    assert counterpart(shifted, MONDAY) is None


def test_lines_without_a_checksum_are_told_beside_the_account():
    line_account = next(one for one in sections() if one.name == "line-account")
    for lines, words in ((0, ""), (1, "1 line of proxy"), (3, "3 lines of proxy")):
        unchecked = pl.when(pl.col("source") == "proxy").then(lines).otherwise(0)
        is_first = pl.col("event_date") == MONDAY
        days = busy().source_days.with_columns(unchecked=unchecked * is_first)
        view = View(replace(busy(), source_days=days), MONDAY)
        said = line_account.summary(line_account.rows(view))
        assert ("without a checksum" in said) == bool(lines)
        assert words in said


def test_weekdays_that_the_calendar_does_not_know_are_counted():
    """A week of five school days was written as two, and nothing said so."""
    inputs = busy()
    known = inputs.school_days.filter(pl.col("event_date").dt.weekday() < 3)
    assert school_days(View(inputs, MONDAY)) == "5 school days"
    half = View(replace(inputs, school_days=known), MONDAY)
    assert school_days(half) == "2 school days, 3 weekdays of unknown kind"
    none = View(replace(inputs, school_days=known.clear()), MONDAY)
    assert school_days(none) == "school days not known"


@pytest.mark.parametrize("week", WEEKS)
def test_no_table_on_a_page_has_more_than_seven_columns(week):
    pages = [page for path, page in pages_of(week).items() if path.endswith(".html")]
    heads = [head for page in pages for head in re.findall(r"<thead>.*?</thead>", page, re.DOTALL)]
    assert week != "busy" or len(heads) > 20
    assert [head for head in heads if head.count("<th ") > 7] == []
    named = [head for head in heads if "What was seen" in head]
    assert all('class="long">What was seen' in head for head in named)
