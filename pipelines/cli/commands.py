"""Commands from declared actions: their options, and what they print."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.actions.action import ON, OUT, Action, Parameter, Preview, day_of
from pipelines.actions.context import ActionContext
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import print_facts, write_private
from pipelines.errors import capital

SAVE = "save_"
"""Option of a previewed action that makes the change."""


def add(app: typer.Typer, *actions: Action) -> None:
    """Add a command per action, under the last word of its name."""
    for action in actions:
        app.command(action.command.split()[-1])(command(action))


def command(action: Action) -> Callable[..., None]:
    """Build the function of a command, with a parameter for each of the action's."""
    options = [one for one in (*action.parameters, action.out) if one and one.option]

    def run(home: Path, *, as_json: bool = False, **given: Any) -> None:
        values = {one.name: _text(one, given[_key(one)]) for one in options}
        _perform(action, home, values, is_saved=given.get(SAVE, False), as_json=as_json)

    parameters = [inspect.Parameter("home", _KIND, annotation=Home), *map(_parameter, options)]
    if action.attempt:
        parameters.append(
            inspect.Parameter(
                SAVE,
                _KIND,
                default=False,
                annotation=Annotated[
                    bool,
                    typer.Option("--save", help="Save the change; otherwise only preview it."),
                ],
            )
        )
    parameters.append(inspect.Parameter("as_json", _KIND, default=False, annotation=AsJson))
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.__name__ = action.command.split()[-1].replace("-", "_")
    run.__doc__ = action.summary
    return run


_KIND = inspect.Parameter.KEYWORD_ONLY


def _key(one: Parameter) -> str:
    """Return the name of a parameter in the signature; an argument's is shown in the help."""
    return f"{one.name}_" if one.option.startswith("-") else one.option


def _parameter(one: Parameter) -> inspect.Parameter:
    default: object = inspect.Parameter.empty if one.must_be_given else one.default
    kind: Any = str
    if one.kind == "check":
        kind, default = bool, False
    elif one.read or one.name == OUT:
        kind = Path
    elif one.is_repeated:
        kind, default = list[str] | None, None
    text = one.help or f"One of: {', '.join(one.choices)}"
    info = (
        typer.Option(one.option, help=text)
        if one.option.startswith("-")
        else typer.Argument(help=text)
    )
    return inspect.Parameter(_key(one), _KIND, default=default, annotation=Annotated[kind, info])


def _text(one: Parameter, given: Any) -> str:
    """Return the value of an option as a form would send it."""
    if one.read:
        return one.read(given)
    if one.kind == "check":
        return ON if given else ""
    if one.is_repeated:
        return ",".join(given or ())
    if one.kind == "date" and given:
        day_of(given, one.option)
    return str(given)


def _perform(
    action: Action, home: Path, values: dict[str, str], *, is_saved: bool, as_json: bool
) -> None:
    if action.out:
        path = Path(values[OUT])
        if action.is_folder:
            path.mkdir(parents=True, exist_ok=True)
            path /= f"{values[action.parameters[0].name]}.zip"
            values = {**values, OUT: str(path)}
    with open_context(home, action.right) as opened:
        context = replace(opened, put=partial(write_private, path)) if action.out else opened
        if action.act:
            result = action.act(context, values)
            if result.mail:
                result.mail(context)
        else:
            assert action.attempt
            preview = action.attempt(context, values)
            if not is_saved:
                facts, lines = _previewed(context, preview)
                print_facts(facts, *lines, as_json=as_json)
                return
            result = preview.write(context)
    print_facts(result.facts, *(result.lines or (result.said,)), as_json=as_json)


def _previewed(context: ActionContext, preview: Preview) -> tuple[dict[str, object], list[str]]:
    from pipelines.actions.permits import effects
    from pipelines.actions.site_effects import NO_CASE, in_words

    found = preview.differences()
    facts = {"saved": False, **preview.facts, "effects": effects(found)}
    sentences = in_words(context, found) or [NO_CASE]
    return facts, [
        *preview.rows,
        preview.note,
        *(capital(f"{sentence}.") for sentence in sentences),
        "Nothing was saved. To save the change, add --save.",
    ]
