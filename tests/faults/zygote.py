"""Starts ingest processes that are killed, or whose disk fails, at a chosen point.

Reads one JSON order a line from standard input, forks a process that carries it
out, and answers with its exit code. Forking keeps the start cheap: nothing here
computes before the fork.

Points are counted in front of and behind every call that changes the disk: open,
write (a write may also be torn), fsync, rename, mkdir, unlink, and every commit.

With `how` set to `disk`, `disk.c` counts instead, below Python and SQLite.
"""

import builtins
import ctypes
import errno
import io
import json
import os
import signal
import sqlite3
import sys
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from pipelines.district import only_writer, open_district
from pipelines.errors import SchoolbellError
from pipelines.formats import formats
from pipelines.ingest import staged_rows
from pipelines.ingest.blocks import blocks
from pipelines.ingest.ingestion import ingest_source
from pipelines.ingest.record_cuts import parts
from pipelines.ingest.source import IngestOptions
from pipelines.lake.files import sweep
from pipelines.run.run import Watchers, run_opened
from pipelines.run.watch import watch
from pipelines.settings.home import DistrictHome
from pipelines.state.opened_state import open_state
from tests.conftest import LONG
from tests.faults.home import source_of

DONE, REFUSED, BROKEN, SURVIVED = 0, 1, 2, 3


@dataclass
class Fault:
    """What goes wrong, and at which point."""

    home: str
    how: str = "none"
    at: int = 0
    errno: int = errno.ENOSPC
    after_seconds: float = 0.0
    most_bytes: int = 0
    housekeeping: bool = False
    wait_seconds: float = 0.0
    effect: int = 0
    whole: bool = False
    look: str = ""
    passed: int = field(default=0, init=False)
    fired: bool = field(default=False, init=False)

    def point(self, name: str, path: object = "") -> None:
        self.passed += 1
        if self.passed != self.at or self.how not in ("kill", "fail"):
            return
        self.fired = True
        if self.how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if name == "commit":
            cause = sqlite3.OperationalError("disk I/O error")
            raise OperationalError("COMMIT", {}, cause)
        name = None if isinstance(path, int) else str(path)
        raise OSError(self.errno, os.strerror(self.errno), name)

    def wrap(self, name: str) -> None:
        real = getattr(os, name)

        def wrapped(*args, **more):
            self.point(name, args[0])
            result = real(*args, **more)
            if self.how == "kill":
                self.point(name)
            return result

        setattr(os, name, wrapped)


GOT_OVER = "got over: "
STEPS = "seconds of each step, and points passed: "


class TornFile(io.FileIO):
    """A file whose write may stop half-way."""

    fault: Fault

    def write(self, data):
        half = len(data) // 2
        self.fault.point("write", self.name)
        if self.fault.how == "kill":
            super().write(data[:half])
            self.fault.point("write", self.name)
            return half + (super().write(data[half:]) or 0)
        return super().write(data)


def instrument(fault: Fault) -> None:
    for name in ("open", "fsync", "rename", "mkdir", "unlink"):
        fault.wrap(name)
    real_open = io.open

    def opened(path, mode="r", *args, **more):
        if mode != "xb":
            return real_open(path, mode, *args, **more)
        fault.point("create", path)
        file = TornFile(path, "x")
        file.fault = fault
        return io.BufferedWriter(file)

    io.open = builtins.open = opened
    event.listen(Engine, "commit", lambda _connection: fault.point("commit"))


def arm(fault: Fault) -> ctypes.CDLL:
    """Have `disk.c`, which this process was started with, do what is ordered."""
    disk = ctypes.CDLL(None)
    disk.arm(ctypes.c_int(fault.effect), ctypes.c_long(fault.at), fault.errno)
    return disk


def carry_out(order: dict[str, object]) -> int:
    fault = Fault(**order)
    home = Path(fault.home)
    staged_rows.ROWS_PER_COMMIT = 40
    blocks.__kwdefaults__["size"] = 1
    parts.__kwdefaults__["most"] = 16 if LONG else 40
    if fault.how == "limit":
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (fault.most_bytes,) * 2)
    disk = arm(fault) if fault.how == "disk" else None
    try:
        if fault.whole:
            return whole_run(home, fault)
        if fault.look:
            return one_look(home, fault)
        store = open_state(DistrictHome(home))
        begin(fault)
        source = source_of(home)
        options = IngestOptions(
            store=store,
            lake=home / "lake",
            zone="America/Chicago",
            settle_seconds=0,
            least_free_bytes=0,
        )
        wait = fault.wait_seconds
        with only_writer(DistrictHome(home), wait) if wait else nullcontext():
            if fault.housekeeping:
                sweep(store, home / "lake")
            ingest_source(options, source)
    except SchoolbellError as error:
        complain(home, str(error))
        return REFUSED
    except BaseException as error:  # noqa: BLE001 - told by the exit code
        complain(home, repr(error))
        return BROKEN
    if disk is not None and disk.fired():
        disk.refused_call.restype = ctypes.c_char_p
        complain(home, GOT_OVER + disk.refused_call().decode())
        return SURVIVED
    return SURVIVED if fault.fired else DONE


def begin(fault: Fault) -> None:
    """From here on the fault may come."""
    if fault.how == "time":
        signal.setitimer(signal.ITIMER_REAL, fault.after_seconds)
    if fault.how != "disk":
        instrument(fault)


def whole_run(home: Path, fault: Fault) -> int:
    """Return everything that is due: ingest, models, findings, snapshot, report, alerts."""
    watchers = Watchers(building=lambda *_: fault.point("model"))
    with open_district(home) as district, only_writer(district.home):
        begin(fault)
        done = run_opened(district, datetime.now(UTC), watchers, settle_seconds=0)
    complain(home, f"{STEPS}{json.dumps(done.seconds)} {fault.passed}")
    return SURVIVED if fault.fired or done.failures else DONE


def one_look(home: Path, fault: Fault) -> int:
    """Read what arrived, judge the day and alert, at the time that the order names."""
    begin(fault)
    watch(home, now=datetime.fromisoformat(fault.look), settle_seconds=0)
    complain(home, f"{STEPS}{{}} {fault.passed}")
    return SURVIVED if fault.fired else DONE


def complain(home: Path, text: str) -> None:
    sys.stderr.write(f"{home.name}: {text}\n")
    sys.stderr.flush()


def main() -> None:
    formats()  # found once, before the forks
    for order in sys.stdin:
        child = os.fork()
        if not child:
            os._exit(carry_out(json.loads(order)))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
