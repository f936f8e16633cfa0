"""Writes `docs/reference/`: pages made from what the code itself says.

Columns come from the event classes, the registry's frames and the headers of the
SQL models; detections from their headers; settings, files and commands from what
checks them. `make docs` runs it; a test fails when a page has fallen behind.
"""

import ast
import inspect
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from docs.fact_space import Act, possible, space, verdict
from docs.package_pages import package_picture, package_rows, write_floors
from pipelines.alerts.channels import channels
from pipelines.cli.app import app
from pipelines.events import (
    ECS,
    EVENT_CLASSES,
    LAKE_COLUMNS,
    NAME_PROOFS,
    PLACE,
    TIME_QUALITIES,
    Column,
)
from pipelines.fetch.services import services
from pipelines.formats import Format, formats
from pipelines.formats.reading.table import names_in, texts_of
from pipelines.health.product_stories import ROLES, product_stories
from pipelines.privacy.pseudonyms import is_published, kept_columns
from pipelines.registry.csv_files import Cell, File
from pipelines.registry.frames import FILES, FRAMES
from pipelines.registry.imports.exports import EXPORTS
from pipelines.registry.imports.lists import exported_lists
from pipelines.reports.dictionary import KEPT, VALUES, sql_type
from pipelines.reports.joins import joins_of
from pipelines.settings.model import Settings
from pipelines.settings.record_classes import KEPT as KEPT_FOR_GOOD
from pipelines.settings.record_classes import NOT_REACHED, RECORD_CLASSES
from pipelines.settings.toml_text import NAMED, part_of, toml
from pipelines.warehouse.headers import EPHEMERAL, Explanation, Header, Param
from pipelines.warehouse.models import Model, every_model, models, sql_folder
from pipelines.warehouse.sentences import in_general

MADE = "<!-- Made by `make docs` from what the code says; do not edit. -->"


def page(title: str, intro: str, *parts: str) -> str:
    """Return a whole page."""
    return "\n\n".join([MADE, f"# {title}", intro, *parts]) + "\n"


def section(title: str, *parts: str) -> str:
    """Return a second-level heading and its content."""
    return "\n\n".join([f"## {title}", *parts])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the first cell of a row is a name and set as code."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for first, *rest in rows:
        cells = [f"`{first}`", *(cell(one) for one in rest)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(text: str) -> str:
    """Return text that keeps a table in one piece, on one line."""
    return spaced(text).replace("|", "\\|").replace("<", "&lt;").strip()


def plain(text: str) -> str:
    """Return text in which no character means anything to Markdown."""
    return re.sub(r"([\\`*_\[\]])", r"\\\1", text)


def listed(items: Iterable[str]) -> str:
    """Return a list."""
    return "\n".join(f"- {spaced(item)}" for item in items)


def spaced(text: str) -> str:
    """Return text without its line breaks."""
    return re.sub(r"\s+", " ", text).strip()


def retention_page() -> str:
    """Return the page about what a home keeps, for how long, and how it is deleted."""
    rows = [
        [
            one.name,
            one.plural,
            f"`{one.like or one.name}_days`",
            f"{one.default_days} days" if one.default_days else "for good",
            one.where,
            one.deletion,
        ]
        for one in RECORD_CLASSES
    ]
    head = ["Class", "Records", "Setting", "Default", "Where", "How it is deleted"]
    return page(
        "Retention",
        "What a home keeps, in classes. `schoolbell purge` deletes what is past its "
        "retention, in whole weeks; a legal hold keeps its weeks in every class. See "
        "[keep, hold and delete](../how-to/keep-and-delete.md).",
        table(head, rows),
        section(
            "Kept for good",
            listed(f"{what}: {why}." for what, why in KEPT_FOR_GOOD.items()),
        ),
        section("Not reached by a purge", listed(NOT_REACHED)),
    )


_NOTES = """
Login: a short login name next to a mail address becomes another name of that person, if it is
always next to the same address and resembles its name.

Cards: the card of the radio and that of the port are both kept.

Class: from the model and the system: desktop, laptop, tablet, chromebook, lab computer and others.

Lists of a network's clients and endpoints contain private phones: they add cards to devices that
another list names, and no device.
"""
EXPORT_NOTES = _NOTES.strip().split("\n\n")


def exports_page() -> str:
    """Return the page on the exports that `setup` reads: what each list of each system fills."""
    rows = [
        [
            one.system,
            one.list,
            (one.fills or "nothing") + (", of what other lists name" if one.completes else ""),
            ".<br>".join(one.not_used.split("; ")),
            f"{one.document} ({one.seen or 'not opened for this page'})",
        ]
        for one in exported_lists()
    ]
    where = [[export.name, export.how] for export in EXPORTS if export.how]
    unused = [f"{one.name}: {one.why}." for one in EXPORTS if one.facts == "nothing"]
    return page(
        "Exports",
        "The lists that `schoolbell setup --from` reads, and the facts that each one fills. A "
        "list is recognized by its columns, whatever the name of its file, in any order of files, "
        "columns and rows: a list that comes first is completed by those that follow, at the next "
        "`setup` or `run`. *Fills* is what a list of invented people gives next to a roster, or "
        "alone if a roster contains the same. *Not used* names each other column with a value, "
        "and each row, with the reason, as `setup` does. *Columns from* is the vendor's document "
        "or another source, and the day on which it was read; without a day, check the columns "
        "against your own export.",
        table(["System", "List", "Fills", "Not used, and why", "Columns from"], rows),
        section("Where to export them", table(["List", "Where"], where)),
        section("Notes", listed(EXPORT_NOTES)),
        section("Recognized and not used", listed(unused)),
    )


def packages_page() -> str:
    """Return the page on the packages of the code, with their picture."""
    return page(
        "Packages",
        "An arrow leads from a package to a package that it imports; imports that other "
        "arrows imply are left out. Imports go down only. A floor is counted from below, and "
        "packages on the same floor do not import each other.",
        "![Packages of the code and their imports](packages.svg)",
        table(["Package", "Floor", "Contents"], package_rows()),
    )


SHOWN = ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")
SIGNS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def settings_page() -> str:
    """Return every key of `district.toml` and of each alert channel."""
    return page(
        "Settings",
        "`district.toml` in the district home contains every setting. `schoolbell init` "
        "writes it with a comment on each key; `schoolbell check` reports its errors "
        "with file and line. An unknown key is an error; it is never ignored.",
        *_tables(Settings, ""),
        *_channels(),
    )


def _tables(model: type[BaseModel], path: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = part_of(field.annotation)
        if inner is None:
            continue
        at = f"{path}{name}"
        title = f"{at}.{NAMED[at]}" if at in NAMED else at
        said = spaced((inner.__doc__ or "").split("\n\n")[0])
        if at in NAMED:
            said += f" `{NAMED[at]}` is an example of a name."
        yield section(f"[{title}]", said, _keys(inner))
        yield from _tables(inner, f"{title}.")


def _keys(model: type[BaseModel]) -> str:
    return table(
        ["Key", "Meaning", "Default", "Allowed", "Example"],
        [
            [name, field.description or "", *_values(field)]
            for name, field in model.model_fields.items()
            if part_of(field.annotation) is None
        ],
    )


def _values(field: FieldInfo) -> list[str]:
    example = f"`{toml(field.examples[0])}`" if field.examples else ""
    return [_default(field), _allowed(field), example]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*needed*"
    value: Any = field.get_default(call_default_factory=True)
    return "" if value is None or value in ("", (), {}) else f"`{toml(value)}`"


def _allowed(field: FieldInfo) -> str:
    words = [one for one in get_args(field.annotation) if isinstance(one, str)]
    bounds = [
        f"{SIGNS.get(key, key.replace('_', ' '))} {plain(str(getattr(rule, key)))}"
        for rule in field.metadata
        for key in SHOWN
        if getattr(rule, key, None) is not None
    ]
    return ", ".join([*words, *bounds])


def _channels() -> Iterator[str]:
    kinds = [(f"Channel {name}", f'type = "{name}"', one) for name, one in channels().items()]
    kinds += [(f"Service {name}", f'service = "{name}"', one) for name, one in services().items()]
    for title, line, plugin in kinds:
        fields = plugin.settings.model_fields
        said = spaced((plugin.settings.__doc__ or "").split("\n\n")[0])
        parts = [f"Keys of a {title.split()[0].lower()} with `{line}`. {said}"]
        if fields:
            rows = [
                [key, _kind(field), _default(field), _allowed(field)]
                for key, field in fields.items()
            ]
            parts.append(table(["Key", "Type", "Default", "Allowed"], rows))
        yield section(title, *parts)


def _kind(field: FieldInfo) -> str:
    kind = field.annotation
    return kind.__name__ if isinstance(kind, type) else str(kind)


def registry_files_page() -> str:
    """Return every file of `registry/` with its columns."""
    return page(
        "Registry files",
        "All are optional. `schoolbell init` writes each with its header and one "
        "example; `schoolbell check` reports each row that cannot be used. Dates "
        "are local days and include the last day; an empty last day means no end. A list "
        "contains values separated by `|`. Use `users.csv`, `orgs.csv` and similar files "
        "as OneRoster exports them; a calendar may also be an `.ics` file.",
        *(section(name, *_file(one)) for name, one in FILES.items()),
    )


def _file(file: File) -> Iterator[str]:
    yield f"Without it: {file.disables}."
    yield table(
        ["Column", "Holds", "Example"],
        [[name, _cell(one), _example(one)] for name, one in file.columns.items()],
    )


def _cell(one: Cell) -> str:
    words = f": {', '.join(one.allowed)}" if one.allowed else ""
    return f"{one.kind}{words}{'; needed' if one.required else ''}"


def _example(one: Cell) -> str:
    return f"`{one.example}`" if one.example else ""


def commands_page() -> str:
    """Return every command of `schoolbell` with its options."""
    root = typer.main.get_command(app)
    return page(
        "Commands",
        "`schoolbell COMMAND --help` prints the same. Exit codes: 0 done, 1 nothing "
        "could be done, 2 settings or arguments are wrong, 75 another run is in progress; "
        "`status` returns 0 for well, 1 for look, 2 for act.",
        *(section(name, *_command(one)) for name, one in _commands("schoolbell", root)),
    )


def _commands(path: str, group: Any) -> Iterator[tuple[str, Any]]:
    """Yield every command below a group; a group that has commands is none itself."""
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            if one.invoke_without_command:
                yield f"{path} {name}", one
            yield from _commands(f"{path} {name}", one)
        else:
            yield f"{path} {name}", one


def _command(command: Any) -> Iterator[str]:
    yield spaced(command.help or "")
    rows = [
        [_name(one), spaced(getattr(one, "help", None) or ""), _option_default(one)]
        for one in command.params
        if one.name != "help"
    ]
    if rows:
        yield table(["Option", "Meaning", "Default"], rows)


def _name(one: Any) -> str:
    return ", ".join(one.opts) if one.param_type_name == "option" else str(one.name)


def _option_default(one: Any) -> str:
    if one.required:
        return "*needed*"
    value = one.default
    return "" if value in (None, "", False) or callable(value) else f"`{value}`"


PII = {"none": "", "indirect": "indirect", "direct": "direct"}
STAGES = {
    "trial": "on trial: recorded and reported, sends no alert",
    "live": "live",
}


def main(folder: Path) -> None:
    """Write every page."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (folder / name).write_text(make(), encoding="utf-8")


SHORT = {"finding": "found", "lead": "lead"}


def products_page() -> str:
    """Return the page about what each product can show, story by story."""
    return page(
        "Evidence from your products",
        "Each story is recorded in the lines of one product, as its vendor documents "
        "them, and read from the raw lines to the rules. The other products of that "
        "district are Zscaler without inspection, Cisco ASA, NXLog, NPS, AnyConnect, "
        "Windows DHCP and Entra. *Found*: a finding names the account or the device. "
        "*Lead*: the analyst sees it, and it names no one in a report. Otherwise the "
        "cell names the fact that the product does not record. The innocent twin of "
        "each story never becomes a finding, with any product.",
        *(section(title, _stories(role)) for role, (title, _) in ROLES.items()),
    )


def facts_page() -> str:
    """Return the page of the facts that can exist together, and how each combination is judged."""
    whole = space()
    dimensions = [
        "\n\n".join([f"**{name}.** {whole.questions[name]}", _values_of(name)])
        for name in whole.values
    ]
    groups = table(["Word", "Values"], [[n, ", ".join(v)] for n, v in whole.groups.items()])
    never = table(
        ["Values", "Reason"], [[_condition(row.words), row.reason] for row in whole.impossible]
    )
    return page(
        "Facts and their judgment",
        "A district is a set of points in a space: how the account is known, how the device is "
        "known, whose it is, what shows that the owner was elsewhere. A product matters only by "
        "the facts that it delivers. For each act a table of decisions states what a combination "
        "may lead to; the first row that fits decides. The tables were written from reasons, not "
        "from the queries. A test makes the story of one person of each combination and compares; "
        "[the results](quality.md#the-space-of-facts) are published.",
        section("Facts", *dimensions, "Words for several values; `!` excludes:", groups),
        section("What cannot occur together", never),
        *(section(act.title, act.question, _decisions(act)) for act in whole.acts.values()),
    )


def _values_of(dimension: str) -> str:
    values = space().values[dimension]
    return table(["Value", "Class", "Meaning"], [[n, *row] for n, row in values.items()])


def _decisions(act: Act) -> str:
    """Return the rows of an act, each with the number of combinations that it decides."""
    decided = Counter(verdict(act, one).row for one in possible(act))
    rows = [
        [
            _condition(row.words) or "all others",
            f"{row.outcome} {row.confidence}".strip(),
            f"{decided[row.row]:,}",
            row.reason,
            row.innocent or (f"Missing: {row.missing}." if row.missing else ""),
        ]
        for row in act.rows
    ]
    return table(["When", "Outcome", "Decides", "Reason", "What remains"], rows)


def _condition(words: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{name}: {', '.join(values)}" for name, values in words.items())


def writers_page() -> str:
    """Return the page about who can write a name, format by format."""
    rows = [
        [
            name,
            ", ".join(f"*{word}*" for word in _proofs(one)) or "no names",
            "; ".join(
                WRITTEN_BY_CLIENTS[cls] for cls in one.event_classes if cls in WRITTEN_BY_CLIENTS
            ),
        ]
        for name, one in formats().items()
    ]
    return page(
        "Who can write a name",
        "How each format knows the account in a line (`name_proof`), and which fields a client "
        "or a visitor writes. A name that is only *said* or *guessed* names no one. A refused "
        "login is always *said*.",
        table(["Word", "Meaning"], [[word, text] for word, text in NAME_PROOFS.items()]),
        table(["Format", "Names are", "Written by clients"], rows),
    )


WRITTEN_BY_CLIENTS = {
    "http_requests": "host, URL, agent, referrer",
    "connections": "name of the server (SNI)",
    "dns_queries": "name asked for",
    "leases": "name of the computer, card",
    "logons": "name of a refused login",
}
"""Fields of each event class whose text a client chooses."""


def _proofs(one: Format) -> list[str]:
    """Return the default, and the words that the format's lines decide."""
    source = inspect.getsource(sys.modules[one.looks_like.__module__])
    if "user_name" not in source and "declared" not in source:
        return []
    by_line = [word for word in NAME_PROOFS if f'"{word}"' in source]
    is_by_line = re.search(r'name_proof"?[:=] ?(?:_?radius|pl)\.', source)
    own = (
        ["authenticated"] if one.name_proof == "recorded" and "logons" in one.event_classes else []
    )
    return list(dict.fromkeys([one.name_proof, *own, *(by_line if is_by_line else [])]))


def _stories(role: str) -> str:
    """Return a row for each story, a column for each product of the role."""
    stories: dict[str, dict[str, str]] = defaultdict(dict)
    for one in product_stories():
        if one.role == role:
            stories[one.story][one.product] = SHORT.get(one.result, one.result)
    names = list(dict.fromkeys(name for told in stories.values() for name in told))
    lines = [
        "| " + " | ".join(("Story", *names)) + " |",
        "|---" * (len(names) + 1) + "|",
    ]
    lines += [
        "| " + " | ".join((story, *(told.get(name, "") for name in names))) + " |"
        for story, told in stories.items()
    ]
    return "\n".join(lines)


def dictionary_page() -> str:
    """Return every relation that can be queried or read from the lake."""
    return page(
        "Data dictionary",
        "Personal data is marked: *direct* names a person or account, *indirect* can "
        "lead to one. Snapshots, which analysts and reports read, hold pseudonyms in "
        "marked columns or leave them out; `raw`, `registry` and `detections` are in "
        "no snapshot. Times are UTC instants; a `date` is the district's local day. Names follow "
        "OCSF; *ECS* is the field of the Elastic Common Schema with the same content.",
        section("Events, in the lake and as `raw.*`", *_event_classes()),
        section("Registry, as `registry.*`", *_registry()),
        section("Relations of the warehouse", *_relations()),
        section("Words that columns hold", *_words()),
    )


def _event_classes() -> Iterator[str]:
    qualities = [f"`{name}`: {said}" for name, said in TIME_QUALITIES.items()]
    yield "The first columns of each event locate its line:"
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
        yield table(
            ["Column", "Type", "Meaning", "Personal", "ECS"],
            [
                [*row, f"`{ECS[name]}`" if name in ECS else ""]
                for name, row in zip(one.columns, _rows(one.columns), strict=True)
            ],
        )


def _registry() -> Iterator[str]:
    for name, columns in FRAMES.items():
        yield f"### registry.{name}"
        yield _columns(columns)


def _columns(columns: Mapping[str, Column]) -> str:
    return table(
        ["Column", "Type", "Meaning", "Personal"],
        _rows(columns),
    )


def _rows(columns: Mapping[str, Column]) -> list[list[str]]:
    return [[name, sql_type(one.dtype), one.meaning, PII[one.pii]] for name, one in columns.items()]


def _relations() -> Iterator[str]:
    every = {name: model.header for name, model in every_model().items()} | dict(KEPT)
    for name in sorted(every):
        yield f"### {name}"
        yield from _relation(every[name], _where(name, every[name]))
        if joins := joins_of(name):
            yield (
                "Joins to "
                + "; ".join(f"`{one.relation}` ({one.condition})" for one in joins)
                + "."
            )


def _words() -> Iterator[str]:
    yield (
        "A column has the same words in every relation, except those named with "
        "their relation. All other text is the district's own or a product's."
    )
    for column, words in VALUES.items():
        yield f"### `{column}`"
        yield table(["Word", "Meaning"], [list(one) for one in words.items()])


def _relation(header: Header, where: str) -> Iterator[str]:
    yield spaced(header.summary)
    grain = ", ".join(f"`{name}`" for name in header.grain)
    yield f"One row: {grain}. {where}."
    yield table(
        ["Column", "Type", "Meaning", "Personal"],
        [[name, note.type, note.meaning, PII[note.pii]] for name, note in header.columns.items()],
    )


def _where(name: str, header: Header) -> str:
    """Return where a relation's rows can be read."""
    if header.kind == EPHEMERAL:
        whole = [one.name for one in models().values() if name in {part.name for part in one.parts}]
        return "Ephemeral, without a table: a part of " + ", ".join(f"`{one}`" for one in whole)
    published = _published(name)
    left_out = [column for column in header.columns if column not in published]
    where = "In snapshots" if published else "In no snapshot"
    if published and left_out:
        where += ", without " + ", ".join(f"`{column}`" for column in left_out)
    return where


def _published(name: str) -> Sequence[str]:
    """Return the columns of a relation that a snapshot holds."""
    if name in KEPT:
        return list(KEPT[name].columns)
    model = models()[name]
    if not is_published(model):
        return []
    return list(kept_columns(model))


def detections_page() -> str:
    """Return every rule with its thresholds and what can look the same."""
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
        "A detection returns candidates; they become findings after the other "
        "explanations have been tested. Any threshold can be set in `district.toml`, in "
        "the table `[detections.CODE]`, within the bounds given here.",
        table(["Code", "What it finds", "Severity", "Stage"], overview),
        section("Evidence of the user at a device", *_judged(ordered)),
        *(section(f"{one.header.code}: {one.header.title}", *_rule(one)) for one in ordered),
    )


WITNESSES: Mapping[str, str] = {
    "keyboard": "A keyboard's own log",
    "network": "802.1X, device of one person",
    "stock": "802.1X, shared stock",
    "home": "Tunnel alone, at home",
    "nothing": "None of them",
}


def _judged(ordered: Iterable[Model]) -> Iterator[str]:
    """Yield rules, the sources that show who is at a device, and their strongest result."""
    yield (
        "Rules depend on evidence of the user at a device. A log of the keyboard is the "
        "best: the Security log of Windows, Google's audit of ChromeOS. Where a laptop or"
        " a Chromebook has none, joining the network (802.1X) or opening sites one after "
        "another counts as presence. On shared stock a login may be saved, or outlast its"
        " user: there, and on another person's device, a network login that follows "
        "another account's, a page of the firewall or a tunnel shows only that the "
        "account was in use. Rules on shared accounts take that; rules on sites and hours"
        " make a lead of it on stock, and nothing on another person's device. The table "
        "lists the strongest result of each rule with each kind of evidence; a lead names"
        " no one. A dash means that the rule does not distinguish it. A firewall's guess "
        "of the user on another person's device names no one, regardless of the evidence."
        " SA-8 does not require this evidence for the sites that a shared account used, "
        "nor does SA-7 where two sign-ins show the users."
    )
    yield table(
        ["Code", *WITNESSES.values()],
        [
            [one.header.code, *(one.header.session_policy.get(name, "-") for name in WITNESSES)]
            for one in ordered
            if one.header.session_policy
        ],
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
    if header.requires_registry:
        files = (f"`{one.replace('|', '` or `')}`" for one in header.requires_registry)
        yield f"Required registry files: {', '.join(files)}."
    for name, known in header.data_sources.items():
        told = ", ".join(f"`{one}`" for one in known)
        needs = header.data_sources_require.get(name)
        rows = f"; it requires rows of `{needs}`" if needs else ""
        yield f"Only these formats contain the needed facts (`{name}`): {told}{rows}."
    yield f"Clauses of the model policy: {', '.join(header.clauses)}."
    yield "Other explanations:"
    yield listed([_explanation(one) for one in header.explanations])
    yield "Innocent situations that look the same:"
    yield listed(header.false_positives)
    yield f"Next step: {in_general(header.triage)}"


def _explanation(explanation: Explanation) -> str:
    if explanation.by_design:
        return f"{explanation.name}: excluded by how the rule counts"
    tested = f"tested by `{explanation.test}`" if explanation.test else "not testable"
    return f"{explanation.name}: {tested}"


def _params(params: Mapping[str, Param]) -> str:
    return table(
        ["Parameter", "Default", "Bounds", "Why"],
        [[name, _with_unit(one), _bounds(one), one.why] for name, one in params.items()],
    )


def _with_unit(param: Param) -> str:
    return "the district's" if param.default is None else f"{param.default} {param.unit}"


def _bounds(param: Param) -> str:
    if param.min is None and param.max is None:
        return ""
    return f"{_plain(param.min)} to {_plain(param.max)}"


def _plain(value: float | None) -> str:
    if value is None:
        return "any"
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def formats_page() -> str:
    """Return the page about each log format, from the docstrings of their modules."""
    return page(
        "Log formats",
        "What each format reads, and how. [Tests of the formats](formats.md) has their figures.",
        *map(_format_section, formats().values()),
    )


def _format_section(fmt: Format) -> str:
    module = import_module(f"pipelines.formats.{fmt.name}")
    described = ast.get_docstring(ast.parse(inspect.getsource(module))) or ""
    classes = ", ".join(f"`{name}`" for name in fmt.event_classes)
    facts = f"{fmt.product}. Becomes {classes}. Records: {fmt.framing}."
    return section(fmt.name, facts, described, *_fields_of(fmt))


def _fields_of(fmt: Format) -> Iterator[str]:
    """Yield the table of a format: each column with the product's fields that it is read from."""
    rows = [
        (column, ", ".join(f"`{name}`" for name in names_in(texts_of(field))))
        for column, field in fmt.fields.items()
    ]
    if named := [row for row in rows if row[1]]:
        yield table(["Column", "Fields"], named)


PAGES: Mapping[str, Callable[[], str]] = {
    "retention.md": retention_page,
    "data-dictionary.md": dictionary_page,
    "detections.md": detections_page,
    "products.md": products_page,
    "writers.md": writers_page,
    "facts.md": facts_page,
    "log-formats.md": formats_page,
    "settings.md": settings_page,
    "registry-files.md": registry_files_page,
    "commands.md": commands_page,
    "exports.md": exports_page,
    "packages.md": packages_page,
    "packages.svg": package_picture,
}
"""File of `docs/reference/` and who makes it."""

COMMITTED = frozenset({"products.md"})
"""Pages for a reader of the repository; the others are print-outs, and are not committed."""


def _folder(arguments: Iterable[str]) -> Path:
    return Path(next(iter(arguments), "docs/reference"))


def write_mapping_formats() -> None:
    """Write the formats whose user names are inferred into the model that lists them."""
    path = sql_folder() / "identity" / "mapping_formats.sql"
    names = sorted(name for name, one in formats().items() if one.name_proof == "recorded")
    rows = ",\n".join(f"    ('{name}')" for name in names)
    text = re.sub(r"(?<=values\n).*(?=\n\) as)", rows, path.read_text("utf-8"), flags=re.DOTALL)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(_folder(sys.argv[1:]))
    write_floors()
    write_mapping_formats()
