"""Hosts and addresses that the district's lists call bad, until a day."""

import polars as pl

from pipelines.events import Column
from pipelines.registry.csv_files import RegistryFrame
from pipelines.registry.table import Inputs, Sites, Table, text

COLUMNS = {
    "host": text("host, and everything below it; or an address"),
    "until": Column(pl.Date, "last day on which the list calls it bad; null for no end"),
    "source": text("the list that contains it"),
}


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return the entries of the lists that the district took."""
    return {"bad_hosts": RegistryFrame(inputs.lists.bad, ())}


TABLE = Table(name="bad_hosts", frames={"bad_hosts": COLUMNS}, make=make, touches=Sites("host"))
