"""Sites where people of a school sign in."""

import polars as pl

from pipelines.registry import domain_lists
from pipelines.registry.csv_files import RegistryFrame
from pipelines.registry.table import Inputs, Sites, Table, text

COLUMNS = {
    "host": text("site where people sign in"),
    "source": text("the list that contains it"),
}


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return the district's own account domains, if they are hosts, and the list."""
    domains = inputs.settings.district.account_domains
    hosts = [domain.lower() for domain in domains if "." in domain]
    own = pl.DataFrame({"host": hosts}, {"host": pl.String})
    listed = domain_lists.login_hosts()
    both = pl.concat([own.with_columns(source=pl.lit("district")), listed])
    once = both.unique("host", keep="first", maintain_order=True)
    return {"login_hosts": RegistryFrame(once, ())}


TABLE = Table(
    name="login_hosts",
    frames={"login_hosts": COLUMNS},
    make=make,
    touches=Sites("host", is_imitated=True),
)
