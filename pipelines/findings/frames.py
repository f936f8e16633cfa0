"""Findings and the log lines behind them as frames: columns and types, once for all."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import polars as pl

INSTANT = pl.Datetime("us", "UTC")

FINDINGS: Mapping[str, Any] = MappingProxyType(
    {
        "finding_id": pl.String,
        "rule": pl.String,
        "kind": pl.String,
        "subject": pl.String,
        "is_pupil": pl.Boolean,
        "devices": pl.List(pl.String),
        "sites": pl.List(pl.String),
        "event_date": pl.Date,
        "start_time": INSTANT,
        "end_time": INSTANT,
        "severity": pl.String,
        "confidence": pl.String,
        "status": pl.String,
        "status_reason": pl.String,
        "created_time": INSTANT,
        "revision": pl.Int64,
        "claim": pl.String,
        "record": pl.String,
        "decided_time": INSTANT,
    }
)
"""One row a finding; `record` is JSON text."""

EVIDENCE: Mapping[str, Any] = MappingProxyType(
    {
        "finding_id": pl.String,
        "position": pl.Int64,
        "role": pl.String,
        "source": pl.String,
        "path": pl.String,
        "line_no": pl.Int64,
        "byte_offset": pl.Int64,
        "time": INSTANT,
        "account": pl.String,
        "device": pl.String,
        "building": pl.String,
        "site": pl.String,
        "activity": pl.String,
        "bytes_in": pl.Int64,
        "line_sha256": pl.String,
    }
)
"""One row a log line that a finding rests on."""
