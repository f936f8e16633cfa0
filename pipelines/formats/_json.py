"""JSON lines: text columns out of objects, whole batches at a time.

A field is named by its path: keys joined by `/`, a number for a place in an
array, as in `winlog/event_data/IpAddress` or `events/0/name`. A key may hold
dots. Every value comes out as text, however the product wrote it: `5`, `"5"`
and `true` are `5`, `5` and `true`; null and absent are null.

Polars' own decoder is quick but refuses a whole batch for one bad line, and
lets a line such as `{},{}` shift the rows below it. So lines are decoded in
blocks, and each carries a mark that must come out where it went in. Where a block
fails, its odd lines are found, taken out and read by themselves, field by field.
Whether a line is odd depends on nothing but the line.
"""

import secrets
from collections.abc import Mapping
from typing import Any

import polars as pl

Fields = Mapping[str, str]
"""Column names, each with the path of its field."""

BLOCK = 4_096
"""Lines decoded at once; larger blocks are slower, since the decoder copies."""

PIECE = 256
"""Lines among which odd ones are looked for; the rest of a block is not."""

ESCAPES = {
    "\\": "\\\\",
    '"': '\\"',
    **{chr(code): f"\\u{code:04x}" for code in range(32)},
}
LINE = pl.col("line")
MARGIN = " \t\r\n\x00\ufeff"


def with_fields(
    batch: pl.LazyFrame, fields: Fields, line: pl.Expr = LINE
) -> pl.LazyFrame:
    """Add a text column for each field, and `is_object`.

    `is_object` is false where the line is null or no whole JSON object; its
    fields are then null. Where a field is not what its path says (an object
    where text is meant), the column holds JSON text.
    """
    dtype = pl.Struct({**dict.fromkeys(fields, pl.String), "is_object": pl.Boolean})

    nothing = pl.DataFrame(schema=pl.Schema(dtype))

    def read(lines: pl.Series) -> pl.Series:
        found = _in_parts(lines, fields, BLOCK) if len(lines) else nothing
        return found.to_struct(lines.name)

    # in a step of its own: unnesting the expression would run it once a field
    objects = line.map_batches(read, return_dtype=dtype)
    return batch.with_columns(_objects=objects).unnest("_objects")


def holds_key(line: pl.Expr, key: str) -> pl.Expr:
    """The line is an object in which a key of that name occurs."""
    return line.str.contains(r"^[ \t\x{feff}]*\{") & line.str.contains(rf'"{key}"\s*:')


def _in_parts(lines: pl.Series, fields: Fields, size: int) -> pl.DataFrame:
    parts = [lines.slice(start, size) for start in range(0, len(lines), size)]
    return pl.concat(_block(part, fields) for part in parts)


def _block(lines: pl.Series, fields: Fields) -> pl.DataFrame:
    bare = lines.str.strip_chars(MARGIN)
    braced = (bare.str.starts_with("{") & bare.str.ends_with("}")).fill_null(
        value=False
    )
    if not braced.any():
        nothing = dict.fromkeys(fields, pl.lit(None, pl.String))
        return braced.to_frame("is_object").select(**nothing, is_object="is_object")
    mark = f"mark_{secrets.token_hex(8)}"  # no line can name it
    # half a character pair is refused by one decoder and not by the other
    paired = bare.str.contains("\\ud", literal=True) | bare.str.contains(
        "\\uD", literal=True
    )
    odd = braced & (paired | (bare.str.strip_chars("{} \t") == ""))
    shape = _shape(fields, mark)
    for find_odd in (None, _unfit, _refused):
        if find_odd is not None:
            if len(lines) > PIECE:
                return _in_parts(lines, fields, PIECE)
            odd |= find_odd(_marked(bare, braced & ~odd, mark), fields, shape)
        objects = _decoded(_marked(bare, braced & ~odd, mark), 0, shape)
        if objects is not None:
            break
    assert objects is not None, "lines that decode one by one decode together"
    values = objects.to_frame("object").select(
        *(_at(pl.col("object"), path).alias(name) for name, path in fields.items()),
        is_object=braced & ~odd,
    )
    return _with_odd(values, bare, odd, fields) if odd.any() else values


def _marked(lines: pl.Series, fit: pl.Series, mark: str) -> pl.Series:
    """Each line with its number as the first member; of others only the number."""
    rest = pl.when("fit").then("," + pl.col("line").str.slice(1))
    text = pl.concat_str(
        pl.lit(f'{{"{mark}":'), pl.int_range(pl.len()), rest.otherwise(pl.lit("}"))
    )
    return pl.DataFrame({"line": lines, "fit": fit}).select(text).to_series()


def _decoded(lines: pl.Series, first: int, shape: pl.Struct) -> pl.Series | None:
    """The objects of some lines, or None where one is refused or out of place."""
    try:
        objects = lines.str.json_decode(shape)
    except pl.exceptions.ComputeError:
        return None
    if len(objects) != len(lines):
        return None
    marks = objects.struct.field(shape.fields[0].name)
    expected = pl.int_range(first, first + len(lines), eager=True)
    return objects if marks.equals(expected) else None


def _unfit(lines: pl.Series, fields: Fields, shape: pl.Struct) -> pl.Series:
    """Lines that are no JSON, or have something else where a path goes through."""
    del shape
    paths = {
        "/".join(keys[:depth]): keys[depth].isdecimal()
        for keys in (path.split("/") for path in fields.values())
        for depth in range(1, len(keys))
    }
    line = pl.col("line")
    unfit = line.str.json_path_match("$").is_null()
    for path, is_list in paths.items():
        node = line.str.json_path_match(_json_path(path))
        unfit |= ~node.str.starts_with("[" if is_list else "{").fill_null(value=True)
    return lines.to_frame("line").select(unfit).to_series()


def _refused(lines: pl.Series, fields: Fields, shape: pl.Struct) -> pl.Series:
    """Lines that the decoder refuses one by one, found by halving."""
    del fields
    refused = []
    waiting = [(0, len(lines))]
    while waiting:
        first, end = waiting.pop()
        if _decoded(lines.slice(first, end - first), first, shape) is not None:
            continue
        if end - first == 1:
            refused.append(first)
        else:
            half = (first + end) // 2
            waiting += [(first, half), (half, end)]
    return pl.int_range(len(lines), eager=True).is_in(refused)


def _with_odd(
    values: pl.DataFrame, lines: pl.Series, odd: pl.Series, fields: Fields
) -> pl.DataFrame:
    """Read the odd lines field by field: slower, but never all or nothing."""
    line = pl.col("line")
    whole = line.str.json_path_match("$")
    rest = (
        lines.filter(odd)
        .to_frame("line")
        .select(
            *(
                line.str.json_path_match(_json_path(path)).alias(name)
                for name, path in fields.items()
            ),
            is_object=whole.str.starts_with("{").fill_null(value=False),
        )
    )
    place = odd.arg_true().cast(pl.Int64)
    return (
        values.with_row_index("place")
        .with_columns(pl.col("place").cast(pl.Int64))
        .update(rest.with_columns(place.alias("place")), on="place")
        .drop("place")
    )


def _shape(fields: Fields, mark: str) -> pl.Struct:
    tree: dict[str, Any] = {}
    for path in fields.values():
        node = tree
        for key in path.split("/"):
            node = node.setdefault(key, {})
    return pl.Struct(
        {mark: pl.Int64, **{key: _dtype(sub) for key, sub in tree.items()}}
    )


def _dtype(tree: Mapping[str, Any]) -> Any:
    """Text for a leaf, a list where the keys are numbers, else a struct."""
    if not tree:
        return pl.String
    if all(key.isdecimal() for key in tree):
        merged: dict[str, Any] = {}
        for sub in tree.values():
            merged |= sub
        return pl.List(_dtype(merged))
    return pl.Struct({key: _dtype(sub) for key, sub in tree.items()})


def _at(node: pl.Expr, path: str) -> pl.Expr:
    for key in path.split("/"):
        if key.isdecimal():
            node = node.list.get(int(key), null_on_oob=True)
        else:
            node = node.struct.field(key)
    return node


def _json_path(path: str) -> str:
    steps = [f"[{key}]" if key.isdecimal() else f'["{key}"]' for key in path.split("/")]
    return "$" + "".join(steps)


def json_text(**fields: pl.Expr) -> pl.Expr:
    """The fields that are not null as one JSON object; null where there is none."""
    members = [
        f'"{name}":"' + field.str.replace_many(ESCAPES) + '"'
        for name, field in fields.items()
    ]
    joined = pl.concat_str(members, separator=",", ignore_nulls=True)
    return pl.when(joined != "").then("{" + joined + "}")
