"""Schoolbell: network usage log analytics for school districts.

The stations of one journey, in the order a log line travels:

    ingest      landing files become batches of lines, then Parquet files
    formats     a batch of lines becomes events and rejects
    warehouse   the SQL models of `sql/`: who held what and when, requests, use
    findings    candidates become findings with evidence and alternatives
    health      hours, lags and shares tell whether the logs still come
    refresh     which days are due and why; the steps that build and judge them
    alerts      findings and source health become messages, each sent once
    reports     marts and findings become pages
    run         everything that is due, in order

Beside them: `settings` and `registry` are what the district says of itself, `state`
is what cannot be recomputed, `district` a home that is opened, `privacy` who may see
what, `operations` what keeps an installation well, `synthetic` an invented district;
`cli` and `defs` (Dagster) are the two ways in, and analysts come by `notebook`:

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
