"""What a host's name looks like to somebody who reads it. Pure.

Two names with one skeleton can not be told apart at a glance: letters of other
alphabets, digits that stand for letters, `rn` for `m`.
"""

import idna
from disarm import skeleton_key

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
