"""What Zscaler's feeds call their fields, and how they write them.

Names and order are the administrator's feed template, so each of our names has
several candidates, and the source's options may name another (`user = login`).
"""

import re
from collections.abc import Mapping

import polars as pl

from pipelines.formats.reading.fields import known

NAMES: Mapping[str, tuple[str, ...]] = {
    "stamp": ("datetime", "time", "epochtime"),
    "user": ("user", "login"),
    "place": ("location", "locationname"),
    "device": ("devicehostname",),
    "owner": ("deviceowner",),
    "did": ("action", "reqaction"),
    "answered": ("resaction",),
    "category": ("urlcategory", "category", "ipcat"),
    "protocol_name": ("protocol", "proto"),
    "record": ("event_id", "recordid", "recordId"),
    "client": ("ClientIP", "clientip", "cip", "csip", "clt_sip"),
    "public_client": ("clientpublicIP", "cintip", "tsip"),
    "client_port": ("csport", "clt_sport"),
    "server": ("serverip", "sip", "cdip"),
    "server_port": ("cdport",),
    "verb": ("requestmethod", "reqmethod"),
    "host": ("hostname", "host"),
    "address": ("url", "eurl"),
    "status": ("status", "respcode"),
    "received": ("responsesize", "respsize", "inbytes"),
    "sent": ("requestsize", "reqsize", "outbytes"),
    "mime": ("contenttype",),
    "agent": ("useragent", "ua", "eua"),
    "referrer": ("refererURL", "referer", "ereferer"),
    "why": ("reason",),
    "app": ("appname", "nwapp"),
    "nat": ("ssip",),
    "nat_port_text": ("ssport",),
    "lasted_ms": ("durationms",),
    "lasted_s": ("duration",),
    "asked": ("dns_req", "req"),
    "asked_type": ("dns_reqtype", "reqtype"),
    "response": ("dns_resp", "res"),
}

TABBED = r"\t(?:vendor=Zscaler|product=NSS[A-Za-z]*)(?:\t|\r?$)"
SPELT_OUT = ["user", "place", "device", "owner", "category", "agent", "app", "why"]
"""Fields whose signs are unescaped; a URL stays as it is."""

ESCAPED = {
    "%20": " ", "%22": '"', "%25": "%", "%28": "(", "%29": ")", "%2B": "+", "%2b": "+",
    "%2C": ",", "%2c": ",", "%2F": "/", "%2f": "/", "%3A": ":", "%3a": ":", "%3B": ";",
    "%3b": ";", "%3D": "=", "%3d": "=", "%40": "@", "%5B": "[", "%5D": "]",
}  # fmt: skip
"""Signs that occur in places, departments and agents; others stay escaped."""


def fields(options: Mapping[str, str], *, wrapped: bool) -> dict[str, str]:
    """The path of each candidate, named after ours, inside `event` or without it."""
    prefix, suffix = ("event/", "") if wrapped else ("", "_flat")
    found = {f"feed{suffix}": "sourcetype"}
    for ours, candidates in NAMES.items():
        names = (options[ours],) if ours in options else candidates
        for number, name in enumerate(names):
            found[f"{ours}_{number}{suffix}"] = prefix + name
    return found


def chosen(options: Mapping[str, str]) -> dict[str, pl.Expr]:
    """For each of our names the first candidate that says something."""
    found: dict[str, pl.Expr] = {}
    for ours, candidates in NAMES.items():
        count = 1 if ours in options else len(candidates)
        told = pl.coalesce(
            known_to_zscaler(pl.col(f"{ours}_{number}{suffix}"))
            for number in range(count)
            for suffix in ("", "_flat", "_tabs")
        )
        found[ours] = told.str.replace_many(ESCAPED) if ours in SPELT_OUT else told
    return found


def tabs(line: pl.Expr) -> pl.Expr:
    """The line as it is where the feed writes `key=value` between tabs, else null."""
    return pl.when(line.str.contains(TABBED)).then(line)


def with_tabs(
    lines: pl.LazyFrame, text: pl.Expr, options: Mapping[str, str]
) -> pl.LazyFrame:
    """Add the columns of each candidate of a tabbed line; its stamp stands first.

    Which feed it is shows in its fields: a request has a URL, a look-up a question.
    """
    found: dict[str, pl.Expr] = {}
    for ours, candidates in NAMES.items():
        for number, name in enumerate(
            (options[ours],) if ours in options else candidates
        ):
            found[f"{ours}_{number}_tabs"] = text.str.extract(
                rf"\t{re.escape(name)}=([^\t]*)", 1
            )
    first = text.str.extract(r"^([^\t=]+)\t", 1)
    found["stamp_0_tabs"] = pl.coalesce(found["stamp_0_tabs"], first)
    feed = (
        pl.when(text.str.contains(r"\te?url="))
        .then(pl.lit("zscalernss-web"))
        .when(text.str.contains(r"\t(?:dns_)?req="))
        .then(pl.lit("zscalernss-dns"))
        .when(text.str.contains(r"\tcdip="))
        .then(pl.lit("zscalernss-fw"))
        .when(text.is_not_null())
        .then(pl.lit("zscalernss-other"))
    )
    return lines.with_columns(feed_tabs=feed, **found)


def known_to_zscaler(field: pl.Expr) -> pl.Expr:
    """Null for `None`, `NA`, `Unknown` and the like."""
    found = known(field)
    return pl.when(found != "Unknown").then(found)
