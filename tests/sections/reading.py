"""Reads what a reader opens: a page's text, links and counts, a workbook's cells."""

import io
import re
import zipfile
from html.parser import HTMLParser
from xml.etree import ElementTree

SILENT = {"script", "style", "svg", "head"}
VOID = {"meta", "input", "br", "link", "rect", "circle", "polyline"}


class Page(HTMLParser):
    """The readable text of a page, its tags, links and tables.

    `within` keeps what is inside the element of that id only.
    """

    silent = frozenset(SILENT)

    def __init__(self, text: str, within: str = "") -> None:
        super().__init__()
        self.within, self.stack = within, []
        self.words: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def inside(self) -> bool:
        ids = {attrs.get("id") for _, attrs in self.stack}
        labels = {attrs.get("aria-labelledby") for _, attrs in self.stack}
        return not self.within or self.within in ids | labels

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag not in VOID:
            self.stack.append((tag, found))
        if self.inside():
            self.tags.append((tag, found))
            if "href" in found:
                self.links.append(found["href"])

    def handle_endtag(self, tag):
        while self.stack and tag not in VOID:
            if self.stack.pop()[0] == tag:
                break

    def handle_data(self, data):
        if self.inside() and not self.silent & {tag for tag, _ in self.stack}:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def attribute(self, name: str) -> list[str]:
        return [attrs[name] for _, attrs in self.tags if name in attrs]

    def row_count(self) -> int:
        return sum(tag == "tr" for tag, _ in self.tags) - sum(
            tag == "thead" for tag, _ in self.tags
        )


SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet(content: bytes, number: int = 1) -> list[list[str | int | None]]:
    """Return the cells of a workbook's sheet, row by row; a formula is an error."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        words = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        texts = ["".join(one.itertext()) for one in words.iter(f"{SHEET}si")]
        rows = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
    assert not list(rows.iter(f"{SHEET}f"))
    assert not list(rows.iter(f"{SHEET}hyperlink"))
    return [_row(row, texts) for row in rows.iter(f"{SHEET}row")]


def _row(row, texts):
    found = {cell.get("r"): _cell(cell, texts) for cell in row.iter(f"{SHEET}c")}
    letters = [name.rstrip("0123456789") for name in found]
    places = [
        sum(26**n * (ord(c) - 64) for n, c in enumerate(reversed(one))) - 1 for one in letters
    ]
    held = dict(zip(places, found.values(), strict=True))
    return [held.get(place) for place in range(max(held, default=-1) + 1)]


def _cell(cell, texts):
    value = cell.find(f"{SHEET}v")
    if value is None:
        return None
    if cell.get("t") == "s":
        return re.sub("_x([0-9A-F]{4})_", lambda m: chr(int(m[1], 16)), texts[int(value.text)])
    return int(value.text)


def texts(pages):
    """Return the pages that are text, by path; exports are made when they are written."""
    return {path: page for path, page in pages.items() if isinstance(page, str)}
