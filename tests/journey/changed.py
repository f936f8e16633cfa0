"""The small district after its registry changed, run again once for all tests.

The registry has forgotten a network, some computers, whose the others are and the hours
of a building, which `propose` finds again in the logs. It fixes an address for a sign
that leases gave to a phone. And someone whom a finding is about is a student, so that
both kinds of people have findings.
"""

import gzip
import shutil
from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl

from pipelines.run.run import run
from pipelines.settings.home import DistrictHome
from tests.journey.small import Small, findings_of, shared

LAB, SIGN = "lab", "signage"
FOR_ALL = "SA-1"
"""A rule for staff and students alike; it needs no owner of a device."""


def read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False, comment_prefix="#")


def changed(base: Path, before: Small) -> tuple[Path, str]:
    """Return the home, and the account that is a student's now."""

    def make(folder: Path) -> str:
        home = before.copy(folder)
        student = min(f["subject"] for f in findings_of(home) if f["rule"] == FOR_ALL)
        _change(DistrictHome(home), student)
        run(home, settle_seconds=0)
        return student

    folder, student = shared(base, "changed", make)
    return folder / "district", student


def phone(home: Path) -> str:
    """Return an address that leases gave to a device whose card is made up."""
    query = (
        "select min(ip) from identity.address_holders where binding = 'lease'"
        " and not is_registered and regexp_matches(device, '^mac:[0-9a-f][26ae]')"
    )
    with duckdb.connect(DistrictHome(home).warehouse, read_only=True) as connection:
        (address,) = connection.execute(query).fetchall()[0]
    return str(address)


def _change(home: DistrictHome, student: str) -> None:
    nobody = pl.lit(None, pl.String)
    fixed = pl.when(pl.col("device_class") == SIGN).then(pl.lit(phone(home.path)))
    role = pl.when(pl.col("username") == student).then(pl.lit("student"))
    values: Mapping[str, dict[str, pl.Expr]] = {
        "devices.csv": {
            "assigned_to": nobody,
            "pool": nobody,
            "static_ip": fixed.otherwise("static_ip"),
        },
        "users.csv": {"role": role.otherwise("role")},
    }
    kept = {
        "devices.csv": (pl.col("device_class") != "desktop")
        | ~pl.col("hostname").str.ends_with("3"),
        "subnets.csv": pl.col("kind") != LAB,
        "staff_duty.csv": pl.col("building") != "HS",
    }
    for name in sorted({*values, *kept}):
        path = home.registry / name
        rows = read(path).filter(kept.get(name, pl.lit(value=True)))
        rows.with_columns(**values.get(name, {})).write_csv(path)
    # much less than before, and meant: no one asks
    shutil.rmtree(home.kept_registry, ignore_errors=True)
    _add_service(home.landing / "directory")


def _add_service(folder: Path) -> None:
    """Logons of a service by a separate account, made from those of the system."""
    log = gzip.decompress((folder / "security-2026-10-20.json.gz").read_bytes())
    lines = [line for line in log.splitlines() if b'"LogonType":"5"' in line]
    own = b'"TargetUserName":"svc-print","TargetDomainName":"SAMPLETON"'
    system = b'"TargetUserName":"SYSTEM","TargetDomainName":"NT AUTHORITY"'
    made = [line.replace(system, own) for line in lines[:8]]
    (folder / "services.json").write_bytes(b"\n".join(made) + b"\n")
