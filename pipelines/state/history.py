"""How `state.db` was laid out before, as far as a column's name can not say it.

Columns that may be empty need no entry: an earlier row simply has none. Whoever
adds a column that must not be empty to a table that was there says here what the
rows of before get, and raises `NUMBER`; the tests upgrade every earlier layout.
"""

from collections.abc import Mapping

from pipelines.state.alert_tables import OUTBOX

NUMBER = 9
"""The present layout; one written by a later Schoolbell has a higher number."""

ANY_FILE = 2**62

FORMER_NAMES: Mapping[str, str] = {OUTBOX.name: "alerts"}
"""Tables that had another name, with that name."""

LEFT_BEHIND: Mapping[str, str] = {
    "announced_findings": "which findings had been announced; they may be once more",
}
"""Tables that nothing reads any more, and what is lost with them."""

FILLED: Mapping[tuple[str, str], int | str] = {
    ("source_files", "tail_bytes"): 0,
    ("source_files", "prefix_hashes"): "",
    ("source_files", "raw_ctime_ns"): 0,
    # the widest range: such a file is looked into whenever one of its lines may be
    ("lake_files", "first_file_id"): 0,
    ("lake_files", "last_file_id"): ANY_FILE,
    (OUTBOX.name, "subject"): "Schoolbell",
    (OUTBOX.name, "class_name"): "health",
    (OUTBOX.name, "severity"): "low",
}
"""What rows of before get in a column that they did not have."""
