"""Compares the judgment with the rules, story by story.

    python -m tests.space.comparison [--rewrite]

prints how many combinations there are and how they end; `--rewrite` writes that into the page of
results, and the differences into `open.csv`.
"""

import csv
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path

from docs.fact_space import OUTCOMES, cases, possible, space
from pipelines.settings.scratch import scratch
from tests.space.district import Answer, answers
from tests.space.stories import Story, fact_words, stories

OPEN = Path(__file__).with_name("open.csv")
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "quality.md"
BEGIN, END = "<!-- space: made by `make space` -->", "<!-- end of space -->"
HEADER = ("act", "combination", "judgment", "rules", "reason")


@dataclass(frozen=True, order=True)
class Difference:
    """A combination in which the rules and the judgment differ.

    Attributes:
        reason: How its requests are attributed; of two that differ in this alone, one is known.
    """

    act: str
    combination: str
    judgment: str
    rules: str
    reason: str = field(compare=False)


def compared(folder: Path) -> list[tuple[Story, Answer]]:
    """Return every tested story with its answer."""
    every = stories(cases())
    return list(zip(every, answers(folder, every), strict=True))


def differences(pairs: Sequence[tuple[Story, Answer]]) -> list[Difference]:
    """Return the combinations in which the rules and the judgment differ.

    Coverage and silence both name no one, in a report or for the analyst, so that the rules
    answer both with nothing.
    """
    return sorted(_differences(pairs))


def _differences(pairs: Sequence[tuple[Story, Answer]]) -> Iterator[Difference]:
    for story, answer in pairs:
        verdict = story.verdict
        due = verdict.outcome if verdict.outcome in ("finding", "lead") else "nothing"
        is_too_sure = answer.outcome == "finding" and answer.confidence > verdict.confidence
        if answer.outcome != due or is_too_sure:
            given = f"{answer.outcome} {answer.confidence} {answer.rules}"
            yield Difference(
                story.act.name,
                fact_words(story),
                f"{verdict.outcome} {verdict.confidence}".strip(),
                " ".join(given.split()),
                answer.seen,
            )


def listed() -> list[Difference]:
    """Return the differences that are known to be open."""
    with OPEN.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == HEADER
    return [Difference(*row) for row in rows]


def write(found: Sequence[Difference]) -> None:
    """Replace the list of open differences."""
    with OPEN.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([HEADER, *map(astuple, found)])


def counts(pairs: Sequence[tuple[Story, Answer]], found: Sequence[Difference]) -> list[str]:
    """Return the table of the space: how many combinations there are, and how they end."""
    head = ["act", "can occur", "tested", *OUTCOMES, "rules agree"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for act in space().acts.values():
        own = [story for story, _ in pairs if story.act.name == act.name]
        ends = Counter(story.verdict.outcome for story in own)
        differ = sum(one.act == act.name for one in found)
        cells = [act.title, len(possible(act)), len(own), *(ends[one] for one in OUTCOMES)]
        lines.append(
            "| " + " | ".join(f"{one:,}" if isinstance(one, int) else one for one in cells)
        )
        lines[-1] += f" | {len(own) - differ:,} |"
    return lines


def published(text: str, lines: Sequence[str]) -> str:
    """Return the page of results with these lines between its two marks."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n".join(["", "", *lines, "", ""]) + END + rest.split(END)[1]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix=scratch("space")) as made:
        results = compared(Path(made) / "home")
    differing = differences(results)
    table = counts(results, differing)
    pairs = Counter((one.judgment.split()[0], one.rules.split()[0]) for one in differing)
    sys.stdout.writelines(f"{line}\n" for line in [*table, ""])
    for (due, given), number in pairs.most_common():
        sys.stdout.write(f"{number:5}  judgment {due}, rules {given}\n")
    if "--rewrite" in sys.argv:
        write(differing)
        PAGE.write_text(published(PAGE.read_text("utf-8"), table), encoding="utf-8")
