"""Sheets of Excel workbooks, listed and opened as streams of CSV lines.

A workbook is a folder of deliveries, one per sheet, as a zip archive is one of files.
A separate program reads it (`workbook_rows.py`), which a hostile file may end.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from pipelines.landing.compression import CorruptError, Fault

ENDINGS = (".xlsx", ".xlsm")
READER = Path(__file__).with_name("workbook_rows.py")
CHUNK = 1 << 16
MAX_BYTES = 2 << 30
"""Maximum memory: seven times that of a sheet of 400,000 rows and ten columns."""

TOO_MUCH = "it takes more memory or time than a workbook may"
AS_CSV = "Save the sheet as CSV and deliver that."


def sheets_of(raw: BinaryIO) -> list[str] | Fault:
    """Return the names of a workbook's sheets, or why it cannot be read.

    Args:
        raw: The workbook.
    """
    with _running(raw) as process:
        said, why = process.communicate()
    if process.returncode:
        return Fault(_why(process.returncode, why), AS_CSV)
    return [str(name) for name in json.loads(said)]


@contextmanager
def sheet_of(raw: BinaryIO, sheet: str) -> Iterator["SheetStream"]:
    """Yield the rows of one sheet as lines of CSV.

    Args:
        raw: The workbook.
        sheet: Its name.
    """
    with _running(raw, sheet) as process:
        yield SheetStream(process)


class SheetStream:
    """The program's output, and at its end whether it is complete."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes; none at the end.

        Raises:
            CorruptError: The workbook could not be read to its end.
        """
        assert self._process.stdout is not None
        data = self._process.stdout.read(min(max(size, 1), CHUNK))
        if not data and self._process.wait():
            _, why = self._process.communicate()
            raise CorruptError(_why(self._process.returncode, why), trusted=False)
        return data


@contextmanager
def _running(raw: BinaryIO, *asked: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the program; it has ended when this is left."""
    with _on_disk(raw) as stdin:
        process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            [sys.executable, "-I", str(READER), str(MAX_BYTES), *asked],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={},
        )
        try:
            with process:
                try:
                    yield process
                finally:
                    process.kill()
        finally:
            process.wait()


@contextmanager
def _on_disk(raw: BinaryIO) -> Iterator[BinaryIO]:
    """Yield the workbook as a file of this machine."""
    try:
        raw.fileno()
    except OSError:
        with TemporaryFile() as copy:
            shutil.copyfileobj(raw, copy)
            copy.seek(0)
            yield copy
    else:
        yield raw


def _why(code: int, said: bytes) -> str:
    """Return why the program ended: its own message, or its limits."""
    words = said.decode("utf-8", "replace").strip().splitlines()
    return words[-1][:300] if code == 1 and words and words[-1].startswith("it ") else (TOO_MUCH)
