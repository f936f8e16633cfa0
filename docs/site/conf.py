"""Settings of Sphinx for `make site`, which turns the documents into pages.

The documents are not changed: the table of contents that the pages need is added to the
README while Sphinx reads it. Every link must work, and a page requests nothing from the
network. If `SAMPLE` is the reports folder of a district, a whole report is included as a
sample; `make site` uses the demo's.
"""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
SAMPLE = os.environ.get("SAMPLE", "")
SAMPLE_SAID = """\
<p><a href="sample/latest.html"><b>A sample report</b></a>, as the demo's invented
district gets it each week: open it as the director would.
<a href="sample/index.html">All its weeks</a>.</p>
"""

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
templates_path = ["templates"]
html_context = {"site_version": os.environ.get("SITE_VERSION", "")}
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "versions.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_copy_source = False
html_show_sphinx = False
html_search_scorer = str(Path(__file__).with_name("scorer.js"))

READERS = {
    "For directors": (
        "reading-the-report", "reading-a-case", "review-findings", "evidence-and-names",
        "inquiries", "editions", "apps",
    ),
    "For operators": (
        "install", "appliance", "own-district", "bring-logs", "forward-logs",
        "forward-proxies", "forward-firewalls", "forward-windows", "forward-cloud",
        "receive-logs", "fetch-logs", "fetch-lists", "registry", "registry-by-file",
        "missing-logs", "operate", "troubleshoot", "roles", "alerts", "back-up", "dagster",
        "sizing", "many-districts",
    ),
    "For analysts": ("query", "own-charts", "own-rules", "other-systems", "tickets"),
    "For counsel and the board": (
        "ferpa-cipa-coppa", "data-processing", "security-and-privacy", "keep-and-delete",
        "public-records",
    ),
}  # fmt: skip
"""Reader -> the how-tos for them, in the order in which they read."""
PARTS = {
    "Reference": "docs/reference/*",
    "For contributors": "docs/journey",
    "Decisions": "docs/decisions/*",
}
MORE = {"For contributors": ("CONTRIBUTING", "CHANGELOG", "deploy/README")}


def contents() -> str:
    """Return the table of contents, as directives that MyST reads."""
    how_tos = {
        caption: [f"docs/how-to/{name}" for name in names] for caption, names in READERS.items()
    }
    others = {caption: [one, *MORE.get(caption, ())] for caption, one in PARTS.items()}
    said = []
    for caption, pages in (how_tos | others).items():
        entries = "\n".join(pages)
        options = f":hidden:\n:glob:\n:caption: {caption}"
        said.append(f"```{{toctree}}\n{options}\n\n{entries}\n```")
    return "\n\n".join(said)


def add_contents(_app: Sphinx, name: str, source: list[str]) -> None:
    """Add the table of contents to the end of the README."""
    if name != root_doc:
        return
    if SAMPLE:
        opening, rest = source[0].split("\n## ", 1)
        source[0] = f"{opening}\n{SAMPLE_SAID}\n## {rest}"
    source[0] += "\n\n" + contents() + "\n"


def add_sample(app: Sphinx, error: Exception | None) -> None:
    """Copy the pages of the sample next to those of the documents."""
    if SAMPLE and error is None:
        shutil.copytree(SAMPLE, app.outdir / "sample", dirs_exist_ok=True)


def setup(app: Sphinx) -> None:
    """Connect the functions above; Sphinx calls this by its name."""
    app.connect("source-read", add_contents)
    app.connect("build-finished", add_sample)
