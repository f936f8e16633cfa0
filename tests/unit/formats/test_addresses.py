"""Addresses become what the standard library says of them, whatever their spelling."""

from ipaddress import IPv6Address, ip_address

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.reading.fields import address

GROUPS = st.lists(
    st.sampled_from(["0", "00", "0000", "1", "0db8", "DB8", "ffff", "FFFF", "c0a8"]),
    min_size=0,
    max_size=9,
).map(":".join)
V4 = st.sampled_from(["192.0.2.7", "10.0.0.255", "192.0.2.256", "192.0.2.07"])
SHORT = st.lists(st.sampled_from(["0", "1", "db8"]), max_size=6).map(":".join)
SPELLINGS = st.one_of(
    st.tuples(SHORT, SHORT).map("::".join),
    GROUPS,
    st.tuples(GROUPS, GROUPS).map("::".join),
    st.tuples(GROUPS, V4).map(":".join),
    st.tuples(GROUPS, GROUPS, V4).map(lambda parts: "{}::{}:{}".format(*parts)),
    st.tuples(GROUPS, V4).map("::".join),
    V4,
    st.ip_addresses(v=6).map(str),
    st.ip_addresses(v=6).map(lambda one: one.exploded.upper()),
    st.text("0123456789abcdefABCDEF:.%[] ", max_size=45),
)


def by_library(text: str) -> str | None:
    try:
        found = ip_address(text.strip(" []").lower().split("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found)


def read(texts: list[str | None]) -> list[str | None]:
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    return frame.select(address(pl.col("text"))).to_series().to_list()


@given(st.lists(SPELLINGS, min_size=1, max_size=200))
def test_as_the_library(texts):
    assert read(texts) == [by_library(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:C000:207", "192.0.2.7"),
        ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"),
        ("64:ff9b::192.0.2.7", "64:ff9b::c000:207"),
        ("[fe80::1%eth0]", "fe80::1"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("2001:db8:1e:0::1e46", "2001:db8:1e::1e46"),
        ("::0:1", "::1"),
        ("::", "::"),
        ("1::2::3", None),
        ("12345::", None),
        (None, None),
    ],
)
def test_spellings(text, canonical):
    assert read([text]) == [canonical]
