"""Where a home's state is kept: in `state.db`, or where `state.toml` points to.

The pointer stands beside the settings, not in them: a home that is restored from a
backup has its state in a file of its own, and must not write into the live one.
"""

import os
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pipelines.errors import SettingsError
from pipelines.settings.home import DistrictHome
from pipelines.settings.secrets import is_reference, looked_up
from pipelines.settings.template import toml

KEY = "database"
NOTE = (
    "# The state of this home is on PostgreSQL. This says where the URL lies, such as\n"
    "# postgresql+psycopg2://USER:PASSWORD@db.school.example/schoolbell\n"
    "# Written by `schoolbell move-state`, which also brings it back.\n"
)


def state_place(home: DistrictHome) -> Path | str:
    """The file of the state, or the URL of its database.

    Raises:
        SettingsError: The pointer can not be read, or the URL is not where it says.
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
            "says not where the state is",
            where=str(pointer),
            remedy=f'Write: {KEY} = {{ env = "SCHOOLBELL_STATE_URL" }}',
        ) from cause
    return looked_up(reference, f"{pointer}: {KEY}")


def point_to(home: DistrictHome, reference: Mapping[str, str]) -> None:
    """Let the home's state be in another database from now on."""
    draft = home.path / f".{home.state_pointer.name}.{secrets.token_hex(4)}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{NOTE}{KEY} = {toml(reference)}\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(home.state_pointer)
