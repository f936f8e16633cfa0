"""The command that writes a snapshot's rows as Parquet, by table and day."""

import os
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import print_facts
from pipelines.notebook.connection import Connection, noted
from pipelines.notebook.export import exported


def export(
    home: Home,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help="Folder or URL of this district alone, such as s3://BUCKET/DISTRICT.",
            show_default=False,
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Write the newest snapshot as Parquet, by table and day.

    Accounts and devices are under code names. The written files stay there: neither
    retention nor a purge of this home reaches it.
    """
    os.umask(0o077)
    folder, rows = exported(noted(Connection(home, is_local=False)), to)
    print_facts(
        {"folder": folder, "rows": rows},
        f"{sum(rows.values()):,} rows of {len(rows)} tables are in {folder}.",
        as_json=as_json,
    )
