"""Starts senders that are killed: one process that forks the others.

Reads the path of a home a line, forks a process that sends what is due there, says
the process's number at the same time and its exit code when it is gone. Forking keeps the
start cheap: nothing here computes before the fork.
"""

import os
import sys
from pathlib import Path

from pipelines.alerts.dispatch import send_alerts
from pipelines.district import only_writer, open_district


def send(home: Path) -> None:
    with open_district(home) as district, only_writer(district.home):
        send_alerts(district)


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            send(Path(line.strip()))
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
