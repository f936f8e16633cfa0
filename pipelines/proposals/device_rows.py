"""Proposes rows of `devices.csv`: what logs show of computers, holders and fixed addresses."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.proposals.offers import NAMES, Evidence, Proposal

MIN_DISPUTES = 1
"""Days on which a lease gave the address to another device."""

KEPT = (*NAMES, "mac", "device_class", "assigned_to", "building", "pool")
PERSONAL_DAYS = 4
PERSONAL_SHARE = 0.9
MAX_HELD = 3
"""Devices of one person in the proposals; more are those of a technician who set them up."""
SHARED_ACCOUNTS = 4
SHARED_SHARE = 0.5
RANDOM_CARD = "^mac:[0-9a-f][26ae]"
"""A card that a phone made up; another network, or another day, and it has another."""


def fixed(evidence: Evidence) -> list[Proposal]:
    """Return the device's row without its fixed address, for each that is leased away."""
    return [
        Proposal(
            "devices.csv",
            {name: row[name] or "" for name in KEPT},
            f"{row['ip']} is fixed for {row['device']} in the registry, but leases assigned it to "
            f"{row['leased_to']} on {row['days']} days, last on {row['last_day']}; while both "
            "claim it, it counts for neither",
            clears=("static_ip",),
        )
        for row in evidence.query("disputed_addresses", fewest=MIN_DISPUTES).iter_rows(named=True)
    ]


def machines(evidence: Evidence) -> list[Proposal]:
    """Return a row for each device with clear use; the others are not changed."""
    found = []
    rows = [*evidence.query("device_users", random=RANDOM_CARD).iter_rows(named=True)]
    held = Counter(row["person_id"] for row in rows if _is_personal(row))
    for row in rows:
        days = f"{row['share']:.0%} of its account days, {row['days']} days"
        if _is_personal(row):
            if held[row["person_id"]] > MAX_HELD:
                continue
            more = {"assigned_to": row["person_id"]}
            whose = "one student's account" if row["is_student"] else "one account"
            found.append(_proposal(row, more, f"{whose} has {days}"))
        elif row["accounts"] >= SHARED_ACCOUNTS and row["share"] < SHARED_SHARE:
            reason = f"{row['accounts']} accounts use it; the busiest has {days}"
            found.append(_proposal(row, {"pool": "shared"}, reason))
    return found


def _is_personal(row: Mapping[str, Any]) -> bool:
    """Return whether one person's account has nearly all days of use."""
    is_long = row["days"] >= PERSONAL_DAYS and row["share"] >= PERSONAL_SHARE
    return bool(is_long and row["person_id"] is not None)


def _proposal(row: dict[str, str | None], more: dict[str, str], reason: str) -> Proposal:
    """Combine the registry's row of the device with the logs' facts."""
    device = row["device"] or ""
    is_card = device.startswith("mac:")
    known = {name: row[name] or "" for name in NAMES} | {
        "hostname": row["hostname"] or ("" if is_card or row["serial"] else device),
        "mac": row["mac"] or (device.removeprefix("mac:") if is_card else ""),
        "device_class": row["device_class"] or "",
        "building": row["building"] or "",
        "static_ip": row["static_ip"] or "",
    }
    return Proposal("devices.csv", known | more, reason)


def computers(evidence: Evidence) -> Iterator[Proposal]:
    """Yield card, class and building of each listed computer, from leases and logons."""
    for row in evidence.query("learned_devices").iter_rows(named=True):
        names = {name: row[name] for name in NAMES if row[name]}
        if not names:  # a device that only its card names
            names = {name: row[name] for name in ("mac", "ethernet_mac") if row[name]}
        if not names:
            continue
        learned = {
            "mac": row["learned_mac"],
            "ethernet_mac": row["other_mac"],
            "device_class": row["learned_class"],
            "building": row["learned_building"],
        }
        cells = {name: cell for name, cell in learned.items() if cell}
        if cells:
            facts = {"mac": "card", "device_class": "class", "building": "building"}
            what = [word for name, word in facts.items() if name in cells]
            yield Proposal(
                "devices.csv",
                names | cells,
                f"{', '.join(what) or 'card'} from {row['sighting_count']:,} leases "
                f"and network logins and {row['keyboard_count']:,} sign-ins",
                # a class `other` carries no information, and hides a more exact one
                is_taken=row["device_class"] == "other" and "device_class" in cells,
            )
        if row["problem"]:
            yield Proposal("devices.csv", names, "no network card was found", doubt=row["problem"])
