"""Performance of the rules across worlds: districts with different habits.

The measure is the worst tenth, not the mean: a district has one set of habits, and
is not helped by how well the rules do elsewhere.
"""

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.synthetic.habits import RANGES, Habits, draw_habits
from pipelines.synthetic.scored_district import Trial, hold_trial

BUDGET = 120
"""User-weeks of a world, so that thirty of them fit into some ten minutes."""
MEASURES = (
    ("precision", "precision"),
    ("recall", "recall"),
    ("recall of what the logs can prove", "provable_recall"),
    ("the same, with questions about sites that name no one", "told_recall"),
)


@dataclass(frozen=True, kw_only=True)
class WorldScore:
    """One world, and its result.

    Attributes:
        planted: Violations that a rule should find.
        unproven: Those of them that the logs cannot show, per the coverage counts.
        asked: Others, not found, about whose site the report asks without a name.
        people_falsely_named: Accounts of findings that are not true.
        seconds: Time of making, reading and judging it.
    """

    seed: int
    habits: Habits
    planted: int
    found: int
    unproven: int
    asked: int
    findings: int
    true: int
    people_falsely_named: int
    seconds: float

    @property
    def recall(self) -> float | None:
        """Share of the planted that was found, whatever log is missing."""
        return self.found / self.planted if self.planted else None

    @property
    def provable_recall(self) -> float | None:
        """The same of what the logs can prove."""
        provable = self.planted - self.unproven
        return self.found / provable if provable else None

    @property
    def told_recall(self) -> float | None:
        """Share of the provable cases that a report contains or asks about."""
        provable = self.planted - self.unproven
        return (self.found + self.asked) / provable if provable else None

    @property
    def precision(self) -> float | None:
        """Share of the findings that are true; None where nothing was found."""
        return self.true / self.findings if self.findings else None


def most_people(weeks: int, people: int) -> int:
    """Return the largest roster of a world that keeps to the budget."""
    return max(int(RANGES["people"].least), min(people, BUDGET // weeks))


def hold_world(
    folder: Path, seed: int, *, people: int, weeks: int, violations: bool = True
) -> tuple[WorldScore, Trial]:
    """Make the world of a seed in an empty folder, run it, and compare.

    Args:
        people: The largest roster that is drawn.
    """
    began = time.monotonic()
    habits = draw_habits(seed, most_people=most_people(weeks, people))
    trial = hold_trial(
        folder,
        seed,
        people=habits.people,
        weeks=weeks,
        violations=violations,
        weeks_before=0,
        habits=habits,
    )
    return world_score(habits, trial, time.monotonic() - began), trial


def world_score(habits: Habits, trial: Trial, seconds: float) -> WorldScore:
    """Return the figures of one world."""
    cases = trial.cases.filter(~pl.col("is_lead"))
    false = trial.findings.filter(~pl.col("is_true"))
    return WorldScore(
        seed=trial.seed,
        habits=habits,
        planted=cases.height,
        found=int(cases["is_found"].sum()),
        unproven=int((cases["unproven"] != "").sum()),
        asked=cases.filter("is_asked", unproven="").height,
        findings=trial.findings.height,
        true=trial.findings.height - false.height,
        people_falsely_named=false["account"].n_unique(),
        seconds=seconds,
    )


def worst_decile(values: Iterable[float | None]) -> float | None:
    """Return what nine in ten reach: of thirty values the third lowest.

    None without values; values that are None are left out.
    """
    known = sorted(value for value in values if value is not None)
    return known[math.ceil(len(known) / 10) - 1] if known else None


def world_row(score: WorldScore) -> dict[str, Any]:
    """Return a world in words and numbers, for a table."""
    habits = score.habits
    pages = sorted(one.page_bytes for one in habits.buildings.values())
    pauses = sorted(one.pause_seconds for one in habits.buildings.values())
    opened = [name for name, one in habits.buildings.items() if one.decrypts]
    return {
        "seed": score.seed,
        "products": habits.products,
        "people": habits.people,
        "page kB": f"{pages[0] / 1e3:.0f} to {pages[-1] / 1e3:.0f}",
        "pause s": f"{pauses[0]:.0f} to {pauses[-1]:.0f}",
        "TLS opened": " ".join(opened) or "no",
        "account domains said": "yes" if habits.says_account_domains else "no",
        "firewall": habits.firewall,
        "DHCP": habits.dhcp_server,
        "VPN lines": f"{habits.tunnels_logged:.0%}",
        "asset hosts": "listed" if habits.lists_assets else "not listed",
        "sites in lists": f"{habits.sites_in_lists:.0%}",
        "words": habits.spelling,
        "use times": f"{habits.use_times:.1f}",
        "planted": score.planted,
        "not provable": score.unproven,
        "found": score.found,
        "site asked": score.asked,
        "recall": _share(score.recall),
        "of the provable": _share(score.provable_recall),
        "with sites asked": _share(score.told_recall),
        "findings": score.findings,
        "false": score.findings - score.true,
        "precision": _share(score.precision),
        "falsely named": score.people_falsely_named,
        "seconds": round(score.seconds),
    }


def summary(scores: Sequence[WorldScore]) -> list[tuple[str, str, str]]:
    """Measure, what nine in ten worlds reach, and the worst of all."""
    rows = []
    for name, attribute in MEASURES:
        values = [getattr(score, attribute) for score in scores]
        known = [value for value in values if value is not None]
        worst = min(known, default=None)
        rows.append((name, _share(worst_decile(values)), _share(worst)))
    named = [score.people_falsely_named for score in scores]
    tenth = worst_decile(-count for count in named)
    most = str(max(named, default=0))
    rows.append(("people falsely named", str(int(-(tenth or 0))), most))
    return rows


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
