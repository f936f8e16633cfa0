"""The state of a district home, judged by results in the ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.findings.keeping import stored_findings
from pipelines.journey.district import District
from pipelines.state import ledger
from pipelines.state.ledger import DAMAGED, FAILED, FileRecord

WELL, LOOK, ACT = 0, 1, 2


@dataclass(frozen=True)
class Status:
    """What `schoolbell status` shows.

    Attributes:
        shown: For machines.
        exit_code: 0 well, 1 somebody should look, 2 somebody should act.
    """

    shown: Mapping[str, Any]
    exit_code: int

    @property
    def rows(self) -> list[tuple[str, object]]:
        """For people: name and value."""
        return [
            (name.replace("_", " "), value)
            for name, value in self.shown.items()
            if not isinstance(value, list | dict)
        ]


def in_trouble(
    files: Iterable[FileRecord], reject_share: float
) -> list[Mapping[str, str]]:
    """Files that somebody should look at: source, path and message of each.

    Args:
        reject_share: From 0 to 1; a file of whose lines a larger share could not
            be read is among them, though it was read to its end.
    """
    wrong = ((one, _wrong_with(one, reject_share)) for one in files)
    return [
        {"source": one.source, "path": one.path, "message": message}
        for one, message in wrong
        if message is not None
    ]


def _wrong_with(file: FileRecord, reject_share: float) -> str | None:
    if file.state in (FAILED, DAMAGED):
        return file.message or file.state
    # a product, not a quotient: a file without lines has no share
    if file.rejects <= reject_share * file.lines:
        return None
    return (
        f"{file.rejects:,} of {file.lines:,} lines could not be read, a larger "
        f"share than {reject_share:g}, which is [limits] reject_share"
    )


def status_of(district: District, now: datetime) -> Status:
    """Sources, files in trouble, days to build, findings to decide on."""
    files = ledger.source_files(district.store)
    trouble = in_trouble(files, district.settings.limits.reject_share)
    dirty = ledger.dirty_days(district.store)
    findings = stored_findings(district.store)
    waiting = [
        one
        for one in findings
        if one["status"] == "open" and one["confidence"] in ("C2", "C3")
    ]
    newest = max((one.last_read_time for one in files), default="never")
    shown = {
        "time": now.isoformat(timespec="seconds"),
        "home": str(district.home.path),
        "files": len(files),
        "files_in_trouble": len(trouble),
        "last_read": newest,
        "lines": sum(one.lines for one in files),
        "rejects": sum(one.rejects for one in files),
        "pending_lines": sum(one.pending_lines for one in files),
        "days_to_build": len(dirty),
        "findings_to_decide": len(waiting),
        "registry_problems": len(district.registry.problems),
        "sources": [dict(row) for row in ledger.account(district.store)],
        "trouble": trouble,
    }
    code = ACT if not files else LOOK if trouble or dirty else WELL
    return Status(shown, code)
