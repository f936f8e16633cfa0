"""A process that calls functions for another: what a worker of the pool runs.

It ends when the process that started it does, whichever way that ended.
"""

from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Generic, NamedTuple, TypeVar, cast

T = TypeVar("T")
R = TypeVar("R")


class TaskResult(NamedTuple, Generic[R]):
    """The value that a function returned or the error that it raised; the other is None."""

    result: R | None
    error: Exception | None

    def value(self) -> R:
        """Return what it returned.

        Raises:
            Exception: What it raised.
        """
        if self.error is not None:
            raise self.error
        return cast("R", self.result)


def answer(function: Callable[[T], R], task: T) -> TaskResult[R]:
    """Call a function; an error is an answer too."""
    try:
        return TaskResult(function(task), None)
    except Exception as error:  # noqa: BLE001 - raised again by whoever asked
        return TaskResult(None, error)


def serve(handle: int) -> None:
    """Answer what comes through a connection until it is closed."""
    with Connection(handle) as connection:
        while True:
            try:
                function, task = connection.recv()
            except EOFError:
                return
            connection.send(answer(function, task))
