"""Sentence templates of rules' headers, filled with the facts of a row.

    Account {account} used {sites:names} for {seconds:duration}[{days?} on {days} days].

`{fact}` is the unformatted fact, `{fact:FORMAT}` in one of the formats below, and
`{account}` remains for the reader's edition to fill. A part in brackets is left out
if a fact in it is null; `{fact?}` shows nothing and leaves the part out unless the
fact holds (`{!fact?}` if it holds): null, no, 0 and an empty list do not.
Templates are checked against the declared facts when they are read.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

Details = Mapping[str, object]
"""The facts that a rule's SQL returned, by name."""

ACCOUNT = "account"
"""The subject, put in by the reader's edition under its pseudonym."""

_FIELD = re.compile(r"\{(!?)([a-z_]+)(\??)(?::([a-z]+)(?: ([^{}]*))?)?\}")
_PART = re.compile(r"\[([^\[\]]*)\]")

_NUMBERS = ("int", "double")


def minutes(seconds: float) -> str:
    """Return a duration as readers say it."""
    whole = max(1, round(seconds / 60))
    return "1 minute" if whole == 1 else f"{whole} minutes"


def listed(words: list[str]) -> str:
    """Return words in a row, the last after an and."""
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]


def counted(value: str | float | None, noun: str) -> str:
    """Return a count with its noun, or with both its nouns, as in `a box|# boxes`."""
    count = int(value or 0)
    if "|" in noun:
        return noun.split("|")[count != 1].replace("#", f"{count:,}")
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def _mapped(value: object, words: str) -> str:
    *pairs, otherwise = words.split("|")
    return dict(pair.split("=", 1) for pair in pairs).get(str(value), otherwise)


def _spaced(value: object, _: str) -> str:
    values = value if isinstance(value, list) else [value or ""]
    return ", ".join(str(item).replace("_", " ") for item in values)


class Format(NamedTuple):
    """Display format of a fact, and its types."""

    show: Callable[[Any, str], str]
    types: tuple[str, ...]
    needs_words: bool = False


FORMATS: Mapping[str, Format] = {
    "number": Format(lambda value, _: f"{int(value or 0):,}", _NUMBERS),
    "count": Format(counted, ("int",), needs_words=True),
    "duration": Format(lambda value, _: minutes(float(value or 0)), _NUMBERS),
    "seconds": Format(lambda value, _: counted(round(float(value or 0)), "second"), _NUMBERS),
    "percent": Format(lambda value, _: f"{float(value or 0):.0%}", _NUMBERS),
    "names": Format(lambda value, _: listed([str(item) for item in value or []]), ("varchar[]",)),
    "then": Format(lambda value, _: " and then at ".join(map(str, value or [])), ("varchar[]",)),
    "words": Format(_spaced, ("varchar", "varchar[]")),
    "map": Format(_mapped, ("varchar",), needs_words=True),
}
"""`count NOUN`, seconds as a `duration` in minutes or in `seconds`, `names` in a
row, `then` places in order, `words` without underscores, `map a=x|b=y|otherwise`."""


def fill(template: str, details: Details) -> str:
    """Return the sentence for some facts; `{account}` stays."""
    kept = _PART.sub(lambda part: _optional(part[1], details), template)
    return _FIELD.sub(lambda field: _shown(field, details), kept)


def nouns(noun: str) -> str:
    """Return the plural of a counted noun."""
    return counted(2, noun).partition(" ")[2]


def in_general(template: str, otherwise: str = "Or:", plural: Callable[[str], str] = nouns) -> str:
    """Return a template without facts: every part, and a plural for each count.

    Args:
        otherwise: Between a part and the part for the opposite of its condition.
        plural: Returns the plural of a counted noun.
    """
    opposite = re.compile(r"(\[\{([a-z_]+)\?\}[^\[\]]*\])(\[\{!\2\?\})")
    text = opposite.sub(rf"\1 {otherwise} \3", template)
    text = _PART.sub(lambda found: found[1], text)
    text = _FIELD.sub(lambda found: plural(found[5]) if found[4] == "count" else "", text)
    return " ".join(text.split())


def _optional(part: str, details: Details) -> str:
    for denied, name, asked, *_ in _FIELD.findall(part):
        value = details.get(name)
        holds = bool(value) is not bool(denied) if asked else value is not None
        if name != ACCOUNT and not holds:
            return ""
    return part


def _shown(field: re.Match[str], details: Details) -> str:
    _, name, asked, kind, words = field.groups()
    if name == ACCOUNT or asked:
        return "" if asked else field[0]
    value = details.get(name)
    return FORMATS[kind].show(value, words or "") if kind else str(value)


def holds(condition: str, details: Details) -> bool:
    """Return whether `fact`, `not fact` or `fact = word` is so."""
    name, _, word = (part.strip() for part in condition.partition("="))
    if word:
        return str(details.get(name)) == word
    is_denied = name.startswith("not ")
    return bool(details.get(name.removeprefix("not "))) is not is_denied


def condition_problems(condition: str, types: Mapping[str, str]) -> Iterator[str]:
    """Yield problems of a condition."""
    name = condition.partition("=")[0].strip().removeprefix("not ")
    if name not in types:
        yield f"there is no fact {name!r} to ask for in {condition!r}"


def template_problems(template: str, types: Mapping[str, str]) -> Iterator[str]:
    """Yield problems of a template, given the facts and their types."""
    rest = _PART.sub(lambda part: part[1], template)
    for _, name, asked, kind, words in _FIELD.findall(rest):
        if name == ACCOUNT:
            continue
        if name not in types:
            yield f"there is no fact {name!r} for {template!r}"
        elif not asked:
            yield from _format_problems(name, types[name], kind, words)
    if re.search(r"[{}\[\]]", _FIELD.sub("", rest)):
        yield f"a brace or bracket has no partner in {template!r}"
    if re.search(r"\{!?[a-z_]+\?", _PART.sub("", template)):
        yield f"a condition is outside of brackets in {template!r}"


def _format_problems(name: str, kind: str, shown_as: str, words: str) -> Iterator[str]:
    if not shown_as:
        if kind in ("boolean", "varchar[]"):
            yield f"{name!r} is {kind} and needs a format"
        return
    chosen = FORMATS.get(shown_as)
    if chosen is None:
        yield f"{shown_as!r} of {name!r} is none of {', '.join(FORMATS)}"
    elif kind not in chosen.types:
        yield f"{name!r} is {kind}; {shown_as!r} shows {' or '.join(chosen.types)}"
    elif chosen.needs_words and not words:
        yield f"{shown_as!r} of {name!r} needs its words"
