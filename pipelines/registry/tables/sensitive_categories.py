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


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return the built-in list; the district may have rules judge more of its kinds."""
    more = pl.col("category").is_in(inputs.settings.district.judged_kinds)
    frame = domain_lists.sensitive_categories().with_columns(is_judged=pl.col("is_judged") | more)
    return {"sensitive_categories": RegistryFrame(frame, ())}


TABLE = Table(name="sensitive_categories", frames={"sensitive_categories": COLUMNS}, make=make)
