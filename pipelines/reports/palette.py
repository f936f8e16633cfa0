"""The colors of pages and charts, by role, for light and for dark.

The four series can be told apart under protan, deutan and tritan sight (a test
measures it); three of them carry a pattern too, so that color is never alone.
"""

from collections.abc import Mapping
from types import MappingProxyType

LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "page": "#f4f5f7",
        "surface": "#ffffff",
        "ink": "#1c2127",
        "muted": "#57606c",
        "line": "#d8dce2",
        "border": "#868e99",
        "accent": "#1f5fbf",
        "blue": "#005a9c",
        "vermillion": "#b94700",
        "green": "#009e73",
        "purple": "#d66fb0",
        "idle": "#e6e9ed",
        "heat0": "#f0f2f4",
        "heat1": "#cfe3f2",
        "heat2": "#8fc1e3",
        "heat3": "#4597cb",
        "heat4": "#1a6ca6",
        "heat5": "#0b4674",
    }
)
DARK: Mapping[str, str] = MappingProxyType(
    {
        "page": "#101316",
        "surface": "#191d22",
        "ink": "#e8ebee",
        "muted": "#a5afba",
        "line": "#333a42",
        "border": "#727c88",
        "accent": "#8ab8f5",
        "blue": "#3d8fd6",
        "vermillion": "#d97a20",
        "green": "#c5e17a",
        "purple": "#f0b9d8",
        "idle": "#2a3037",
        "heat0": "#22272d",
        "heat1": "#16374f",
        "heat2": "#1b5680",
        "heat3": "#2a7ab3",
        "heat4": "#5ba8dc",
        "heat5": "#b3dcf7",
    }
)
HEAT = tuple(f"heat{step}" for step in range(1, 6))
PATTERNS = {"vermillion": "/", "purple": ".", "green": "\\"}

READABLE = 4.5  # WCAG 2.1, contrast of text with its ground, level AA
GROUNDS = ("page", "surface")
Accents = tuple[str, str]
"""The district's color of links and focus, on light and on dark; empty: our own."""


def themes(accents: Accents) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The colors by role, on light and on dark, with the district's own accent."""
    light, dark = ({"accent": accent} if accent else {} for accent in accents)
    return {**LIGHT, **light}, {**DARK, **dark}


def least_contrast(accent: str, palette: Mapping[str, str]) -> float:
    """The contrast of a color with that ground of a theme on which it stands out less.

    Args:
        accent: As in "#1f5fbf".
    """
    return min(contrast(accent, palette[ground]) for ground in GROUNDS)


def contrast(one: str, other: str) -> float:
    """Contrast of two colors, 1 to 21, as WCAG 2.1 defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    """Relative luminance, as WCAG 2.1 defines it."""
    parts = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
