"""Filters of the queue that a person saves under a name, for their own use."""

from typing import Annotated

from pipelines.actions.action import HIDDEN, Form, Input, Queue, Result, action
from pipelines.actions.context import ActionContext
from pipelines.actions.queue_filter import QueueFilter
from pipelines.errors import SettingsError
from pipelines.state import desk_users
from pipelines.state.audit import Act

MAX_VIEWS = 20
MAX_NAME = 40


class SaveViewInput(Input):
    """A filter and the name under which it is saved, in place of an earlier one of that name."""

    queue: Queue
    name: Annotated[str, Form("Name of the list", hint="Only you see it. Do not name anyone.")]


@action(
    name="save-view", right="findings", title="Save this list", button="Save the list", back="/"
)
def save_view(context: ActionContext, given: SaveViewInput) -> Result:
    """Save a filter of the queue under a name."""
    query = QueueFilter.parse(given.queue).query
    name, login = " ".join(given.name.split()), context.asker.user_name
    if not (1 <= len(name) <= MAX_NAME and name.isprintable()):
        raise SettingsError(f"a name has 1 to {MAX_NAME} characters", where="Name")
    names = {row["name"] for row in desk_users.saved_views(context.district.store, login)}
    if name not in names and len(names) >= MAX_VIEWS:
        raise SettingsError(
            f"you have {MAX_VIEWS} saved lists, the maximum", remedy="Remove one first."
        )
    with context.chain.recording(_act(context, "view saved", name)) as transaction:
        desk_users.put_view(transaction, login, name, query)
    return Result(f"Saved: {name}.")


class RemoveViewInput(Input):
    """The name of a saved filter."""

    name: Annotated[str, HIDDEN]
    queue: Queue = ""


@action(name="remove-view", right="findings", title="Remove", button="Remove", back="/")
def remove_view(context: ActionContext, given: RemoveViewInput) -> Result:
    """Remove a saved filter of the queue."""
    with context.chain.recording(_act(context, "view removed", given.name)) as transaction:
        if not desk_users.remove_view(transaction, context.asker.user_name, given.name):
            raise SettingsError("there is no saved list of this name", remedy="Reload the page.")
    return Result(f"Removed: {given.name}.")


def _act(context: ActionContext, word: str, name: str) -> Act:
    return Act(actor=str(context.asker), action=word, subject=name[:MAX_NAME])
