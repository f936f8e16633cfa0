"""Builds the documents as a site: a folder for each version, and a list to choose from.

    python -m docs.versions build/site

Versions are the release tags (`v1.2.0`), and `next` unless the current commit is one. A tag
is built once, from its own files; `next` each time. Reference pages that are not committed
are made from the same files. The list is a script next to the folders, so that pages of an
older version list newer ones. It works from a folder, without a server.
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).parents[1]
NEXT = "next"
CONF = "docs/site/conf.py"
BUILT_FROM = ".commit"
"""File in the folder of a tag: the commit that it was built from."""
INDEX = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={first}/README.html">
<title>Schoolbell</title>
<h1>Schoolbell</h1>
<ul>
{links}
</ul>
</html>
"""


def build(root: Path, site: Path) -> list[str]:
    """Build the versions of a repository that are missing; return all, the newest first.

    Raises:
        subprocess.CalledProcessError: A document has an error, such as a broken link.
    """
    is_checkout = (root / ".git").exists()
    tags = _tags(root) if is_checkout else {}
    for tag, commit in tags.items():
        mark = site / tag / BUILT_FROM
        if mark.is_file() and mark.read_text(encoding="utf-8") == commit:
            continue
        with tempfile.TemporaryDirectory() as folder:
            archive = _git(root, "archive", "--format=tar", commit)
            with tarfile.open(fileobj=BytesIO(archive)) as files:
                files.extractall(folder, filter="data")
            _pages(Path(folder), site / tag, tag, sample="")
        mark.write_text(commit, encoding="utf-8")
    versions = [*tags]
    if not is_checkout or _is_ahead(root, tags):
        _pages(root, site / NEXT, NEXT, sample=os.environ.get("SAMPLE", ""))
        versions.append(NEXT)
    write_list(site, versions)
    return versions


def _tags(root: Path) -> dict[str, str]:
    """Return the commit of each release that has a site, the newest release first."""
    names = _git(root, "tag", "--list", "v[0-9]*", "--sort=-version:refname").decode().split()
    found = {name: _git(root, "rev-list", "-n1", name).decode().strip() for name in names}
    return {
        name: commit
        for name, commit in found.items()
        if _git(root, "ls-tree", "--name-only", commit, CONF)
    }


def _is_ahead(root: Path, tags: dict[str, str]) -> bool:
    """Return whether the files differ from those of a release."""
    head = _git(root, "rev-parse", "HEAD").decode().strip()
    return head not in tags.values() or bool(_git(root, "status", "--porcelain"))


def _pages(source: Path, target: Path, version: str, *, sample: str) -> None:
    if (source / "docs" / "reference_pages.py").is_file():
        pages = [sys.executable, "-m", "docs.reference_pages", "docs/reference"]
        subprocess.run(pages, check=True, cwd=source)  # noqa: S603 (no outside input)
    words = ("-E", "-W", "--keep-going", "-q", "-b", "html", "-c", source / "docs" / "site")
    command = [sys.executable, "-m", "sphinx", *words, source, target]
    given = {"SITE_VERSION": version, "SAMPLE": sample}
    subprocess.run(command, check=True, env=os.environ | given)  # noqa: S603 (no outside input)


def write_list(site: Path, versions: list[str]) -> None:
    """Write the versions with the names of their pages, and the index of the site."""
    pages = {
        version: sorted(
            path.relative_to(site / version).with_suffix("").as_posix()
            for path in (site / version).rglob("*.html")
            if not path.is_relative_to(site / version / "sample")
        )
        for version in versions
    }
    script = f"window.SITE_VERSIONS = {json.dumps(pages)};\n"
    (site / "versions.js").write_text(script, encoding="utf-8")
    links = "\n".join(f'<li><a href="{name}/README.html">{name}</a></li>' for name in versions)
    page = INDEX.format(first=versions[0], links=links)
    (site / "index.html").write_text(page, encoding="utf-8")


def _git(root: Path, *words: str) -> bytes:
    command = ["git", "-C", root, *words]
    return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603


if __name__ == "__main__":
    sys.stdout.write("\n".join(build(ROOT, Path(sys.argv[1]).resolve())) + "\n")
