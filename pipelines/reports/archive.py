"""Puts a report's pages on disk, so that a reader never sees half of one.

Each file is written beside its place, forced to disk and renamed, after all that
it points to: no page lacks its style, and no index names a week that is not there.
"""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from pipelines.errors import SchoolbellError
from pipelines.reports.exports import Export, Page
from pipelines.settings.home import PLAIN_FILE, put, shared_folder

LAST = ("latest.html", "index.html")


def write_archive(pages: Mapping[str, Page], folder: Path) -> list[Path]:
    """Write the pages below `folder`; what is there already is left alone.

    Args:
        pages: Relative path to content, as `weekly_report` gives it.
        folder: The archive; made if it is not there.

    Returns:
        The files that were written, in the order of writing.

    Raises:
        SchoolbellError: A path leads out of the folder.
    """
    ordered = sorted(pages, key=lambda path: (turn(path), path))
    written = []
    for path in ordered:
        target = folder / inside(path)
        content = as_bytes(pages[path])
        if not target.is_file() or target.read_bytes() != content:
            shared_folder(target.parent)
            put(target, content, PLAIN_FILE)
            written.append(target)
    return written


def as_bytes(page: Page) -> bytes:
    """What stands in the file; text as UTF-8, lone surrogates spelled out."""
    if isinstance(page, Export):
        return page.content()
    return page if isinstance(page, bytes) else page.encode("utf-8", "backslashreplace")


def left_over(pages: Mapping[str, Page], folder: Path, week: str) -> list[Path]:
    """The files of a week on disk that its pages no longer hold."""
    held = [path for path in (folder / week).rglob("*") if path.is_file()]
    return sorted(
        path for path in held if path.relative_to(folder).as_posix() not in pages
    )


def turn(path: str) -> int:
    """When a file is written: after all that it points to.

    Style and scripts first, then pages, the page of a week, the index of weeks.
    """
    if path in LAST:
        return 3 + LAST.index(path)
    if path.startswith("assets/"):
        return 0
    return 2 if path.endswith("/index.html") else 1


def inside(path: str) -> PurePosixPath:
    """The path, if it stays in the archive."""
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts or not relative.parts:
        raise SchoolbellError(
            f"a report page may not be written to {path!r}",
            where="reports.archive",
            remedy="Page paths are relative and stay inside the archive.",
        )
    return relative
