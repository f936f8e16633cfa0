"""Return kinds of sites whose names are private without a case."""

import polars as pl

from pipelines.events import Column
from pipelines.registry import domain_lists
from pipelines.registry.csv_files import RegistryFrame
from pipelines.registry.table import Inputs, Table, text

COLUMNS = {
    "category": text("category as in site_categories"),
    "is_judged": Column(pl.Boolean, "rules on the use of sites may speak of it"),
}


def make(_inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return the built-in list."""
    return {"sensitive_categories": RegistryFrame(domain_lists.sensitive_categories(), ())}


TABLE = Table(
    name="sensitive_categories",
    frames={"sensitive_categories": COLUMNS},
    make=make,
)
