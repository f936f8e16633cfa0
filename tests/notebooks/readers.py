"""Readers in a separate process, for the test of readers and a writer.

Holds several connections open at the same time and asks them in turn until the flag file
is there. Prints how often they asked, or fails.
"""

import sys
import time
from pathlib import Path

from pipelines.notebook.connection import Connection
from pipelines.warehouse.snapshots import current

QUERY = """
select
  (select sum(events) from marts.source_files),
  (select count(*) from core.http_requests),
  (select count(*) from findings.findings)
"""


def ask(home: Path, flag: Path, count: int) -> int:
    readers = [Connection(home) for _ in range(count)]
    held = {reader: reader.sql(QUERY).fetchall() for reader in readers}
    (home / f"{flag.name}-{readers[0].snapshot}-{time.monotonic_ns()}.up").touch()
    asked = 0
    while True:
        is_last = flag.exists()
        for number, reader in enumerate(readers):
            assert reader.sql(QUERY).fetchall() == held[reader]
            if number % 2:
                reader._open(current(home / "snapshots"))
            asked += 1
        if is_last:
            return asked


if __name__ == "__main__":
    print(ask(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
