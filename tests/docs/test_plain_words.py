"""Everything that a person reads is plain American English: a list, held here.

Looked at are documents, templates, the headers and comments of SQL, and in Python
the strings and comments. Decisions and the changelog are history and stay as written.
"""

import io
import json
import re
import tokenize

import pytest

from tests.conftest import REPO_ROOT

INSTEAD = {
    r"\bcan not\b": "cannot",
    r"(?<![\w`./\[-])pupils?('s?)?(?![\w`/.:,='-])": "student",
    r"\bcover names?\b": "code name",
    r"\bnought\b": "zero",
    r"\bprogrammes?\b": "program",
    r"\bjudgement": "judgment",
    r"\b(un)?authoris": "authorize",
    r"\b\w{4,}(?<!pr)(?<!prem)(?<!exerc)(?<!exp)i(s)ation\b": "-ization",
    r"\b(real|util|normal|general|initial|serial|optim|minim|maxim|summar|categor"
    r"|priorit|custom|synchron|standard|random|anonym|pseudonym|canonical|token)is"
    r"(e[ds]?|ing)\b": "-ize",
    r"\banalys(e[ds]?|ing)\b": "analyze",
    r"\bcatalogue": "catalog",
    r"\bcentr(e|ed)\b": "center",
    r"\b(kilo|centi|milli)?metres?\b": "meter",
    r"\bgrey\b": "gray",
    r"\b(travel|model|signal|label|channel)l(ed|ing)\b": "one l",
    r"\b(fav|hon)our": "-or",
    r"\b(whilst|amongst)\b": "while, among",
    r"\b(defence|offence)\b": "-ense",
    r"\b(learnt|spelt|burnt)\b": "-ed",
    r"\b(fulfil|enrol)\b": "two l",
    r"\bper cent\b": "percent",
    r"\bartefact": "artifact",
    r"\bageing\b": "aging",
    r"\bfortnight": "two weeks",
    r"(?i)(?<![\w`\"'./-])licences?(?![\w`\"'])": "license",
    r"(?<![\w`\"'./-])colour(s|ed)?(?![\w`\"'])": "color",
    r"\brecognis": "recognize",
    r"\borganis": "organize",
    r"\bneighbour": "neighbor",
    r"\blabelled\b": "labeled",
    r"\btowards\b": "toward",
    r"\bbehaviour": "behavior",
    r"(?<!told )(?<!file )\bof before\b": "earlier",
    r"\b(taken|takes|taking) in\b(?! the archive)": "read",
    r"\bTake in\b": "read",
    r"\banew\b": "again",
    r"\bin the place of\b": "in place of",
    r"\b(be|is|are|to) put right\b": "corrected",
    r"\bmended\b": "fixed",
    r"\bits like\b": "similar",
    r"\bin turns\b": "alternately",
    r"\b(wait|use|stay|renew|pend)\w* for long\b": "for a long time",
    r"\bsoon(er|est) than an? \w+ allows\b": "faster than",
    r"\bAll in all\b": "Overall",
    r"\bthe version of before\b": "the previous version",
    r"\bOne row an? \w": "One row per",
    r"(?<![\w])A (bar|strip) an? \w": "One bar per",
    r"\bwears? (its|an|the) (own )?address": "has an address",
    r"(?<!here )(?<!herefore )\bis no (number|date|day|port|address)\b": "is not a",
}
"""What is not written, and what is written instead."""

KEY = re.compile(r"""[rbf]*["'][\w./:-]*["']""")
"""A word of the program, which nobody reads."""

FIELD = re.compile(r"\{[^{}]*\}")
FOLDERS = ("pipelines", "sql", "docs/how-to", "notebooks")
FILES = ("README.md", "CONTRIBUTING.md", "docs/journey.md")


def prose(path):
    """Yield the parts of a file that people read, with the number of their line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        for cell in json.loads(text)["cells"]:
            yield from enumerate("".join(cell["source"]).splitlines(), start=1)
        return
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), start=1)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.STRING, tokenize.COMMENT):
            if KEY.fullmatch(token.string):
                continue
            for offset, line in enumerate(token.string.splitlines()):
                yield token.start[0] + offset, FIELD.sub("", line)


def read_files():
    kinds = {".ipynb", ".py", ".md", ".j2", ".sql", ".yaml", ".toml"}
    for folder in FOLDERS:
        for path in sorted((REPO_ROOT / folder).rglob("*")):
            if path.suffix in kinds and path.is_file():
                yield path
    yield from (REPO_ROOT / name for name in FILES)


def foreign(text):
    return [(word, say) for word, say in INSTEAD.items() if re.search(word, text)]


def test_what_people_read_is_in_plain_american_english():
    found = [
        f"{path.relative_to(REPO_ROOT)}:{line}: {say!r}, not {text.strip()[:80]!r}"
        for path in read_files()
        for line, text in prose(path)
        for _, say in foreign(text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "it can not be read",
        "about a pupil who",
        "accounts carry cover names",
        "must be nought",
        "x is no number",
        "One row an item",
        "All in all: well",
        "Install the version of before",
        "the rows of before",
        "what was taken in",
        "a realised or summarising view",
        "the organisation of it",
        "the drive was modelled",
        "as if in turns",
        "somebody authorised it",
    ],
)
def test_the_list_finds_what_it_bans(text):
    assert foreign(text)


@pytest.mark.parametrize(
    "text",
    [
        "there is no number",
        "`pupil-12`",
        "is_pupil",
        "it cannot be read",
        "One row per",
        "comparison by supervision",
        "he was not told of before",
    ],
)
def test_the_list_lets_plain_words_pass(text):
    assert not foreign(text)
