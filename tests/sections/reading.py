"""Reads a page the way a person or a crawler does: text, links, marked counts."""

from html.parser import HTMLParser

SILENT = {"script", "style", "svg", "head"}
VOID = {"meta", "input", "br", "link", "rect", "circle", "polyline"}


class Page(HTMLParser):
    """The readable text of a page, its tags, links and tables.

    `within` keeps what is inside the element of that id only.
    """

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
        if self.inside() and not SILENT & {tag for tag, _ in self.stack}:
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
