"""Hosts that machines ask for by themselves."""

import polars as pl

from pipelines.registry import domain_lists
from pipelines.registry.csv_files import RegistryFrame
from pipelines.registry.table import Inputs, Sites, Table, text

COLUMNS = {
    "host": text("host, and everything below it"),
    "kind": text("cdn, tracker, telemetry, update, certificate, ..."),
    "source": text("the list that contains it"),
}


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return the built-in ones, then those of the district's lists.

    A site that people open stays a visit, even if a list of trackers contains it.
    """
    opened = domain_lists.starter_categories().select(host="domain")
    listed = inputs.lists.background.join(opened, on="host", how="anti")
    both = pl.concat([domain_lists.background_hosts(), listed])
    hosts = both.unique("host", keep="first", maintain_order=True)
    return {"background_hosts": RegistryFrame(hosts, ())}


TABLE = Table(
    name="background_hosts", frames={"background_hosts": COLUMNS}, make=make, touches=Sites("host")
)
