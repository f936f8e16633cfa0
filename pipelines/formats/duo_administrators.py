"""Duo's administrator log, from its Admin API or an export of it.

    {"action":"bypass_create","description":"{...}","isotimestamp":
     "2026-11-02T14:15:05+00:00","object":"ada","timestamp":1793628905,"username":"Cy Park"}

(one object, alone or in an array). `username` is the administrator by a name that the administrator
chose, or `API`, so it names no account. `object` is a user, a phone or a group, as the action has
it; `description` is JSON as text. `factor` in the extras is a factor of a user that was enrolled or
reset; a bypass code is a factor.
"""

import polars as pl

from pipelines import clock
from pipelines.clock import Reading
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import account, null_if_dash
from pipelines.formats.reading.json import json_text, with_fields

FIELDS = {
    "iso": "isotimestamp",
    "count": "timestamp",
    "action": "action",
    "description": "description",
    "object": "object",
    "username": "username",
}
DETAILS = {"status": "status", "user_name": "user", "user_names": "users"}
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

REJECT_RULES = {
    "not a JSON object": pl.col("is_object"),
    "no action": pl.col("kind").is_not_null(),
    "neither isotimestamp nor timestamp can be read": pl.col("time").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with an action, its description and both stamps, and no transaction."""
    keys = [rf'"{key}"\s*:' for key in ("action", "description", "isotimestamp", "username")]
    others = line.str.contains(r'"(?:txid|access_device|akey)"\s*:')
    named = [line.str.contains(key) for key in keys]
    return line.str.starts_with("{") & pl.all_horizontal(named) & ~others


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `system_events`; a stamp without an offset is UTC."""
    del context
    stamp = clock.first(
        clock.iso(pl.col("iso"), Reading("UTC")), clock.epoch_by_size(pl.col("count"))
    )
    lines = with_fields(batch, FIELDS).rename({"is_object": "is_whole"})
    user = account(
        pl.coalesce(
            pl.when(pl.col("action").is_in(ABOUT_USERS)).then("object"), "user_name", "user_names"
        )
    )
    return with_fields(lines, DETAILS, pl.col("description")).with_columns(
        is_object="is_whole",
        time=stamp.time,
        time_quality=stamp.quality,
        kind=null_if_dash(pl.col("action")),
        message=pl.col("line"),
        extras=pl.when(_factor().is_not_null()).then(
            json_text(
                factor=_factor(),
                user=user,
                by=null_if_dash(pl.col("username")),
            )
        ),
    )


def _factor() -> pl.Expr:
    """Return whether a user's factor was enrolled or reset; bypass turns factors off."""
    is_bypassed = (pl.col("action") == "user_update") & (
        pl.col("status").str.to_lowercase() == "bypass"
    )
    change = pl.col("action").replace_strict(FACTORS, default=None, return_dtype=pl.String)
    return pl.when(is_bypassed).then(pl.lit("reset")).otherwise(change)


FORMAT = Format(
    name="duo_administrators",
    product="Duo, administrators",
    event_classes=("system_events",),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    framing="json_array",
)
