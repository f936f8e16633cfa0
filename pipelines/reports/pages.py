"""Fills the templates, section by section.

Everything is escaped; what is not known may not be printed.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from math import isfinite

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from pipelines.reports.cards import blind_note
from pipelines.reports.charts import LIGHT, Accents, library, spec, themes
from pipelines.reports.gaps import not_judged_at
from pipelines.reports.language import ENGLISH, Quoted, ended, form, language, restated, term, text
from pipelines.reports.sections import AnySection, Rows, Section
from pipelines.reports.sections import Page as SectionPage
from pipelines.reports.static_charts import Drawing, drawing
from pipelines.reports.text_tables import Page, Table, integrity, visible
from pipelines.reports.view import View
from pipelines.warehouse.sentences import in_general, nouns

# The library is allowed as a file of the archive: Chromium refuses an `integrity` hash on a page
# opened from a folder, and a report must work from a folder.
POLICY = (
    "default-src 'none'; script-src {scripts}; style-src {styles}'unsafe-inline'; "
    "img-src data: blob:; connect-src 'none'; form-action 'none'; base-uri 'none'"
)


OUR_OWN: Accents = ("", "")
LETTER = "letter"
MAX_COLUMNS = 16
"""Maximum columns of a table whose cells name their columns on a phone."""

BOOK = "data/week.xlsx"
ROWS_SHOWN = 60  # of a section's table in the page; the CSV holds all
SENTENCE = re.compile(r"(?<=[.!?]) (?=[A-ZÁÉÍÓÚÑ¿])")
CAPTION = 170
"""Letters of a caption below a chart: about two lines on a desk."""


def phone_labels(labels: Sequence[str]) -> Markup:
    """Return the labels of a table's columns as its `style`, for phones.

    A phone shows each row as a list of names and values. A name is written once a
    table, not once a cell: a week's pages are a twentieth lighter.

    Raises:
        ValueError: There are more columns than the style sheet names.
    """
    if len(labels) > MAX_COLUMNS:
        message = f"a table of {len(labels)} columns, and phones show {MAX_COLUMNS}"
        raise ValueError(message)
    names = (re.sub(r"(['\\])", r"\\\1", visible(label)) for label in labels)
    said = ";".join(f"--c{at}:'{name}'" for at, name in enumerate(names, start=1))
    return Markup('style="{}"').format(said)


def printable(value: object) -> object:
    """Return a printable value: text without hidden characters, or a number.

    Raises:
        TypeError: The value is null or not a number; a reader never sees "None".
    """
    if isinstance(value, Markup):
        return value
    if isinstance(value, Quoted):
        return Markup('<span lang="{}">{}</span>').format(ENGLISH, visible(value))
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return value
    message = f"a page may not print {value!r}"
    raise TypeError(message)


def page_text(message: str, **values: object) -> Markup:
    """Return a text of a page in the reader's language; its values are escaped."""
    return _filled(term(message), values)


def page_plural(one: str, many: str, size: int, **values: object) -> Markup:
    """Return a text of a page for a number of things; its values are escaped."""
    return _filled(form(one, many, size), values)


def _filled(message: str, values: Mapping[str, object]) -> Markup:
    # the catalog is our own; what it is filled with is not
    said = Markup(message).format(**{name: printable(one) for name, one in values.items()})  # noqa: S704
    return Markup(ended(said))  # noqa: S704 - the same text, less a period


def general_step(template: str) -> str:
    """Return what a rule asks to do, in the reader's language, without facts of a case."""
    # a translated sentence keeps the fields of the rule's
    return in_general(str(restated(template)), text("Or:"), lambda noun: form(noun, nouns(noun), 2))


@cache
def environment() -> Environment:
    """Return the templates of this folder, with escaping everywhere."""
    made = Environment(
        loader=PackageLoader("pipelines.reports", "templates"),
        autoescape=select_autoescape(enabled_extensions=(".j2",), default=True),
        undefined=StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["phone_labels"] = phone_labels
    made.globals.update(
        {
            "_": page_text,
            "_n": page_plural,
            "term": term,
            "language": language,
            "restated": restated,
            "general_step": general_step,
            "ended": ended,
        }
    )
    made.policies["json.dumps_kwargs"] = {"sort_keys": True, "separators": (",", ":")}
    return made


@cache
def constants(accents: Accents, paper: str, script: str) -> Mapping[str, object]:
    """Return the common parts of every page: library, boot script, colors, policies."""
    allowed = f"'{integrity(script)}'"
    light, dark = themes(accents)
    sheet = style(accents, paper)
    return {
        "library": library()[0],
        "most_columns": MAX_COLUMNS,
        "paper": paper,
        "light": light,
        "dark": dark,
        "palettes": {
            "roles": {color: role for role, color in LIGHT.items()},
            "dark": dark,
        },
        "assets": {"style": file_of(sheet, "css"), "boot": file_of(script, "js")},
        "policy": POLICY.format(scripts=allowed, styles=""),
        "policy_charts": POLICY.format(scripts=f"'self' {allowed}", styles=""),
        "policy_files": POLICY.format(scripts="'self'", styles="'self' "),
    }


def boot() -> str:
    """Return the script of every page, with its few words in the reader's language."""
    return _script(language())


@cache
def _script(_language: str) -> str:
    return environment().get_template("boot.js").render()


@cache
def style(accents: Accents = OUR_OWN, paper: str = LETTER) -> str:
    """Return the style sheet of every page, both themes in it."""
    light, dark = themes(accents)
    return (
        environment()
        .get_template("themes.css")
        .render(light=light, dark=dark, most_columns=MAX_COLUMNS, paper=paper)
    )


def file_of(text: str, ending: str) -> str:
    """Return a name that changes with the content, so that no old page gets a new sheet."""
    return f"schoolbell-{sha256(text.encode()).hexdigest()[:12]}.{ending}"


def asset_files(accents: Accents = OUR_OWN, paper: str = LETTER) -> dict[str, Page]:
    """Return the shared files of an archive: chart library, style sheet, script."""
    sheet, (name, content) = style(accents, paper), library()
    return {
        f"assets/{name}": content,
        f"assets/{file_of(sheet, 'css')}": sheet,
        f"assets/{file_of(boot(), 'js')}": boot(),
    }


def page(template: str, **values: object) -> str:
    """Return one page as text, in the district's colors if `accents` names them."""
    known = constants(values.pop("accents", OUR_OWN), values.pop("paper", LETTER), boot())
    return environment().get_template(template).render(**known, **values)


def wanted(known: Iterable[AnySection], off: Collection[str]) -> list[AnySection]:
    """Return the sections without those that are off; some may never be."""
    return [one for one in known if one.stays or one.name not in off]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A section with content, as its page shows it."""

    name: str
    label: str
    page: SectionPage
    title: str
    caption: str
    in_full: str
    blind: str
    figure: Mapping[str, object] | None
    drawing: Drawing | None
    phone: Drawing | None
    table: Table
    template: str
    more: object
    files: str
    book: str
    rows_shown: int = ROWS_SHOWN


def parts_of(view: View, chosen: Sequence[AnySection]) -> list[Part]:
    """Return the data of the sections with content, for the page."""
    rows = [(section, section.rows(view)) for section in chosen]
    return [part(view, section, own) for section, own in rows if section.is_shown(own)]


def said_once(parts: Sequence[Part]) -> tuple[str, Sequence[Part]]:
    """Move a note that is the same in all parts of a page to its head.

    Returns:
        The note, empty if they differ; and the parts, then without it.
    """
    notes = [part.blind for part in parts if part.blind]
    if len(notes) < 2 or len(set(notes)) > 1:
        return "", parts
    return notes[0], [replace(part, blind="") for part in parts]


def part(view: View, section: Section[Rows], rows: Rows) -> Part:
    """Return all that the page needs of one section.

    It has another title where nothing was seen, and nothing could have been.
    """
    figure, summary, title = section.draw(rows), section.summary(rows), section.title(rows)
    caption, in_full = captioned(summary) if figure else (summary, "")
    kind = section.kind if section.is_quiet(rows) else None
    if kind and (gap := not_judged_at(view, kind)):
        title = gap.sentence if gap.is_early else text("We can't check all of this yet")
        caption = caption if gap.is_early else gap.sentence
    return Part(
        name=section.name,
        label=term(section.label),
        page=section.page,
        title=title,
        caption=caption,
        in_full=in_full,
        blind=blind_note(view, section.name),
        figure=spec(figure) if figure else None,
        drawing=drawing(figure) if figure else None,
        phone=drawing(figure, is_narrow=True) if figure else None,
        table=section.table(rows),
        template=section.template,
        more=section.more(rows),
        files=f"data/{section.name}",
        book="" if section.is_apart else BOOK,
    )


def captioned(summary: str) -> tuple[str, str]:
    """Return the first sentences of a summary, and the whole where that is more."""
    said = ""
    for sentence in SENTENCE.split(summary):
        if said and len(said) + len(sentence) > CAPTION:
            return said, summary
        said = f"{said} {sentence}".strip()
    return said, ""
