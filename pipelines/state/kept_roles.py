"""Keeps the roles of the settings in the audit chain, so that they cannot be dropped.

Anyone who can put other settings in front of a state could otherwise leave `[roles]`
out and be its one operator. The state knows better: each change of the roles is an
entry of the chain, and settings without roles are refused where the newest has some.
"""

import hashlib
import json

from pipelines.errors import SettingsError
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.roles import ROLES, known_user, login_uid
from pipelines.state.audit import Act, newest_subject, open_chain
from pipelines.state.connections import Store

ACTION = "roles"
NONE = "no roles"


def roles_text(settings: Settings) -> str:
    """Return which roles the settings fill, with a hash of the groups and logins."""
    desk = settings.desk
    filled: list[str] = [role for role in ROLES if getattr(settings.roles, role)]
    at_desk = [
        role for role in ROLES if any(getattr(part, role) for part in (desk.logins, desk.groups))
    ]
    tables: list[dict[str, object]] = [
        part.model_dump() for part in (settings.roles, desk.logins, desk.groups)
    ]
    if not any(any(table.values()) for table in tables):
        return NONE
    if desk.tokens:  # a program's token is a role too
        tables.append({name: one.model_dump(mode="json") for name, one in desk.tokens.items()})
        filled += [f"token {name}: {one.role}" for name, one in sorted(desk.tokens.items())]
    digest = hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()
    words = ", ".join(filled) or f"{NONE} at the terminal"
    if at_desk:
        words = f"{words}; at the desk: {', '.join(at_desk)}"
    return f"{words} ({digest[:16]})"


def keep_roles(store: Store, home: DistrictHome, settings: Settings) -> None:
    """Write a change of the roles into the chain; go on only if some are left.

    Raises:
        SettingsError: The state has roles, and the settings have none.
    """
    now, before = roles_text(settings), newest_subject(store, ACTION) or NONE
    if now == before:
        return
    if now.startswith(NONE) and not before.startswith(NONE):
        raise SettingsError(
            f"the settings have no roles, but the state does: {before}",
            where=f"{home.settings_file}: [roles]",
            remedy="Put [roles] back. To give the roles up on purpose, as the account "
            'that owns the home: schoolbell roles --accept --reason "WHY"',
        )
    note_roles(store, home, settings, "read from district.toml")


def note_roles(store: Store, home: DistrictHome, settings: Settings, reason: str) -> str:
    """Write the roles of the settings into the chain; return how they are written."""
    now, uid = roles_text(settings), login_uid()
    actor = f"{known_user(uid)[0]} ({uid})"
    act = Act(actor=actor, action=ACTION, subject=now, reason=reason)
    with open_chain(store, home).recording(act):
        return now
