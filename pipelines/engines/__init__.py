"""Where work runs: in this process, in several of this machine, or on Spark.

An engine does one thing: it calls a function with a task, somewhere. Functions stand at
the top of a module, tasks and results are plain values, and what a task makes it leaves
in files and returns their names: no log line travels through an engine. A task may be
run again, or twice, so a function must leave nothing that counts; whoever asked lists
what came back. Without any setting it is threads of this process.

Nothing here knows a district, and nothing elsewhere knows which engine it was given.
"""

import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal, Self, TypeVar, get_args

from pipelines.errors import SchoolbellError

T = TypeVar("T")
R = TypeVar("R")
Kind = Literal["local", "pool", "spark"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ATTEMPTS = 4
"""So often a task is begun whose worker ends: what kills four kills the fifth."""

MOST_THREADS = 8


class EngineError(SchoolbellError):
    """Work cannot be run where the settings say."""


class Engine(ABC):
    """Calls functions with tasks.

    Attributes:
        at_once: Tasks that run at the same time.
        shares_memory: Tasks run in this process: they may hold what cannot travel.
        has_machines: Tasks run on other machines too, beside the cores of this one.
    """

    at_once: int
    shares_memory: bool = False
    has_machines: bool = False

    @abstractmethod
    def submit(self, function: Callable[[T], R], task: T) -> Future[R]:
        """Begin a task; the future has what the function returned or raised.

        A worker that ends in the middle is no failure of the task, which another
        worker is given, up to `ATTEMPTS` times; then the future has an `EngineError`.
        """

    def map(self, tasks: Iterable[T], function: Callable[[T], R]) -> Iterator[R]:
        """What the function returns for each task, in the order of the tasks.

        Results come as soon as those before them are there; tasks are taken from
        `tasks` as they are begun, and at most twice `at_once` wait or run.

        Raises:
            Exception: What the function raised, in place of its result. Nothing is
                begun after it; what ran already ends by itself and is not told.
        """
        begun: deque[Future[R]] = deque()
        try:
            for task in tasks:
                begun.append(self.submit(function, task))
                if len(begun) >= 2 * self.at_once:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for future in begun:
                future.cancel()

    @abstractmethod
    def close(self) -> None:
        """Begin nothing more, and end all workers."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_engine(
    kind: Kind,
    *,
    workers: int | None = None,
    master: str = "",
    tell: Callable[[str], None] = lambda _text: None,
) -> Engine:
    """An engine, ready to be given work.

    Args:
        kind: Which.
        workers: Tasks at once; None stands for one a core, or what Spark offers.
        master: Where Spark's cluster is; empty where `spark-submit` says it.
        tell: Told what nobody need act on, such as a worker that ended.

    Raises:
        EngineError: What the engine needs is not there.
    """
    # each stands on this module
    if kind == "spark":
        from pipelines.engines.spark import Spark

        return Spark(master, workers)
    if kind == "pool":
        from pipelines.engines.pool import Pool

        return Pool(workers or cores(), tell)
    return Local(workers or min(max(cores(), 2), MOST_THREADS))


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


class Local(Engine):
    """Threads of this process; those of Polars and DuckDB use the cores."""

    shares_memory = True

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self._threads = ThreadPoolExecutor(at_once)

    def submit(self, function: Callable[[T], R], task: T) -> Future[R]:
        return self._threads.submit(function, task)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
