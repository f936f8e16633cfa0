"""What follows from a value alone: computed once for each distinct one. Pure."""

import ipaddress
from collections.abc import Mapping, Sequence

import polars as pl

from pipelines.registry.account_names import canonical
from pipelines.registry.sites import registrable_domains
from pipelines.warehouse.look_alikes import site_label, skeleton, unicode_hostname

HOSTS = pl.Schema(
    {
        "url_hostname": pl.String,
        "site": pl.String,
        "background_kind": pl.String,
        "unicode_hostname": pl.String,
        "site_label": pl.String,
        "site_skeleton": pl.String,
    }
)
"""Host, its registrable domain, the kind of background service it is; its letters
where it is an international name, the first label of the domain as people see it,
and what that label looks like."""

SPELLINGS = pl.Schema({"user_name": pl.String, "account_name": pl.String})
"""User name as a log wrote it, and its canonical form."""

ADDRESSES = pl.Schema({"ip": pl.String, "address": pl.String})
"""Address, and the form of it that sorts; see `sortable`."""


def hosts(values: Sequence[str], background: Mapping[str, str]) -> pl.DataFrame:
    """The rows of hosts.

    Args:
        values: Distinct hosts.
        background: Background hosts and their kinds.
    """
    sites = registrable_domains(values)
    labels = {site: site_label(site) for site in sites}
    skeletons = {label: skeleton(label) for label in labels.values()}
    columns = {
        "url_hostname": values,
        "site": sites,
        "background_kind": [_background(host, background) for host in values],
        "unicode_hostname": [unicode_hostname(host) for host in values],
        "site_label": [labels[site] for site in sites],
        "site_skeleton": [skeletons[labels[site]] for site in sites],
    }
    return pl.DataFrame(columns, schema=HOSTS)


def spellings(values: Sequence[str], domains: Sequence[str]) -> pl.DataFrame:
    """The rows of user names; `domains` are the district's own account domains."""
    names = pl.DataFrame({"user_name": values}, schema={"user_name": pl.String})
    return names.with_columns(
        account_name=canonical(pl.col("user_name"), domains)
    ).cast({"account_name": pl.String})


def addresses(values: Sequence[str]) -> pl.DataFrame:
    """The rows of addresses."""
    columns = {"ip": values, "address": [sortable(value) for value in values]}
    return pl.DataFrame(columns, schema=ADDRESSES)


def _background(host: str, background: Mapping[str, str]) -> str | None:
    """The kind of the nearest listed host at or above this one."""
    labels = host.split(".")
    for start in range(len(labels)):
        kind = background.get(".".join(labels[start:]))
        if kind is not None:
            return kind
    return None


def sortable(address: str) -> str | None:
    """32 hex digits of the IPv6 form; IPv4 as v4-mapped; null for no address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv4Address):
        found = ipaddress.IPv6Address(f"::ffff:{found}")
    return f"{int(found):032x}"
