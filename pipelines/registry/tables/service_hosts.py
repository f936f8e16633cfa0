"""Hosts that serve the pages of one service."""

import polars as pl

from pipelines.registry import domain_lists
from pipelines.registry.csv_files import RegistryFrame
from pipelines.registry.sites import registrable_domain
from pipelines.registry.table import FROM, TO, Inputs, Sites, Table, conform, text

COLUMNS = {
    "host": text("host, and everything below it"),
    "site": text("its registrable domain"),
    "service": text("registrable domain of the service"),
    "source": text("listed, or district where approved_sites.csv lists it"),
    "valid_from": FROM,
    "valid_to": TO,
}


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return hosts that support entries of the list of sites, then the built-in list."""
    approved = inputs.frame("approved_sites").with_columns(
        host=pl.col("pattern").str.split("/").list.first()
    )
    served = approved.select(supports="entry_id", service="host").unique()
    own = (
        approved.join(served, on="supports")
        .select("host", "service", "valid_from", "valid_to")
        .unique(maintain_order=True)
    )
    both = pl.concat(
        [
            own.with_columns(source=pl.lit("district")),
            domain_lists.service_hosts().with_columns(source=pl.lit("listed")),
        ],
        how="diagonal",
    ).with_columns(site=_domains("host"), service=_domains("service"))
    return {"service_hosts": RegistryFrame(conform(COLUMNS, both), ())}


def _domains(column: str) -> pl.Expr:
    return pl.col(column).map_elements(registrable_domain, return_dtype=pl.String)


TABLE = Table(
    name="service_hosts", frames={"service_hosts": COLUMNS}, make=make, touches=Sites("host")
)
