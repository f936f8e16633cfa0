"""The facts that name an account, and a card that was learned, in words.

Cards, evidence pages, case packs and `schoolbell who` explain a grade with the same
sentences.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from pipelines.state.rows import FindingRow
from pipelines.warehouse.models import attached_query, query_text
from pipelines.warehouse.sentences import counted, listed

if TYPE_CHECKING:  # DuckDB takes long to import, and Dagster's daemon needs the words each minute
    from pipelines.warehouse.database import Database

FACTS: Mapping[str, tuple[str, str]] = {
    "inventory": ("inventory", "the device is assigned to the account's owner"),
    "keyboard": ("keyboard session", "the account was signed in at this device"),
    "login": ("login", "the log line carries the account's login, which the product checked"),
    "mapping": ("firewall mapping", "the firewall matched the address to the account"),
    "network": (
        "network login",
        "the Wi-Fi or a port accepted the account on this device",
    ),
    "sign-in": (
        "cloud sign-in",
        (
            "the account signed in to a cloud service from inside the district when this"
            " was the only device of its owner in use"
        ),
    ),
    "tunnel": ("VPN login", "the VPN accepted the account at this address"),
    "portal": ("login at a firewall's page", "the firewall asked for the password there"),
}
"""Fact, as `core.http_requests.attribution_facts` names it: its name and sentence."""


MAX_SETS = 2
"""Different sets of facts that are named for one finding."""


def in_words(facts: str) -> str:
    """Return the facts in readers' words; unknown ones unchanged.

    As in "network login + inventory: the Wi-Fi or a port accepted the account on this
    device, and the device is assigned to the account's owner".
    """
    each = [FACTS.get(one, (one, "")) for one in facts.split(" + ")]
    sentences = [text for _, text in each if text]
    said = f": {', and '.join(sentences)}" if sentences else ""
    return " + ".join(name for name, _ in each) + said


def every_set() -> dict[str, str]:
    """Return each set of facts that `core.http_requests` can show, in words."""
    seen = ("keyboard", "network", "portal", "sign-in", "tunnel")
    sets = [
        " + ".join((*some, *owner))
        for count in range(len(seen) + 1)
        for some in combinations(seen, count)
        for owner in ((), ("inventory",))
    ]
    mapped = [f"mapping + {one}" for one in ("inventory", "keyboard", "tunnel")]
    known = [*filter(None, sets), "login", "mapping", *mapped]
    return {one: in_words(one) for one in known}


def attributions(
    database: "Database",
    findings: Iterable[FindingRow],
    named: Callable[[str], str],
    prefix: str = "",
) -> dict[str, list[str]]:
    """Return how each finding's account is known, and the cards that were learned.

    Args:
        database: The warehouse; removed days give nothing.
        findings: Rows of the state, with their records.
        named: The code name of a device.
        prefix: Prefix of the warehouse's tables, such as `built.`.
    """
    rows = list(findings)
    cited = [
        (row["finding_id"], event) for row in rows for event in row["record"].get("evidence") or ()
    ]
    on = [
        (row["finding_id"], device, str(row["event_date"]))
        for row in rows
        for device in row["record"].get("devices") or ()
    ]
    text = attached_query if prefix else query_text
    found: dict[str, list[str]] = {}
    if cited and database.has(f"{prefix}core.http_requests"):
        sets: dict[str, list[tuple[str, int]]] = {}
        for finding, facts, requests in database.rows(
            text("lookups/facts_of_findings"),
            {"findings": [one for one, _ in cited], "events": [e for _, e in cited]},
        ):
            sets.setdefault(finding, []).append((facts, requests))
        found = {finding: _said(some) for finding, some in sets.items()}
    if on and database.has(f"{prefix}identity.learned_devices"):
        columns = map(list, zip(*on, strict=True))
        values = dict(zip(("findings", "devices", "days"), columns, strict=True))
        for finding, device, sightings in database.rows(text("lookups/learned_cards"), values):
            seen = counted(sightings, "1 lease or network login|# leases and logins")
            found.setdefault(finding, []).append(f"{named(device)}: card learned from {seen}")
    return found


def _said(sets: Sequence[tuple[str, int]]) -> list[str]:
    """Return the sentences of one finding, the facts of most requests first."""
    if len(sets) == 1:
        return [in_words(sets[0][0])]
    total = sum(requests for _, requests in sets)
    said = [
        f"for {requests:,} of {total:,} requests, {in_words(facts)}"
        for facts, requests in sets[:MAX_SETS]
    ]
    rest = [FACTS.get(facts, (facts, ""))[0] for facts, _ in sets[MAX_SETS:]]
    return [*said, f"for the others, {listed(rest)}"] if rest else said
