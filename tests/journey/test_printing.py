"""The PDF of a report, and what a browser that is missing or broken changes: words."""

import os
import shutil
import unicodedata
from dataclasses import replace
from pathlib import Path
from time import sleep

import pypdf
import pytest

from pipelines.reports.archive import write_archive
from pipelines.reports.publication import browser, print_page
from pipelines.reports.weekly import weekly_report
from pipelines.settings.model import Report
from tests.conftest import LONG
from tests.sections.conftest import pages_of
from tests.sections.fixtures import MONDAY, busy, finding, frame, lines_of

CHROMIUM = os.environ.get("SCHOOLBELL_CHROMIUM") or shutil.which("chromium")
WIDE, HIGH = {"letter": 612, "a4": 595}, {"letter": 792, "a4": 842}
INDEX = "2026-W47/index.html"


def script(folder, text):
    path = folder / "browser"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def crowded(paper):
    """Return a week with more cases than paper has room for."""
    rows = [
        finding(f"f-2026w47-4{n}", "shared_account", f"stork-{n}", n % 5, 9) for n in range(10, 50)
    ]
    lines = [line for row in rows for line in lines_of(row)]
    return replace(
        busy(),
        findings=frame("findings", rows),
        evidence=frame("evidence", lines),
        paper=paper,
    )


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
@pytest.mark.parametrize("paper", ["letter", "a4"] if LONG else ["letter"])
def test_the_pdf_is_tagged_titled_numbered_and_short(tmp_path, paper):
    write_archive(weekly_report(crowded(paper), MONDAY), tmp_path)
    target = tmp_path / "report.pdf"
    assert print_page(CHROMIUM, tmp_path / INDEX, target)
    made = pypdf.PdfReader(target)
    box = made.pages[0].mediabox
    assert abs(box.width - WIDE[paper]) < 1
    assert abs(box.height - HIGH[paper]) < 1
    assert made.metadata.title.startswith("Week 47: 1 item on your list: 40 cases")
    assert made.root_object["/Lang"] == "en"
    assert made.root_object["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in made.root_object
    assert len(made.pages) <= 2
    texts = [page.extract_text() for page in made.pages]
    for place, text in enumerate(texts, start=1):
        assert f"{place} of {len(texts)}" in text
    assert "Needs you" in texts[0] or "NEEDS YOU" in texts[0]
    whole = unicodedata.normalize("NFKC", " ".join(texts))
    assert "The printed report lists every item." in " ".join(whole.split())


def test_a_browser_that_fails_leaves_the_old_file(tmp_path):
    (tmp_path / "page.html").write_text("<p>x")
    target = tmp_path / "report.pdf"
    target.write_bytes(b"old")
    for program in (script(tmp_path, "exit 1"), str(tmp_path / "absent")):
        assert not print_page(program, tmp_path / "page.html", target)
    assert target.read_bytes() == b"old"


def test_what_is_no_pdf_is_not_taken_for_one(tmp_path):
    (tmp_path / "page.html").write_text("<p>x")
    writes = 'for one in "$@"; do case "$one" in --print-to-pdf=*) '
    writes += 'echo no > "${one#--print-to-pdf=}";; esac; done'
    program = script(tmp_path, writes)
    assert not print_page(program, tmp_path / "page.html", tmp_path / "r.pdf")
    assert not (tmp_path / "r.pdf").exists()


def test_a_browser_that_hangs_is_ended_with_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.reports.publication.PATIENCE_SECONDS", 0.2)
    program = script(tmp_path, f"sleep 60 & echo $! > {tmp_path}/child; wait")
    assert not print_page(program, tmp_path / "page.html", tmp_path / "r.pdf")
    child = tmp_path / "child"
    assert child.is_file()
    state = Path(f"/proc/{child.read_text().strip()}/stat")
    # a busy machine takes its time to carry out what it was reported
    for _ in range(100):
        if not state.exists() or state.read_text().split()[2] == "Z":
            return
        sleep(0.1)
    pytest.fail("the child is still at work")


def test_the_browser_that_the_settings_name_comes_first(tmp_path):
    mine = script(tmp_path, "exit 0")
    assert browser(Report(browser=mine)) == mine
    assert browser(Report(browser=str(tmp_path / "none"))) is None


def test_a_page_tells_of_its_pdf_or_why_there_is_none():
    with_pdf = weekly_report(replace(busy(), pdf="report.pdf"), MONDAY)[INDEX]
    assert '<a href="report.pdf">PDF</a>' in with_pdf
    without = weekly_report(replace(busy(), pdf_note="The PDF is missing."), MONDAY)
    assert "The PDF is missing." in without[INDEX]
    assert "PDF" not in pages_of("busy")[INDEX].split("<body>")[1]
