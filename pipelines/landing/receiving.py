"""Write what a collector received into a landing folder, and confirm what is on the disk.

rsyslog's own file output drops lines while a disk is full, and leaves half a line in front of the
next. Here rsyslog holds its lines in a queue on the disk, and gives them to this program in
transactions; a transaction leaves the queue only after its lines are written and synced. The
protocol is that of rsyslog's module omprog, with `confirmMessages` and `useTransactions`:
https://www.rsyslog.com/doc/configuration/modules/omprog.html.

After rsyslog was killed, it repeats the lines that it had not yet marked as delivered. They are
the last lines of the newest file, and are written once.
"""

import fcntl
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO

BEGIN, COMMIT = b"BEGIN TRANSACTION\n", b"COMMIT TRANSACTION\n"
MARK = b">"
"""In front of every received line, so that no device can send a word of the protocol."""
OK, LATER = b"OK", b"DEFER_COMMIT"
REPEATED_BYTES = 8_000_000
"""Bytes at the end of the newest file in which repeated lines are looked for: more than a
transaction and the lines since rsyslog's last checkpoint, at the longest line."""


@dataclass
class Receiver:
    """Appends lines to the file of today, whole transactions only.

    Attributes:
        folder: The landing folder of the source; made if missing.
        today: Returns the date in the file's name.
    """

    folder: Path
    today: Callable[[], date] = date.today
    _earlier: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._earlier = self._last_lines()

    def write(self, lines: Sequence[bytes]) -> None:
        """Append the lines that are new, and wait until they are on the disk.

        Raises:
            OSError: They could not be written. The file is as before.
        """
        new = lines[self._repeated(lines) :]
        path = self.folder / f"{self.today():%Y-%m-%d}.log"
        # two workers of rsyslog may each run this program
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            try:
                left = memoryview(b"".join(new))
                while left:
                    left = left[os.write(descriptor, left) :]
                os.fdatasync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)
        self._earlier = self._earlier[len(lines) :] if not new else []

    def _repeated(self, lines: Sequence[bytes]) -> int:
        """Return how many of the first lines repeat the end of what was written before."""
        for start, line in enumerate(self._earlier):
            if line == lines[0]:
                length = min(len(lines), len(self._earlier) - start)
                if self._earlier[start : start + length] == lines[:length]:
                    self._earlier = self._earlier[start:]
                    return length
        return 0

    def _last_lines(self) -> list[bytes]:
        """Return the last lines of the newest file, after cutting off one without an end.

        A crash left it in the middle of a transaction, which rsyslog will send again.
        """
        files = sorted(self.folder.glob("[0-9]*-[0-9]*-[0-9]*.log"))
        if not files:
            return []
        with files[-1].open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            start = max(0, file.seek(0, os.SEEK_END) - REPEATED_BYTES)
            file.seek(start)
            tail = file.read()
            whole = tail[: tail.rfind(b"\n") + 1]
            file.truncate(start + len(whole))
        lines = whole.splitlines(keepends=True)
        return lines[1:] if start else lines


def receive(receiver: Receiver, incoming: BinaryIO, answers: BinaryIO) -> None:
    """Take lines until the input ends, and answer each as rsyslog expects it.

    A transaction that could not be written is answered with the reason; rsyslog keeps its
    lines and sends them again.
    """
    _answer(answers, OK)
    batch: list[bytes] | None = None
    for line in incoming:
        if not line.endswith(b"\n"):
            return  # rsyslog ended within a line, and will send it again
        if line == BEGIN:
            batch = []
            _answer(answers, OK)
        elif line == COMMIT:
            _answer(answers, _written(receiver, batch or []))
            batch = None
        elif batch is None:
            _answer(answers, _written(receiver, [line.removeprefix(MARK)]))
        else:
            batch.append(line.removeprefix(MARK))
            _answer(answers, LATER)


def _answer(answers: BinaryIO, word: bytes) -> None:
    answers.write(word + b"\n")
    answers.flush()


def _written(receiver: Receiver, lines: Sequence[bytes]) -> bytes:
    """Write the lines; return the answer, which is the reason where that failed."""
    try:
        if lines:
            receiver.write(lines)
    except OSError as error:
        return f"cannot write to {receiver.folder}: {error.strerror}".encode()
    return OK
