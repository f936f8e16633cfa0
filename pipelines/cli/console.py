"""Progress and tables on a terminal; plain lines, or nothing, elsewhere.

What comes out of logs and file names is escaped: control characters, terminal
sequences and bidirectional marks never reach a terminal.
"""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from pipelines.errors import safe
from pipelines.landing.delivery import Delivery

if TYPE_CHECKING:  # what a run needs takes half a second to import
    from rich.progress import Progress, TaskID

    from pipelines.run.run import Watchers
    from pipelines.state.ledger import AccountRow

ACCOUNT_COLUMNS = ("source", "files", "lines", "events", "rejects", "blanks", "duplicates")
WIDEST = 10_000
"""Letters of a line that is not folded."""


def console(*, is_quiet: bool = False) -> Console:
    """Return a console on standard error, so that standard output holds results alone."""
    return Console(file=sys.stderr, quiet=is_quiet, highlight=False)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Say on a terminal that something goes on; elsewhere nothing."""
    screen = console()
    if not screen.is_terminal:
        yield
        return
    with screen.status(Text(f"{what} ...")):
        yield


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a small table; numbers to the right, and ids whole, since people copy them."""
    drawn = Table(title=Text(title), title_justify="left", box=None, pad_edge=False)
    body = [list(row) for row in rows]
    for number, name in enumerate(columns):
        is_number = any(isinstance(row[number], int | float) for row in body)
        is_id = name.endswith("_id")
        drawn.add_column(
            name,
            justify="right" if is_number else "left",
            no_wrap=is_id,
            min_width=max((len(_cell(row[number])) for row in body), default=0) if is_id else None,
        )
    for row in body:
        drawn.add_row(*(Text(_cell(value)) for value in row))
    return drawn


def account_table(account: "Iterable[AccountRow]") -> Table:
    """Return lines in and where they went, one row per source."""
    rows = [(*(row[name] for name in ACCOUNT_COLUMNS), row["pending_lines"]) for row in account]
    return table("Account of lines", (*ACCOUNT_COLUMNS, "pending"), rows)


def show_whole(drawn: Table) -> None:
    """Print a table with no cell cut or folded, in any terminal width.

    A terminal folds the line; a file or another program gets one line per row.
    """
    screen = console()
    endless = screen.options.update(width=WIDEST)
    needed = Measurement.get(screen, endless, drawn).maximum
    screen.width = max(screen.width, needed)
    screen.print(drawn, crop=False)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else safe(value)


@contextmanager
def watching(screen: Console, total_bytes: int = 0) -> Iterator["Watchers"]:
    """Show progress bars for a run: bytes read, then models built."""
    from pipelines.run.run import Watchers

    def show_error(text: str) -> None:
        # errors are also reported to callers without progress
        console().print(safe(text), markup=False)

    if not screen.is_terminal:
        lines = _Lines(screen)
        yield Watchers(reading=lines.read, building=lines.built, message=show_error)
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    reading = Progress(
        TextColumn("reading {task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=screen,
    )
    building = Progress(
        TextColumn("building {task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=screen,
    )
    bars = _Bars(screen, reading, building, total_bytes)
    try:
        yield Watchers(reading=bars.read, building=bars.built, message=show_error)
    finally:
        bars.stop()


class _Lines:
    """The same for a log: a line when a source begins, and at each quarter."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen
        self._sources = set[str]()
        self._quarter = -1
        self._began = time.monotonic()

    def read(self, delivery: Delivery, _size: int, _lines: int) -> None:
        if delivery.source not in self._sources:  # two are read side by side
            self._sources.add(delivery.source)
            self._screen.print(f"reading {safe(delivery.source)}", markup=False)

    def built(self, name: str, done: int, total: int) -> None:
        quarter = 4 * done // max(total, 1)
        if quarter != self._quarter:
            self._quarter = quarter
            said = f"building, {done / max(total, 1):.0%} done{self._left(done, total)}"
            self._screen.print(f"{said}: {name}", markup=False)

    def _left(self, done: int, total: int) -> str:
        """Return how long the rest takes, if it goes on as it went."""
        if not done:
            self._began = time.monotonic()
            return ""
        seconds = (time.monotonic() - self._began) * (total - done) / done
        minutes = round(seconds / 60)
        return f", about {f'{minutes} min' if minutes else f'{seconds:.0f} s'} left"


class _Bars:
    def __init__(
        self, screen: Console, reading: "Progress", building: "Progress", total: int
    ) -> None:
        self._screen = screen
        self._reading = reading
        self._building = building
        self._total = total
        self._left: dict[str, int] = {}
        self._read_task: TaskID | None = None
        self._build_task: TaskID | None = None

    def read(self, delivery: Delivery, size: int, _lines: int) -> None:
        if self._read_task is None:
            self._reading.start()
            total = self._total or None
            self._read_task = self._reading.add_task("logs", total=total)
        # the total counts files as they are delivered, and a packed one is read unpacked
        left = self._left.get(delivery.where, delivery.packed_bytes)
        advance = min(size, left)
        self._left[delivery.where] = left - advance
        self._reading.update(
            self._read_task,
            advance=advance,
            description=safe(f"{delivery.source}/{Path(delivery.path).name}"),
        )

    def built(self, name: str, done: int, total: int) -> None:
        if self._build_task is None:
            self._reading.stop()
            self._building.start()
            self._build_task = self._building.add_task(name, total=total)
        self._building.update(self._build_task, completed=done, description=name)

    def stop(self) -> None:
        if self._build_task is not None:
            self._building.update(self._build_task, description="done")
        self._reading.stop()
        self._building.stop()
