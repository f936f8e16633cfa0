r"""Lines of `key=value key="a value with spaces"`, as many firewalls write them.

`pairs` first proves that the whole text is made of pairs, and hides quotes that
are part of a value; `with_values` then finds all keys in one look (`_pairs.py`).
What stands inside quotes, such as the agent `x user=ada`, is never taken for a key.

Some products write a value of several words without quotes (`type=Unknown (0x0)`):
there `loose` takes words that hold no `=` for a part of it.

A backslash inside quotes hides the character behind it (`\"`, `\\`) where the
product writes so; others (Sophos, SonicWall) write backslashes as they are.
"""

import polars as pl

from pipelines.formats._fields import rarely
from pipelines.formats._pairs import values

KEY = r"[A-Za-z0-9_.:-]+"
QUOTE, SLASH = "\x1e", "\x1d"  # what stands for them when hidden
QUOTED = r'"(?:[^"\\]|\\.)*"'
QUOTED_AS_IS = r'"[^"]*"'
PLAIN_TEXT = r"^[ !#-\[\]-~]*$"
WORDS = r'(?: [^ "=]+)*'


def pairs(text: pl.Expr, *, escapes: bool = True, loose: bool = False) -> pl.Expr:
    """The text ready for `with_values`; null unless it is pairs from end to end.

    Args:
        text: What stands behind the header of the line.
        escapes: Whether a backslash inside quotes hides the next character.
        loose: Whether a value without quotes may be of several words.
    """
    bare = text.str.strip_chars(" \t\r\x00")
    quoted = QUOTED if escapes else QUOTED_AS_IS
    pair = rf'{KEY}=(?:{quoted}|[^ "]*{WORDS if loose else ""})'
    shaped = bare.str.contains(rf"^(?:{pair}(?: +|$))+$")
    if escapes:
        odd = pl.when(bare.str.contains("\\", literal=True)).then(bare)
        hidden = odd.str.replace_many(["\\\\", '\\"'], [SLASH, QUOTE])
        bare = pl.coalesce(hidden, bare)
    return pl.when(shaped).then(" " + bare)


def with_values(frame: pl.LazyFrame, *keys: str, loose: bool = False) -> pl.LazyFrame:
    """Add what each key of `pairs` holds, without quotes; `value` names the column.

    Null where the key is missing or has nothing behind it; the first one counts.
    """
    names = [f"key_{key}" for key in keys]

    def read(texts: pl.Series) -> pl.Series:
        found = values(texts, keys, loose=loose).struct.rename_fields(names)
        is_hidden = texts.str.contains(f"[{QUOTE}{SLASH}]").any()
        return _shown(found) if is_hidden else found

    # in a step of its own: unnesting the expression would run it once a key
    dtype = pl.Struct(dict.fromkeys(names, pl.String))
    found = pl.col("pairs").map_batches(read, return_dtype=dtype)
    return frame.with_columns(_found=found).unnest("_found")


def _shown(found: pl.Series) -> pl.Series:
    """With the signs that were hidden."""
    signs = pl.col(pl.String).str.replace_many([QUOTE, SLASH], ['"', "\\"])
    return found.struct.unnest().with_columns(signs).to_struct(found.name)


def value(key: str) -> pl.Expr:
    """What a key holds, once `with_values` has looked for it."""
    return pl.col(f"key_{key}")


def as_json(*keys: str) -> pl.Expr:
    """The named keys as JSON text, without those that are missing; else null."""
    return json_of([value(key).alias(key) for key in keys])


def json_of(fields: list[pl.Expr]) -> pl.Expr:
    """Named text expressions as one JSON text; null where all are null."""
    joined = pl.concat_str(map(_member, fields), separator=",", ignore_nulls=True)
    return pl.when(joined != "").then("{" + joined + "}")


def _member(field: pl.Expr) -> pl.Expr:
    """`"name":"text"`, null for null; only what needs escapes is encoded."""
    name = field.meta.output_name()
    is_plain = field.str.contains(PLAIN_TEXT)
    plain = pl.concat_str(pl.lit(f'"{name}":"'), field, pl.lit('"'))
    odd = rarely(pl.when(~is_plain).then(field), lambda one: _encoded(one, name))
    return pl.when(is_plain).then(plain).otherwise(odd)


def _encoded(text: pl.Expr, name: str) -> pl.Expr:
    encoded = pl.struct(text.alias(name)).struct.json_encode()
    return encoded.str.strip_prefix("{").str.strip_suffix("}")
