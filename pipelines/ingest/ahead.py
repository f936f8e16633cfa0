"""Prepares the next item of an iterator while the present one is worked on."""

from collections.abc import Generator, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")
PATIENCE_SECONDS = 0.1


class _End:
    """The iterator is used up, or raised `error`."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """The same items, each made by another thread while the one before is used.

    Reading, decompressing and parsing then share the cores. At most two items
    more than the present one are held.
    """
    ready: Queue[T | _End] = Queue(maxsize=1)
    stopped = Event()
    worker = Thread(target=_work, args=(items, ready, stopped), daemon=True)
    worker.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        _drain(ready)
        worker.join()


def _work(items: Iterator[T], ready: "Queue[T | _End]", stopped: Event) -> None:
    end = _End()
    try:
        for item in items:
            if not _hand_over(item, ready, stopped):
                return
    except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
        end = _End(error)
    _hand_over(end, ready, stopped)


def _hand_over(item: T | _End, ready: "Queue[T | _End]", stopped: Event) -> bool:
    while not stopped.is_set():
        try:
            ready.put(item, timeout=PATIENCE_SECONDS)
        except Full:
            continue
        return True
    return False


def _drain(ready: "Queue[T | _End]") -> None:
    try:
        ready.get_nowait()
    except Empty:
        return
