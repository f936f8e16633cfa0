"""What a scenario is: a story, and the rules that must or must not fire."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from tests.scenarios.story import Story

Act = Callable[[Story], Mapping[str, str] | None]
"""Writes the lines; returns further registry rows by file name."""

TUESDAY = date(2026, 3, 3)


@dataclass(frozen=True)
class Scenario:
    """One row of the table of scenarios.

    Attributes:
        code: Its number.
        act: What happened; the name shows what it shows.
        rules: Rules that fire on `account`; none, and nothing may fire.
        severity: Of the first of the rules, where the table names it.
        leads: Rules that make a lead, which names no one in a report.
        cites: Sources whose lines the first of the rules must cite.
        least_lines: It must cite; what is absent, or one logon, is shown by fewer.
        is_alone: What it shows is that no other rule fires, so that each is asked.
        is_long: It takes weeks of lines, and is left to the long run.
        words: Whose products write the lines.
        about: Rules that stay silent, and are the only ones that the short run asks.
        witness: What shows who is at the device, where the header of the rule in
            question shows what it makes of it.
    """

    code: str
    act: Act
    rules: tuple[str, ...] = ()
    account: str = ""
    day: date = TUESDAY
    severity: str = ""
    leads: tuple[str, ...] = ()
    cites: tuple[str, ...] = ("proxy", "windows", "dhcp")
    least_lines: int = 4
    is_alone: bool = False
    is_long: bool = False
    words: type[Story] = Story
    about: tuple[str, ...] = ()
    witness: str = ""

    @property
    def asked(self) -> tuple[str, ...]:
        """Codes of the rules that it is about."""
        return (*self.rules, *self.leads, *self.about)

    @property
    def name(self) -> str:
        return f"{self.code}-{self.act.__name__}"
