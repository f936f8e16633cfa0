"""Engine of an Apache Spark cluster: for more work than one machine can do.

Spark carries functions and file names; no row of a log passes through it. Each
task is a separate job, begun as soon as it is known; Spark reassigns tasks of an executor
that ends. Every machine needs this package in the same version, and the same folders at
the same paths.
"""

import os
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pipelines.engines import ATTEMPTS, Engine, EngineError
from pipelines.engines.worker import TaskResult, answer

if TYPE_CHECKING:  # Spark need not be installed
    from pyspark import SparkContext

T = TypeVar("T")
R = TypeVar("R")
NEEDS = "Install schoolbell[spark], and Java 17: on Debian, default-jre-headless."
UNLESS_SAID = {
    "spark.task.maxFailures": str(ATTEMPTS),
    "spark.executorEnv.POLARS_MAX_THREADS": "1",
    "spark.log.level": "ERROR",
    "spark.ui.enabled": "false",
}
"""Spark's own settings, where neither `spark-submit` nor its files set them."""


class Spark(Engine):
    """The executors of a Spark cluster."""

    has_machines = True

    def __init__(self, master: str, at_once: int | None) -> None:
        self._context = _connected(master)
        self.at_once = at_once or max(2, self._context.defaultParallelism)
        self._threads = ThreadPoolExecutor(self.at_once)

    def submit(self, function: Callable[[T], R], task: T) -> Future[R]:
        return self._threads.submit(self._run, function, task)

    def close(self) -> None:
        """Cancel what runs, and give the executors back."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._context.cancelAllJobs()
        self._threads.shutdown()
        self._context.stop()

    def _run(self, function: Callable[[T], R], task: T) -> R:
        from py4j.protocol import Py4JError

        try:
            job = self._context.parallelize([task], 1).map(partial(answer, function))
            found: TaskResult[R] = job.collect()[0]
        except Py4JError as error:
            raise EngineError(
                f"Spark gave a task up after {ATTEMPTS} attempts, or was stopped",
                remedy="Look into the logs of the executors; the usual cause is too "
                "little memory. Nothing is lost: the next run goes on.",
            ) from error
        return found.value()


def _connected(master: str) -> "SparkContext":
    """Return a connection to the cluster.

    Raises:
        EngineError: Spark is not installed, no cluster is named, or it cannot be used.
    """
    try:
        from pyspark import SparkConf, SparkContext
    except ImportError as error:
        raise EngineError("Spark is not installed", remedy=NEEDS) from error
    if not (shutil.which("java") or "JAVA_HOME" in os.environ):
        raise EngineError("Java is not installed, and Spark needs it", remedy=NEEDS)
    # the interpreter of this environment, unless the machines have another
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        # otherwise it would not know the settings of spark-submit and Spark's own files
        SparkContext._ensure_initialized()  # noqa: SLF001
        conf = SparkConf().setAppName("schoolbell")
        if master:
            conf.setMaster(master)
        if not conf.contains("spark.master"):
            raise EngineError(
                "no Spark cluster is named",
                where="[engine] master",
                remedy='Name it, such as "spark://host.example:7077", or begin with '
                "spark-submit, which does.",
            )
        for name, value in UNLESS_SAID.items():
            conf.setIfMissing(name, value)
        # its bar would be drawn over those of a run
        conf.set("spark.ui.showConsoleProgress", "false")
        return SparkContext(conf=conf)
    except EngineError:
        raise
    except Exception as error:  # whatever Java and its bridge raise
        raise EngineError(
            f"Spark cannot be started: {type(error).__name__}",
            where=f"[engine] master = {master!r}",
            remedy=f"Its own messages are above. {NEEDS}",
        ) from error
