"""A small district home to deliver to, and an independent count of what it holds.

Every generated line states its own number, so that a test can show which lines are
in the lake without trusting any of the counts.
"""

import gzip
import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.ingest.ingestion import ingest_source
from pipelines.ingest.source import IngestOptions, Outcome, Source
from pipelines.ingest.unchanged import unchanged
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.ledger import FileRecord
from pipelines.state.opened_state import open_state

BEGIN = 1_772_000_000
"""A Wednesday in February 2026, as an epoch."""


def line(number: int, *, at: int | None = None, host: str = "example.org") -> bytes:
    """Return one Squid line that states its number; a second later than the one before."""
    stamp = BEGIN + (number if at is None else at)
    return (
        f"{stamp}.000    120 10.20.1.{number % 250 + 1} TCP_MISS/200 512 GET "
        f"http://{host}/n/{number} - HIER_DIRECT/192.0.2.1 text/html\n"
    ).encode()


def lines(first: int, last: int, **more: object) -> bytes:
    """Return lines `first` to `last`, that one not included."""
    return b"".join(line(number, **more) for number in range(first, last))


def source_of(folder: Path, fmt: str | None = "squid_access") -> Source:
    """Return the source of a home; `source.json` in it shows what is not as usual."""
    told = {"format": fmt, "options": {}}
    if (said := folder / "source.json").is_file():
        told |= json.loads(said.read_text())
    return Source(name="proxy", folder=folder / "landing", zone="UTC", **told)


class Home:
    """A landing folder, a lake and a ledger in one folder."""

    def __init__(self, folder: Path, *, fmt: str | None = "squid_access") -> None:
        self.folder = folder
        self.landing = folder / "landing"
        self.landing.mkdir(parents=True, exist_ok=True)
        self.lake = folder / "lake"
        self.lake.mkdir(exist_ok=True)
        self.store = open_state(DistrictHome(folder))
        self.format = fmt
        self.zone = "UTC"
        self.options: dict[str, str] = {}

    def put(self, name: str, data: bytes) -> Path:
        path = self.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def gz(self, name: str, data: bytes) -> Path:
        return self.put(name, gzip.compress(data))

    @property
    def source(self) -> Source:
        source = source_of(self.folder, self.format)
        return replace(source, zone=self.zone, options={**source.options, **self.options})

    def run(self, *, settle: float = 0, **more: object) -> dict[str, Outcome]:
        options = IngestOptions(
            store=self.store,
            lake=self.lake,
            zone="America/Chicago",
            settle_seconds=settle,
            **{"least_free_bytes": 0, **more},
        )
        listing = self.source.listing()
        before, known = self.records(), unchanged(options, self.source, listing)
        outcomes = ingest_source(options, self.source, listing)
        if known is not None:  # what was reported without reading is what reading shows
            assert known == outcomes
            assert self.records() == before
        self.check_books()
        return {one.record.path: one for one in outcomes}

    def records(self) -> list[FileRecord]:
        return ledger.source_files(self.store)

    def frame(self, event_class: str = "http_requests") -> pl.DataFrame:
        listed = ledger.lake_files(self.store, event_class)
        if not listed:
            return pl.DataFrame(schema={"url": pl.String, "line": pl.String})
        return pl.concat([pl.read_parquet(self.lake / one.path) for one in listed])

    def frame_paths(self) -> list[str]:
        return [one.path for one in ledger.lake_files(self.store)]

    def numbers(self) -> Counter[int]:
        """Return how often each line is in the lake as an event."""
        told = self.frame()["url"].to_list()
        logons = self.frame("logons")
        if logons.height:
            told += logons["user_name"].to_list()
        return Counter(int(text.rsplit("/", 1)[-1]) for text in told)

    def rejects(self) -> list[str]:
        return sorted(self.frame("rejects")["line"].to_list())

    def total(self, name: str) -> int:
        return sum(getattr(one, name) for one in ledger.source_files(self.store))

    def check_books(self) -> None:
        """The ledger agrees with itself and with the Parquet files it lists."""
        records = ledger.source_files(self.store)
        assert all(one.balances for one in records), records
        rows: Counter[str] = Counter()
        for one in ledger.lake_files(self.store):
            frame = pl.read_parquet(self.lake / one.path)
            assert frame.height == one.row_count
            assert {date.fromisoformat(one.event_date)} == set(frame["event_date"])
            kind = "rejects" if one.event_class == "rejects" else "events"
            rows[kind] += frame.height
            places = frame.select("file_id", "line_no")
            assert places.is_unique().all()
        assert rows["events"] == sum(one.events for one in records)
        assert rows["rejects"] == sum(one.rejects for one in records)


def once(first: int, last: int) -> Counter[int]:
    """Return each line of a range exactly once."""
    return Counter(range(first, last))
