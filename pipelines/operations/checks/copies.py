"""Checks of backups, drills and the audit chain."""

from datetime import datetime, timedelta

from pipelines.operations.backup import LAST
from pipelines.operations.check_questions import Installation
from pipelines.operations.checks import CheckResult, Subject, act, look, unasked, well
from pipelines.state.audit import verified
from pipelines.state.connections import fact
from pipelines.state.seals import check_seals, seal_problem
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


def _seal(installation: Installation) -> CheckResult:
    settings = installation.settings
    checked = check_seals(installation.home, settings)
    if checked.wrong:
        return act(
            checked.wrong[0].rstrip("."),
            "schoolbell audit verify --home {home}; keep the seals of the newest backup",
        )
    if problem := seal_problem(installation.store, settings):
        return look(problem, "schoolbell run --home {home}, which tries again")
    if checked.unchecked:
        return look(f"seals were not verified: {checked.unchecked}", "[seal] in district.toml")
    if checked.lines:
        return well(checked.lines[0].rstrip("."))
    is_on = "there is no seal yet" if settings.seal.url else "[seal] is off"
    return unasked(is_on)


CHECKS = Subject(
    "copies",
    {
        "backup": _backup,
        "drill": _drill,
        "chain": _chain,
        "seal": _seal,
    },
)
