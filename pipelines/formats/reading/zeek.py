"""Zeek's logs, as tab-separated text or as JSON lines, into the same columns.

In the text form `#fields` names the columns of the lines below it, and names
and number change between versions; `-` is unset and `(empty)` an empty set. In
the JSON form unset fields are left out. All stamps are UTC. `#open` is never
used to date a line: it may be years away.
"""

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Stamp
from pipelines.formats import Context
from pipelines.formats.reading import json
from pipelines.formats.reading.table import PREFIX, value

STAMP = r"^(?:[A-Za-z][A-Za-z0-9_.-]*\t)?[0-9]{9,10}\.[0-9]{1,6}\t"
PAIR = STAMP + r"[0-9A-Za-z]+\t[0-9a-fA-F.:]+\t[0-9]+\t[0-9a-fA-F.:]+\t[0-9]+\t"
"""The first six columns of most logs: stamp, uid and the two ends."""

ENDS = {
    "src_ip": "id.orig_h",
    "src_port": "id.orig_p",
    "dst_ip": "id.resp_h",
    "dst_port": "id.resp_p",
}
"""The two ends of a connection; the originator is the source."""

MEMBERS = 8
"""Members of a set that are read from JSON."""

REJECT_RULES = {
    "{columns} columns, not as many as #fields names, nor a JSON object": pl.col("is_whole"),
    "the columns are those of another log": pl.col("is_of_this_log"),
}


COLUMNS = pl.col("line").str.count_matches("\t", literal=True) + 1


def is_header(line: pl.Expr) -> pl.Expr:
    """Match the line that names the columns."""
    return line.str.starts_with("#fields\t")


def names_all(line: pl.Expr, *fields: str) -> pl.Expr:
    """Match a header with some fields, such as those that only one log has."""
    named = [line.str.contains(rf"\t{field}(?:\t|$)") for field in fields]
    return is_header(line) & pl.all_horizontal(named)


def is_comment(line: pl.Expr) -> pl.Expr:
    """`#separator`, `#path`, `#open`, `#close` and the like."""
    return line.str.starts_with("#") & ~is_header(line)


def has_keys(line: pl.Expr, *keys: str) -> pl.Expr:
    """Match a JSON object of Zeek's with these keys."""
    return json.has_keys(line, "ts", *keys)


def split(
    batch: pl.LazyFrame,
    context: Context,
    names: Sequence[str],
    *,
    sets: Sequence[str] = (),
    proof: Sequence[str],
    keys: Sequence[str],
) -> pl.LazyFrame:
    """Cut lines into fields, whichever form a line has.

    Args:
        batch: The lines.
        context: Its header is the `#fields` line above.
        names: Zeek's names of the fields.
        sets: Those that are sets; members are joined by commas.
        proof: Columns that, of all logs, only this one has.
        keys: Keys that its JSON always holds; unset ones are left out.
    """
    header = (context.header or "").strip().split("\t")[1:]
    line = pl.col("line")
    is_json = line.str.contains(r"^[ \t\x{feff}]*\{")
    cut = pl.when(~is_json).then(line.str.strip_chars_end("\r").str.split("\t"))
    is_in_header = pl.lit(set(proof) <= set(header))
    paths = {f"json_{name}": path for name, path in _paths(names, sets).items()}
    return (
        json.with_fields(batch, paths)
        .with_columns(_cut=cut)
        .with_columns(
            is_whole=pl.when(is_json)
            .then(pl.col("is_object"))
            .otherwise(pl.col("_cut").list.len() == max(len(header), 1)),
            is_of_this_log=pl.when(is_json).then(has_keys(line, *keys)).otherwise(is_in_header),
            **{
                f"{PREFIX}{name}": pl.coalesce(_json(name, sets), _text(name, header))
                for name in names
            },
        )
        .drop("_cut", *paths)
    )


def stamp(context: Context) -> Stamp:
    """`ts` as an epoch, or as ISO 8601 where Zeek is set so."""
    return clock.first(clock.epoch(value("ts")), clock.iso(value("ts"), context.reading))


def is_true(field: pl.Expr) -> pl.Expr:
    """`T` in text, `true` in JSON; null where unset."""
    return field.replace_strict(
        {"T": True, "true": True, "F": False, "false": False}, default=None, return_dtype=pl.Boolean
    )


def _paths(names: Sequence[str], sets: Sequence[str]) -> dict[str, str]:
    paths: dict[str, str] = {}
    for name in names:
        if name in sets:
            paths |= {f"{name}_{n}": f"{name}/{n}" for n in range(MEMBERS)}
        else:
            paths[name] = name
    return paths


def _json(name: str, sets: Sequence[str]) -> pl.Expr:
    if name not in sets:
        return pl.col(f"json_{name}")
    members = [pl.col(f"json_{name}_{n}") for n in range(MEMBERS)]
    joined = pl.concat_str(members, separator=",", ignore_nulls=True)
    return pl.when(joined != "").then(joined)


def _text(name: str, header: Sequence[str]) -> pl.Expr:
    if name not in header:
        return pl.lit(None, pl.String)
    field = pl.col("_cut").list.get(header.index(name), null_on_oob=True)
    return pl.when(~field.is_in(["-", "(empty)", ""])).then(field)
