"""Commands from declared actions: their options, and what they print."""

import inspect
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, get_origin

import typer

from pipelines.actions.action import AnyAction, Preview, Value, actions_of
from pipelines.actions.context import ActionContext
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import print_facts, write_private
from pipelines.errors import capital

OUT, SAVE = "out_", "save_"
"""Options with the file to write, and of a previewed action that makes the change."""
KEYWORD = inspect.Parameter.KEYWORD_ONLY


def add(app: typer.Typer, group: str, *modules: ModuleType) -> None:
    """Add the commands of a group that modules declare, under the last word of their names."""
    for one in (one for module in modules for one in actions_of(module)):
        if one.command.startswith(f"{group} "):
            app.command(one.command.split()[-1])(command(one))


def command(action: AnyAction) -> Callable[..., None]:
    """Build the function of a command, with a parameter for each of the action's."""
    options = [one for one in action.input.values if one.option]

    def run(home: Path, *, as_json: bool = False, **given: Any) -> None:
        values = {one.attribute: given[one.attribute] for one in options}
        values |= {one.attribute: one.read(given[one.attribute]) for one in options if one.read}
        _perform(action, home, values, given.get(OUT), given.get(SAVE, True), as_json=as_json)

    parameters = [
        inspect.Parameter("home", KEYWORD, annotation=Home),
        *map(_parameter, options),
    ]
    if action.out:
        parameters.append(inspect.Parameter(OUT, KEYWORD, annotation=Annotated[Path, action.out]))
    if action.is_previewed:
        save = typer.Option("--save", help="Save the change; otherwise only preview it.")
        parameters.append(
            inspect.Parameter(SAVE, KEYWORD, default=False, annotation=Annotated[bool, save])
        )
    parameters.append(inspect.Parameter("as_json", KEYWORD, default=False, annotation=AsJson))
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.__name__ = action.command.split()[-1].replace("-", "_")
    run.__doc__ = action.perform.__doc__
    return run


def _parameter(one: Value) -> inspect.Parameter:
    option, default = copy(one.option), one.default
    kind: Any = str
    assert option
    if one.type is bool:
        kind = bool
    elif one.read:
        kind = Path
    elif get_origin(one.type) is tuple:
        kind, default = list[str] | None, None
    elif default is None:
        default = ""
    if option.help is None and one.form:
        option.help = f"One of: {', '.join(one.form.choices)}"
    shown = inspect.Parameter.empty if one.is_needed else default
    return inspect.Parameter(
        one.attribute, KEYWORD, default=shown, annotation=Annotated[kind, option]
    )


def _perform(
    action: AnyAction,
    home: Path,
    values: dict[str, object],
    path: Path | None,
    is_saved: bool,
    *,
    as_json: bool,
) -> None:
    if path and action.is_folder:
        path.mkdir(parents=True, exist_ok=True)
        path /= f"{next(iter(values.values()))}.zip"
    with open_context(home, action.right) as opened:
        context = (
            replace(opened, put=partial(write_private, path), file=str(path)) if path else opened
        )
        result = action(context, action.input.of_command(values))
        if isinstance(result, Preview):
            if not is_saved:
                facts, lines = _previewed(context, result)
                print_facts(facts, *lines, as_json=as_json)
                return
            result = result.write(context)
        elif result.mail:
            result.mail(context)
    print_facts(result.facts, *(result.lines or (result.text,)), as_json=as_json)


def _previewed(context: ActionContext, preview: Preview) -> tuple[dict[str, object], list[str]]:
    from pipelines.actions.permits import effects
    from pipelines.actions.site_effects import NO_CASE, in_words

    differences = preview.differences()
    facts = {"saved": False, **preview.facts, "effects": effects(differences)}
    sentences = in_words(context, differences) or [NO_CASE]
    return facts, [
        *preview.rows,
        preview.note,
        *(capital(f"{sentence}.") for sentence in sentences),
        "Nothing was saved. To save the change, add --save.",
    ]
