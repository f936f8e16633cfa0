"""The language and the style of a reader: one catalog of texts, and the locale in use.

`text` returns the translation of an English text, from `locales/LANGUAGE.po`. A text
without a translation stays English. Sentences that findings keep are English; `restated`
finds the template that made one, and fills in its translation.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

ENGLISH = "en"
AMERICAN = "en-US"
LOCALE: ContextVar[str] = ContextVar("locale", default=AMERICAN)
CATALOGS = Path(__file__).parent / "locales"
KEPT = "kept"
"""Context of the texts that rules and findings keep, in the syntax of rules' headers."""

FIELD = re.compile(r"\{(!?)([a-z_]+)(\??)(?::([a-z]+)(?: ([^{}]*))?)?\}")
PART = re.compile(r"\[([^\[\]]*)\]")
INTEGER = re.compile(r"[0-9][0-9,]*")
TWO_PERIODS = re.compile(r"(?<=\b[ap]\.m\.)\.(?=\s|$)")
BEFORE_I = re.compile("h?i(?!e)", re.IGNORECASE)
"""Words before which Spanish writes "e" for "and"."""
NESTED = ("facts", "office", "served")
"""Fields whose values are kept sentences themselves."""


class Quoted(str):
    """A text in its original English, on a page in another language."""

    __slots__ = ()


@contextmanager
def in_locale(locale: str) -> Iterator[None]:
    """Write texts, dates, times and distances for readers of a locale.

    Args:
        locale: en-US, en-GB, en-CA or es-US.
    """
    token = LOCALE.set(locale)
    try:
        yield
    finally:
        LOCALE.reset(token)


def page_locale(locale: str) -> str:
    """Return the locale of pages that have no translation: their texts are English."""
    return locale if locale.startswith(ENGLISH) else AMERICAN


def language() -> str:
    """Return the language in use, as a page's `lang`."""
    return LOCALE.get().partition("-")[0]


def cldr() -> Locale:
    """Return the locale in use, with its rules for dates and numbers."""
    return Locale.parse(LOCALE.get(), sep="-")


def text(message: str, **values: object) -> str:
    """Return a text in the reader's language, with its values."""
    return ended(term(message).format(**values))


def plural(one: str, many: str, size: int, **values: object) -> str:
    """Return a text for a number of things; both languages have two forms."""
    return ended(form(one, many, size).format(**values))


def series(items: Sequence[str]) -> str:
    """Return text such as "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    template = term(marked("{several} and {last}"))
    if language() == "es" and BEFORE_I.match(items[-1]):
        template = template.replace(" y ", " e ")
    return template.format(several=", ".join(items[:-1]), last=items[-1])


def ended(said: str) -> str:
    """Return a text with one period where a time such as "2:02 p.m." ends a sentence."""
    return TWO_PERIODS.sub("", said) if ".m.." in said else said


def marked(message: str) -> str:
    """Mark a constant, which `text` translates where it is shown."""
    return message


def term(message: str) -> str:
    """Return the translation of a text, its fields not filled in."""
    found = _forms(message)
    return found[0] if found else message


def form(one: str, many: str, size: int) -> str:
    """Return the translation for a number of things, its fields not filled in."""
    found = _forms(one) or (one, many)
    return found[0 if size == 1 else -1]


def restated(sentence: str, details: Mapping[str, object] | None = None) -> str:
    """Return a sentence that a rule or a finding keeps, in the reader's language.

    One that no template of the catalog made remains English, and is marked as such.

    Args:
        details: The facts of the finding, which contain its lists of names.
    """
    if language() == ENGLISH or not sentence:
        return sentence
    kept = " ".join(sentence.split())
    found = _forms(kept, KEPT)
    if found and not FIELD.search(found[0]):
        return found[0]
    for template in templates(language()):
        if said := template.restate(kept, details or {}):
            return said
    return Quoted(sentence)


def quoted(sentence: str) -> str:
    """Return a text of the district's own policy, which stays as the board wrote it."""
    return sentence if language() == ENGLISH or not sentence else Quoted(sentence)


def _forms(message: str, context: str | None = None) -> tuple[str, ...]:
    if language() == ENGLISH or not message:
        return ()
    entry = catalog(language()).get(message, context)
    if entry is None or not entry.string or entry.fuzzy:
        return ()
    return (entry.string,) if isinstance(entry.string, str) else tuple(entry.string)


@cache
def catalog(name: str) -> Catalog:
    """Return the catalog of a language."""
    with (CATALOGS / f"{name}.po").open("rb") as file:
        return read_po(file)


@dataclass(frozen=True)
class Template:
    """A template of kept sentences and its translation, which has the same parts in brackets.

    Attributes:
        pattern: Matches the sentences that the template makes.
        fields: Name, format and words of each group; a part in brackets has no name.
        said: The translation.
    """

    pattern: re.Pattern[str]
    fields: Sequence[tuple[str, str, str]]
    said: str

    def restate(self, sentence: str, details: Mapping[str, object]) -> str:
        """Return the sentence in the reader's language; empty if the template did not make it."""
        found = self.pattern.fullmatch(sentence)
        if found is None:
            return ""
        values: dict[str, list[tuple[str, str, str]]] = {}
        parts: list[bool] = []
        for (name, kind, words), value in zip(self.fields, found.groups(), strict=True):
            if not name:
                parts.append(value is not None)
            elif value is not None:
                values.setdefault(name, []).append((kind, words, value))
        held = iter(parts)
        kept = PART.sub(lambda part: part[1] if next(held) else "", self.said)
        said = FIELD.sub(lambda field: _value(field, values, details), kept)
        return said[:1].upper() + said[1:] if sentence[:1].isupper() else said


def _value(
    field: re.Match[str],
    values: Mapping[str, list[tuple[str, str, str]]],
    details: Mapping[str, object],
) -> str:
    """Return a value of an English sentence as the translation shows it."""
    _, name, asked, kind, words = field.groups()
    if asked or name not in values:
        return ""
    same = [one for one in values[name] if one[0] == (kind or "")] or values[name]
    was, english, value = same[0]
    if was == "count":
        return _counted(value, words or "")
    if was == "map":
        return _mapped(value, english, words or "")
    if was in ("duration", "seconds"):
        return _lasting(value)
    if was in ("names", "then"):
        return _names(name, value, details.get(name), was)
    if name in NESTED:
        return restated(value)
    return restated_subject(value) if name == "account" else value


def _counted(value: str, words: str) -> str:
    size = INTEGER.search(value)
    one, _, many = words.partition("|")
    chosen = one if size is None or size[0] == "1" else many
    if "#" in words or size is None:
        return chosen.replace("#", size[0] if size else "1")
    return f"{size[0]} {chosen}"


def _mapped(value: str, english: str, words: str) -> str:
    shown = [pair.rpartition("=")[2] for pair in english.split("|")]
    own = [pair.rpartition("=")[2] for pair in words.split("|")]
    return own[shown.index(value)] if value in shown else value


def _lasting(value: str) -> str:
    size, _, unit = value.partition(" ")
    several = 1 if size == "1" else 2
    if unit.startswith("second"):
        return plural("{n} second", "{n} seconds", several, n=size)
    return f"{size} {plural('minute', 'minutes', several)}"


def _names(name: str, value: str, names: object, kind: str) -> str:
    """Return a list of names, which never change themselves, or of kept sentences."""
    if not isinstance(names, list) or not names:
        return value
    each = [restated(str(one)) if name in NESTED else str(one) for one in names]
    if len(each) == 1:
        return each[0]
    return text(" and then at ").join(each) if kind == "then" else series(each)


SUBJECTS = {
    "device ": marked("the device {name}"),
    "the internet address ": marked("the Internet address {name}"),
}
"""Words before the name of a subject in the sentence of a finding -> the same as a text."""


def restated_subject(subject: str) -> str:
    """Return the subject of a sentence, as findings name devices and addresses."""
    for before, said in SUBJECTS.items():
        if subject.lower().startswith(before):
            return text(said, name=subject[len(before) :])
    return subject


@cache
def templates(name: str) -> Sequence[Template]:
    """Return the templates of kept sentences, those with most fixed text first."""
    found = [
        (_letters(str(entry.id)), _template(str(entry.id), str(entry.string)))
        for entry in catalog(name)
        if entry.id and entry.context == KEPT and FIELD.search(str(entry.id)) and entry.string
    ]
    return [template for _, template in sorted(found, key=lambda one: -one[0])]


def _letters(message: str) -> int:
    return len(FIELD.sub("", message))


def _template(message: str, said: str) -> Template:
    fields: list[tuple[str, str, str]] = []

    def of(piece: str) -> str:
        shown, at = "", 0
        for field in FIELD.finditer(piece):
            shown += re.escape(piece[at : field.start()])
            at = field.end()
            _, name, asked, kind, words = field.groups()
            if asked:
                continue
            fields.append((name, kind or "", words or ""))
            shown += f"({_shape(kind or '', words or '')})"
        return shown + re.escape(piece[at:])

    pattern, at = "", 0
    for part in PART.finditer(message):
        pattern += of(message[at : part.start()])
        fields.append(("", "", ""))
        pattern += f"({of(part[1])})?"
        at = part.end()
    pattern += of(message[at:])
    first = pattern[:1]
    if first.isalpha():
        # a sentence begins with a capital letter, and may continue another one
        pattern = f"[{first.upper()}{first.lower()}]{pattern[1:]}"
    return Template(re.compile(pattern), tuple(fields), said)


def _shape(kind: str, words: str) -> str:
    """Return the pattern of a value in a format; any text without one."""
    if kind == "map":
        return "|".join(re.escape(pair.rpartition("=")[2]) for pair in words.split("|"))
    if kind in ("duration", "seconds"):
        return r"[0-9,]+ (?:minute|second)s?"
    if kind == "count":
        if "|" in words:
            return "|".join(re.escape(one).replace("\\#", r"[0-9,]+") for one in words.split("|"))
        return rf"[0-9,]+ {re.escape(words)}(?:e?s)?"
    return {"number": "[0-9,]+", "percent": "[0-9,]+%"}.get(kind, ".+?")
