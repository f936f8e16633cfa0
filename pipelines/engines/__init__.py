"""Engines that run work: in this process, in several on this machine, or on Spark.

An engine does one thing: it calls a function with a task, somewhere. Functions are at
the top level of a module, tasks and results are plain values, and a task leaves its
output in files and returns their names: no log line travels through an engine. A task may
be run again, or twice, so a function must leave nothing that counts; the caller lists
the results. The default is threads of this process.

Nothing here knows a district, and nothing elsewhere knows which engine it uses.
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
CLUSTERED: tuple[Kind, ...] = ("spark",)
"""Engines whose workers another machine starts."""
ATTEMPTS = 4
"""Attempts at a task whose worker ends: a task that ends four workers ends a fifth."""

MAX_THREADS = 8


class EngineError(SchoolbellError):
    """Work cannot be run where the settings specify."""


class Engine(ABC):
    """Executor of functions with tasks.

    Attributes:
        at_once: Tasks that run at the same time.
        shares_memory: Tasks run in this process: they may contain what cannot travel.
        has_machines: Tasks run on other machines too, in addition to the cores of this one.
    """

    at_once: int
    shares_memory: bool = False
    has_machines: bool = False

    @abstractmethod
    def submit(self, function: Callable[[T], R], task: T) -> Future[R]:
        """Begin a task; the future has what the function returned or raised.

        A worker that ends early does not fail the task: another worker gets it, up to
        `ATTEMPTS` times; then the future has an `EngineError`.
        """

    def map(self, tasks: Iterable[T], function: Callable[[T], R]) -> Iterator[R]:
        """Yield the function's result for each task, in the order of the tasks.

        Results arrive when those before them are done; tasks are read from
        `tasks` as they begin, and at most twice `at_once` wait or run.

        Raises:
            Exception: What the function raised, instead of its result. Nothing is
                begun after it; running tasks end, and their results are dropped.
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
    """Return an engine, ready for work.

    Args:
        kind: Type of engine.
        workers: Tasks at the same time; None for one per core, or what Spark offers.
        master: Address of Spark's cluster; empty if `spark-submit` provides it.
        tell: Called for events that need no action, such as a worker that ended.

    Raises:
        EngineError: A requirement of the engine is missing.
    """
    # each depends on this module
    if kind == "spark":
        from pipelines.engines.spark import Spark

        return Spark(master, workers)
    if kind == "pool":
        from pipelines.engines.pool import Pool

        return Pool(workers or cores(), tell)
    return Local(workers or min(max(cores(), 2), MAX_THREADS))


def cores() -> int:
    """Count the cores that this process may use."""
    if not hasattr(os, "sched_getaffinity"):  # Windows
        return os.cpu_count() or 1
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
