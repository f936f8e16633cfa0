"""What it costs to say whose the lines are, next to taking them in.

The same day three times over: leases, logons and a registry stand next to the
requests. *resolve* builds who held which address and keyboard, and every request
with its account, device, place and grade; *judge* is all the rest: person or
machine, duty, sites, detections, findings.
"""

from collections.abc import Callable
from pathlib import Path

from pipelines.district import open_district
from pipelines.refresh import spans
from pipelines.refresh.steps import build_and_judge, builder_of, ingest_sources, refresh
from pipelines.registry.new_home import create
from pipelines.warehouse import inputs
from pipelines.warehouse.database import writing
from tests.benchmarks.inputs import (
    write_leases,
    write_logons,
    write_registry,
    write_squid,
)

RESOLVED = "core.http_requests"
HOUR = 3_600
SECONDS_PER_LINE = 0.02


def make_home(folder: Path, count: int) -> None:
    """A district with `count` requests and what shows whose they are."""
    home = create(folder)
    hours = int(count * SECONDS_PER_LINE / HOUR) + 2
    for name in ("proxy", "dhcp", "directory"):
        (home.landing / name).mkdir()
    write_squid(home.landing / "proxy" / "access.log", count, owned=True)
    write_leases(home.landing / "dhcp" / "dhcpd.log", hours)
    write_logons(home.landing / "directory" / "security.json", hours)
    write_registry(home.registry)


def take_in_all(folder: Path, _fmt: str = "") -> int:
    with open_district(folder) as district:
        outcomes = ingest_sources(district, settle_seconds=0)
        return sum(one.record.lines for one in outcomes)


def resolve(folder: Path, _fmt: str = "") -> int:
    """Build the models that the resolved requests depend on, and those."""
    with open_district(folder) as district, writing(district.home.warehouse) as base:
        files = inputs.lake_files(district.store, district.home.lake)
        held = files.days()
        needed = {RESOLVED}
        for name in reversed(district.models):
            if name in needed:
                needed |= district.models[name].inputs
        models = {name: model for name, model in district.models.items() if name in needed}
        refresh(base, district, (held[0], held[-1]))
        due = spans.stale_days(models, held, held)
        spans.build(builder_of(base, district, files), models, due)
        return base.rows(f"select count(*) from {RESOLVED}")[0][0]


def judge(folder: Path, _fmt: str = "") -> int:
    """Return everything again, from the lake to findings."""
    with open_district(folder) as district:
        return build_and_judge(district).built.rows[RESOLVED]


STAGES: dict[str, Callable[[Path, str], int]] = {
    "take in": take_in_all,
    "resolve": resolve,
    "resolve and judge": judge,
}
