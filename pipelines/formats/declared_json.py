"""Any JSON export, whose fields the district names in its settings.

    {"when":"2026-03-02T14:00:05Z","who":{"login":"ada"},"from":"10.20.4.17"}

with the source's options

    event_class = "logons"          # the default
    time = "when"                   # one of our columns = the field's path
    user_name = "who.login"         # keys joined by dots, list places by number
    src_ip = "/from"                # a path with slashes, where keys hold dots
    activity = "=logon"             # a fixed value for every record

A record is one object: alone, one per line, in an array, or under `items` or `value`. A column
that is not named is looked for under its own name. Times are ISO 8601, or a count since 1970
whose unit shows in its length; without an offset they are in the source's zone. A value that
does not fit its column is unknown; a time, an activity or a lease's action that does not fit
refuses the record.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.declared import CLASSES, RULES, declared, event_class, path, values
from pipelines.formats.reading.json import has_keys, with_fields

REJECT_RULES = {
    "not a JSON object": pl.col("is_object"),
    **RULES,
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with our field names; other exports are declared, not guessed."""
    return has_keys(line, "time", "(?:user_name|url_hostname|query_name|logon_kind)")


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of the declared event class.

    Raises:
        SettingsError: An option names no event class, or no column of it.
    """
    cls = event_class(context.options)
    places, fixed = declared(cls, context.options)
    paths = {column: path(place) for column, place in places.items()}
    fields = with_fields(batch, {f"said_{column}": place for column, place in paths.items()})
    texts = {
        column: pl.lit(fixed[column])
        if column in fixed
        else pl.col(f"said_{column}").str.strip_chars()
        for column in (*paths, *fixed)
    }

    def stamp(text: pl.Expr) -> clock.Stamp:
        return clock.first(clock.iso(text, context.reading), clock.epoch_by_size(text))

    return fields.with_columns(**values(cls, texts, stamp))


FORMAT = Format(
    name="declared_json",
    product="any",
    event_classes=CLASSES,
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    framing="json_array",
    may_lack={"src_ip": pl.lit(value=True)},
)
