"""The pages on formats name every format, and show lines that are read."""

import pytest

from pipelines.clock import Reading
from pipelines.formats import Context, formats
from pipelines.lake.identify import best
from pipelines.sources.framing import records
from tests.conftest import REPO_ROOT
from tests.docs.documents import FENCE
from tests.formats.table import section

FORMATS = formats()
DOCS = REPO_ROOT / "docs"
REFERENCE = (DOCS / "reference" / "formats.md").read_text(encoding="utf-8")
GUIDE = (DOCS / "how-to" / "forward-logs.md").read_text(encoding="utf-8")
SHOWN = [(found[1], found[2]) for found in FENCE.finditer(GUIDE) if found[1] in FORMATS]


@pytest.mark.parametrize("name", FORMATS)
def test_reference_lists_the_format_and_says_what_its_module_says(name):
    assert f"| `{name}` |" in REFERENCE
    made_anew = "run `python -m tests.formats.table > docs/reference/formats.md`"
    assert section(FORMATS[name]) in REFERENCE, made_anew


@pytest.mark.parametrize(("name", "text"), SHOWN, ids=[name for name, _ in SHOWN])
def test_line_of_the_guide_is_read_as_its_format(name, text):
    batch = records(text.encode(), FORMATS[name].framing)
    parsed = FORMATS[name].parse(batch, Context(Reading("America/Chicago")))
    assert not parsed.rejects.height, parsed.rejects["reason"].to_list()
    assert [cls for cls in parsed.events if cls != "system_events"]
    assert best(text.encode()) == name


def test_the_guide_shows_some():
    assert len(SHOWN) >= 12
