"""The space of facts and its judgment, as `docs/facts/` contains them.

A combination has one value in each dimension. `possible` enumerates those that can occur, `chosen`
those that are tested, and `verdict` returns the row of the judgment that decides.
"""

import itertools
import random
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "facts"
OUTCOMES = ("finding", "lead", "coverage", "silence")
CLASSES = ("proven", "recorded", "said", "guessed", "listed", "none")
SAMPLE = 300
"""The number of combinations among which the one with most uncovered pairs is chosen."""

Combination = Mapping[str, str]
Condition = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class Verdict:
    """One row of the judgment.

    Attributes:
        row: Its number in the act, from 1.
        when: Values that it is about, of some dimensions.
        words: The same, in the words of the file.
        confidence: The highest of a finding; empty for other outcomes.
        missing: The fact that would allow a judgment.
        innocent: The innocent reading that remains.
    """

    row: int
    outcome: str
    reason: str
    when: Condition
    words: Mapping[str, Sequence[str]]
    confidence: str = ""
    missing: str = ""
    innocent: str = ""


@dataclass(frozen=True)
class Act:
    """An act that is judged, and the rows that judge it.

    Attributes:
        only: Values of some dimensions; the act is asked with these alone.
        together: Dimensions whose values are tested in every combination that can
            occur; empty: all of them.
    """

    name: str
    title: str
    question: str
    dimensions: Sequence[str]
    rows: Sequence[Verdict]
    only: Condition
    together: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Exclusion:
    """Values that cannot occur together, and why."""

    when: Condition
    words: Mapping[str, Sequence[str]]
    reason: str


@dataclass(frozen=True)
class Space:
    """Dimensions, their values with class and meaning, and what excludes what."""

    questions: Mapping[str, str]
    values: Mapping[str, Mapping[str, tuple[str, str]]]
    impossible: Sequence[Exclusion]
    acts: Mapping[str, Act]
    groups: Mapping[str, Sequence[str]]


@cache
def space() -> Space:
    """Return the space as the two files describe it; an unknown word raises `ValueError`."""
    facts = tomllib.loads((FOLDER / "facts.toml").read_text(encoding="utf-8"))
    judged = tomllib.loads((FOLDER / "judgment.toml").read_text(encoding="utf-8"))
    groups = {**facts.pop("groups"), **judged["groups"]}
    impossible = facts.pop("impossible")
    values = {
        name: {value: (row[0], row[1]) for value, row in part["values"].items()}
        for name, part in facts.items()
    }

    def condition(written: Mapping[str, Sequence[str]]) -> Condition:
        return {name: values_of(words, values[name], groups) for name, words in written.items()}

    def act(name: str, part: Mapping[str, Any]) -> Act:
        rows = [
            Verdict(**{**row, "row": number, "when": condition(row["when"]), "words": row["when"]})
            for number, row in enumerate(part["rows"], 1)
        ]
        return Act(
            name=name,
            title=part["title"],
            question=part["question"],
            dimensions=part["dimensions"],
            rows=rows,
            only=condition(part.get("only", {})),
            together=part.get("together", ()),
        )

    return Space(
        questions={name: part["question"] for name, part in facts.items()},
        values=values,
        impossible=[
            Exclusion(condition(row["when"]), row["when"], row["reason"]) for row in impossible
        ],
        acts={name: act(name, part) for name, part in judged["acts"].items()},
        groups=groups,
    )


def values_of(
    words: Sequence[str], known: Collection[str], groups: Mapping[str, Sequence[str]]
) -> frozenset[str]:
    """Return the values of words; `!` takes values away, from all of them if it is first."""
    chosen = set(known) if words[0].startswith("!") else set()
    for word in words:
        name = word.removeprefix("!")
        meant = set(groups.get(name, [name]))
        if not meant <= set(known):
            raise ValueError(f"{word} is not a value or a group of this dimension")
        chosen = chosen - meant if word.startswith("!") else chosen | meant
    return frozenset(chosen)


def fits(condition: Condition, combination: Combination) -> bool:
    """Return whether a combination has a value of each dimension in the condition."""
    return all(combination.get(name) in values for name, values in condition.items())


def possible(act: Act) -> list[Combination]:
    """Return every combination of an act's dimensions that can occur."""
    return [one for one in every(act) if not excluded_by(one)]


def excluded_by(combination: Combination) -> list[int]:
    """Return the numbers of the rows, from 0, that state that a combination cannot occur."""
    rows = enumerate(space().impossible)
    return [number for number, row in rows if fits(row.when, combination)]


def every(act: Act) -> Iterator[Combination]:
    """Yield every combination of an act's dimensions, whether it can occur or not."""
    choices = [sorted(act.only.get(name, space().values[name])) for name in act.dimensions]
    for values in itertools.product(*choices):
        yield dict(zip(act.dimensions, values, strict=True))


def chosen(act: Act) -> list[Combination]:
    """Return the combinations that are tested: all, or some that contain every pair.

    Every combination of the values of the dimensions in `together` is contained too.
    """
    able = possible(act)
    if not act.together:
        return able
    dice = random.Random(act.name)  # noqa: S311
    dice.shuffle(able)
    sets = [*itertools.combinations(act.dimensions, 2), *map(tuple, act.together)]
    parts = [[tuple(one[name] for name in names) for names in sets] for one in able]
    open_parts = {part for row in map(_numbered, parts) for part in row}
    taken: list[int] = []
    while open_parts:
        sample = dice.sample(range(len(able)), min(SAMPLE, len(able)))
        best = max(sample, key=lambda n: len(open_parts & set(_numbered(parts[n]))))
        if not open_parts & set(_numbered(parts[best])):
            rare = min(open_parts)
            best = next(n for n, row in enumerate(parts) if rare in _numbered(row))
        open_parts -= set(_numbered(parts[best]))
        taken.append(best)
    return [able[number] for number in taken]


def _numbered(parts: Sequence[tuple[str, ...]]) -> list[tuple[int, tuple[str, ...]]]:
    return list(enumerate(parts))


def verdict(act: Act, combination: Combination) -> Verdict:
    """Return the first row of an act that fits a combination."""
    return next(row for row in act.rows if fits(row.when, combination))


def cases() -> Iterator[tuple[Act, Combination, Verdict]]:
    """Yield every tested combination of every act, with its verdict."""
    for act in space().acts.values():
        for one in chosen(act):
            yield act, one, verdict(act, one)
