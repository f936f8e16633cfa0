"""Actions: one input and one function each, for the command line and for the desk.

The input is a model whose fields carry their form and their option; the function gets it and
the opened home. `@action` joins them with the right and the words of the form. The command's help
is the function's docstring. Modules of this folder are scanned, so nothing is registered.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from functools import cache
from pathlib import Path
from types import ModuleType, NoneType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    Self,
    TypeVar,
    get_args,
)

import typer
from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from typer.models import ArgumentInfo, OptionInfo

from pipelines.errors import SchoolbellError, SettingsError
from pipelines.settings.roles import Right

if TYPE_CHECKING:  # commands read declarations before they open a home
    from pipelines.actions.context import ActionContext
    from pipelines.refresh.trial import Difference

Kind = Literal[
    "hidden", "text", "reason", "area", "date", "time", "choice", "radio", "check", "confirm"
]
Place = Literal["form", "command"]
SUBJECTS = ("case", "request", "record")
"""Fields that name the subject of an action, whose revision a page compares."""
WHY = "Why; recorded permanently."
REASON_HINT = "This is a public record: give the reason, and do not name anyone."


@dataclass(frozen=True)
class Form:
    """A field of a form.

    Attributes:
        choices: Values to choose from, each with its words.
        is_closed: No other value is accepted, from a command either.
    """

    label: str = ""
    kind: Kind = "text"
    choices: Mapping[str, str] = field(default_factory=dict)
    hint: str = ""
    is_closed: bool = True


@dataclass(frozen=True)
class FromFile:
    """The option names a file; `read` returns the value that it contains."""

    read: Callable[[Path], str]


@dataclass(frozen=True)
class Value:
    """One value of an action.

    Attributes:
        name: Name in the form.
        attribute: Name in the input.
        form: Its field; None if only the command has it.
        option: Option or argument of the command; None if only the form has it.
        type: Type without None.
        read: Reads the value from the file that the option names.
    """

    name: str
    attribute: str
    form: Form | None
    option: OptionInfo | ArgumentInfo | None
    type: Any
    default: Any
    is_needed: bool
    read: Callable[[Path], str] | None

    def place(self, at: Place) -> str:
        """Return how errors name it: by its option or, on a page, by its label."""
        if at == "form" and self.form:
            return self.form.label or self.name
        if isinstance(self.option, OptionInfo):
            return str(self.option.default)  # in an annotation, typer keeps the name there
        return ((self.option and self.option.metavar) or self.name).upper()


HIDDEN = Form(kind="hidden")
INPUT = TypeVar("INPUT", bound="Input")


class Input(BaseModel):
    """The values of an action; a blank field of a form is one that was not given."""

    model_config = ConfigDict(frozen=True, validate_by_name=True, validate_by_alias=True)
    values: ClassVar[tuple[Value, ...]] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Collect the fields with their forms and options."""
        super().__pydantic_init_subclass__(**kwargs)
        cls.values = tuple(_value(name, info) for name, info in cls.model_fields.items())

    @classmethod
    def of_form(cls, sent: Mapping[str, str]) -> Self:
        """Return the values that a form sent, without those that only a command may give.

        Raises:
            SchoolbellError: A needed field is blank, or a value is not allowed.
        """
        blank = [
            one.place("form")
            for one in cls.values
            if one.form
            and (one.is_needed or one.name in SUBJECTS)
            and not sent.get(one.name, "").strip()
        ]
        if blank:
            raise SchoolbellError(f"not filled in: {', '.join(blank)}")
        by_name = {one.name: one for one in cls.values}
        given = {
            name: text
            for name, text in sent.items()
            if name not in by_name or (by_name[name].form and text.strip())
        }
        return cls._checked(given, "form")

    @classmethod
    def of_command(cls, options: Mapping[str, object]) -> Self:
        """Return the values of a command's options, by attribute.

        Raises:
            SettingsError: A value is not allowed.
        """
        given = {
            one.attribute: options[one.attribute]
            for one in cls.values
            if one.option and (one.is_needed or options[one.attribute] not in ("", None))
        }
        return cls._checked(given, "command")

    @classmethod
    def _checked(cls, given: Mapping[str, object], at: Place) -> Self:
        try:
            return cls.model_validate(given, context=at)
        except ValidationError as error:
            names = ", ".join(str(one["loc"][0]) for one in error.errors())
            raise SettingsError("the value is not allowed", where=names) from error

    @field_validator("*", mode="before")
    @classmethod
    def _read(cls, raw: object, info: ValidationInfo) -> object:
        """Read a day or a time as people write it, and refuse a value that is not a choice."""
        (value,) = [one for one in cls.values if one.attribute == info.field_name]
        where = value.place("form" if info.context == "form" else "command")
        if value.type is date and isinstance(raw, str):
            return day_of(raw, where)
        if value.type is time and isinstance(raw, str):
            return time_of(raw, where)
        form = value.form
        if form and form.choices and form.is_closed and raw not in form.choices:
            raise SettingsError(
                f"{raw!r} is not one of the choices",
                where=where,
                remedy=f"It is one of: {', '.join(form.choices)}",
            )
        return raw


def _value(name: str, info: FieldInfo) -> Value:
    """Return a field of an input with the parts of its annotation."""

    def part(kind: Any) -> Any:
        return next((one for one in info.metadata if isinstance(one, kind)), None)

    of_file = part(FromFile)
    parts = get_args(info.annotation)
    return Value(
        name=info.alias or name,
        attribute=name,
        form=part(Form),
        option=part((OptionInfo, ArgumentInfo)),
        type=parts[0] if NoneType in parts else info.annotation,
        default=None if info.is_required() else info.get_default(call_default_factory=True),
        is_needed=info.is_required(),
        read=of_file.read if of_file else None,
    )


@dataclass(frozen=True)
class Result:
    """The result of an action.

    Attributes:
        text: One sentence, for the desk.
        facts: The JSON of the command.
        lines: Lines of the command; by default, the sentence.
        file: Name under which a browser saves what the action produced.
        is_reloaded: The page that offered the file has changed.
        names: What may be seen this one time.
        decided: Cases whose verdict can be undone now.
        back: Page to show afterwards, if not that of the form.
        mail: Sends mail about it, in the background.
    """

    text: str
    facts: Mapping[str, object] = field(default_factory=dict)
    lines: Sequence[str] = ()
    file: str = ""
    is_reloaded: bool = False
    names: Mapping[str, object] | None = None
    decided: tuple[str, ...] = ()
    back: str = ""
    mail: "Callable[[ActionContext], object] | None" = None


@dataclass(frozen=True)
class Preview:
    """A registry change that is previewed on a copy before it is made.

    Attributes:
        why: Reasons for it.
        rows: What would be written, line by line.
        differences: Its changes to findings; takes time.
        note: When it takes effect.
        write: Makes the change.
        facts: The row, for the JSON of the command.
    """

    title: str
    why: str
    file: str
    rows: Sequence[str]
    differences: "Callable[[], Sequence[Difference]]"
    write: "Callable[[ActionContext], Result]"
    note: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


OUTCOME = TypeVar("OUTCOME", Result, Preview)


@dataclass(frozen=True, kw_only=True)
class Action(Generic[INPUT, OUTCOME]):
    """One action of a person.

    Attributes:
        name: Name in the address of the form.
        button: The button; for a previewed action, the one that previews it.
        input: Model of its values.
        perform: Performs it, or for a previewed action builds the preview.
        command: Its command; empty if only the desk offers it.
        of_command: The command with the same effect, if that one is declared elsewhere.
        confirm: The button that performs a previewed action.
        is_preview_needed: The change cannot be submitted until its preview has finished.
        back: Page to show afterwards; by default, that of its subject.
        case_rank: Its place among the forms of a case's page; 0 if it is not there.
        is_deciding: The next case of the queue follows, and reasons are offered.
        out: Option with the file to write, if the action produces one.
        is_folder: Whether that option names the folder of the file.
    """

    name: str
    right: Right
    title: str
    button: str
    input: type[INPUT]
    perform: "Callable[[ActionContext, INPUT], OUTCOME]"
    command: str = ""
    of_command: str = ""
    confirm: str = ""
    is_preview_needed: bool = False
    back: str = ""
    hint: str = ""
    case_rank: int = 0
    is_deciding: bool = False
    out: OptionInfo | None = None
    is_folder: bool = False

    def __call__(self, context: "ActionContext", given: INPUT) -> OUTCOME:
        """Perform it for a user with its right.

        Raises:
            RefusedError: The user does not have the right.
        """
        context.require(self.right)
        return self.perform(context, given)

    @property
    def is_previewed(self) -> bool:
        """Whether its effect is shown, outside the desk's lock, before it is performed."""
        return bool(self.confirm)

    @property
    def fields(self) -> tuple[Value, ...]:
        """The fields of its form."""
        return tuple(one for one in self.input.values if one.form)

    @property
    def about(self) -> str:
        """The field with its subject; a preview compares what it read itself."""
        names = {one.name for one in self.fields} if not self.is_previewed else set()
        return next((one for one in SUBJECTS if one in names), "")


def action(
    **words: Any,
) -> "Callable[[Callable[[ActionContext, INPUT], OUTCOME]], Action[INPUT, OUTCOME]]":
    """Declare a function as an action; its second parameter is the input.

    Args:
        words: The other attributes of `Action`. Without a name, it is the last word of the
            command; without a title, the button's words.
    """

    def declared(
        perform: "Callable[[ActionContext, INPUT], OUTCOME]",
    ) -> Action[INPUT, OUTCOME]:
        _, given = inspect.signature(perform).parameters.values()
        defaults = {"name": words.get("command", "").split(" ")[-1], "title": words["button"]}
        return Action(**defaults | words, input=given.annotation, perform=perform)

    return declared


AnyAction = Action[Any, Any]


def actions_of(module: ModuleType) -> list[AnyAction]:
    """Return the actions that a module declares, in its order."""
    return [one for one in vars(module).values() if isinstance(one, Action)]


@cache
def every_action() -> Mapping[str, AnyAction]:
    """Return the actions of all modules of this folder, by name."""
    folder = importlib.import_module("pipelines.actions")
    modules = [
        importlib.import_module(f"{folder.__name__}.{one.name}")
        for one in pkgutil.iter_modules(folder.__path__)
    ]
    return {one.name: one for module in modules for one in actions_of(module)}


CASE_HELP = "ID of the case."
CaseId = Annotated[str, HIDDEN, typer.Argument(metavar="case_id", help=CASE_HELP)]
AnyCase = Annotated[str, HIDDEN, typer.Argument(metavar="case_id", help="Id or number of a case.")]
Queue = Annotated[str, HIDDEN]
"""The filter of the queue from which a page was opened."""
Reason = Annotated[
    str, Form("Reason", "reason", hint=REASON_HINT), typer.Option("--reason", help=WHY)
]
OwnWords = Annotated[
    str,
    Form("Reason", "reason", hint=REASON_HINT),
    typer.Option("--reason", help="Why, in your words; recorded permanently."),
]
WithNames = Annotated[
    bool,
    Form("With names (requires a second person)", "check"),
    typer.Option("--names", help="Include names and the text of log lines."),
]


def day_of(text: str, where: str) -> date:
    """Parse a day as people write it.

    Raises:
        SettingsError: The text is not a day.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is not a date", where=where, remedy="Write 2026-12-18."
        ) from error


def time_of(text: str, where: str) -> time:
    """Parse a local time of a day as people write it.

    Raises:
        SettingsError: The text is not a time.
    """
    try:
        parsed = time.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is not a time", where=where, remedy="Write 13:30."
        ) from error
    return parsed.replace(second=0, microsecond=0, tzinfo=None)


def days_of(text: str) -> tuple[date, date]:
    """Parse a range as people write it into its first and last day.

    Raises:
        SettingsError: The text is not a range.
    """
    first, dots, last = text.partition("..")
    try:
        return date.fromisoformat(first), date.fromisoformat(last if dots else first)
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is not a range of days",
            where="--days",
            remedy="Write 2026-11-02..2026-11-13.",
        ) from error
