"""References to secrets: settings contain a reference, never the secret itself.

- `{ env = "NAME" }`: a variable of the process.
- `{ file = "PATH" }`: a file that only the account of Schoolbell can read.
- `{ credential = "NAME" }`: what systemd passes to a service with `LoadCredential=`.
- `{ keyring = "NAME" }`: an entry of the desktop's keyring, under `schoolbell`.
"""

import os
import secrets
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeGuard

from pipelines.errors import SettingsError
from pipelines.settings.home import DistrictHome
from pipelines.settings.toml_text import toml

SERVICE = "schoolbell"
CREDENTIALS = "CREDENTIALS_DIRECTORY"

KEY = "database"
NOTE = (
    "# The state of this home is in PostgreSQL. This file shows where the URL is stored, "
    "such as\n# postgresql+psycopg2://USER:PASSWORD@db.school.example/schoolbell\n# "
    "Written by `schoolbell move-state`, which also moves the state back.\n"
)


def is_reference(value: object) -> TypeGuard[Mapping[str, object]]:
    """Return whether it is one of the four forms."""
    return isinstance(value, Mapping) and len(value) == 1 and set(value) <= set(_KINDS)


def looked_up(reference: Mapping[str, object], where: str) -> str:
    """Return the secret behind a reference.

    Args:
        where: The setting, for the message.

    Raises:
        SettingsError: It is missing; the message does not repeat any secret.
    """
    (kind, name), *_ = reference.items()
    return _KINDS[kind](str(name), where)


def require_private(reference: Mapping[str, object], where: str) -> None:
    """Refuse the file of a secret that other accounts of the machine can read or replace.

    Raises:
        SettingsError: It belongs to another account, or its mode lets others in.
    """
    name = reference.get("file")
    if name is None or os.name != "posix":
        return
    try:
        status = Path(str(name)).stat()
    except OSError:
        return  # looking it up reports that
    if status.st_uid not in (os.geteuid(), 0) or status.st_mode & 0o077:
        raise SettingsError(
            "other accounts can use the secret's file: "
            f"its mode is {status.st_mode & 0o777:o}, and it belongs to user {status.st_uid}",
            where=where,
            remedy=f"chmod 600 {name}, owned by the account that runs Schoolbell",
        )


def _of_environment(name: str, where: str) -> str:
    found = os.environ.get(name)
    if found is None:
        raise SettingsError(
            f"the environment has no {name}",
            where=where,
            remedy="Set it for the account that runs Schoolbell.",
        )
    return found


def _of_file(name: str, where: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(
            f"the secret's file cannot be read: {said}",
            where=where,
            remedy=f"chmod 600 {name}, owned by the account that runs Schoolbell",
        ) from error


def _of_systemd(name: str, where: str) -> str:
    folder = os.environ.get(CREDENTIALS)
    if folder is None or "/" in name:
        raise SettingsError(
            f"systemd handed over no credential {name}",
            where=where,
            remedy=f"Add to the service: LoadCredential={name}:/etc/schoolbell/{name}",
        )
    return _of_file(f"{folder}/{name}", where)


def _of_keyring(name: str, where: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise SettingsError(
            "the library for keyrings is not installed",
            where=where,
            remedy="pip install keyring, or keep the secret in a file.",
        ) from error
    try:
        found: str | None = keyring.get_password(SERVICE, name)
    except KeyringError:
        found = None
    if found is None:
        raise SettingsError(
            f"the keyring has no {name} of {SERVICE}",
            where=where,
            remedy=f"keyring set {SERVICE} {name}, or keep it in a file.",
        )
    return found


_KINDS: Mapping[str, Callable[[str, str], str]] = {
    "env": _of_environment,
    "file": _of_file,
    "credential": _of_systemd,
    "keyring": _of_keyring,
}


# Place of a home's state: in `state.db`, or where `state.toml` points to.
#
# The pointer is next to the settings, not in them: a home that is restored from a backup has its
# state in its own file, and must not write into the live one.


def state_place(home: DistrictHome) -> Path | str:
    """Return the file of the state, or the URL of its database.

    Raises:
        SettingsError: The pointer cannot be read, or the URL is not at its place.
    """
    pointer = home.state_pointer
    if not pointer.is_file():
        return home.state_db
    try:
        reference = tomllib.loads(pointer.read_text(encoding="utf-8"))[KEY]
    except (OSError, ValueError, KeyError) as error:
        reference = None
        cause: Exception | None = error
    else:
        cause = None
    if not is_reference(reference):
        raise SettingsError(
            "does not say where the state database is",
            where=str(pointer),
            remedy=f'Write: {KEY} = {{ env = "SCHOOLBELL_STATE_URL" }}',
        ) from cause
    return looked_up(reference, f"{pointer}: {KEY}")


def point_to(home: DistrictHome, reference: Mapping[str, str]) -> None:
    """Point the home's state to another database from now on."""
    draft = home.path / f".{home.state_pointer.name}.{secrets.token_hex(4)}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{NOTE}{KEY} = {toml(reference)}\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(home.state_pointer)
