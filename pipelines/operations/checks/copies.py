"""Checks of backups, drills and the audit chain."""

from datetime import datetime, timedelta

from pipelines.operations.backup import LAST
from pipelines.operations.check_questions import Installation
from pipelines.operations.checks import CheckResult, Subject, act, look, well
from pipelines.state.audit import verified
from pipelines.state.connections import fact
from pipelines.state.source_records import DRILLED

OLD_BACKUP = timedelta(days=3)
OLD_DRILL = timedelta(days=45)
BACK_UP = "schoolbell backup --home {home} --to FOLDER --keys ANOTHER"
DRILL = "schoolbell drill BACKUP --home {home} --keys KEYS"


def _backup(installation: Installation) -> CheckResult:
    return _aged(installation, LAST, OLD_BACKUP, "backup", BACK_UP)


def _drill(installation: Installation) -> CheckResult:
    return _aged(installation, DRILLED, OLD_DRILL, "restore drill", DRILL)


def _aged(
    installation: Installation, name: str, most: timedelta, what: str, command: str
) -> CheckResult:
    with installation.store.reading() as transaction:
        text = fact(transaction, name)
    if text is None:
        return look(f"there has been no {what} yet", command)
    made = datetime.fromisoformat(text)
    message = f"the last {what} was on {made.date()}"
    return look(message, command) if installation.now - made > most else well(message)


def _chain(installation: Installation) -> CheckResult:
    broken = verified(installation.store, installation.home)
    if broken is not None:
        return act(
            f"entry {broken.number} of the audit chain {broken.what}",
            "schoolbell audit verify --home {home}; do not change state.db",
        )
    return well("the audit chain is intact")


CHECKS = Subject(
    "copies",
    {
        "backup": _backup,
        "drill": _drill,
        "chain": _chain,
    },
)
