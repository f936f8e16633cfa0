"""Writes `docs/reference/`: pages made from what the code itself says.

Columns come from the event classes, the registry's frames and the headers of the
SQL models; detections from their headers; settings, files and commands from what
checks them. `make docs` runs it; a test fails when a page has fallen behind.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pipelines.cli.reference_settings import (
    commands_page,
    registry_files_page,
    retention_page,
    settings_page,
)
from pipelines.cli.reference_text import listed, page, section, spaced, table
from pipelines.events import EVENT_CLASSES, LAKE_COLUMNS, PLACE, TIME_QUALITIES, Column
from pipelines.notebook.dictionary import KEPT
from pipelines.notebook.values import VALUES
from pipelines.privacy.editions import is_published, kept_columns
from pipelines.registry.frames import FRAMES
from pipelines.warehouse.library import models
from pipelines.warehouse.models import Header, Model, Param

PII = {"none": "", "indirect": "indirect", "direct": "direct"}
STAGES = {
    "trial": "on trial: recorded and reported, alerts nobody",
    "live": "live",
}


def main(folder: Path) -> None:
    """Write every page."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (folder / name).write_text(make(), encoding="utf-8")


def dictionary_page() -> str:
    """Every relation that can be queried or read from the lake."""
    return page(
        "Data dictionary",
        "Personal data is marked: *direct* names a person or account, *indirect* can "
        "lead to one. Snapshots, which analysts and reports read, hold pseudonyms in "
        "marked columns or leave them out; `raw`, `registry` and `detections` are in "
        "no snapshot. Times are UTC instants; a `date` is the district's local day.",
        section("Events, in the lake and as `raw.*`", *_event_classes()),
        section("Registry, as `registry.*`", *_registry()),
        section("Relations of the warehouse", *_relations()),
        section("Words that columns hold", *_words()),
    )


def _event_classes() -> Iterator[str]:
    qualities = [f"`{name}`: {said}" for name, said in TIME_QUALITIES.items()]
    yield "Before its own columns each event says where its line stands:"
    yield table(
        ["Column", "Type", "Meaning"],
        [
            ["file_id", str(PLACE["file_id"]), "the ledger's id of the file"],
            ["line_no", str(PLACE["line_no"]), "line of the file, from 1"],
            ["byte_offset", str(PLACE["byte_offset"]), "first byte, from 0"],
            ["source", str(LAKE_COLUMNS["source"]), "the source's name"],
            ["format", str(LAKE_COLUMNS["format"]), "the format that read it"],
            ["event_date", str(LAKE_COLUMNS["event_date"]), "local day"],
        ],
    )
    yield "How a stamp was read is its `time_quality`:"
    yield listed(qualities)
    for name, one in EVENT_CLASSES.items():
        ocsf = f" OCSF class {one.ocsf}." if one.ocsf else ""
        yield f"### {name}\n\n{one.meaning}{ocsf}"
        yield _columns(one.columns)


def _registry() -> Iterator[str]:
    for name, columns in FRAMES.items():
        yield f"### registry.{name}"
        yield _columns(columns)


def _columns(columns: Mapping[str, Column]) -> str:
    return table(
        ["Column", "Type", "Meaning", "Personal"],
        [
            [name, str(one.dtype), one.meaning, PII[one.pii]]
            for name, one in columns.items()
        ],
    )


def _relations() -> Iterator[str]:
    every = {name: model.header for name, model in models().items()} | dict(KEPT)
    for name in sorted(every):
        yield f"### {name}"
        yield from _relation(every[name], _published(name))


def _words() -> Iterator[str]:
    yield (
        "A column has the same words wherever it stands, but for those named with "
        "their relation. All other text is the district's own or a product's."
    )
    for column, words in VALUES.items():
        yield f"### `{column}`"
        yield table(["Word", "Meaning"], [list(one) for one in words.items()])


def _relation(header: Header, published: Sequence[str]) -> Iterator[str]:
    yield spaced(header.summary)
    grain = ", ".join(f"`{name}`" for name in header.grain)
    left_out = [name for name in header.columns if name not in published]
    where = "In snapshots" if published else "In no snapshot"
    if published and left_out:
        where += ", without " + ", ".join(f"`{name}`" for name in left_out)
    yield f"One row: {grain}. {where}."
    yield table(
        ["Column", "Type", "Meaning", "Personal"],
        [
            [name, note.type, note.meaning, PII[note.pii]]
            for name, note in header.columns.items()
        ],
    )


def _published(name: str) -> Sequence[str]:
    """The columns of a relation that a snapshot holds."""
    if name in KEPT:
        return list(KEPT[name].columns)
    model = models()[name]
    if not is_published(model):
        return []
    return list(kept_columns(model))


def detections_page() -> str:
    """Every rule with its thresholds and what can look the same."""
    found = [model for model in models().values() if model.header.code]
    ordered = sorted(found, key=lambda model: model.header.code)
    overview = [
        [
            model.header.code,
            model.header.title,
            model.header.severity,
            model.header.stage,
        ]
        for model in ordered
    ]
    return page(
        "Detections",
        "A detection returns candidates; findings come of them once the other "
        "explanations were tested. Any threshold can be set in `district.toml`, in "
        "the table `[detections.CODE]`, within the bounds given here.",
        table(["Code", "What it finds", "Severity", "Stage"], overview),
        *(
            section(f"{one.header.code}: {one.header.title}", *_rule(one))
            for one in ordered
        ),
    )


def _rule(model: Model) -> Iterator[str]:
    header = model.header
    yield spaced(header.summary)
    yield (
        f"Severity {header.severity}; {STAGES[header.stage]}. "
        f"Query: `sql/detections/{model.table_name}.sql`."
    )
    shown = {name: one for name, one in header.params.items() if name != "event_date"}
    if shown:
        yield _params(shown)
    yield "The same can be seen when:"
    yield listed(header.false_positives)
    yield f"Next step: {spaced(header.response)}"


def _params(params: Mapping[str, Param]) -> str:
    return table(
        ["Parameter", "Default", "Bounds", "Why"],
        [
            [name, _with_unit(one), _bounds(one), one.why]
            for name, one in params.items()
        ],
    )


def _with_unit(param: Param) -> str:
    return (
        "the district's" if param.default is None else f"{param.default} {param.unit}"
    )


def _bounds(param: Param) -> str:
    if param.min is None and param.max is None:
        return ""
    return f"{_plain(param.min)} to {_plain(param.max)}"


def _plain(value: float | None) -> str:
    if value is None:
        return "any"
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


PAGES: Mapping[str, Callable[[], str]] = {
    "data-dictionary.md": dictionary_page,
    "detections.md": detections_page,
    "settings.md": settings_page,
    "retention.md": retention_page,
    "registry-files.md": registry_files_page,
    "commands.md": commands_page,
}
"""File of `docs/reference/` and who makes it."""


def _folder(arguments: Iterable[str]) -> Path:
    return Path(next(iter(arguments), "docs/reference"))


if __name__ == "__main__":
    main(_folder(sys.argv[1:]))
