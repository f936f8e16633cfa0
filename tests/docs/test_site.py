"""The documents become pages, strictly: a link that leads nowhere ends the build."""

import re
import shutil
import subprocess
import sys

import pytest

from pipelines.reports.archive import write_archive
from tests.conftest import LONG, REPO_ROOT
from tests.docs.documents import documents
from tests.sections.conftest import pages_of

pytestmark = pytest.mark.skipif(not LONG, reason="ten seconds a build: `make site`")

CONF = REPO_ROOT / "docs" / "site"
REMOTE = re.compile(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"(?:https?:)?//")


def built(source, target):
    words = ("-W", "--keep-going", "-q", "-b", "html", "-c", CONF, source, target)
    command = [sys.executable, "-m", "sphinx", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_document_is_a_page_that_asks_for_nothing(tmp_path, monkeypatch):
    sample = tmp_path / "reports"
    write_archive(pages_of("busy"), sample)
    monkeypatch.setenv("SAMPLE", str(sample))
    tmp_path /= "site"
    done = built(REPO_ROOT, tmp_path)
    assert done.returncode == 0, done.stderr
    for path in documents():
        page = tmp_path / path.relative_to(REPO_ROOT).with_suffix(".html")
        assert not REMOTE.search(page.read_text(encoding="utf-8")), page
    assert 'href="README.html"' in (tmp_path / "index.html").read_text()
    (link,) = re.findall(r'href="(sample/latest[^"]*)"', (tmp_path / "README.html").read_text())
    assert "2026-W47/index.html" in (tmp_path / link).read_text(encoding="utf-8")


@pytest.mark.parametrize("link", ["docs/gone.md", "docs/there.md#gone"])
def test_a_link_that_leads_nowhere_is_told(link, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(CONF, source / "docs" / "site")
    (source / "docs" / "there.md").write_text("# There\n")
    (source / "README.md").write_text(f"# Here\n\n[a link]({link})\n")
    done = built(source, tmp_path / "out")
    assert done.returncode != 0
    assert "README.md:3" in done.stderr
