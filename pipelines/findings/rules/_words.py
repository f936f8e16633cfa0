"""Phrases that several rules use. Nothing here judges."""

from pipelines.findings.rules import Details

ACCOUNT = "{account}"
"""Where the reader's edition puts the account, under its pseudonym."""


def minutes(seconds: float) -> str:
    """A duration as readers say it."""
    whole = max(1, round(seconds / 60))
    return "1 minute" if whole == 1 else f"{whole} minutes"


def listed(words: list[str]) -> str:
    """Words in a row, the last after an and."""
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]


def counted(details: Details, key: str, noun: str) -> str:
    """A count of the facts with its noun."""
    count = int(details.get(key) or 0)
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def number(details: Details, key: str) -> float:
    """A figure of the facts; 0 where it is missing."""
    return float(details.get(key) or 0)


def duration(details: Details, key: str) -> str:
    """A figure of the facts in seconds, as minutes."""
    return minutes(number(details, key))


def names(details: Details, key: str) -> str:
    """A list of the facts in words."""
    return listed([str(one) for one in details.get(key) or []])
