"""Reasons that a verdict form offers: a short list, and those that a user gave before.

A reason that was written for one case is offered on others only if it contains no name.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.actions.context import ActionContext
from pipelines.actions.names import names_of
from pipelines.findings.cases import Case
from pipelines.registry.account_names import bare
from pipelines.state.reviews import reviews

MAX_OFFERED = 6
MAX_READ = 60
"""Earlier reasons that are considered."""
FIXED: Mapping[str, Sequence[str]] = {
    "violation": ("Confirmed with the supervisor", "Confirmed by human resources"),
    "security_incident": ("Password changed", "Device examined and cleaned"),
    "authorized": ("Approved by the supervisor", "Agreed extra duty", "Approved activity"),
    "benign": ("Needed for the job", "Opened without intent"),
    "misattributed": ("Another person used the device", "The device was reassigned"),
    "data_fault": ("A list of the district is wrong", "A log is wrong"),
    "undetermined": ("The people involved were asked", "The logs cannot show it"),
}
"""Verdict -> reasons that fit it."""
WORD = re.compile(r"[\w.@'-]+")
CODE_NAME = re.compile(r"\b[a-z]+-\d+\b", re.IGNORECASE)
MIN_LETTERS = 3


@dataclass(frozen=True)
class OfferedReason:
    """A reason that one click fills in.

    Attributes:
        code: The verdict that it was given for, or that it fits.
        is_fixed: It is of the short list, not the user's own.
    """

    code: str
    text: str
    is_fixed: bool = False


def offered_reasons(context: ActionContext, cases: Sequence[Case]) -> list[OfferedReason]:
    """Return the reasons to offer for a verdict on cases: the user's newest, then the short list.

    At most six of the user's are for the same verdict.
    """
    offered: Counter[str] = Counter()
    chosen = []
    names: dict[str, frozenset[str]] = {}

    def blocked(case: Case) -> frozenset[str]:
        if case.case_id not in names:
            names[case.case_id] = frozenset(map(str.casefold, names_of(context, case)))
        return names[case.case_id]

    earlier = _earlier(context)
    registry_words = _known_words(context) if earlier else frozenset()
    for reason, source in earlier:
        if offered[reason.code] == MAX_OFFERED or reason.text in FIXED[reason.code]:
            continue
        folded = reason.text.casefold()
        of_cases = frozenset().union(*map(blocked, [source, *cases]))
        if _has_name(reason.text, registry_words) or any(name in folded for name in of_cases):
            continue
        offered[reason.code] += 1
        chosen.append(reason)
    fixed = [
        OfferedReason(code, text, is_fixed=True) for code, texts in FIXED.items() for text in texts
    ]
    return [*chosen, *fixed]


def _earlier(context: ActionContext) -> list[tuple[OfferedReason, Case]]:
    """Return the user's earlier reasons with their cases, the newest first, each once."""
    actor = str(context.asker)
    case_of = {row["finding_id"]: case for case in context.cases for row in case.findings}
    seen: dict[OfferedReason, Case] = {}
    for row in reversed(reviews(context.district.store)):
        if row["reviewer"] != actor or row["finding_id"] not in case_of:
            continue
        reason = OfferedReason(row["verdict"], " ".join(row["reason"].split()))
        seen.setdefault(reason, case_of[row["finding_id"]])
        if len(seen) == MAX_READ:
            break
    return list(seen.items())


def _has_name(text: str, registry_words: frozenset[str]) -> bool:
    """Return whether a reason contains a name of the registry, a code name or an address."""
    words = {word.casefold().strip(".'-").removesuffix("'s") for word in WORD.findall(text)}
    has_address = any("@" in word for word in words)
    return has_address or bool(CODE_NAME.search(text)) or bool(words & registry_words)


def _known_words(context: ActionContext) -> frozenset[str]:
    """Return accounts, devices and parts of people's names, in lower case."""
    registry = context.district.registry
    accounts = registry.frames["accounts"]["account"].to_list()
    devices = registry.frames["devices"]["device"].to_list()
    parts = [
        part
        for name in registry.people_names.values()
        for part in name.replace(",", " ").split()
        if len(part) >= MIN_LETTERS
    ]
    named = [*accounts, *map(bare, accounts), *devices, *parts]
    return frozenset(name.casefold() for name in named if name)
