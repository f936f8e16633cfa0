"""What follows from a value alone: computed once for each distinct one. Pure."""

import ipaddress
from collections.abc import Mapping, Sequence

import idna
import polars as pl
from disarm import skeleton_key

from pipelines.registry.sites import registrable_domains

# What a host's name looks like to somebody who reads it. Pure.
#
# Two names with one skeleton cannot be told apart at a glance: letters of other
# alphabets, digits that stand for letters, `rn` for `m`.

INTERNATIONAL = "xn--"
PAIRS = (("rn", "m"), ("vv", "w"))
"""Two letters that read as one; the tables of Unicode know single ones only."""


def unicode_hostname(host: str) -> str | None:
    """The host in its own letters; null where it is plain, or no such name.

    It is for people to read beside the plain form, never to compare or to link.
    """
    if INTERNATIONAL not in host:
        return None
    try:
        return idna.decode(host)
    except (idna.IDNAError, UnicodeError):
        return None


def site_label(site: str | None) -> str | None:
    """The label of a registrable domain that somebody chose, in its own letters.

    An address has none.
    """
    if site is None or ":" in site or site[-1:].isdigit():
        return None
    label = site.split(".")[0]
    if not label.startswith(INTERNATIONAL):
        return label
    try:
        # what the standard forbids is decoded too: it is forbidden for its looks
        return label.removeprefix(INTERNATIONAL).encode().decode("punycode")
    except (UnicodeError, OverflowError):
        return label


def skeleton(label: str | None) -> str | None:
    """What a label looks like: the skeleton of UTS 39, with `0` as `o`, `1` as `l`."""
    if label is None:
        return None
    seen = skeleton_key(label, digit_policy="tr39")
    for pair, letter in PAIRS:
        seen = seen.replace(pair, letter)
    return seen or None


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
