"""The pages on formats name every format, and show lines that are read."""

import re

import pytest

from pipelines.clock import Reading
from pipelines.formats import Context, formats
from pipelines.lake.identify import best
from pipelines.sources.framing import records
from tests.conftest import LONG, REPO_ROOT
from tests.docs.documents import FENCE
from tests.formats.table import confusion, section

FORMATS = formats()
DOCS = REPO_ROOT / "docs"
REFERENCE = (DOCS / "reference" / "formats.md").read_text(encoding="utf-8")
GUIDE = (DOCS / "how-to" / "forward-logs.md").read_text(encoding="utf-8")
FEWEST_PERCENT = 95
SHOWN = [(found[1], found[2]) for found in FENCE.finditer(GUIDE) if found[1] in FORMATS]


@pytest.mark.parametrize("name", FORMATS)
def test_reference_lists_the_format_and_says_what_its_module_says(name):
    assert f"| `{name}` |" in REFERENCE
    made_anew = "run `python -m tests.formats.table > docs/reference/formats.md`"
    assert section(FORMATS[name]) in REFERENCE, made_anew


def test_nearly_all_sample_files_need_no_hint():
    found = re.search(r"\*\*([0-9]+) of ([0-9]+) files \(([0-9.]+)%\)", REFERENCE)
    assert found
    own, total, share = float(found[1]), float(found[2]), float(found[3])
    assert round(own / total * 100, 1) == share
    assert share >= FEWEST_PERCENT


@pytest.mark.skipif(not LONG, reason="identifies five hundred files")
def test_share_of_files_without_a_hint_is_as_the_page_says():
    taken = confusion()
    if taken.total:
        assert f"**{taken.own} of {taken.total} files" in REFERENCE


@pytest.mark.parametrize(("name", "text"), SHOWN, ids=[name for name, _ in SHOWN])
def test_line_of_the_guide_is_read_as_its_format(name, text):
    batch = records(text.encode(), FORMATS[name].framing)
    parsed = FORMATS[name].parse(batch, Context(Reading("America/Chicago")))
    assert not parsed.rejects.height, parsed.rejects["reason"].to_list()
    assert [cls for cls in parsed.events if cls != "system_events"]
    assert best(text.encode()) == name


def test_the_guide_shows_some():
    assert len(SHOWN) >= 12
