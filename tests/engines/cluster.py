"""Spark's own small cluster: a driver and two executors, each a separate process."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipelines.engines import Engine, open_engine
from tests.engines.tasks import EXECUTOR

MASTER = "local-cluster[2,1,1024]"
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Java would spend a third of a test on compiling well what runs for seconds."""

needs_spark = pytest.mark.skipif(
    not (shutil.which("java") and find_spec("pyspark")),
    reason="no Java here: apt-get install default-jre-headless",
)


def surroundings(folder: Path) -> dict[str, str]:
    """Environment of a driver: what Spark writes next to its programs goes elsewhere.

    Every Java below it takes the options, and prints them.
    """
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    home = folder / "spark"
    home.mkdir(exist_ok=True)
    for part in ("bin", "jars", "sbin", "python"):
        if not (home / part).exists():
            (home / part).symlink_to(Path(spec.origin).parent / part)
    return {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "JAVA_TOOL_OPTIONS": SHORT_LIVED,
    }


@contextmanager
def cluster(folder: Path) -> Iterator[Engine]:
    """Provide an engine on it; one a process, since Spark allows no other."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in surroundings(folder).items():
            patch.setenv(name, value)
        with open_engine("spark", master=MASTER) as engine:
            yield engine


def executors(*, of: int | None = None, running: str = "") -> list[int]:
    """Return processes of executors below a driver; those of other drivers are not meant.

    Args:
        of: The driver; None represents this process.
        running: Only the one below which a command with this word runs.
    """
    lines, parents = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            process = int(folder.name)
            lines[process] = (folder / "cmdline").read_bytes()
            stat = (folder / "stat").read_text()
            parents[process] = int(stat.rpartition(")")[2].split()[1])

    def above(process: int) -> Iterator[int]:
        while process in parents:
            yield process
            process = parents[process]

    driver = of or os.getpid()
    found = [one for one in lines if EXECUTOR in lines[one] and driver in above(one)]
    if not running:
        return sorted(found)
    busy = {up for one in lines if running.encode() in lines[one] for up in above(one)}
    return sorted(busy.intersection(found))


@contextmanager
def killing(whom: Callable[[], list[int]]) -> Iterator[list[int]]:
    """Kill the first process that is found; what was killed.

    Args:
        whom: Asked again and again until it finds one.
    """
    killed: list[int] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set() and not killed:
            for process in whom()[:1]:
                os.kill(process, signal.SIGKILL)
                killed.append(process)
            time.sleep(0.005)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield killed
    finally:
        ended.set()
        watching.join()
