"""Starts purges that are killed at a chosen point, as `zygote.py` does with ingest.

Points are in front of and behind every call that changes the disk, at every commit
and at every model that is rebuilt; SIGKILL leaves no time to tidy up.
"""

import json
import os
import sys
import traceback
from datetime import datetime
from pathlib import Path

from pipelines.district import only_writer, open_district
from pipelines.operations.purge import Purge, carry_out, certified, plan
from pipelines.refresh import spans
from pipelines.state.audit import open_chain
from pipelines.warehouse.models import models
from tests.faults.zygote import Fault, instrument


def purge(home: Path, now: datetime, fault: Fault) -> None:
    with open_district(home) as district, only_writer(district.home):
        chain = open_chain(district.store, district.home)
        found = plan(district, now)
        if found.is_empty:
            return  # an earlier one was killed behind its certificate
        done = Purge(found, "ada (1000)", "the schedule", now)
        instrument(fault)
        real = spans.build_days

        def build_days(*args: object) -> int:
            fault.point("build")
            return real(*args)

        spans.build_days = build_days
        carry_out(district, done, chain)
        certified(district.home, district.store, district.settings, done, chain)


def carry_out_order(order: dict[str, object]) -> None:
    home = Path(str(order["home"]))
    fault = Fault(str(home), how="kill", at=int(str(order["at"])))
    purge(home, datetime.fromisoformat(str(order["now"])), fault)
    home.with_suffix(".points").write_text(str(fault.passed))


def main() -> None:
    models()  # read once, before the forks
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                carry_out_order(json.loads(line))
            except BaseException as error:  # noqa: BLE001 - told by the exit code
                traceback.print_exception(error)
                sys.stderr.flush()
                os._exit(2)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
