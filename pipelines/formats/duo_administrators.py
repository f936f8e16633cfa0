"""Duo's administrator log, from its Admin API or an export of it.

    {"action":"bypass_create","description":"{...}","isotimestamp":
     "2026-11-02T14:15:05+00:00","object":"ada","timestamp":1793628905,"username":"Cy Park"}

(one object, alone or in an array). `username` is the administrator by a name that the administrator
chose, or `API`, so it names no account. `object` is a user, a phone or a group, as the action has
it; `description` is JSON as text. `factor` in the extras is a factor of a user that was enrolled or
reset; a bypass code is a factor.
"""

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Reading, Stamp
from pipelines.formats import Context, Format
from pipelines.formats.reading import json
from pipelines.formats.reading.fields import account, null_if_dash
from pipelines.formats.reading.json import json_text
from pipelines.formats.reading.table import value

DETAILS = {"status": "status", "user": "user", "users": "users"}
FACTORS = {
    "bypass_create": "enrolled",
    "phone_associate": "enrolled",
    "hardtoken_associate": "enrolled",
    "phone_disassociate": "reset",
    "hardtoken_disassociate": "reset",
    "deregister_devices": "reset",
}
ABOUT_USERS = ["bypass_create", "user_update", "deregister_devices"]
"""Actions whose object is a user; of the others the description names one."""

ACTION = value("action")
USER = pl.coalesce(pl.when(ACTION.is_in(ABOUT_USERS)).then(value("object")), "user", "users")
IS_BYPASSED = (ACTION == "user_update") & (pl.col("status").str.to_lowercase() == "bypass")
FACTOR = (
    pl.when(IS_BYPASSED)
    .then(pl.lit("reset"))
    .otherwise(ACTION.replace_strict(FACTORS, default=None, return_dtype=pl.String))
)
"""Whether a user's factor was enrolled or reset; bypass turns factors off."""


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with an action, its description and both stamps, and no transaction."""
    is_other = json.has_keys(line, "(?:txid|access_device|akey)")
    return json.has_keys(line, "action", "description", "isotimestamp", "username") & ~is_other


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the object, and the object in its description."""
    lines = json.split(batch, context, [*names, "description"]).rename({"is_object": "is_whole"})
    details = json.with_fields(lines, DETAILS, value("description"))
    return details.with_columns(is_object="is_whole")


def stamp(context: Context) -> Stamp:
    """Return the time; without an offset it is UTC."""
    del context
    return clock.first(
        clock.iso(value("isotimestamp"), Reading("UTC")), clock.epoch_by_size(value("timestamp"))
    )


FORMAT = Format(
    name="duo_administrators",
    product="Duo, administrators",
    event_classes=("system_events",),
    looks_like=looks_like,
    split=split,
    stamp=stamp,
    fields={"kind": "action"},
    more={
        "extras": pl.when(FACTOR.is_not_null()).then(
            json_text(factor=FACTOR, user=account(USER), by=null_if_dash(value("username")))
        )
    },
    must={**json.RULE, "no action": pl.col("kind").is_not_null()},
    framing="json_array",
)
