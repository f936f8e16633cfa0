"""The sections of a page, each as what its template needs."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import polars as pl

from pipelines.reports.cards import blind_note
from pipelines.reports.charts import spec
from pipelines.reports.headline import not_judged_at
from pipelines.reports.sections import Section
from pipelines.reports.static_charts import drawing
from pipelines.reports.view import View

BOOK = "data/week.xlsx"
ROWS_SHOWN = 60  # of a section's table in the page; the CSV holds all


def wanted(known: Iterable[Section], off: Collection[str]) -> list[Section]:
    """The sections without those that are off; some may never be."""
    return [one for one in known if one.stays or one.name not in off]


def parts_of(view: View, chosen: Sequence[Section]) -> list[dict[str, Any]]:
    """All that the page needs of the sections that have something to say."""
    rows = [(section, section.rows(view)) for section in chosen]
    return [
        part(section, own)
        | {"blind": blind_note(view, section.name)}
        | unseen(view, section, own)
        for section, own in rows
        if section.is_shown(own)
    ]


def said_once(
    parts: Sequence[dict[str, Any]],
) -> tuple[str, Sequence[dict[str, Any]]]:
    """What no part of a page counts, for its head where all parts would say the same.

    Returns:
        The note, empty where they differ; and the parts, then without it.
    """
    notes = [part["blind"] for part in parts if part["blind"]]
    if len(notes) < 2 or len(set(notes)) > 1:
        return "", parts
    return notes[0], [part | {"blind": ""} for part in parts]


def unseen(view: View, section: Section, rows: pl.DataFrame) -> dict[str, str]:
    """Another title where nothing was seen, and nothing could have been."""
    if section.kind is None or not section.is_quiet(rows):
        return {}
    said = not_judged_at(view, section.kind)
    return {"title": said} if said else {}


def part(section: Section, rows: pl.DataFrame) -> dict[str, Any]:
    """All that the page needs of one section."""
    figure, summary = section.draw(rows), section.summary(rows)
    caption, in_full = captioned(summary) if figure else (summary, "")
    return {
        "name": section.name,
        "label": section.label,
        "page": section.page,
        "title": section.title(rows),
        "caption": caption,
        "in_full": in_full,
        "figure": spec(figure) if figure else None,
        "drawing": drawing(figure) if figure else None,
        "phone": drawing(figure, is_narrow=True) if figure else None,
        "table": section.table(rows),
        "template": section.template,
        "more": section.more(rows),
        "rows_shown": ROWS_SHOWN,
        "files": f"data/{section.name}",
        "book": "" if section.is_apart else BOOK,
    }


SENTENCE = re.compile(r"(?<=[.!?]) (?=[A-Z])")
CAPTION = 170
"""Letters of a caption below a chart: about two lines on a desk."""


def captioned(summary: str) -> tuple[str, str]:
    """The first sentences of a summary, and the whole where that is more."""
    said = ""
    for sentence in SENTENCE.split(summary):
        if said and len(said) + len(sentence) > CAPTION:
            return said, summary
        said = f"{said} {sentence}".strip()
    return said, ""
