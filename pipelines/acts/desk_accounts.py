"""Acts on accounts that sign in at the desk with a password."""

from pipelines.acts.context import ActContext
from pipelines.errors import SettingsError
from pipelines.state.audit import Act
from pipelines.state.desk_users import end_account, put_account


def put(context: ActContext, login: str, password_hash: str) -> str:
    """Make an account, or give it another password; its login."""
    context.require("accounts")
    name = login.strip().casefold()
    if not (name and name.isprintable() and " " not in name):
        raise SettingsError(f"{login!r} is not a login", where="LOGIN")
    with context.chain.recording(_act(context, "desk account", name)) as transaction:
        put_account(transaction, name, password_hash, str(context.asker))
    return name


def end(context: ActContext, login: str) -> str:
    """Let an account sign in no more; its login.

    Raises:
        SettingsError: There is no such account.
    """
    context.require("accounts")
    name = login.strip().casefold()
    act = _act(context, "desk account ended", name)
    with context.chain.recording(act) as transaction:
        if not end_account(transaction, name):
            raise SettingsError(
                f"there is no account {name}",
                remedy="List them with: schoolbell desk account list",
            )
    return name


def _act(context: ActContext, action: str, login: str) -> Act:
    return Act(actor=str(context.asker), action=action, subject=login)
