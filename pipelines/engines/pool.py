"""Engine of processes on this machine, each with its own part of the cores.

A worker is a fresh interpreter, started when there is work for it. If one ends during
a task, the event is reported and the task goes to another.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import Pipe
from queue import Empty, SimpleQueue
from typing import TypeVar

from pipelines.engines import ATTEMPTS, Engine, EngineError, cores
from pipelines.engines.worker import TaskResult

T = TypeVar("T")
R = TypeVar("R")
PROGRAM = "from pipelines.engines.worker import serve; serve({})"


class Pool(Engine):
    """Processes of this machine."""

    def __init__(self, workers: int, tell: Callable[[str], None]) -> None:
        self.at_once = workers
        self._tell = tell
        self._threads = ThreadPoolExecutor(workers)
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._started: set[_Worker] = set()
        self._is_closed = False
        # together they use the cores, and no more
        self._share = max(1, cores() // workers)

    def submit(self, function: Callable[[T], R], task: T) -> Future[R]:
        return self._threads.submit(self._run, function, task)

    def close(self) -> None:
        """End all workers; a running task ends with its worker, unfinished."""
        self._is_closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._started.copy():
            worker.kill()
        self._threads.shutdown()
        for worker in self._started:
            worker.end()

    def _run(self, function: Callable[[T], R], task: T) -> R:
        for _ in range(ATTEMPTS):
            worker = self._free()
            try:
                found = worker.ask(function, task)
            except (EOFError, ConnectionError) as error:
                if self._is_closed:
                    raise EngineError("the pool was closed") from error
                self._started.discard(worker)
                how = worker.end()
                self._tell(f"A worker process {how}; its task is restarted.")
                continue
            self._idle.put(worker)
            return found.value()
        raise EngineError(
            f"a task ended its worker process {ATTEMPTS} times",
            remedy="The usual cause is too little memory: fewer workers in [engine] "
            "need less. Nothing is lost: the next run goes on where this one was.",
        )

    def _free(self) -> "_Worker":
        """Return a worker without a task; there are never more than calling threads."""
        try:
            return self._idle.get_nowait()
        except Empty:
            worker = _Worker(self._share)
            self._started.add(worker)
            return worker


class _Worker:
    """One process, and the connection to it."""

    def __init__(self, threads: int) -> None:
        self._connection, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                [sys.executable, "-P", "-c", PROGRAM.format(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env={**os.environ, "POLARS_MAX_THREADS": str(threads)},
            )

    def ask(self, function: Callable[[T], R], task: T) -> TaskResult[R]:
        self._connection.send((function, task))
        found: TaskResult[R] = self._connection.recv()
        return found

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> str:
        """Wait until the worker has ended, and return how."""
        self._process.kill()
        code = self._process.wait()
        self._connection.close()
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"
