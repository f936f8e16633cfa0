"""Work in threads of this process: what there is without any setting."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from pipelines.engines import Engine

T = TypeVar("T")
R = TypeVar("R")


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
