"""The documents become pages, strictly: a link that leads nowhere ends the build."""

import re
import runpy
import shutil
import subprocess
import sys

import pytest

from docs import versions
from pipelines.reports.archive import write_archive
from tests.conftest import LONG, REPO_ROOT
from tests.docs.documents import documents
from tests.sections.conftest import pages_of

CONF = REPO_ROOT / "docs" / "site"
long = pytest.mark.skipif(not LONG, reason="ten seconds a build: `make site`")
REMOTE = re.compile(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"(?:https?:)?//")


def built(source, target):
    words = ("-W", "--keep-going", "-q", "-b", "html", "-c", CONF, source, target)
    command = [sys.executable, "-m", "sphinx", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@long
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
    # a how-to is found before the decisions behind it; nothing is fetched for an excerpt
    assert "docs/decisions/" in (tmp_path / "_static" / "language_data.js").read_text()
    options = (tmp_path / "_static" / "documentation_options.js").read_text()
    assert "SHOW_SEARCH_SUMMARY: false" in options
    (link,) = re.findall(r'href="(sample/latest[^"]*)"', (tmp_path / "README.html").read_text())
    assert "2026-W47/index.html" in (tmp_path / link).read_text(encoding="utf-8")


@long
@pytest.mark.parametrize("link", ["docs/gone.md", "docs/there.md#gone"])
def test_a_link_that_leads_nowhere_is_told(link, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(CONF, source / "docs" / "site")
    (source / "docs" / "there.md").write_text("# There\n")
    (source / "README.md").write_text(f"# Here\n\n[a link]({link})\n")
    done = built(source, tmp_path / "out")
    assert done.returncode != 0
    assert "README.md:3" in done.stderr


def site_source(folder):
    """A repository whose documents are named as the settings of the site expect."""
    shutil.copytree(CONF, folder / "docs" / "site")
    said = runpy.run_path(str(CONF / "conf.py"))
    how_tos = [f"docs/how-to/{name}" for names in said["READERS"].values() for name in names]
    others = ["docs/journey", "docs/reference/one", "docs/decisions/one"]
    others += said["MORE"]["For contributors"]
    for name in ("README", *how_tos, *others):
        path = folder / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n")

    def git(*words):
        names = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", "-C", folder, *names, *words], check=True, capture_output=True)

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "one")
    return git


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Two releases and what follows; one page is only in the first, one only in the last."""
    source = tmp_path_factory.mktemp("source")
    git = site_source(source)
    git("tag", "v1.2.0")
    git("tag", "not-a-release")
    old = source / "docs" / "reference" / "one.md"
    old.rename(old.with_name("two.md"))
    git("add", "-A")
    git("commit", "-qm", "two")
    git("tag", "v1.10.0")
    (source / "docs" / "reference" / "three.md").write_text("# three\n")
    target = tmp_path_factory.mktemp("site")
    assert versions.build(source, target) == ["v1.10.0", "v1.2.0", "next"]
    return source, target


def test_each_version_has_a_folder_with_its_own_pages(site):
    source, target = site
    assert {path.name for path in target.iterdir()} == {
        "v1.10.0", "v1.2.0", "next", "index.html", "versions.js",
    }  # fmt: skip
    pages = {
        name: {path.stem for path in (target / name / "docs" / "reference").glob("*.html")}
        for name in ("v1.2.0", "v1.10.0", "next")
    }
    assert pages == {"v1.2.0": {"one"}, "v1.10.0": {"two"}, "next": {"two", "three"}}
    assert "url=v1.10.0/README.html" in (target / "index.html").read_text()
    mark = target / "v1.2.0" / "README.html"
    mark.write_text("as it was built")
    versions.build(source, target)
    assert mark.read_text() == "as it was built"


@pytest.mark.browser
def test_a_reader_chooses_a_version_without_a_server(site, browser):
    _, target = site
    page = browser.new_page()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto((target / "v1.2.0" / "docs" / "reference" / "one.html").as_uri())
    choice = page.locator("#versions")
    assert choice.locator("option").all_inner_texts() == ["v1.10.0", "v1.2.0", "next"]
    assert choice.locator("option:checked").inner_text() == "v1.2.0"
    choice.select_option(label="v1.10.0")
    page.wait_for_url("**/v1.10.0/README.html")  # which has no such page
    page.goto((target / "v1.10.0" / "docs" / "reference" / "two.html").as_uri())
    page.locator("#versions").select_option(label="next")
    page.wait_for_url("**/next/docs/reference/two.html")
    assert all(url.startswith(("file:", "data:")) for url in requests)
