"""Reference pages of what an operator writes: settings, registry files, commands."""

from collections.abc import Iterator
from typing import Any, get_args

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipelines.alerts.channels import channels
from pipelines.cli.app import app
from pipelines.cli.reference_text import listed, page, plain, section, spaced, table
from pipelines.registry.files import FILES
from pipelines.registry.shapes import Cell, File
from pipelines.settings.model import Settings
from pipelines.settings.record_classes import KEPT, NOT_REACHED, RECORD_CLASSES
from pipelines.settings.template import NAMED, part_of, toml

SHOWN = ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")
SIGNS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def settings_page() -> str:
    """Every key of `district.toml` and of each alert channel."""
    return page(
        "Settings",
        "`district.toml` in the district home holds every setting. `schoolbell init` "
        "writes it with each key commented; `schoolbell check` tells what is wrong in "
        "it, with file and line. A key that nobody knows is an error, never ignored.",
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
    for name, channel in channels().items():
        fields = channel.settings.model_fields
        said = spaced((channel.settings.__doc__ or "").split("\n\n")[0])
        parts = [f'Keys of a channel with `type = "{name}"`. {said}']
        if fields:
            rows = [
                [key, _kind(field), _default(field), _allowed(field)]
                for key, field in fields.items()
            ]
            parts.append(table(["Key", "Type", "Default", "Allowed"], rows))
        yield section(f"Channel {name}", *parts)


def _kind(field: FieldInfo) -> str:
    kind = field.annotation
    return kind.__name__ if isinstance(kind, type) else str(kind)


def registry_files_page() -> str:
    """Every file of `registry/` with its columns."""
    return page(
        "Registry files",
        "All are optional. `schoolbell init` writes each with its header and one "
        "example, `schoolbell check` tells what can not be used, row by row. Dates "
        "are local days, the last included; an empty last day is open. A list holds "
        "values separated by `|`. `users.csv`, `orgs.csv` and the like come as "
        "OneRoster exports them; a calendar may also come as `.ics`.",
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
    """Every command of `schoolbell` with its options."""
    root = typer.main.get_command(app)
    return page(
        "Commands",
        "`schoolbell COMMAND --help` prints the same. Exit codes: 0 done, 1 nothing "
        "could be done, 2 settings or arguments are wrong, 75 another run is at work; "
        "`status` answers 0 well, 1 look, 2 act.",
        *(section(name, *_command(one)) for name, one in _commands("schoolbell", root)),
    )


def _commands(path: str, group: Any) -> Iterator[tuple[str, Any]]:
    """Every command below a group; a group that has commands is none itself."""
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
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


def retention_page() -> str:
    """What a home keeps, for how long, and how it is deleted."""
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
            "Kept for good", listed(f"{what}: {why}." for what, why in KEPT.items())
        ),
        section("Not reached by a purge", listed(NOT_REACHED)),
    )
