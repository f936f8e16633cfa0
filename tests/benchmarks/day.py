"""Replays one day of a district at its own pace, and prints when its alerts would have come.

    python -m tests.benchmarks.day [--home FOLDER] [--day 2026-11-10] [--every 15]

The logs up to the day are delivered and run, as a night does. Then the lines of the day
arrive a quarter of an hour at a time, and `watch` looks after each. Every rule that may
judge a day that is not over is live. In the end the night runs. Prints each finding of
such a rule, when its first line came and when it was announced, what the night changed,
and the CPU of the looks. Fails nothing. Without a home, a synthetic district is made.
"""

import argparse
import gzip
import os
import resource
import shutil
import statistics
import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.district import District, open_district
from pipelines.events import EVENT_CLASSES
from pipelines.registry.new_home import create
from pipelines.run.run import run
from pipelines.run.watch import watch
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.findings import stored_findings
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, DISTRICT_NAME, generate

PARTS = ("district.toml", "registry", "landing", "lists", "detections")
"""What a home has before its first run."""
NIGHT = time(4, 15)


@dataclass(frozen=True)
class LogFile:
    """A delivered file, and the time by which the lines up to a place had been written.

    Attributes:
        offsets: Places in it where a line begins that became an event, in order.
        times: The times of these lines, UTC, never falling.
    """

    source: str
    path: str
    data: bytes
    offsets: Sequence[int]
    times: Sequence[datetime]

    def until(self, now: datetime) -> bytes:
        """Return what is in the file at a time."""
        written = bisect_right(self.times, now)
        return self.data if written == len(self.times) else self.data[: self.offsets[written]]


def unrun(home: Path, target: Path) -> Path:
    """Copy a home without what runs made of it, with every rule of an open day live."""
    shutil.rmtree(create(target).registry)
    for name in PARTS:
        part = home / name
        if part.is_dir():
            shutil.copytree(part, target / name, dirs_exist_ok=True)
        elif part.is_file():
            shutil.copy2(part, target / name)
    with open_district(target) as district:
        codes = open_day_rules(district)
        trial = [code for code in codes if district.stages[code] != "live"]
    text = (target / "district.toml").read_text()
    added = [
        f'\n[detections.{code}]\nstage = "live"\n'
        for code in trial
        if f"[detections.{code}]" not in text
    ]
    (target / "district.toml").write_text(text + "".join(added))
    return target


def open_day_rules(district: District) -> list[str]:
    """Return the rules that may judge a day that is not over."""
    return sorted(code for code, rule in district.rules.items() if rule.header.open_day)


def log_files(home: Path) -> list[LogFile]:
    """Return every delivered file of a home that has run, with the times of its lines."""
    with open_district(home) as district:
        files = {one.file_id: one for one in ledger.source_files(district.store)}
        lake = district.home.lake
        frames = [
            pl.read_parquet(lake / one.path, columns=["file_id", "byte_offset", "time"])
            for event_class in EVENT_CLASSES
            for one in ledger.lake_files(district.store, event_class)
        ]
    # a log writes in its order, whatever a clock says
    places = (
        pl.concat(frames)
        .drop_nulls()
        .sort("file_id", "byte_offset", "time")
        .with_columns(pl.col("time").cum_max().over("file_id"))
    )
    return [
        LogFile(
            files[file_id].source,
            files[file_id].path.removesuffix(".gz"),
            _content(home / "landing" / files[file_id].source / files[file_id].path),
            rows["byte_offset"].to_list(),
            rows["time"].to_list(),
        )
        for (file_id,), rows in places.group_by("file_id", maintain_order=True)
    ]


def _content(path: Path) -> bytes:
    """Return what was in a file before it was rotated."""
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def deliver(home: Path, files: Sequence[LogFile], now: datetime) -> None:
    """Make the landing folders what they are at a time."""
    for one in files:
        data = one.until(now)
        target = home / "landing" / one.source / one.path
        if not data or (target.is_file() and target.stat().st_size == len(data)):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        os.utime(target, (now.timestamp(), now.timestamp()))


def ringing(home: Path, rules: Sequence[str]) -> dict[str, tuple[str, datetime]]:
    """Return rule and first time of each standing finding of some rules, by id."""
    with open_district(home) as district:
        return {
            row["finding_id"]: (row["rule"], datetime.fromisoformat(row["record"]["start_time"]))
            for row in stored_findings(district.store)
            if row["rule"] in rules and row["status"] != "withdrawn"
        }


def busiest_day(home: Path, rules: Sequence[str], zone: ZoneInfo) -> date:
    """Return the day on which most findings of some rules began."""
    days = [began.astimezone(zone).date() for _, began in ringing(home, rules).values()]
    return max(sorted(set(days)), key=days.count)


def replayed(
    home: Path, files: Sequence[LogFile], day: date, zone: ZoneInfo, minutes: int
) -> Iterator[tuple[datetime, float, int]]:
    """Deliver a day step by step and look after each; yield time, CPU seconds and alerts."""
    began = datetime.combine(day, time(), zone).astimezone(UTC)
    over = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    now = began + timedelta(minutes=minutes)
    while now <= over:
        deliver(home, files, now)
        cpu = _cpu()
        done = watch(home, now=now, settle_seconds=0)
        yield now, _cpu() - cpu, done.alerts.new
        now += timedelta(minutes=minutes)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--home", type=Path, help="a laid home; it is not changed")
    parser.add_argument("--day", type=date.fromisoformat, help="default: most findings that ring")
    parser.add_argument("--every", type=int, default=15, help="minutes between looks")
    parser.add_argument("--seed", type=int, default=2026, help="of the synthetic district")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        laid = given.home or _synthetic(Path(folder) / "laid", given.seed)
        _replay(laid, Path(folder), given.day, given.every)


def _synthetic(home: Path, seed: int) -> Path:
    create(home, name=DISTRICT_NAME, account_domains=ACCOUNT_DOMAINS)
    generate(home, seed, people=120, weeks=2)
    return home


def _replay(laid: Path, folder: Path, day: date | None, minutes: int) -> None:
    whole, home = unrun(laid, folder / "whole"), unrun(laid, folder / "day")
    run(whole, settle_seconds=0)
    with open_district(whole) as district:
        rules, zone = open_day_rules(district), ZoneInfo(district.zone)
    files = log_files(whole)
    day = day or busiest_day(whole, rules, zone)
    shutil.rmtree(DistrictHome(home).landing)
    midnight = datetime.combine(day, time(), zone).astimezone(UTC)
    deliver(home, files, midnight)
    run(home, now=datetime.combine(day, NIGHT, zone).astimezone(UTC), settle_seconds=0)
    before = ringing(home, rules)
    noticed: dict[str, datetime] = {}
    costs = []
    for now, cpu, _new in replayed(home, files, day, zone, minutes):
        costs.append(cpu)
        for finding in ringing(home, rules).keys() - before.keys():
            noticed.setdefault(finding, now)
    watched = ringing(home, rules)
    night = datetime.combine(day + timedelta(days=1), NIGHT, zone).astimezone(UTC)
    done = run(home, now=night, settle_seconds=0)
    after = ringing(home, rules)
    print(f"{day}, a look every {minutes} minutes, rules {', '.join(rules)}")
    print("| rule | first line | found | minutes later |\n|---|---|---|---|")
    lags = []
    for finding in sorted(after.keys() - before.keys(), key=lambda one: after[one][1]):
        rule, began = after[finding]
        found = noticed.get(finding)
        lag = (found - began).total_seconds() / 60 if found else None
        lags += [lag] if lag is not None else []
        clock = found.astimezone(zone).strftime("%H:%M") if found else "by the night alone"
        later = "" if lag is None else f"{lag:.0f}"
        print(f"| {rule} | {began.astimezone(zone):%H:%M} | {clock} | {later} |")
    gone = watched.keys() - after.keys()
    print(f"\nWithdrawn by the night: {len(gone)}. New alerts of the night: {done.alerts.new}.")
    if lags:
        print(
            f"Minutes from the first line: {statistics.median(lags):.0f}, at most {max(lags):.0f}."
        )
    print(f"CPU of a look: {statistics.median(costs):.1f} s, at most {max(costs):.1f} s.")


if __name__ == "__main__":
    main()
