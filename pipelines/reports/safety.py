"""Text from logs and registries, made visible before it reaches a page.

Escaping for HTML is the templates' work. This is about characters that change
how the text around them is read: controls, direction marks, zero widths.
"""

import hashlib
import re
import unicodedata
from base64 import b64encode

# C0 and C1 controls, soft hyphen, Arabic letter mark, zero widths, direction marks
# and isolates, word joiners, byte order mark, lone surrogates, tags.
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]"
STACKED = re.compile(f"({MARK}{{3}}){MARK}+")
LONGEST = 2_000
UNSAFE = re.compile("[^A-Za-z0-9]+")
SAFE_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,79}")


def spelled_out(text: str) -> str:
    """The text with hidden characters spelled out, in full."""
    return HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def visible(text: str) -> str:
    """The text with hidden characters spelled out, and cut where it never ends."""
    if text.isascii() and text.isprintable() and len(text) <= LONGEST:
        return text
    shown = spelled_out(text)
    shown = STACKED.sub(r"\1", shown)
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + " ... (cut)"


IDN = re.compile(r"(?<![A-Za-z0-9.-])(?:[a-z0-9-]+\.)*xn--[a-z0-9-]+(?:\.[a-z0-9-]+)*")


def with_looks(text: str) -> str:
    """Each encoded host name with how a browser may show it, and in which letters.

    As in `xn--smpleton-16g.example (may read "...", in Cyrillic and Latin letters)`.
    """
    return IDN.sub(_with_look, text)


def _with_look(found: re.Match[str]) -> str:
    try:
        shown = ".".join(map(_decoded, found[0].split(".")))
    except UnicodeError:
        return found[0]
    letters = {unicodedata.name(c, "other").split()[0] for c in shown if c.isalpha()}
    named = " and ".join(sorted(one.capitalize() for one in letters))
    return f'{found[0]} (may read "{visible(shown)}", in {named} letters)'


def _decoded(label: str) -> str:
    is_encoded = label.startswith("xn--")
    return label[4:].encode("ascii").decode("punycode") if is_encoded else label


def file_name(identifier: str) -> str:
    """A name that is safe in a folder and in a link, the same each time.

    Where characters had to go, letters of a hash keep two names apart.
    """
    if SAFE_NAME.fullmatch(identifier):
        return identifier
    mark = hashlib.sha256(identifier.encode("utf-8", "replace")).hexdigest()
    readable = UNSAFE.sub("-", identifier)[:40].strip("-_")
    return f"{readable}-{mark[:8]}" if readable else f"f-{mark[:16]}"


def integrity(text: str) -> str:
    """The hash that a content policy and an `integrity` attribute name."""
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()
