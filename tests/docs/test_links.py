"""Links lead somewhere, pictures are small, and no document knows a machine."""

import re
from urllib.parse import unquote

import pytest

from tests.conftest import REPO_ROOT
from tests.docs.documents import FENCE, documents

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
OUTSIDE = re.compile(r"[a-z]+:")
MACHINE = re.compile(r"(?<![\w.])/(work|tmp|root|home/\w+)/")
PICTURES = sorted((REPO_ROOT / "docs" / "pictures").glob("*"))
each_document = pytest.mark.parametrize(
    "path", documents(), ids=lambda path: str(path.relative_to(REPO_ROOT))
)


def anchor(heading):
    """As GitHub makes it of a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.lower().replace("`", ""))
    return kept.strip().replace(" ", "-")


def anchors(path):
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    return {anchor(heading) for heading in HEADING.findall(text)}


@each_document
def test_every_link_leads_to_a_file_and_a_heading(path):
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    for link in LINK.findall(text):
        if OUTSIDE.match(link):
            continue
        place, _, part = unquote(link).partition("#")
        target = (path.parent / place).resolve() if place else path
        assert target.exists(), link
        assert target.is_relative_to(REPO_ROOT), link
        assert not part or part in anchors(target), link


@each_document
def test_no_document_knows_a_machine(path):
    assert not MACHINE.findall(path.read_text(encoding="utf-8"))


def test_every_document_can_be_reached_from_the_readme():
    seen, queue = set(), [REPO_ROOT / "README.md"]
    while queue:
        path = queue.pop()
        if path in seen or path.suffix != ".md":
            continue
        seen.add(path)
        for link in LINK.findall(path.read_text(encoding="utf-8")):
            target = (path.parent / link.partition("#")[0]).resolve()
            if not OUTSIDE.match(link) and target.is_file():
                queue.append(target)
    assert {path for path in documents() if path not in seen} == set()


def test_the_readme_is_short():
    assert len((REPO_ROOT / "README.md").read_text().splitlines()) <= 160


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_pictures_are_small(path):
    assert path.stat().st_size < 300_000
