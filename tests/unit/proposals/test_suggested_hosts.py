"""`suggest` proposes what a host was learned to serve, once, if that is listed."""

from datetime import date

import polars as pl

from pipelines.proposals.offers import Evidence, as_csv
from pipelines.proposals.site_rows import serving
from pipelines.registry.frames import schema
from pipelines.warehouse.database import writing
from pipelines.warehouse.inputs import hosts
from pipelines.warehouse.snapshots import attach_warehouse

LEARNED = pl.DataFrame(
    {
        "site": ["media.example", "media.example", "known.example", "other.example"],
        "service": ["old.example", "video.example", "video.example", "shop.example"],
        "session_count": [30, 40, 50, 60],
        "account_count": [3, 4, 5, 6],
        "day_count": [3, 3, 3, 3],
        "share": [0.8, 0.9, 1.0, 1.0],
        "event_date": [date(2026, 3, 1), *[date(2026, 3, 2)] * 3],
    }
)


def test_only_what_was_learned_last_for_an_entry_of_the_list(tmp_path):
    approved = pl.DataFrame(
        {"entry_id": ["E-7"], "pattern": ["www.video.example"], "match": ["domain"]},
    )
    served = pl.DataFrame({"host": ["known.example"], "site": ["known.example"]})
    path = tmp_path / "warehouse.duckdb"
    with writing(path, threads=1) as database:
        database.replace("core.learned_services", LEARNED)
        database.replace("identity.hosts", hosts(["www.video.example"], {}))
        for name, rows in (("approved_sites", approved), ("service_hosts", served)):
            frame = pl.concat([schema(name).to_frame(), rows], how="diagonal")
            database.replace(f"registry.{name}", frame)
    with attach_warehouse(path) as database:
        (proposal,) = serving(Evidence(database, "UTC"))
    assert as_csv(proposal.file, [proposal]).splitlines()[1:] == [
        "# 90% of 40 sessions of 4 accounts on 3 days began right after video.example",
        "S-001,media.example,domain,,serves video.example,,,,,,E-7,",
    ]
