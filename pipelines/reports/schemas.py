"""The frames that a report is made from: their columns and types."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import polars as pl

from pipelines.errors import ModelError
from pipelines.findings.record import EVIDENCE, FINDINGS, INSTANT

UNSHOWN = {"sites", "status_reason"}
"""Of a finding: the sites are in its record, the reason may hold a name."""

SCHEMAS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "findings": {
            name: kind for name, kind in FINDINGS.items() if name not in UNSHOWN
        },
        "evidence": EVIDENCE,
        "daily_use": {
            "event_date": pl.Date,
            "building": pl.String,
            "use_class": pl.String,
            "request_count": pl.Int64,
            "account_count": pl.Int64,
            "site_count": pl.Int64,
            "bytes_in": pl.Int64,
        },
        "attribution": {
            "event_date": pl.Date,
            "building": pl.String,
            "grade": pl.String,
            "request_count": pl.Int64,
        },
        "site_use": {
            "event_date": pl.Date,
            "site": pl.String,
            "verdict": pl.String,
            "site_class": pl.String,
            "category": pl.String,
            "category_source_count": pl.Int64,
            "account_count": pl.Int64,
            "minutes": pl.Float64,
            "request_count": pl.Int64,
            "first_seen_date": pl.Date,
        },
        "off_hours": {
            "event_date": pl.Date,
            "weekday": pl.Int64,
            "hour": pl.Int64,
            "building": pl.String,
            "account_count": pl.Int64,
            "minutes": pl.Float64,
        },
        "hourly_use": {
            "event_date": pl.Date,
            "hour": pl.Int64,
            "building": pl.String,
            "account_count": pl.Int64,
            "minutes": pl.Float64,
        },
        "source_hours": {
            "source": pl.String,
            "hour_start": INSTANT,
            "event_date": pl.Date,
            "hour": pl.Int64,
            "line_count": pl.Int64,
            "is_expected": pl.Boolean,
        },
        "source_days": {
            "event_date": pl.Date,
            "source": pl.String,
            "lines": pl.Int64,
            "events": pl.Int64,
            "rejects": pl.Int64,
            "blanks": pl.Int64,
            "duplicates": pl.Int64,
            "pending": pl.Int64,
            "unchecked": pl.Int64,
        },
        "unjudged": {
            "rule": pl.String,
            "kind": pl.String,
            "event_date": pl.Date,
            "source": pl.String,
            "field": pl.String,
            "model": pl.String,
            "cause": pl.String,
        },
        "source_issues": {
            "source": pl.String,
            "building": pl.String,
            "kind": pl.String,
            "detail": pl.String,
            "start_time": INSTANT,
            "end_time": INSTANT,
        },
        "school_days": {
            "event_date": pl.Date,
            "building": pl.String,
            "day_type": pl.String,
            "duty_start_minutes": pl.Int64,
            "duty_end_minutes": pl.Int64,
        },
        "rule_standing": {
            "code": pl.String,
            "state": pl.String,
            "decisions": pl.Int64,
            "confirmed": pl.Int64,
            "precision_low": pl.Float64,
            "precision_high": pl.Float64,
        },
        "rule_coverage": {
            "event_date": pl.Date,
            "family": pl.String,
            "source": pl.String,
            "building": pl.String,
            "device_class": pl.String,
            "position": pl.Int64,
            "filter": pl.String,
            "is_loss": pl.Boolean,
            "event_count": pl.Int64,
            "dropped_count": pl.Int64,
        },
        "blind_share": {
            "event_date": pl.Date,
            "source": pl.String,
            "building": pl.String,
            "line_count": pl.Int64,
            "without_host_count": pl.Int64,
            "without_account_count": pl.Int64,
        },
        "unused_lines": {
            "event_date": pl.Date,
            "source": pl.String,
            "format": pl.String,
            "kind": pl.String,
            "line_count": pl.Int64,
            "account_count": pl.Int64,
            "card_count": pl.Int64,
        },
        "new_services": {
            "event_date": pl.Date,
            "site": pl.String,
            "account_count": pl.Int64,
            "device_count": pl.Int64,
            "megabytes_out": pl.Float64,
            "categories": pl.String,
            "is_listed": pl.Boolean,
        },
        "permits": {
            "permit_id": pl.String,
            "kind": pl.String,
            "about": pl.String,
            "valid_to": pl.Date,
            "review_by": pl.Date,
        },
    }
)

OPTIONAL = frozenset(
    {
        *(
            ("findings", name)
            for name in ("decided_time", "case_id", "clause", "stage")
        ),
        ("unjudged", "model"),
        ("unjudged", "cause"),
    }
)
"""Columns that a snapshot of an earlier version need not have."""


def empty_frame(name: str) -> pl.DataFrame:
    """The frame of that name, without a row."""
    return pl.DataFrame(schema=dict(SCHEMAS[name]))


def conform(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The agreed columns in the agreed order and type; others are left out.

    Raises:
        ModelError: A column that is not optional is absent.
    """
    wanted = SCHEMAS[name]
    absent = [column for column in wanted if column not in frame.columns]
    broken = [column for column in absent if (name, column) not in OPTIONAL]
    if broken:
        raise ModelError(
            f"the report's frame {name} lacks {', '.join(broken)}",
            where=f"reports.inputs.{name}",
            remedy="Give the relation those columns, or pass empty_frame(name).",
        )
    filled = frame.with_columns(pl.lit(None).alias(column) for column in absent)
    return filled.select(pl.col(column).cast(kind) for column, kind in wanted.items())
