"""Earlier layouts of `state.db`: each that was released, and one that never was.

The one that never was lacks what upgrades must handle: a table has another name, a
required column is missing, and one table is no longer read.
"""

import re

import pytest

from pipelines.state import layout
from tests.conftest import REPO_ROOT

FOLDER = REPO_ROOT / "tests" / "upgrades"
RELEASED = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.sql"))}

INVENTED = (
    re.sub(r"\n  tail_bytes [^\n]*", "", RELEASED["01"]).replace("alert_outbox", "alerts")
    + "CREATE TABLE announced_findings (\n  finding_id TEXT NOT NULL,\n  week TEXT NOT NULL\n);\n"
)
LAYOUTS = {"invented": INVENTED, **RELEASED}
"""Name -> SQL text, the oldest first."""


@pytest.fixture
def invented(monkeypatch):
    """Let the present version know the layout that never was as an earlier one."""
    monkeypatch.setitem(layout.FORMER_NAMES, "alert_outbox", "alerts")
    monkeypatch.setitem(layout.LEFT_BEHIND, "announced_findings", "which were announced")
    monkeypatch.setitem(layout.FILLED, ("source_files", "tail_bytes"), 0)
    return INVENTED
