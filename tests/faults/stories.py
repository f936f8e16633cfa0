"""Homes at the point where a run is due: all hold the same lines, delivered apart."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.faults.home import BEGIN, Home, line, lines
from tests.formats.evtx_writer import event, evtx_file

LAST = 170
"""Each story ends with lines 0 to 169, once, and one line that is no line."""

BAD = b"no such line\n\n"
DAY = 86_400


def second_drop(folder: Path) -> Home:
    """Grow a file whose last line had no end, and rotate another.

    With them come an overlapping export, a copy and a compressed file.
    """
    home = Home(folder)
    home.put("grown.log", lines(0, 20) + line(20)[:-30])
    home.put("access.log", lines(30, 50))
    home.run()
    home.put("grown.log", lines(0, 30))
    (home.landing / "access.log").rename(home.landing / "access.log.1")
    home.put("access.log", lines(50, 90) + BAD)
    home.put("export.log", lines(70, 130))
    home.gz("copy.gz", lines(30, 50))
    home.gz("late.gz", lines(130, LAST))
    return home


def first_run(folder: Path) -> Home:
    """Nothing is there yet, not even the ledger's tables."""
    home = Home(folder)
    home.put("access.log", lines(0, 100) + BAD)
    home.gz("late.gz", lines(90, LAST))
    home.store.close()
    for file in (*folder.glob("state.db*"), *folder.rglob("home.mark")):
        file.unlink()
    return home


def closed_days(folder: Path) -> Home:
    """Many files of several days, of a run each."""
    home = Home(folder)
    spread = [line(number, at=number * DAY // 40) for number in range(LAST)]
    for part in range(5):
        home.put(f"{part}.log", b"".join(spread[part * 30 : part * 30 + 30]))
        home.run()
    home.put("last.log", b"".join(spread[140:]) + BAD)
    return home


def small_files(folder: Path) -> Home:
    """Dozens of tiny files, and some in an archive."""
    home = Home(folder)
    home.put("known.log", lines(0, 60))
    home.run()
    for number in range(60, 120):
        home.put(f"tiny/{number}.log", line(number))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.log", lines(120, 150))
        archive.writestr("b.log", lines(150, LAST) + BAD)
    home.put("archive.zip", packed.getvalue())
    return home


def exports(folder: Path) -> Home:
    """Return files that are not lines, of several parts; one of them is cut off."""
    home = Home(folder)
    said = {"format": None, "options": {"event_class": "http_requests"}}
    (folder / "source.json").write_text(json.dumps(said))
    home.put("known.json", array(0, 60))
    home.run()
    home.put("export.json", array(40, 130) + BAD)
    home.put("security.evtx", logons(130, 150))
    home.gz("late.json.gz", array(150, LAST))
    home.put("cut.json.gz", gzip.compress(array(60, 120))[:-9])
    return home


def array(first: int, last: int) -> bytes:
    """Return requests as one JSON array."""
    rows = [
        {
            "time": BEGIN + number,
            "src_ip": "10.20.1.7",
            "url_hostname": "example.org",
            "url": f"http://example.org/n/{number}",
        }
        for number in range(first, last)
    ]
    return json.dumps(rows, indent=1).encode() + b"\n"


def logons(first: int, last: int) -> bytes:
    """Windows events whose accounts are the numbers."""
    return evtx_file(
        [
            event(
                f"2026-02-25T12:00:{number % 60:02d}+00:00",
                4624,
                "lab",
                {"TargetUserName": str(number), "LogonType": "2"},
            )
            for number in range(first, last)
        ],
        first_id=first,
    )


STORIES: Mapping[str, Callable[[Path], Home]] = {
    "second drop": second_drop,
    "first run": first_run,
    "closed days": closed_days,
    "small files": small_files,
    "exports": exports,
}
