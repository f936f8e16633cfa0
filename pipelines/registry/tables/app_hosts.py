"""Hosts on which people open an app."""

import polars as pl

from pipelines.registry import canonical
from pipelines.registry.csv_files import RegistryFrame
from pipelines.registry.sites import registrable_domain
from pipelines.registry.table import Inputs, Sites, Table, conform, text

COLUMNS = {
    "host": text("host, and everything below it"),
    "site": text("its registrable domain"),
    "app": text("the app, as registry.apps names it"),
}


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return one row per host; of two apps, the one in the district's file has it."""
    spread = (
        inputs.frame("apps")
        .select(
            "app",
            "is_in_file",
            host=pl.col("hosts").map_elements(canonical.parts, pl.List(pl.String)),
        )
        .explode("host")
        .with_columns(host=canonical.mapped(pl.col("host"), canonical.site))
        .drop_nulls("host")
        .sort("is_in_file", descending=True, maintain_order=True)
        .unique("host", keep="first", maintain_order=True)
        .with_columns(site=canonical.mapped(pl.col("host"), registrable_domain))
    )
    return {"app_hosts": RegistryFrame(conform(COLUMNS, spread), ())}


TABLE = Table(name="app_hosts", frames={"app_hosts": COLUMNS}, make=make, touches=Sites("host"))
