"""What workers of other processes are asked to do in tests."""

import os
import signal
import time
from pathlib import Path


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
