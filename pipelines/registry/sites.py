"""Registrable domain and canonical spelling of a host."""

import ipaddress
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import idna
from publicsuffixlist import PSLFILE, PublicSuffixList

_LABEL = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)$")
_LONGEST_HOST = 253

ONE_SITE = frozenset({b"*.oaiusercontent.com"})
"""Suffixes below which one service alone keeps its files."""


def registrable_domains(hosts: Sequence[str | None]) -> list[str | None]:
    """Return `example.co.uk` for `www.example.co.uk`, for each host.

    The bundled suffix list is used, with private suffixes (`a.github.io` is a
    separate domain), and no network. An address is its own domain. International
    names become punycode in lower case. Anything that is not a host, and a bare suffix, is null.
    Pass distinct hosts.
    """
    return [registrable_domain(host) for host in hosts]


def registrable_domain(host: str | None) -> str | None:
    """Return the registrable domain of one host."""
    name = canonical_host(host)
    if name is None:
        return None
    if _address(name) is not None:
        return name
    return _extract(name)


def canonical_host(host: str | None) -> str | None:
    """Lower case, punycode, no final dot or brackets; null for what is not a host."""
    if host is None:
        return None
    bare = host.strip().strip("[]").lower().removesuffix(".")
    address = _address(bare)
    if address is not None:
        return address
    if not bare.isascii():
        try:
            bare = idna.encode(bare, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    labels = bare.split(".")
    fits = len(bare) <= _LONGEST_HOST and all(map(_LABEL.match, labels))
    return bare if fits else None


def _address(text: str) -> str | None:
    if ":" not in text and not text[-1:].isdigit():
        return None  # a quick no, for the many
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _extract(name: str) -> str | None:
    """Return an unlisted top-level domain, such as `lan`, is a suffix of one label."""
    return _suffixes(has_punycode="xn--" in name).privatesuffix(name)


@cache
def _suffixes(*, has_punycode: bool) -> PublicSuffixList:
    """Return the list, with its international suffixes in punycode or without them.

    To encode them takes most of a second, and no other name can end in one.
    """
    with Path(PSLFILE).open("rb") as lines:
        return PublicSuffixList(
            (line for line in lines if line.strip() not in ONE_SITE),
            accept_encoded_idn=has_punycode,
        )
