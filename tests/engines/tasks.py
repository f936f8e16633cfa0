"""What workers of other processes are asked to do in tests."""

import os
import resource
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

from pipelines.fleet.settings import Budget, Member
from pipelines.fleet.work import run_in
from pipelines.refresh import spans, steps
from tests.journey.small import judged

EXECUTOR = b"CoarseGrainedExecutorBackend"
POINTS = {
    "build": (spans, "build_days", 40),
    "judge": (steps, "keep", 1),
}
"""Where a run ends its executor: at that call of a function."""


def twice(number: int) -> int:
    """Larger numbers are done sooner: results come back in another order."""
    time.sleep(max(0, 5 - number) / 100)
    return 2 * number


def refuse_three(number: int) -> int:
    if number == 3:
        raise ValueError("three is not wanted")
    return number


def end_once(file: Path) -> str:
    """Ends its own process the first time that it is asked."""
    if not file.exists():
        file.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def end(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def where(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def end_executor() -> None:
    """Kill the Java process above this one, as a machine that is lost takes both."""
    process = os.getppid()
    while EXECUTOR not in Path(f"/proc/{process}/cmdline").read_bytes():
        stat = Path(f"/proc/{process}/stat").read_text()
        process = int(stat.rpartition(")")[2].split()[1])
    os.kill(process, signal.SIGKILL)
    time.sleep(60)  # its workers are ended with it


def judge_killed(home: Path) -> int:
    """Read, build and judge, ending the executor once at each of `POINTS`.

    Returns:
        How many days of models were built at last.
    """
    with ExitStack() as patches:
        for name, (module, function, calls) in POINTS.items():
            if not (home.parent / name).exists():
                patches.enter_context(
                    mock.patch.object(
                        module, function, _ending(module, function, calls, home, name)
                    )
                )
        done = judged(home)
    return sum(map(len, done.built.days.values()))


def _ending(module, function, calls, home, name):
    real = getattr(module, function)
    seen = 0

    def called(*arguments, **more):
        nonlocal seen
        seen += 1
        if seen == calls:
            (home.parent / name).touch()
            end_executor()
        return real(*arguments, **more)

    return called


def visited(home: Path) -> float:
    """Run what is due in a home as a fleet does; CPU seconds of all its processes."""

    def spent() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before = spent()
    done = run_in(
        Member(home.name, home, "root" if os.geteuid() == 0 else ""),
        ["run"],
        Budget(free_gb=0),
    )
    assert done.exit_code in (0, 1), done
    return spent() - before
