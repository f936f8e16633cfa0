"""How `make site` makes pages of the documents.

The documents stay as they are read on a forge: what pages need besides, a table of
contents beside them, is added to the README while it is read. Every link has to lead
somewhere, and a page asks nothing of the network.
"""

from datetime import UTC, datetime
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]

project = "Schoolbell"
author = "the authors of Schoolbell"
html_title = project
copyright = f"{datetime.now(UTC):%Y}, {author}"  # noqa: A001 (Sphinx calls it so)
extensions = ["myst_parser"]
root_doc = "README"
include_patterns = ["*.md", "deploy/README.md", "docs/*.md", "docs/**/*.md"]
exclude_patterns = ["docs/site"]
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]
html_theme = "furo"
html_theme_options = {"footer_icons": []}
html_extra_path = ["index.html"]
html_copy_source = False
html_show_sphinx = False

PARTS = {
    "How to": "docs/how-to/*",
    "Reference": "docs/reference/*",
    "The code": "docs/journey",
    "Decisions": "docs/decisions/*",
}
FIRST = {"How to": ("install", "own-district", "operate", "reading-the-report")}
MORE = {"The code": ("CONTRIBUTING", "CHANGELOG", "deploy/README")}


def contents() -> str:
    """The table of contents, as directives that MyST reads."""
    said = []
    for caption, pattern in PARTS.items():
        folder = pattern.rpartition("/")[0]
        first = [f"{folder}/{name}" for name in FIRST.get(caption, ())]
        entries = "\n".join([*first, pattern, *MORE.get(caption, ())])
        options = f":hidden:\n:glob:\n:caption: {caption}"
        said.append(f"```{{toctree}}\n{options}\n\n{entries}\n```")
    return "\n\n".join(said)


def add_contents(_app: Sphinx, name: str, source: list[str]) -> None:
    """Put the table of contents below what the README says."""
    if name == root_doc:
        source[0] += "\n\n" + contents() + "\n"


def setup(app: Sphinx) -> None:
    """Sphinx calls this by its name."""
    app.connect("source-read", add_contents)
