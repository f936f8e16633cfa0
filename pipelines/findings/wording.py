"""The sentences of a finding: about accounts and devices, never about guilt.

Everything is made from fields; no sentence holds a judgement. The account and
the devices are put in by the reader's edition, under their pseudonyms, at the
places `{account}` and `{devices}`.
"""

from collections.abc import Mapping
from typing import Any

from pipelines.findings import security

Details = Mapping[str, Any]

ACCOUNT = "{account}"


def claim(rule: str, details: Details) -> str:
    """One sentence that says what was seen."""
    make = _CLAIMS.get(rule) or security.CLAIMS.get(rule)
    return make(details) if make else f"Account {ACCOUNT} met rule {rule}."


def minutes(seconds: float) -> str:
    """A duration as readers say it."""
    whole = max(1, round(seconds / 60))
    return "1 minute" if whole == 1 else f"{whole} minutes"


def _listed(words: list[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]


def _two_campuses(details: Details) -> str:
    places = _listed(list(details.get("buildings", [])))
    return (
        f"Account {ACCOUNT} was in use at {places} in turns: {details.get('turns')} "
        f"changes between them, each sooner than a drive of at least "
        f"{minutes(float(details.get('travel_seconds', 0)))} allows."
    )


def _hop(details: Details) -> str:
    places = " and then at ".join(details.get("buildings", []))
    return (
        f"Account {ACCOUNT} was in use at {places} "
        f"{float(details.get('gap_seconds', 0)):.0f} seconds later; the drive takes at "
        f"least {minutes(float(details.get('travel_seconds', 0)))}."
    )


def _on_leave(details: Details) -> str:
    part = {"am": "morning", "pm": "afternoon"}.get(
        str(details.get("part")), "full-day"
    )
    places = _listed(list(details.get("buildings", [])))
    return (
        f"Account {ACCOUNT} was in use at {places} during its owner's approved "
        f"{part} leave: {details.get('requests')} requests to "
        f"{details.get('sites')} sites."
    )


def _sustained(details: Details) -> str:
    sites = _listed(list(details.get("sites", [])))
    return (
        f"Account {ACCOUNT} used {sites} for about "
        f"{minutes(float(details.get('total_seconds', 0)))} (estimate), the longest "
        f"stretch about {minutes(float(details.get('longest_seconds', 0)))}; "
        "not on the approved list."
    )


def _off_hours(details: Details) -> str:
    sites = _listed(list(details.get("sites", [])))
    return (
        f"Account {ACCOUNT} used outside sites for about "
        f"{minutes(float(details.get('external_seconds', 0)))} (estimate) outside its "
        f"owner's duty hours, {sites} among them."
    )


def _often(details: Details) -> str:
    sites = _listed(list(details.get("sites", [])))
    return (
        f"Account {ACCOUNT} went to {sites} {details.get('visits')} times on "
        f"{details.get('days')} days of one week, for about "
        f"{minutes(float(details.get('total_seconds', 0)))} in all (estimate); "
        "not on the approved list."
    )


def _way_around(details: Details) -> str:
    sites = _listed(list(details.get("sites", [])))
    return (
        f"Account {ACCOUNT} used {sites}, a service to pass the filter or to control a "
        f"computer from elsewhere, for about "
        f"{minutes(float(details.get('longest_seconds', 0)))} (estimate)."
    )


def _not_covered(details: Details) -> str:
    sites = _listed(list(details.get("sites", [])))
    return (
        f"Account {ACCOUNT} used {sites} for about "
        f"{minutes(float(details.get('longest_seconds', 0)))} (estimate); the approval "
        "on the list does not cover this day or role."
    )


def _nameless(details: Details) -> str:
    sites = _listed(list(details.get("sites", [])))
    return (
        f"Account {ACCOUNT} used the address {sites}, which has no name, for about "
        f"{minutes(float(details.get('longest_seconds', 0)))} (estimate)."
    )


def _after_refusal(details: Details) -> str:
    sites = _listed(list(details.get("sites", [])))
    return (
        f"Account {ACCOUNT} used {sites} for about "
        f"{minutes(float(details.get('longest_seconds', 0)))} (estimate), after the "
        f"filter had refused {details.get('refusals')} requests to sites of that kind."
    )


def _two_keyboards(details: Details) -> str:
    places = _listed(list(details.get("buildings", [])))
    return (
        f"Account {ACCOUNT} was in use on its owner's device and on another at "
        f"{places} in turns: {details.get('turns')} changes within two minutes each."
    )


def _pooled(details: Details) -> str:
    return (
        f"Account {ACCOUNT} was logged on at {details.get('devices')} devices of "
        f"{details.get('people')} people within a week; it is not approved for sharing."
    )


_CLAIMS = {
    "SA-1": _two_campuses,
    "SA-2": _hop,
    "SA-3": _on_leave,
    "NA-1": _sustained,
    "OH-1": _off_hours,
    "NA-2": _often,
    "NA-3": _way_around,
    "NA-4": _not_covered,
    "NA-5": _nameless,
    "NA-6": _after_refusal,
    "SA-4": _two_keyboards,
    "SA-5": _pooled,
}

WOULD_CHANGE: Mapping[str, tuple[str, ...]] = {
    "SA-1": (
        "a network that the registry puts in the wrong building",
        "a device that belongs to another building than the registry says",
    ),
    "SA-2": (
        "a network that the registry puts in the wrong building",
        "a correction of the host's clock",
    ),
    "SA-3": (
        "a leave record that is cancelled or moved",
        "extra duty on that day",
    ),
    "NA-1": (
        "an entry for the site on the approved list",
        "a corrected category",
        "a duty or device record that is changed",
    ),
    "NA-2": ("an entry for the site on the approved list", "a corrected category"),
    "NA-3": ("an entry for the tool on the approved list", "a corrected category"),
    "NA-4": ("an entry that is renewed or widened to the role",),
    "NA-5": ("an entry for the address on the approved list",),
    "NA-6": ("an entry for the site on the approved list", "a corrected category"),
    "SA-4": ("a device that is assigned to another person than the registry says",),
    "SA-5": ("an approval of the account for several people",),
    "OH-1": (
        "extra duty on that evening or day",
        "a calendar that is changed",
        "an entry for the sites on the approved list",
    ),
    **security.WOULD_CHANGE,
}

ALWAYS_LIMITS = (
    "Who was at the keyboard: logs name accounts and devices, not people.",
    "What was read or written: under encryption only the site's name is seen.",
    "Whether the use served the job: that is a person's judgement.",
)
