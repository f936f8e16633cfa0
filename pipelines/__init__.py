"""Schoolbell: network usage log analytics for school districts.

The packages in the order in which a log line passes through them:

    landing     files that arrive, listed and unwrapped
    ingest      reads files into batches of lines
    formats     turns a batch of lines into events and rejects
    lake        Parquet files of events, their counts and duplicates
    warehouse   the SQL models of `sql/`: leases, device sessions, requests, use
    build       decides which days are due, and builds and judges them
    findings    turns candidates into findings with evidence and alternatives
    health      checks that logs arrive on time and complete
    alerts      sends messages on findings and source health, each one once
    reports     turns marts and findings into pages
    run         runs everything that is due, in order

`settings` and `registry` contain what a district specifies, and `proposals` suggests rows
for the registry. `state` stores what cannot be recomputed; `district` opens a home.
`privacy` controls who may see what, `actions` contains what people do, `operations` keeps
an installation running, `synthetic` invents a district. `cli`, `desk` and `defs` (Dagster)
are the entry points; analysts use `notebook`:

    from pipelines import connect
"""


def __getattr__(name: str) -> object:
    """`connect`, brought in when it is first asked for."""
    if name == "connect":
        from pipelines.notebook.connection import connect

        return connect
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
