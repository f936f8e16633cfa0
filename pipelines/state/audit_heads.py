"""Compares the audit chain with the heads of it that were kept elsewhere.

Whoever cuts the chain or rolls it back would have to change each of them too: the
published reports, the messages that were sent, the manifests of the backups.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import select

from pipelines.errors import SettingsError
from pipelines.settings.home import DistrictHome
from pipelines.state.alert_tables import OUTBOX
from pipelines.state.audit import AUDIT_RECORD, Broken, Head, open_chain, parsed_head
from pipelines.state.store import Store, fact

BACKUPS = "backup_folder"
"""The fact that says where the last backup was made."""

HEAD = r"([0-9]{1,18}:[0-9a-f]{64})"
# what strangers wrote is escaped on a page, and has no line of its own in a message
ON_A_PAGE = re.compile(re.escape(AUDIT_RECORD) + r"</dt>\s*<dd>" + HEAD + "</dd>")
IN_A_MESSAGE = re.compile(rf"(?m)^{re.escape(AUDIT_RECORD)}: {HEAD}$")


def verified(
    store: Store, home: DistrictHome, given: Sequence[Head] = ()
) -> Broken | None:
    """The first broken link, or None: the chain holds against every head known.

    Args:
        given: Heads that somebody read elsewhere.
    """
    return open_chain(store, home).verify([*given, *kept_heads(store, home)])


def kept_heads(store: Store, home: DistrictHome) -> list[Head]:
    """The heads in reports, sent messages and backups, of those that can be read."""
    return [*_reports(home), *_messages(store), *_backups(store)]


def _reports(home: DistrictHome) -> Iterator[Head]:
    for page in sorted(home.reports.glob("*/index.html")):
        try:
            text = page.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # `doctor` tells of it
        yield from _printed(ON_A_PAGE, text, str(page))


def _messages(store: Store) -> Iterator[Head]:
    query = select(OUTBOX.c.alert_key, OUTBOX.c.message)
    with store.reading() as connection:
        rows = connection.execute(query.where(OUTBOX.c.message.contains(AUDIT_RECORD)))
        for key, text in rows:
            yield from _printed(IN_A_MESSAGE, text, f"the message {key}")


def _printed(shape: re.Pattern[str], text: str, where: str) -> Iterator[Head]:
    for found in shape.finditer(text):
        number, _, digest = found[1].partition(":")
        if int(number):
            yield Head(int(number), digest, where)


def _backups(store: Store) -> Iterator[Head]:
    """The head in the newest backup; its disk may well be elsewhere."""
    with store.reading() as connection:
        folder = fact(connection, BACKUPS)
    if folder is None:
        return
    try:
        made = sorted(Path(folder).glob("backup-*/manifest.json"))
        said = json.loads(made[-1].read_text(encoding="utf-8")) if made else {}
        if text := said.get("audit_head", ""):
            yield parsed_head(text, str(made[-1]))
    except (OSError, ValueError, AttributeError, TypeError, SettingsError):
        return  # a damaged manifest is found by whoever restores or backs up
