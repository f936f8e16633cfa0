"""Families of rules: those that share their candidates lose and judge the same events."""

from collections.abc import Mapping

from pipelines.warehouse.headers import Header

SITES, HOURS, PRESENCE, TUNNELS = "sites", "hours", "presence", "tunnels"
SHARED, KEYBOARDS = "shared", "keyboards"
PROPERTY = "property"
LOGONS, FLOWS = "logons", "flows"
FAMILIES: Mapping[str, str] = {
    SITES: "rules on sites",
    HOURS: "rules on use outside duty hours",
    PRESENCE: "shared-account rules",
    SHARED: "shared-account rules on devices of many (classroom, lab, cart)",
    KEYBOARDS: "rules that need the computer's own logon log",
    PROPERTY: "rules on the district's own devices",
    TUNNELS: "rules on use through the VPN",
    LOGONS: "rules on logons",
    FLOWS: "rules on uploads and beacons",
}
FAMILY_OF: Mapping[str, str] = {
    "shared_account": PRESENCE,
    "non_approved_site": SITES,
    "off_hours_external": HOURS,
}
"""Kind of finding -> the family whose candidates its rules share."""
FAMILIES_OF: Mapping[str, tuple[str, ...]] = {
    "shared_account": (PRESENCE, SHARED, KEYBOARDS),
    "off_hours_external": (HOURS,),
    "non_approved_site": (SITES,),
}
"""Kind of finding -> every family that must have judged before "none" is stated."""
UNITS: Mapping[str, str] = {LOGONS: "sign-ins", FLOWS: "connections"}
"""Names of the events of the families that do not judge requests."""
KEYBOARD = "logons.host"
"""The field that only a computer's own log has."""


def family_of(header: Header) -> str:
    """Return the family whose candidates a rule shares, by what it needs."""
    if KEYBOARD in header.requires_fields:
        return KEYBOARDS
    if header.kind in FAMILY_OF:
        return FAMILY_OF[header.kind]
    classes = {name.split(".")[0] for name in header.requires_fields}
    if "logons" in classes:
        return LOGONS
    return FLOWS if "connections" in classes else SITES


def families_of(header: Header) -> tuple[str, ...]:
    """Return every family of whose events a rule needs some."""
    family = family_of(header)
    if family in (KEYBOARDS, PRESENCE):
        return (family,)
    return FAMILIES_OF.get(header.kind, (family,))


def rules_by_family() -> Mapping[str, set[str]]:
    """Return the built-in rules that each family's losses keep from judging."""
    from pipelines.warehouse.models import rules  # it takes long to import

    codes: dict[str, set[str]] = {}
    for code, model in rules().items():
        codes.setdefault(family_of(model.header), set()).add(code)
    codes[SHARED] = codes.get(PRESENCE, set())
    codes[PROPERTY] = codes.get(HOURS, set())
    codes[TUNNELS] = {"SA-6", *codes.get(HOURS, ())}
    return codes
