r"""Lines of `key=value key="a value with spaces"`, as many firewalls write them.

A line is looked through key by key, which is quick but blind to quotes: the
agent `x user=ada` would become a user. So `pairs` first proves that the whole
text is made of pairs, and in the few lines whose quoted values hold something
like a key it hides the spaces of those values. `with_values` undoes that.

Some products write a value of several words without quotes (`type=Unknown (0x0)`):
there `loose` takes words that hold no `=` for a part of it.

A backslash inside quotes hides the character behind it (`\"`, `\\`) where the
product writes so; others (Sophos, SonicWall) write backslashes as they are.
"""

import polars as pl

KEY = r"[A-Za-z0-9_.:-]+"
SPACE, QUOTE, SLASH = "\x1f", "\x1e", "\x1d"  # what stands for them when hidden
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
    inner = quoted.removesuffix('"')
    doubtful = bare.str.contains(rf"^(?:{pair} +)*{KEY}={inner} {KEY}=")
    if escapes:
        doubtful |= bare.str.contains("\\", literal=True)
    hidden = _hidden(pl.when(doubtful).then(bare), escapes=escapes)
    return pl.when(shaped).then(" " + pl.coalesce(hidden, bare))


def with_values(frame: pl.LazyFrame, *keys: str, loose: bool = False) -> pl.LazyFrame:
    """Add what each key of `pairs` holds, without quotes; `value` names the column.

    Null where the key is missing or has nothing behind it; the first one counts.
    """
    return frame.with_columns(
        _found(key, loose=loose).alias(f"key_{key}") for key in keys
    )


def value(key: str) -> pl.Expr:
    """What a key holds, once `with_values` has looked for it."""
    return pl.col(f"key_{key}")


def _found(key: str, *, loose: bool) -> pl.Expr:
    more = WORDS + "(?: |$)" if loose else ""
    found = pl.col("pairs").str.extract(rf' {key}=("[^"]*"|[^ "]+{more})', 1)
    plain = (
        found.str.strip_chars(" ")
        .str.strip_prefix('"')
        .str.strip_suffix('"')
        .str.replace_many([SPACE, QUOTE, SLASH], [" ", '"', "\\"])
    )
    return plain.replace("", None)


def _hidden(text: pl.Expr, *, escapes: bool) -> pl.Expr:
    """Spaces and escaped signs inside quotes, each by its stand-in."""
    if escapes:
        text = text.str.replace_many(["\\\\", '\\"'], [SLASH, QUOTE])
    piece = pl.element()
    inside = pl.int_range(pl.len()) % 2 == 1
    veiled = pl.when(inside).then(piece.str.replace_all(" ", SPACE, literal=True))
    return text.str.split('"').list.eval(veiled.otherwise(piece)).list.join('"')


def as_json(*keys: str) -> pl.Expr:
    """The named keys as JSON text, without those that are missing; else null."""
    return json_of([value(key).alias(key) for key in keys])


def json_of(fields: list[pl.Expr]) -> pl.Expr:
    """Named text expressions as one JSON text; null where all are null."""
    joined = pl.concat_str(map(_member, fields), separator=",", ignore_nulls=True)
    return pl.when(joined != "").then("{" + joined + "}")


def _member(field: pl.Expr) -> pl.Expr:
    """`"name":"text"`, null for null; only what needs escapes is encoded."""
    is_plain = field.str.contains(PLAIN_TEXT)
    plain = pl.concat_str(pl.lit(f'"{field.meta.output_name()}":"'), field, pl.lit('"'))
    odd = pl.when(~is_plain).then(field).alias(field.meta.output_name())
    # each on its own, since a struct would also write the missing ones
    encoded = pl.struct(odd).struct.json_encode()
    bare = encoded.str.strip_prefix("{").str.strip_suffix("}")
    return pl.when(is_plain).then(plain).when(~is_plain).then(bare)
