"""The district's devices, each named by its host name, serial number or MAC.

A device that was given to one person after another has a row for each, with days.
If two rows of the same days differ, neither counts: neither person has
the device then, and a card that two devices claim, such as a shared dock's, is evidence
for neither. A device may have two cards: of its radio and of its port. A
Chromebook's logs name it by host name, serial number, asset tag
or its id in the directory; a name that two devices have identifies neither.
"""

from datetime import date

import polars as pl

from pipelines.registry.csv_files import LINE, Cell, File, RegistryFrame, tell
from pipelines.registry.device_classes import DEVICE_CLASSES
from pipelines.registry.networks import address_text
from pipelines.registry.sites import canonical_host
from pipelines.registry.table import BUILDING, FROM, PERSON_CELL, TO, Mentions, Table, conform, text
from pipelines.settings.problems import Problem

FILE = File(
    "devices.csv",
    {
        "hostname": Cell("hs-pc-017", "device"),
        "mac": Cell("02:00:00:00:00:17", "mac"),
        "device_class": Cell("desktop", "word", allowed=tuple(DEVICE_CLASSES)),
        "assigned_to": PERSON_CELL,
        "building": Cell("HS", names="building"),
        "pool": Cell("", "word"),
        "static_ip": Cell(""),
        "valid_from": Cell("", "date"),
        "valid_to": Cell("", "date"),
        "serial": Cell("", "word"),
        "asset_tag": Cell("", "word"),
        "directory_id": Cell("", "word"),
        "ethernet_mac": Cell("", "mac"),
    },
    "no device is known to be the district's: the property limb is not judged",
)
COLUMNS = {
    "device": text("host name; otherwise serial number; otherwise MAC", "indirect"),
    "hostname": text("host name in lower case, without a domain", "indirect"),
    "serial": text("serial number in lower case", "indirect"),
    "asset_tag": text("asset tag in lower case", "indirect"),
    "directory_id": text("the directory's id of the device, lower case", "indirect"),
    "mac": text("MAC, lower case with colons", "indirect"),
    "ethernet_mac": text("MAC of a second card, as of a port", "indirect"),
    "device_class": text("desktop, laptop, chromebook, podium, ..."),
    "assigned_to": text("person_id it was given to", "direct"),
    "building": BUILDING,
    "pool": text("shared stock it belongs to"),
    "static_ip": text("fixed address", "indirect"),
    "valid_from": FROM,
    "valid_to": TO,
}

NAMES = ("hostname", "serial", "asset_tag", "directory_id")
"""Names of a device in logs."""

CARDS = ("mac", "ethernet_mac")
"""Its network cards; a card is one device's, in whichever column."""

_SAID = ("assigned_to", "pool", *CARDS, "static_ip", *NAMES[1:])
"""Columns in which a device's rows of the same days must agree."""


def devices(rows: RegistryFrame) -> RegistryFrame:
    """Return frame `devices`: at most one row per device and day, a card of one device."""
    named = rows.frame.with_columns(
        device=pl.coalesce("hostname", "serial", *CARDS),
        static_ip=pl.col("static_ip").map_elements(canonical_host, return_dtype=pl.String),
    )
    whole = named.drop_nulls("device")
    again = whole.filter(_overlaps(whole, "device"))
    once = _agreed(whole.join(again.select(LINE), on=LINE, how="anti"), again)
    cards = pl.concat(once.with_columns(mac=pl.col(one)) for one in CARDS)
    held = {"mac": cards.unique(["mac", LINE], maintain_order=True)}
    held |= dict.fromkeys(NAMES[1:], once)
    doubtful = {
        key: there.filter(_overlaps(there, key))
        for key, rows_of in held.items()
        for there in [rows_of.drop_nulls(key)]
    }
    problems = (
        *rows.problems,
        *_nameless(named),
        *_twice(again),
        *(item for key, found in doubtful.items() for item in _shared(key, found)),
        *_no_addresses(rows.frame),
    )
    sure = once.with_columns(
        pl.when(~pl.col(name).is_in(found[key].unique().to_list())).then(name).alias(name)
        for key, found in doubtful.items()
        for name in (CARDS if key == "mac" else (key,))
    )
    return RegistryFrame(conform(COLUMNS, sure), problems)


def _overlaps(rows: pl.DataFrame, key: str) -> pl.Series:
    """Return rows whose days an earlier row of the same key has too; days open at ends."""
    places = rows.with_row_index("_place").sort(key, pl.col("valid_from").fill_null(date.min), LINE)
    reached = pl.col("valid_to").fill_null(date.max).cum_max().shift(1).over(key)
    begins = pl.col("valid_from").fill_null(date.min)
    found = places.with_columns(_again=(begins <= reached).fill_null(value=False))
    return found.sort("_place")["_again"]


def _agreed(once: pl.DataFrame, again: pl.DataFrame) -> pl.DataFrame:
    """Return the first rows, without the cells that a later row of the device contradicts."""
    every = pl.concat([once, again]).filter(
        pl.col("device").is_in(again["device"].unique().to_list())
    )
    differing = {
        name: every.group_by("device")
        .agg(pl.col(name).n_unique())
        .filter(pl.col(name) > 1)["device"]
        .to_list()
        for name in _SAID
    }
    return once.with_columns(
        pl.when(~pl.col("device").is_in(listed)).then(name).alias(name)
        for name, listed in differing.items()
    )


def _nameless(named: pl.DataFrame) -> list[Problem]:
    rows = named.filter(pl.col("device").is_null())
    return tell(
        FILE.name,
        "hostname",
        rows.select(LINE, pl.lit(None, pl.String).alias("value")),
        what="is empty, and so are serial and mac",
        allowed="a host name, a serial number or a MAC",
    )


def _twice(again: pl.DataFrame) -> list[Problem]:
    return tell(
        FILE.name,
        "hostname",
        again.select(LINE, pl.col("device").alias("value")),
        what="is in an earlier row of the same days; where they differ, neither counts",
        allowed="each device once, or one row after another by valid_from",
    )


def _shared(key: str, doubtful: pl.DataFrame) -> list[Problem]:
    return tell(
        FILE.name,
        key,
        doubtful.select(LINE, pl.col(key).alias("value")),
        what="also belongs to another device; it identifies neither from then on",
        allowed="what is one device's alone; leave out the card of a shared dock",
    )


def _no_addresses(rows: pl.DataFrame) -> list[Problem]:
    """Report fixed addresses that are invalid, so that no line can ever have them."""
    written = rows["static_ip"].drop_nulls().unique().to_list()
    odd = [text for text in written if address_text(text) is None]
    told = rows.filter(pl.col("static_ip").is_in(odd)).select(
        LINE, pl.col("static_ip").alias("value")
    )
    return tell(
        FILE.name,
        "static_ip",
        told,
        what="is not an address",
        allowed="10.20.4.17, 2001:db8::17",
        severity="notice",
    )


TABLE = Table(
    name="devices",
    file=FILE,
    frames={"devices": COLUMNS},
    make=lambda inputs: {"devices": devices(inputs.rows[FILE.name])},
    touches=Mentions(),
)
