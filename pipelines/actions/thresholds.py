"""The action that changes a threshold of a rule: previewed on a copy, then written.

The value is a line of district.toml. In a home with roles, a second person approves it, and
sees the effect that the preview showed.
"""

import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

import typer

from pipelines.actions.action import HIDDEN, Form, Input, Preview, Reason, Result, action
from pipelines.actions.context import ActionContext
from pipelines.actions.permits import WEEKS
from pipelines.actions.proposals import trial_with
from pipelines.actions.site_effects import NO_CASE, in_words
from pipelines.district import PERSON_WAITS, only_writer, parameters_of
from pipelines.errors import BusyError, SettingsError, capital
from pipelines.findings.review import NameRequest, granted, required_reason
from pipelines.proposals.offers import SETTINGS
from pipelines.refresh.trial import Difference
from pipelines.registry.edits import put
from pipelines.settings.model import Scalar
from pipelines.settings.toml_text import scalar, toml, with_value
from pipelines.state.audit import Act
from pipelines.warehouse.headers import Param
from pipelines.warehouse.models import Model, arguments

EFFECT = f" (effect on the last {WEEKS} weeks: "
"""Separates a reason from the effect that the second person reads."""


@dataclass(frozen=True)
class Threshold:
    """A threshold of a rule.

    Attributes:
        value: The current value.
        below: The value without a line of the district: the agency's, or the default.
    """

    name: str
    param: Param
    value: Scalar
    below: Scalar

    @property
    def words(self) -> str:
        """The name in words."""
        return self.name.replace("_", " ")


def thresholds_of(context: ActionContext, rule: Model) -> Mapping[str, Threshold]:
    """Return the thresholds of a rule by name, without those that belong to another rule."""
    district, code = context.district, rule.header.code
    agency = parameters_of(district.settings.model_copy(update={"detections": {}}))
    below = arguments(rule, agency.get(code, {}), zone=district.zone)
    return {
        name: Threshold(name, param, district.values[code][name], below[name])
        for name, param in rule.header.params.items()
        if name not in ("event_date", "zone") and not param.of
    }


def rule_of(context: ActionContext, name: str) -> Model:
    """Return a rule by its id or its name.

    Raises:
        SettingsError: The rule does not exist, or is switched off.
    """
    rules = context.district.rules
    for code, rule in rules.items():
        if name in (code, rule.name, rule.table_name):
            return rule
    raise SettingsError(
        f"no rule {name!r} is switched on", remedy=f"Rules: {', '.join(sorted(rules))}."
    )


def regulation_of(context: ActionContext, rule: Model) -> str:
    """Return the regulation that sets the numbers of a rule; empty without one."""
    settings = context.district.said_of_rules.get(rule.header.code)
    return (settings.regulation if settings else None) or ""


class ThresholdInput(Input):
    """Another value of a threshold."""

    rule: Annotated[
        str, HIDDEN, typer.Argument(metavar="rule", help="ID of the rule, such as SA-1.")
    ]
    threshold: Annotated[
        str,
        Form("Threshold", "choice"),
        typer.Argument(metavar="threshold", help="Its name, such as turns."),
    ]
    value: Annotated[
        str,
        Form("New value"),
        typer.Argument(metavar="value", help="The new value; the default takes a change back."),
    ]
    reason: Reason


@dataclass(frozen=True)
class _Change:
    """A checked change of a threshold."""

    rule: Model
    threshold: Threshold
    value: Scalar
    path: tuple[str, ...]

    def __call__(self, data: bytes) -> bytes:
        """Return the bytes of district.toml with the value; without its line if none is needed."""
        value = None if self.value == self.threshold.below else self.value
        return with_value(data.decode("utf-8-sig"), self.path, value).encode()

    @property
    def subject(self) -> str:
        return f"{self.rule.header.code}.{self.threshold.name}"

    @property
    def facts(self) -> dict[str, object]:
        """The change, for the JSON of the command."""
        return {
            "rule": self.rule.header.code,
            "threshold": self.threshold.name,
            "was": self.threshold.value,
            "value": self.value,
        }


def _change(context: ActionContext, given: ThresholdInput) -> _Change:
    """Return the change of an input.

    Raises:
        SettingsError: There is no such threshold, it has this value, or a regulation sets it.
        ModelError: The value is out of bounds.
    """
    rule = rule_of(context, given.rule)
    code, thresholds = rule.header.code, thresholds_of(context, rule)
    if given.threshold not in thresholds:
        raise SettingsError(
            f"{code} has no threshold {given.threshold!r}",
            remedy=f"It has: {', '.join(sorted(thresholds)) or 'none'}.",
        )
    if regulation := regulation_of(context, rule):
        raise SettingsError(
            f"regulation {regulation} sets the numbers of {code}",
            where=f"{SETTINGS}: [detections.{code}]",
            remedy="Change the number there, with who approved it and when.",
        )
    threshold, text = thresholds[given.threshold], given.value.strip()
    is_text = threshold.param.type in ("varchar", "date")
    tried = {threshold.name: text if is_text else scalar(text)}
    value = arguments(rule, tried, zone=context.district.zone)[threshold.name]
    if threshold.param.type == "int":
        value = int(value)
    if value == threshold.value:
        raise SettingsError(f"{code}.{threshold.name} already is {toml(value)}")
    return _Change(rule, threshold, value, _path_of(context, rule, threshold.name))


def _path_of(context: ActionContext, rule: Model, name: str) -> tuple[str, ...]:
    """Return where district.toml has a threshold, or would have it."""
    text = context.district.home.settings_file.read_text("utf-8-sig")
    tables = tomllib.loads(text).get("detections", {})
    names = [one for one in tables if one in (rule.header.code, rule.name, rule.table_name)]
    for one in names:
        if name in tables[one].get("parameters", {}):
            return "detections", one, "parameters", name
    chosen = next((one for one in names if name in tables[one]), [*names, rule.header.code][0])
    return "detections", chosen, name


@action(
    name="threshold",
    command="rule set",
    right="sites",
    title="Change a threshold",
    button="Preview the effect",
    confirm="Change the threshold",
    back="/thresholds",
    hint=f"The next page previews the effect on the last {WEEKS} weeks. Nothing is saved yet.",
)
def set_threshold(context: ActionContext, given: ThresholdInput) -> Preview:
    """Change a threshold of a rule; without --save, only preview the effect."""
    change, why = _change(context, given), required_reason(given.reason)
    tried: list[Sequence[Difference] | None] = []

    def differences() -> Sequence[Difference]:
        try:
            changed = trial_with(context, {SETTINGS: change}, WEEKS).differences
        except BusyError:
            tried.append(None)
            raise
        tried.append(changed)
        return changed

    def write(now: ActionContext) -> Result:
        if not tried:
            with suppress(BusyError):
                differences()
        same = _change(now, given)
        if same != change:
            raise SettingsError(
                f"{change.subject} has changed since the preview", remedy="Preview it again."
            )
        changed = tried[-1]
        effect = (
            "not previewed" if changed is None else "; ".join(in_words(now, changed) or [NO_CASE])
        )
        path = now.district.home.settings_file
        request = NameRequest(
            action="threshold",
            case_id=change.subject,
            subject=given.value,
            reason=f"{why}{EFFECT}{effect})",
        )
        with only_writer(now.district.home, PERSON_WAITS):
            after = change(path.read_bytes())
            granted(now.chain, request, now.asker)
            act = Act(
                actor=str(now.asker),
                action="threshold changed",
                subject=change.subject,
                reason=f"{toml(change.threshold.value)} to {toml(change.value)}: {request.reason}",
            )
            with now.chain.recording(act):
                put(path, after)
        text = f"{change.subject} is {toml(change.value)}. It takes effect with the next run."
        return Result(
            text, {"saved": True, **change.facts}, back=f"/thresholds/{change.rule.header.code}"
        )

    header, param, was = change.rule.header, change.threshold.param, change.threshold.value
    second = "" if context.asker.is_alone else "A second person must approve the change. "
    return Preview(
        title=f"{header.title} ({header.code})",
        why=f"{capital(change.threshold.words)}: {toml(change.value)} instead of {toml(was)}"
        f"{f' {param.unit}' if param.unit else ''}. Reason for the default, "
        f"{toml(param.default)}: {param.why}.",
        file=SETTINGS,
        rows=[f"[{'.'.join(change.path[:-1])}]", f"{change.threshold.name} = {toml(change.value)}"],
        differences=differences,
        write=write,
        note=f"{second}It takes effect with the next run, which judges stored days again. "
        "Verdicts stay.",
        facts=change.facts,
    )
