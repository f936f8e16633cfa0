"""Deliveries that are hard to parse in portions, and what an ingest made of them."""

import dataclasses
import gzip
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl

from pipelines.events import EVENT_CLASSES
from pipelines.state import ledger
from pipelines.state.source_records import source_days
from tests.benchmarks.inputs_firewall import write_fortigate
from tests.benchmarks.inputs_logons import write_windows_json
from tests.faults.home import Home, lines
from tests.unit.landing.test_workbooks import NAMES, logins, workbook

OF_THE_RUN = ("first_seen_time", "last_read_time", "raw_mtime_ns", "raw_ctime_ns")
"""What two ingests of the same bytes need not share."""
COLUMNS = (
    "#Fields: date time c-ip cs-username cs-method cs-uri-stem sc-status\n",
    "#Fields: date time cs-method c-ip cs-uri-stem sc-status cs-username\n",
)


def plain(home: Home) -> None:
    """Many lines, rejects near midnight, a last line without its end."""
    late = lines(0, 3_000, at=None)
    over = b"".join(
        lines(n, n + 1, at=86_400 * (n // 40) // 50) + b"not a line\n" for n in range(3_000, 4_500)
    )
    home.put("plain.log", late + over + lines(4_500, 4_501).rstrip(b"\n"))
    home.put("bom.log", b"\xef\xbb\xbf" + lines(5_000, 9_000, at=None))
    home.put("small.log", lines(9_000, 9_010))
    home.put("blank.log", b"\n" * 70_000 + lines(9_010, 9_020))


def packed(home: Home) -> None:
    """Bytes that lie nowhere as they are parsed, whole and broken off."""
    home.gz("a.gz", lines(0, 3_000))
    home.put("b.log", lines(3_000, 6_000).decode().encode("utf-16"))
    whole = gzip.compress(lines(6_000, 9_000))
    home.put("cut.gz", whole[: len(whole) // 2])
    home.put("wrong.gz", whole[:5_000] + bytes(300) + whole[5_300:])


def again(home: Home) -> None:
    """A copy, a part of a copy, an overlap, and a file whose name alone is new."""
    home.put("1.log", lines(0, 4_000))
    home.put("2.log", lines(0, 4_000))
    home.put("3.log", lines(0, 2_500))
    home.put("4.log", lines(3_000, 6_000) + b"no line\n")
    home.put("5.log", lines(5_500, 5_600) + b"no line\n" + lines(5_600, 9_000))


def long(home: Home) -> None:
    """Lines too long to keep, between others."""
    giant = b"x" * (5 << 20) + b"\n"
    home.put("long.log", lines(0, 900) + giant + lines(900, 1_900) + giant)


def columns(home: Home) -> None:
    """Columns that are named anew in the middle of the file, again and again."""
    home.format = "w3c_elff"
    text = "never named\n"
    for part in range(12):
        text += COLUMNS[part % 2]
        for number in range(900):
            second = part * 900 + number
            at = f"2026-11-02 {timedelta(hours=10, seconds=second)}"
            url = f"/n/{second}"
            first = f"{at} 192.0.2.7 ada GET {url} 200"
            text += f"{first if part % 2 == 0 else f'{at} GET 192.0.2.7 {url} 200 ada'}\n"
    home.put("columns.log", text.encode())


def firewall(home: Home) -> None:
    """Events of several classes in one file."""
    home.format = "fortigate"
    write_fortigate(home.landing / "f.log", 2_000)


def logons(home: Home) -> None:
    """Events with an id of the product's own, some of which come twice."""
    home.format = "windows_security_json"
    write_windows_json(home.landing / "a.json", 2_000)
    whole = (home.landing / "a.json").read_bytes().splitlines(keepends=True)
    home.put("b.json", b"".join(whole[1_500:] + whole[1_900:]))


def sheets(home: Home) -> None:
    """A sheet of a workbook, and members of an archive."""
    home.format = None
    home.put("week.xlsx", workbook({"Logins": [NAMES, *logins(0, 3_000)]}))
    with zipfile.ZipFile(home.landing / "old.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.log", lines(0, 3_000) + b"no line\n")
        made.writestr("b.log", lines(3_000, 6_000).rstrip(b"\n"))


HARD: tuple[Callable[[Home], None], ...] = (
    plain, packed, again, long, columns, firewall, logons, sheets,
)  # fmt: skip


def grown(home: Home) -> None:
    """The same folder a day later: files that grew, or came again."""
    for path in sorted(home.landing.iterdir()):
        if path.suffix == ".log" and home.format == "squid_access":
            with path.open("ab") as file:
                file.write(lines(20_000, 22_000))


def made_of(home: Home) -> dict[str, object]:
    """Every row of the lake, of the ledger and of the counts of days."""
    rows: dict[str, object] = {}
    for name in (*EVENT_CLASSES, "rejects"):
        listed = ledger.lake_files(home.store, name)
        if listed:
            frame = pl.concat(pl.read_parquet(home.lake / one.path) for one in listed)
            rows[name] = frame.sort("file_id", "line_no").rows()
    rows["ledger"] = [
        {key: value for key, value in dataclasses.asdict(one).items() if key not in OF_THE_RUN}
        for one in home.records()
    ]
    rows["days"] = sorted(map(repr, source_days(home.store)))
    return rows


def left_behind(home: Home) -> list[Path]:
    """Return files of the lake that do not count."""
    listed = set(ledger.listed_paths(home.store))  # and what was superseded today
    return [
        path
        for path in home.lake.rglob("*")
        if path.is_file()
        and path.name != "home.mark"
        and path.relative_to(home.lake).as_posix() not in listed
    ]
