"""A figure: what it is, what was measured, and the goal."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    what: str
    measured: str
    goal: str
    is_met: bool


def most(what: str, value: float, limit: float, unit: str = "") -> Figure:
    """Return a figure that must not be above its limit."""
    return Figure(what, shown(value, unit), f"<= {shown(limit, unit)}", value <= limit)


def least(what: str, value: float, limit: float, unit: str = "") -> Figure:
    """Return a figure that must not be below its limit."""
    return Figure(what, shown(value, unit), f">= {shown(limit, unit)}", value >= limit)


def nothing(what: str, found: list[str], among: str) -> Figure:
    """Return a figure that must be zero; the first that was found is named."""
    first = f" ({found[0][:60]})" if found else ""
    return Figure(what, f"{len(found)} in {among}{first}", "0", not found)


def shown(value: float, unit: str) -> str:
    """With commas, and at most two places."""
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
    return f"{text} {unit}".strip()
