"""Squid's `logformat` lines, made into one expression with a group for each code.

    %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru "%{User-Agent}>h"

A code is `%`, a quoting sign, a width and an argument that may each be missing,
and its name. A value is what the code may write, up to the literal text that
follows; a padded one may have blanks in front. A code that is not known here
keeps its text under its own name.
"""

import re
from dataclasses import dataclass

from pipelines.errors import SettingsError

NAMED = {
    "squid": "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %un %Sh/%<a %mt",
    "common": '%>a %ui %un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st %Ss:%Sh',
    "combined": (
        '%>a %ui %un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st "%{Referer}>h" '
        '"%{User-Agent}>h" %Ss:%Sh'
    ),
    "referrer": "%ts.%03tu %>a %{Referer}>h %ru",
    "useragent": '%>a [%tl] "%{User-Agent}>h"',
}
"""The layouts that Squid itself knows by name."""

NUMBER, WORD, REST = r"[0-9]+|-", r"\S+", r".*?"
SHAPES = {
    "ts": "[0-9]{9,10}", "tu": "[0-9]{3,6}", "tr": NUMBER, "dt": NUMBER,
    "tl": REST, "tg": REST, ">a": WORD, ">A": WORD, ">p": NUMBER, "<a": WORD,
    "<A": WORD, "<p": NUMBER, "la": WORD, "lp": NUMBER, ">la": WORD, ">lp": NUMBER,
    "<la": WORD, "<lp": NUMBER, "un": WORD, "ul": WORD, "ue": WORD, "us": WORD,
    "ui": WORD, "Ss": "[A-Z_]+", "Sh": "[A-Z_]+", "Hs": "[0-9]{3}|-",
    ">Hs": "[0-9]{1,3}|-", "<Hs": "[0-9]{1,3}|-", "st": NUMBER, "<st": NUMBER,
    ">st": NUMBER, "<sh": NUMBER, ">sh": NUMBER, "mt": r"[^\s\"]+(?:; ?[^\s\"]+)*",
    "rm": WORD, ">rm": WORD, "ru": WORD, ">ru": WORD, "<ru": WORD, "rp": WORD,
    ">rp": WORD, "rd": WORD, ">rd": WORD, ">rs": WORD, ">rP": NUMBER, "rv": r"[0-9.]+",
    ">rv": r"[0-9.]+", ">h": REST, "<h": REST, ">eui": WORD,
}  # fmt: skip
"""What each code may write; blanks in a URL or a name are sent as `%20`."""

CODES = "|".join(sorted(map(re.escape, SHAPES), key=len, reverse=True))
TOKEN = re.compile(
    r"%(?P<percent>%)"
    r"|%[\"\[#'/]?-?(?P<width>[0-9]*)(?:\.[0-9]+)?(?:\{(?P<before>[^}]*)\})?"
    rf"(?P<code>(?:{CODES})(?![a-zA-Z:_])|[<>]?[a-zA-Z_]+(?:::[<>]?[a-zA-Z_]+)*)"
    r"(?:\{(?P<after>[^}]*)\})?"
    r"|(?P<literal>[^%]+|%)"
)


@dataclass(frozen=True)
class Code:
    """One code of a layout: its name, its argument, and the group that holds it."""

    name: str
    argument: str
    group: str

    @property
    def label(self) -> str:
        """The name with its argument, as in `{Referer}>h`."""
        return f"{{{self.argument}}}{self.name}" if self.argument else self.name


@dataclass(frozen=True)
class Layout:
    """A layout: the expression that a whole line matches, and its codes in order."""

    pattern: str
    codes: tuple[Code, ...]

    def of(self, *names: str) -> list[Code]:
        """The codes of some names, in the order of the names."""
        return [code for name in names for code in self.codes if code.name == name]

    def header(self, *names: str) -> list[Code]:
        """The codes that hold a request header of one of these names."""
        wanted = {name.lower() for name in names}
        return [code for code in self.of(">h") if code.argument.lower() in wanted]


def layout(said: str) -> Layout:
    """What a `logformat` line means.

    Args:
        said: A name that Squid knows, or the line; `logformat NAME` may lead it.

    Raises:
        SettingsError: It holds no code.
    """
    text = re.sub(r"^\s*logformat\s+\S+\s+", "", said).strip()
    parts: list[str] = []
    codes: list[Code] = []
    for token in TOKEN.finditer(NAMED.get(text, text)):
        if token["code"]:
            argument = token["before"] or token["after"] or ""
            code = Code(token["code"], argument, f"code_{len(codes)}")
            codes.append(code)
            parts.append(_group(code, padded=bool(token["width"]), before=parts))
        else:
            parts.append(_literal(token["literal"] or "%"))
    if not codes:
        raise SettingsError(
            f"there is no code in the layout {said!r}",
            where="options.logformat",
            remedy=f"Paste Squid's logformat line, or say one of {', '.join(NAMED)}.",
        )
    return Layout("^" + "".join(parts) + r"\s*$", tuple(codes))


def _group(code: Code, *, padded: bool, before: list[str]) -> str:
    """A group for what a code writes; between quotes it may hold blanks."""
    shape = SHAPES.get(code.name, REST)
    if before and before[-1].endswith('"') and shape == REST:
        shape = r'(?:[^"\\]|\\.)*'
    return (" *" if padded else "") + f"(?P<{code.group}>{shape})"


def _literal(text: str) -> str:
    """Literal text; a run of blanks may be longer, since some codes are padded."""
    return re.sub(r"(?:\\ |\\\t|\s)+", r"\\s+", re.escape(text))
