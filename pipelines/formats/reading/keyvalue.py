r"""Lines of `key=value key="a value with spaces"`, as many firewalls write them.

`with_values` hides quotes that are part of a value, proves that the whole text is made of pairs,
and finds all keys in one pass (`pairs.py`). Text inside quotes, such as the agent `x user=ada`,
is never mistaken for a key.

Some products write a value of several words without quotes (`type=Unknown (0x0)`): there `loose`
reads words without `=` as a part of it.

A backslash inside quotes escapes the next character (`\"`, `\\`) in some products; others
(Sophos, SonicWall) do not escape backslashes.

LEEF (QRadar) separates its header by bars; tab-separated pairs follow. Version 1.0 separates by
tab. Version 2.0 may name another separator after the event id, as a sign or a code (`^`, `x5E`);
without one it is the tab again. A syslog relay may write a tab as `#011`, and may have mistaken
the word `LEEF:` for a tag and removed it.
"""

from collections.abc import Sequence
from functools import partial

import polars as pl

from pipelines.formats.reading.fields import where_rare
from pipelines.formats.reading.pairs import NO_WRITERS, Writers, values
from pipelines.formats.reading.table import PREFIX

KEY = r"[A-Za-z0-9_.:-]+"
QUOTE, SLASH = "\x1e", "\x1d"  # placeholders of hidden characters
ODD = rf"[\\{QUOTE}{SLASH}]"
MARGIN = " \t\r\x00"
WORDS = r'(?: [^ "=]+)*'

HEAD = r"^(?:.*?[ :>])?(?:LEEF: ?)?([12]\.0)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|(.*)$"
SEPARATOR = r"^(?:([^|\t=])|0?x([0-9A-Fa-f]{2}))?\|"
SHAPE = r"^(?:\t+[A-Za-z0-9_.-]+=[^\t]*)+$"
TAB = "\t"
ENDS = " \t,|;"
"""Separators at the ends of a key and its value."""


def with_values(
    frame: pl.LazyFrame,
    text: pl.Expr,
    *keys: str,
    writers: Writers = NO_WRITERS,
    escapes: bool = True,
    loose: bool = False,
    strict: bool = True,
) -> pl.LazyFrame:
    """Add what each key holds, without quotes (`value` names it), and `is_pairs`.

    Null where the key is missing or has nothing behind it; the first one counts. Adds
    `is_doubtful` too.

    Args:
        frame: Any lines.
        text: The line after its header.
        keys: What to look for.
        writers: Which of them name an account, and which ones visitors write.
        escapes: Whether a backslash inside quotes hides the next character.
        loose: Whether a value without quotes may be of several words.
        strict: Whether a text that is not pairs from end to end has no values.
    """
    columns = [*(f"key_{key}" for key in keys), "is_pairs", "is_doubtful"]

    def read(texts: pl.Series) -> pl.DataFrame:
        bare = _stripped(texts)
        whole = _whole(loose=loose) if strict else ""
        found_of = partial(values, keys=keys, writers=writers, loose=loose, whole=whole)
        is_odd = bare.str.contains(ODD).fill_null(value=False)
        if not escapes or not is_odd.any():
            found = found_of(bare)
        else:
            hidden = _hidden(bare.filter(is_odd), whole)
            found = pl.concat([found_of(bare.filter(~is_odd)), _shown(found_of(hidden))])
            places = pl.concat([(~is_odd).arg_true(), is_odd.arg_true()])
            found = found[places.arg_sort()]
        if writers.tail and strict and not found["is_pairs"].all():
            odd = ~found["is_pairs"]
            found = pl.concat(
                [found.filter(~odd), found_of(bare.filter(odd).str.replace(writers.tail, ""))]
            )
            found = found[pl.concat([(~odd).arg_true(), odd.arg_true()]).arg_sort()]
        found.columns = columns
        return found

    # immediately: within a plan it would run inside of its threads, at a higher cost
    lines = frame.with_columns(_text=text).collect()
    found = read(lines["_text"])
    return pl.concat([lines.drop("_text"), found], how="horizontal").lazy()


def _whole(*, loose: bool) -> str:
    """Return pairs that cover the whole text; hidden quotes are inside other quotes."""
    pair = rf'{KEY}=(?:"[^"]*"|[^ "{QUOTE}]*{WORDS if loose else ""})'
    return rf"^(?:{pair}(?: +|$))+$"


def _stripped(texts: pl.Series) -> pl.Series:
    """Strip spaces and the like at the ends."""
    ends = [
        end for sign in MARGIN for end in (texts.str.starts_with(sign), texts.str.ends_with(sign))
    ]
    return texts.str.strip_chars(MARGIN) if any(end.any() for end in ends) else texts


def _hidden(texts: pl.Series, whole: str) -> pl.Series:
    """Replace escaped characters with placeholders; null for an escape outside quotes."""
    text = pl.col("text")
    is_odd = text.str.contains(QUOTE, literal=True)
    fit = where_rare(
        pl.when(is_odd).then(text), lambda odd: pl.when(odd.str.contains(whole)).then(odd)
    )
    hidden = texts.str.replace_many(["\\\\", '\\"'], [SLASH, QUOTE])
    kept = pl.when(is_odd).then(fit).otherwise(text)
    return hidden.to_frame("text").select(kept).to_series()


def _shown(found: pl.DataFrame) -> pl.DataFrame:
    """Replace placeholders with their characters."""
    signs = pl.col(pl.String).str.replace_many([QUOTE, SLASH], ['"', "\\"])
    return found.with_columns(signs)


def with_leef(batch: pl.LazyFrame, text: pl.Expr) -> pl.LazyFrame:
    """Add `vendor`, `product`, `event_id` and `fields`, each field after a tab.

    All are null if the text is not LEEF; `fields` is null if the text after
    the header does not consist of pairs.
    """
    groups = text.str.strip_chars("\r\n\x00 ").str.extract_groups(HEAD)
    version, vendor, product, _, event_id, rest = (
        groups.struct.field(str(at)) for at in range(1, 7)
    )
    extension = pl.col("leef_rest")
    named = pl.when(pl.col("leef_version") == "2.0").then(extension.str.extract(SEPARATOR, 0))
    sign = pl.coalesce(
        named.str.extract(SEPARATOR, 1),
        pl.when(named.str.to_lowercase().str.contains("x5e")).then(pl.lit("^")),
        pl.when(named.str.to_lowercase().str.contains("x7c")).then(pl.lit("|")),
    )
    body = extension.str.strip_prefix(named.fill_null(""))
    parted = pl.when(sign.is_null()).then(body.str.replace_all("#011", TAB, literal=True))
    other = body.str.replace_all(TAB, " ", literal=True).str.split(sign).list.join(TAB)
    tight = pl.coalesce(parted, other).str.replace_all("\t +", TAB)
    fields = TAB + tight.str.strip_chars(TAB)
    return (
        batch.with_columns(
            vendor=vendor, product=product, event_id=event_id, leef_version=version, leef_rest=rest
        )
        .with_columns(fields=fields)
        .with_columns(fields=pl.when(pl.col("fields").str.contains(SHAPE)).then("fields"))
    )


def with_fields(
    frame: pl.LazyFrame,
    *keys: str,
    names: Sequence[str] = (),
    visitors: Sequence[str] = (),
) -> pl.LazyFrame:
    """Add what each key of LEEF holds (`value` names the column), and `is_doubtful`."""
    late = [rf"\t{visitor}=.*\t{key}=" for visitor in visitors for key in names]
    shapes = {key: rf"\t{key}=([^\t]*)" for key in (*keys, *names)}
    found = frame.with_columns(
        *(
            pl.col("fields")
            .str.extract(shape, 1)
            .str.strip_chars(" ")
            .replace("", None)
            .alias(f"{PREFIX}{key}")
            for key, shape in shapes.items()
        ),
        is_doubtful=named_twice(pl.col("fields"), *(shapes[key] for key in names))
        | pl.any_horizontal(
            pl.lit(value=False), *(pl.col("fields").str.contains(shape) for shape in late)
        ).fill_null(value=False),
    )
    # each text is a part of another one, which slows down all that reads it
    return found.collect().rechunk().lazy()


def named_twice(text: pl.Expr, *shapes: str) -> pl.Expr:
    """Return whether a pattern of a key and its value matches values that differ.

    An empty value counts: where no one signed in, the second one is a visitor's.
    """
    found = [
        text.str.extract_all(shape).list.eval(pl.element().str.strip_chars(ENDS)).list.n_unique()
        for shape in shapes
    ]
    return pl.any_horizontal(pl.lit(value=False), *(count > 1 for count in found)).fill_null(
        value=False
    )
