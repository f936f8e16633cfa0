"""The state of a district home, judged by results in the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.findings.keeping import stored_findings
from pipelines.journey.district import District
from pipelines.state import ledger
from pipelines.state.ledger import DAMAGED, FAILED

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


def status_of(district: District, now: datetime) -> Status:
    """Sources, files in trouble, days to build, findings to decide on."""
    files = ledger.source_files(district.store)
    trouble = [one for one in files if one.state in (FAILED, DAMAGED)]
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
        "trouble": [
            {"source": one.source, "path": one.path, "message": one.message}
            for one in trouble
        ],
    }
    code = ACT if not files else LOOK if trouble or dirty else WELL
    return Status(shown, code)
