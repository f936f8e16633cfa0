"""Every action that the desk offers, by name; most are commands too."""

from collections.abc import Mapping

from pipelines.actions import (
    fixes,
    inquiries,
    kept_evidence,
    names,
    owner_questions,
    permits,
    proposals,
    readers,
    records,
    referral_access,
    referrals,
    saved_views,
    verdicts,
)
from pipelines.actions.action import OUT, QUEUE, Action, Parameter, Result, Values
from pipelines.actions.context import ActionContext
from pipelines.desk.queue import QueueFilter

ON_PER_CASE = (
    "verdict", "comment", "ticket", "assign", "reveal", "refer", "answer", "exception", "hold",
    "pack", "export",
)  # fmt: skip


def values_of(form: Action, given: Mapping[str, str]) -> dict[str, str]:
    """Return the values that a form sent, without those that only a command may give."""
    barred = {OUT, *(one.name for one in form.parameters if not one.is_field)}
    empty = {one.name: "" for one in form.fields}
    return empty | {name: value for name, value in given.items() if name not in barred}


def _save_view(context: ActionContext, values: Values) -> Result:
    query = QueueFilter.parse(values["queue"]).query
    return Result(f"Saved: {saved_views.save_view(context, values['name'], query)}.")


def _remove_view(context: ActionContext, values: Values) -> Result:
    saved_views.remove_view(context, values["name"])
    return Result(f"Removed: {values['name']}.")


_VIEWS = (
    Action(
        name="save-view",
        command="",
        right="findings",
        title="Save this list",
        button="Save the list",
        act=_save_view,
        about="",
        back="/",
        parameters=(
            Parameter("queue", kind="hidden"),
            Parameter("name", "Name of the list", hint="Only you see it. Do not name anyone."),
        ),
    ),
    Action(
        name="remove-view",
        command="",
        right="findings",
        title="Remove",
        button="Remove",
        act=_remove_view,
        about="",
        back="/",
        parameters=(Parameter("name", kind="hidden"), QUEUE),
    ),
)
_MODULES = (
    verdicts, referrals, permits, kept_evidence, names, referral_access, inquiries, proposals,
    readers, records, fixes, owner_questions,
)  # fmt: skip
FORMS: Mapping[str, Action] = {
    one.name: one for one in (*(one for module in _MODULES for one in module.ACTIONS), *_VIEWS)
}
