"""JSON text made of columns, for the fields that no event has a column for."""

import polars as pl

PLAIN_TEXT = r"^[ !#-\[\]-~]*$"


def json_of(fields: list[pl.Expr]) -> pl.Expr:
    """Combine named text expressions into one JSON text; null where all are null."""
    return pl.struct(fields).map_batches(
        lambda rows: _json(rows.struct.unnest()), return_dtype=pl.String, is_elementwise=True
    )


def _json(rows: pl.DataFrame) -> pl.Series:
    """Return each row as JSON; only the few that need escapes are encoded."""
    text = pl.concat_str(pl.all(), ignore_nulls=True)
    parts = [
        part
        for name in rows.columns
        for part in (
            pl.when(pl.col(name).is_not_null()).then(pl.lit(f',"{name}":')),
            name,
        )
    ]
    # `,"name":` and `value` with a quote between all of them
    members = pl.concat_str(parts, separator='"', ignore_nulls=True).str.slice(1) + '"'
    found = rows.select(is_plain=text.str.contains(PLAIN_TEXT), json=_object(members))
    odd = (~found["is_plain"]).arg_true()
    if not len(odd):
        return found["json"]
    members = pl.concat_str(map(_encoded, rows.columns), separator=",", ignore_nulls=True)
    return found["json"].scatter(odd, rows[odd].select(_object(members)).to_series())


def _object(members: pl.Expr) -> pl.Expr:
    """Return null where no field holds anything."""
    is_empty = pl.all_horizontal(pl.all().is_null())
    return pl.when(~is_empty).then("{" + members + "}")


def _encoded(name: str) -> pl.Expr:
    """`"name":"text"`; null for null."""
    encoded = pl.struct(name).struct.json_encode()
    member = encoded.str.strip_prefix("{").str.strip_suffix("}")
    return pl.when(pl.col(name).is_not_null()).then(member)
