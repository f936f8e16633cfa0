"""No edition holds what its readers may not see: every page and file is crawled."""

import io
import re
import zipfile
from dataclasses import replace

import polars as pl
import pytest

from pipelines.reports.archive import as_bytes
from pipelines.reports.editions import (
    HIDDEN,
    Edition,
    counts_of,
    edition_report,
    editions,
)
from pipelines.reports.report_inputs import ReportInputs
from pipelines.reports.sections import EDITIONS
from pipelines.reports.view import View
from pipelines.reports.weekly import weekly_report
from pipelines.reports.words import KINDS, lint
from tests.sections.fixtures import (
    BUILDINGS,
    MONDAY,
    WEEKS,
    busy,
    finding,
    findings_of_busy_week,
    frame,
    lines_of,
)
from tests.sections.reading import Page, sheet

WIDE = ("board", "public")
INDEX = "2026-W47/index.html"


def placed(row, building):
    """Return a finding's log lines, all in one building."""
    return [line | {"building": building} for line in lines_of(row)]


def district() -> ReportInputs:
    """Return a busy week, with items that belong to one building, and many at another."""
    rows = findings_of_busy_week()
    lines = [line for row in rows[:3] for line in lines_of(row)]
    lines += [line for row in rows[3:] for line in placed(row, BUILDINGS[1])]
    own = [finding("f-2026w47-200", "off_hours_external", "lynx-77", 2, 20,
                   devices=["device larch-77"])]  # fmt: skip
    crowd = [
        finding(
            f"f-2026w47-3{n}",
            "off_hours_external",
            f"tern-{n}",
            2,
            20,
            devices=[f"device lime-{n}"],
        )
        for n in range(10, 24)
    ]
    lines += [line for row in own for line in placed(row, BUILDINGS[2])]
    lines += [line for row in crowd for line in placed(row, BUILDINGS[0])]
    return replace(
        busy(),
        findings=frame("findings", [*rows, *own, *crowd]),
        evidence=frame("evidence", lines),
    )


@pytest.fixture(scope="module")
def made():
    inputs = district()
    return {
        edition: edition_report(inputs, MONDAY, edition) for edition in editions(inputs, EDITIONS)
    }


def text_of(pages):
    """Return all that the files hold, but for the chart library, which states everything."""
    kept = {path: text for path, text in pages.items() if "assets/" not in path}
    return "\n".join(
        text if isinstance(text, str) else read(path, as_bytes(text)) for path, text in kept.items()
    )


def read(path, content):
    """Return the cells of a workbook."""
    assert path.endswith(".xlsx")
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        size = sum("/sheet" in name for name in book.namelist())
    rows = (row for at in range(size) for row in sheet(content, at + 1))
    return "\n".join(" ".join(map(str, row)) for row in rows)


def secrets(inputs):
    """Return every account, device, finding, file and hash of the inputs."""
    lines, rows = inputs.evidence, inputs.findings
    columns = (
        rows["subject"], rows["finding_id"], rows["devices"].explode(),
        lines["path"], lines["line_sha256"],
    )  # fmt: skip
    return {value for column in columns for value in column.drop_nulls()}


def held(text, wanted):
    """Those of the values that are in a text as separate words."""
    return {
        one
        for one in wanted
        if one in text and re.search(rf"(?<![\w-]){re.escape(one)}(?![\w-])", text)
    }


def kinds_of(made, kind):
    return {one: pages for one, pages in made.items() if one.kind == kind}


@pytest.mark.parametrize("kind", WIDE)
def test_a_wide_edition_names_no_account_device_item_file_or_site(made, kind):
    inputs = district()
    (pages,) = kinds_of(made, kind).values()
    found = held(text_of(pages), secrets(inputs) | set(inputs.site_use["site"]))
    assert not found
    assert not [path for path in pages if "/evidence/" in path]


def test_the_public_edition_names_no_building_and_no_source(made):
    (pages,) = kinds_of(made, "public").values()
    assert not held(text_of(pages), set(BUILDINGS) | {"proxy", "firewall"})


def test_a_principal_sees_one_building(made):
    inputs = district()
    assert len(kinds_of(made, "principal")) == len(BUILDINGS)
    for edition, pages in kinds_of(made, "principal").items():
        places = inputs.evidence.group_by("finding_id").agg(pl.col("building").unique())
        own = places.filter(pl.col("building") == [edition.building])
        mine = inputs.findings.join(own, on="finding_id", how="semi")
        lines = inputs.evidence.join(own, on="finding_id", how="semi")
        known = secrets(replace(inputs, findings=mine, evidence=lines))
        foreign = secrets(inputs) - known
        foreign -= set(mine["subject"])
        text = text_of(pages)
        assert not held(text, foreign | (set(BUILDINGS) - {edition.building}))
    south = next(p for e, p in made.items() if e.building == "Oak Middle")
    assert "f-2026w47-200" in text_of(south)


def test_what_concerns_two_buildings_is_counted_and_not_shown(made):
    north = next(p for e, p in made.items() if e.building == "North High")
    said = Page(north[INDEX], within="headline").text
    assert "that also involve another building (with the technology director) 2 findings" in (said)


@pytest.mark.parametrize("kind", WIDE)
def test_no_small_count_is_in_a_wide_edition(made, kind):
    (pages,) = kinds_of(made, kind).values()
    inputs = district()
    numbers = counts_of(View(inputs, MONDAY))
    items = {one.value for one in numbers if one.label.startswith("cases about")}
    assert HIDDEN in items
    assert not items & {"1", "2", "3", "4"}
    page = Page(pages[INDEX], within="headline")
    cells = [
        value
        for value in page.words
        if value.strip().isdigit() and 0 < int(value) < inputs.least_count
    ]
    assert cells == []


@pytest.mark.parametrize("kind", ["board"])
def test_a_building_with_one_item_is_not_found_by_subtraction(made, kind):
    (pages,) = kinds_of(made, kind).values()
    text = pages[INDEX].split("The week&#39;s cases by building")[-1]
    rows = re.findall(r"<tr>(.*?)</tr>", text.split("</table>")[0], re.DOTALL)
    cells = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in rows]
    assert len([row for row in cells if row]) > len(BUILDINGS)
    for column in range(1, len(KINDS) + 2):
        hidden = [row[column] for row in cells if row and row[column] == HIDDEN]
        assert len(hidden) != 1
    for row in cells:
        assert row.count(HIDDEN) != 1


@pytest.mark.parametrize("week", ["busy", "quiet", "empty", "hostile"])
def test_every_week_has_its_editions_in_words_that_may_be_said(week):
    inputs = WEEKS[week]()
    for edition in editions(inputs, EDITIONS):
        pages = edition_report(inputs, MONDAY, edition)
        if week == "hostile":
            continue
        for path, text in pages.items():
            if path.endswith(".html"):
                assert lint(Page(text).text) == [], path


def test_attacks_stay_text_in_every_edition():
    inputs = WEEKS["hostile"]()
    bad = inputs.school_days.with_columns(building=pl.lit("<script>alert(1)</script>"))
    inputs = replace(inputs, school_days=bad)
    for edition in editions(inputs, EDITIONS):
        assert re.fullmatch("[A-Za-z0-9_-]+", edition.name)
        for path, text in edition_report(inputs, MONDAY, edition).items():
            if path.endswith(".html"):
                assert "<script>alert" not in text


def test_an_edition_is_the_same_twice(made):
    for edition, pages in made.items():
        if edition.kind in ("board", "superintendent"):
            assert edition_report(district(), MONDAY, edition) == pages


def test_an_edition_is_made_only_when_asked_for():
    assert not list(editions(busy(), ("director",)))
    assert [one.name for one in editions(busy(), ("board",))] == ["board"]


def test_the_public_edition_is_short_defined_and_open(made):
    inputs = replace(district(), openness={"look_ups": 3, "answered": 2, "open": 1})
    (edition,) = (one for one in made if one.kind == "public")
    page = Page(edition_report(inputs, MONDAY, edition)[INDEX], within="main").text
    assert "a question to look into, not a finding of fault" in page
    assert "name lookups for a case, this school year 3" in page
    assert "public records requests answered this school year 2" in page
    assert "Cases that were waiting for a decision in earlier weeks" in page
    assert not held(page, {one["clause_id"] for one in inputs.clauses})
    assert not held(page, {str(rule["code"]) for rule in inputs.rules})


def test_a_page_for_one_reader_is_short_and_asks_nothing_that_the_reader_cannot_do(made):
    """A principal without a role was told to decide cases at the desk, on eleven screens."""
    kinds = [one for one in made if one.kind in ("principal", "superintendent")]
    assert {one.kind for one in kinds} == {"principal", "superintendent"}
    for edition in kinds:
        pages = made[edition]
        page = Page(pages[INDEX])
        assert len(page.text.split()) <= 480, edition
        assert "details.html" in page.links
        for text in (page.text, Page(pages["2026-W47/details.html"]).text):
            assert not re.search(r"\bDecide (case|these)|\bDo (this|these)\b|Next:", text), edition
    director = Page(weekly_report(district(), MONDAY)[INDEX]).text
    assert re.search(r"\bDo (this|these)\b", director)


def test_the_superintendent_sees_who_has_what_and_for_how_long():
    waiting = View(busy(), MONDAY).waiting
    inputs = replace(busy(), with_office={waiting[0].case_id: "hr"})
    page = Page(edition_report(inputs, MONDAY, Edition("superintendent"))[INDEX]).text
    assert re.search(r"the technology director 2 \d", page)
    assert re.search(r"human resources 1 \d", page)


def test_a_board_reads_sentences_where_most_counts_are_withheld():
    few = edition_report(busy(), MONDAY, Edition("board"))[INDEX]
    assert "No table by building" in Page(few).text
    assert "The week's cases by building" not in Page(few).text
