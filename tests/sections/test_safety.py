"""What logs state stays text: in pages, in charts, in CSV, on disk."""

import csv
import io
import json
import re
import zipfile

import pytest

from pipelines.errors import SchoolbellError
from pipelines.reports.archive import write_archive
from pipelines.reports.charts import label, spec
from pipelines.reports.pages import asset_files, printable
from pipelines.reports.sections import sections
from pipelines.reports.text_tables import (
    HIDDEN,
    file_name,
    integrity,
    safe,
    table,
    to_csv,
    visible,
    workbook,
)
from pipelines.reports.view import View
from tests.sections.conftest import pages_of
from tests.sections.fixtures import MONDAY, WEEKS
from tests.sections.hostile import CORPUS
from tests.sections.reading import Page, texts


def hostile_pages():
    return {path: text for path, text in pages_of("hostile").items() if ".html" in path}


def test_no_tag_comes_from_data():
    calm = {
        tag
        for path, text in texts(pages_of("busy")).items()
        if ".html" in path
        for tag, _ in Page(text).tags
    }
    for path, text in hostile_pages().items():
        page = Page(text)
        assert {tag for tag, _ in page.tags} <= calm, path
        assert not [a for _, attrs in page.tags for a in attrs if a.startswith("on")]
        assert not [link for link in page.links if ":" in link]


def test_scripts_are_the_constant_ones_only():
    for path, text in hostile_pages().items():
        scripts = re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL)
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
        for attributes, body in scripts:
            if "application/json" in attributes:
                json.loads(body)
                assert "<" not in body
            elif "src=" in attributes:
                assert not body
                assert any(name in attributes for name in asset_files())
            else:
                assert integrity(body) in policy
        assert "unsafe-eval" not in policy, path


def test_hidden_characters_are_spelled_out():
    for text in hostile_pages().values():
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x1b\x07]", text)


def test_what_python_calls_printable_holds_nothing_hidden():
    printed = "".join(filter(str.isprintable, map(chr, range(0x110000))))
    assert not HIDDEN.search(printed)


def test_templates_do_not_run_data():
    text = "".join(hostile_pages().values())
    assert "{{7*7}}" in text
    assert "49 ${" not in text


def test_labels_of_charts_are_not_markup():
    for section in sections():
        figure = section.draw(section.rows(View(WEEKS["hostile"](), MONDAY)))
        if figure is None:
            continue
        layout, data = spec(figure)["layout"], spec(figure)["data"]
        assert "<" not in json.dumps(layout)
        assert "<" not in json.dumps(data)


def test_csv_cells_are_not_formulas():
    for path, text in pages_of("hostile").items():
        if path.endswith(".csv"):
            for row in csv.reader(io.StringIO(text)):
                assert not [c for c in row if c[:1] in {"=", "+", "-", "@", "\t", "\r"}]


def test_csv_and_sheets_hold_no_hidden_characters():
    hostile = table("Files", ["Path"], [["a\x1b[2J\u202egol\x07.zip"]])
    rows = [hostile.labels, [hostile.rows[0][0].value]]
    with zipfile.ZipFile(io.BytesIO(workbook({"Files": rows}))) as book:
        sheet = book.read("xl/sharedStrings.xml").decode()
    for text in (to_csv(hostile), sheet):
        assert "a\\u001b[2J\\u202egol\\u0007.zip" in text
        assert not re.search("[\u202e\x1b\x07]|_x00", text)
    for path, text in pages_of("hostile").items():
        if path.endswith(".csv"):
            assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x1b\x07]", text)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "'x", "x", ""])
def test_the_csv_prefix_can_be_taken_away_again(text):
    cell = safe(text)
    assert cell.removeprefix("'") == text
    assert cell.startswith("'") == (text[:1] in set("=+-@\t\r'"))


@pytest.mark.parametrize("text", CORPUS)
def test_names_of_files_are_safe(text):
    assert re.fullmatch("[A-Za-z0-9_-]{1,80}", file_name(text))
    assert "<" not in label(text)
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), [1], b"x"])
def test_what_is_not_known_can_not_be_printed(value):
    with pytest.raises(TypeError, match="may not print"):
        printable(value)


def test_the_archive_is_written_whole_and_index_last(tmp_path):
    written = write_archive(pages_of("busy"), tmp_path)
    names = [str(path.relative_to(tmp_path)) for path in written]
    assert names[-1] == "index.html"
    assert set(names) == set(pages_of("busy"))
    assert not list(tmp_path.rglob("*.part"))
    assert write_archive(pages_of("busy"), tmp_path) == []


def test_style_comes_before_pages_and_a_week_after_its_pages(tmp_path):
    written = write_archive(pages_of("busy"), tmp_path)
    place = {one.relative_to(tmp_path).as_posix(): n for n, one in enumerate(written)}
    assets = [n for path, n in place.items() if path.startswith("assets/")]
    pages = [n for path, n in place.items() if path.endswith(".html")]
    assert assets
    assert max(assets) < min(pages)
    for path, number in place.items():
        if path.endswith("/index.html"):
            week = path.removesuffix("index.html")
            assert number == max(n for one, n in place.items() if one.startswith(week))
    assert list(place)[-1] == "index.html"


@pytest.mark.parametrize("path", ["../out.html", "/out.html", "a/../../b", ""])
def test_no_page_leaves_the_archive(tmp_path, path):
    with pytest.raises(SchoolbellError):
        write_archive({path: "x"}, tmp_path)


def test_a_failed_write_leaves_the_old_page(tmp_path, monkeypatch):
    write_archive({"index.html": "old"}, tmp_path)

    def full(handle):
        raise OSError(28, "no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_archive({"index.html": "new"}, tmp_path)
    assert (tmp_path / "index.html").read_text() == "old"
    assert list(tmp_path.iterdir()) == [tmp_path / "index.html"]
