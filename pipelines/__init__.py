"""Schoolbell: network usage log analytics for school districts.

The stations of one journey, in the order a log line travels:

    sources     landing files become batches of whole lines
    formats     a batch of lines becomes events and rejects
    lake        events and rejects become Parquet files, committed by the ledger
    identity    spellings, leases and logons tell who held what, and when
    warehouse   the SQL models of `sql/` are built, a day at a time
    detections  candidate findings, one SQL file each
    findings    candidates become findings with evidence and alternatives
    health      hours, lags and shares tell whether the logs still come
    reports     marts and findings become pages
    alerts      findings and source health become messages, each sent once

Beside them: `district` is what the district says of itself, `state` is what
can not be recomputed, `demo` makes a synthetic district, `cli` and `defs`
(Dagster) are the two ways in; analysts come by `notebook`:

    from pipelines import connect
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """`connect`, brought in when it is first asked for."""
    if name == "connect":
        from pipelines.notebook.connection import connect

        return connect
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
