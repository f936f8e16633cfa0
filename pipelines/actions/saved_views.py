"""Filters of the queue that a person saves under a name, for their own use."""

from pipelines.actions.context import ActionContext
from pipelines.errors import SettingsError
from pipelines.state.audit import Act
from pipelines.state.desk_users import put_view, saved_views
from pipelines.state.desk_users import remove_view as removed

MAX_VIEWS = 20
MAX_NAME = 40


def save_view(context: ActionContext, name: str, query: str) -> str:
    """Save a filter, in place of an earlier one of that name; return the name.

    Raises:
        SettingsError: The name is empty or too long, or there are too many.
    """
    context.require("findings")
    words, login = " ".join(name.split()), context.asker.user_name
    if not (1 <= len(words) <= MAX_NAME and words.isprintable()):
        raise SettingsError(f"a name has 1 to {MAX_NAME} characters", where="Name")
    known = {row["name"] for row in saved_views(context.district.store, login)}
    if words not in known and len(known) >= MAX_VIEWS:
        raise SettingsError(
            f"you have {MAX_VIEWS} saved lists, the maximum", remedy="Remove one first."
        )
    with context.chain.recording(_act(context, "view saved", words)) as transaction:
        put_view(transaction, login, words, query)
    return words


def remove_view(context: ActionContext, name: str) -> None:
    """Remove a saved filter.

    Raises:
        SettingsError: It does not exist.
    """
    context.require("findings")
    with context.chain.recording(_act(context, "view removed", name)) as transaction:
        if not removed(transaction, context.asker.user_name, name):
            raise SettingsError("there is no saved list of this name", remedy="Reload the page.")


def _act(context: ActionContext, action: str, name: str) -> Act:
    return Act(actor=str(context.asker), action=action, subject=name[:MAX_NAME])
