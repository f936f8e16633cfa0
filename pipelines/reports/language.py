"""The language and the style of a reader: one catalog of texts, and the locale in use.

`text` returns the translation of an English text, from `locales/LANGUAGE.po`. A text
without a translation stays English.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

ENGLISH = "en"
AMERICAN = "en-US"
LOCALE: ContextVar[str] = ContextVar("locale", default=AMERICAN)
CATALOGS = Path(__file__).parent / "locales"


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
    found = _forms(message)
    return (found[0] if found else message).format(**values)


def plural(one: str, many: str, size: int, **values: object) -> str:
    """Return a text for a number of things; both languages have two forms."""
    found = _forms(one) or (one, many)
    return found[0 if size == 1 else 1].format(**values)


def marked(message: str) -> str:
    """Mark a constant, which `text` translates where it is shown."""
    return message


def _forms(message: str) -> tuple[str, ...]:
    if language() == ENGLISH:
        return ()
    entry = catalog(language()).get(message)
    if entry is None or not entry.string or entry.fuzzy:
        return ()
    return (entry.string,) if isinstance(entry.string, str) else tuple(entry.string)


@cache
def catalog(name: str) -> Catalog:
    """Return the catalog of a language."""
    with (CATALOGS / f"{name}.po").open("rb") as file:
        return read_po(file)
