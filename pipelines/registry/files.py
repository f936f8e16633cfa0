"""The files of the registry: their columns, what may stand in each, an example.

One table describes each file; header, skeleton, checks and documentation come
from it. OneRoster files are described in `oneroster.py`, calendars in ICS form in
`ical.py`.
"""

from pipelines.registry.shapes import Cell, File
from pipelines.settings.model import DAY_TYPES


def _id(example: str) -> Cell:
    return Cell(example, required=True)


_FROM = Cell("2026-08-24", "date")
_TO = Cell("2027-05-28", "date")
SUBNET_KINDS = (
    "wired", "lab", "wifi", "byod", "guest", "nat", "vdi", "server", "remote",
)  # fmt: skip
DEVICE_CLASSES = (
    "desktop", "laptop", "chromebook", "podium", "lab_pc", "kiosk", "vdi_host",
    "server", "signage", "phone_byod", "other",
)  # fmt: skip
NETWORK_TYPES = (
    "residential", "mobile", "hosting", "relay", "satellite", "education", "unknown",
)  # fmt: skip
SITE_CLASSES = ("district", "sanctioned", "approved_non_business")

_FILES = (
    File(
        "accounts.csv",
        {
            "username": _id("office-hs"),
            "account_type": Cell(
                "role_shared",
                "word",
                required=True,
                allowed=("person", "service", "role_shared", "device"),
            ),
            "owner_person_id": Cell("p-1001"),
            "approved_shared": Cell("true", "boolean"),
            "aliases": Cell("hsoffice|office.hs", "list"),
            "valid_from": _FROM,
            "valid_to": Cell("", "date"),
            "note": Cell("front desk"),
            "used_in": Cell("HS"),
        },
        "accounts then come from the roster's usernames; shared, service and "
        "device accounts are not known as such",
    ),
    File(
        "buildings.csv",
        {
            "org_id": Cell("org-hs"),
            "building": _id("HS"),
            "lat": Cell("41.60", "number"),
            "lon": Cell("-93.60", "number"),
            "campus": Cell("north"),
            "name": Cell("High School"),
        },
        "travel between buildings is not judged",
        key=("building",),
    ),
    File(
        "subnets.csv",
        {
            "cidr": Cell("10.20.0.0/16", "network", required=True),
            "building": Cell("HS"),
            "kind": Cell("wired", "word", required=True, allowed=SUBNET_KINDS),
        },
        "no address has a place: shared accounts across buildings are not judged",
    ),
    File(
        "devices.csv",
        {
            "hostname": Cell("hs-pc-017"),
            "mac": Cell("02:00:00:00:00:17", "mac"),
            "device_class": Cell("desktop", "word", allowed=DEVICE_CLASSES),
            "assigned_to": Cell("p-1001"),
            "building": Cell("HS"),
            "pool": Cell("", "word"),
            "static_ip": Cell(""),
            "valid_from": Cell("", "date"),
            "valid_to": Cell("", "date"),
        },
        "no device is known to be the district's: the property limb is not judged",
    ),
    File(
        "approved_sites.csv",
        {
            "entry_id": _id("E-001"),
            "pattern": _id("learn.example.org"),
            "match": Cell(
                "domain",
                "word",
                required=True,
                allowed=("domain", "host", "path_prefix", "deny"),
            ),
            "roles": Cell("all", "list"),
            "purpose": Cell("learning platform"),
            "consent_by": Cell("technology director"),
            "valid_from": _FROM,
            "valid_to": Cell("", "date"),
            "class": Cell("sanctioned", "word", allowed=SITE_CLASSES),
            "clause": Cell("cl.24"),
            "supports": Cell(""),
            "document": Cell("", shipped=False),
        },
        "no site is known to be approved: sites are not judged at all",
        key=("entry_id",),
    ),
    File(
        "site_categories.csv",
        {
            "domain": _id("videos.example.com"),
            "category": _id("streaming"),
            "source": Cell("district"),
        },
        "sites are known by the built-in starter list and the products' own "
        "categories only",
    ),
    File(
        "calendar.csv",
        {
            "date": Cell("2026-08-24", "date", required=True),
            "day_type": Cell("school", "word", required=True, allowed=DAY_TYPES),
            "duty_start": Cell("07:30", "clock"),
            "duty_end": Cell("15:45", "clock"),
            "note": Cell("first day"),
            "building": Cell(""),
            "declared_at": Cell("", "local_time"),
        },
        "off-hours use is not judged, unless a calendar comes as .ics",
    ),
    File(
        "staff_duty.csv",
        {
            "person_id": _id("p-1001"),
            "date_from": Cell("2026-08-24", "date", required=True),
            "date_to": Cell("2027-05-28", "date", required=True),
            "weekday": Cell(
                "0",
                "word",
                required=True,
                allowed=("0", "1", "2", "3", "4", "5", "6", "date"),
            ),
            "start_local": Cell("07:30", "clock", required=True),
            "end_local": Cell("15:45", "clock", required=True),
            "building": Cell("HS"),
            "kind": Cell(
                "contract", "word", required=True, allowed=("contract", "extra")
            ),
        },
        "off-hours use by staff is not judged",
    ),
    File(
        "leave.csv",
        {
            "person_id": _id("p-1001"),
            "date": Cell("2026-10-05", "date", required=True),
            "part": Cell("full", "word", required=True, allowed=("full", "am", "pm")),
            "kind": Cell("personal"),
            "status": Cell(
                "approved",
                "word",
                required=True,
                allowed=("approved", "cancelled", "pending"),
            ),
            "substitute_person_id": Cell("p-1044"),
        },
        "use of an account while its owner is absent is not judged",
    ),
    File(
        "consents.csv",
        {
            "consent_id": _id("C-001"),
            "type": Cell(
                "c", "word", required=True, allowed=("a", "b", "c", "d", "e", "f", "g")
            ),
            "grantor": _id("p-1000"),
            "grantor_role": Cell("superintendent", "word", required=True),
            "subject": _id("p-1001"),
            "what": _id("band program page"),
            "why": Cell("concert announcements"),
            "clause": Cell("cl.46"),
            "valid_from": Cell("2026-08-24", "date", required=True),
            "valid_to": _TO,
            "review_by": Cell("2027-01-15", "date"),
            "document": Cell(""),
        },
        "no consent is known; findings say that none could be looked up",
        key=("consent_id",),
    ),
    File(
        "exceptions.csv",
        {
            "exception_id": _id("X-001"),
            "rule": _id("SA-1"),
            "scope": Cell(
                "device",
                "word",
                required=True,
                allowed=("account", "device", "site", "person", "rule"),
            ),
            "value": Cell("hs-kiosk-01"),
            "reason": _id("test kiosk, cleared nightly"),
            "approver": _id("p-1000"),
            "valid_from": Cell("2026-09-01", "date", required=True),
            "valid_to": Cell("2026-12-18", "date", required=True),
        },
        "no finding is hidden",
        key=("exception_id",),
    ),
    File(
        "expected_traffic.csv",
        {
            "expected_id": _id("T-001"),
            "kind": Cell("backup", "word", required=True, allowed=("backup", "canary")),
            "log": _id("firewall"),
            "device": Cell("srv-files"),
            "destination": _id("vault.example.com"),
            "every_days": Cell("1", "integer"),
            "least_megabytes": Cell("500", "number"),
            "valid_from": _FROM,
            "valid_to": Cell("", "date"),
        },
        "a nightly copy that stays away, and a filter that refuses nothing, are not "
        "noticed",
        key=("expected_id",),
    ),
    File(
        "ip_geo.csv",
        {
            "ip": Cell("", "network", shipped=False),
            "cidr": Cell("203.0.113.0/24", "network"),
            "country": Cell("US"),
            "city": Cell("Sampleton"),
            "lat": Cell("41.6", "number"),
            "lon": Cell("-93.6", "number"),
            "network_type": Cell("residential", "word", allowed=NETWORK_TYPES),
        },
        "the place of external sign-ins is not judged",
    ),
    File(
        "egress.csv",
        {
            "cidr": Cell("198.51.100.0/28", "network", required=True),
            "meaning": _id("district NAT"),
        },
        "an address that stands for many may look like one",
    ),
)

FILES: dict[str, File] = {file.name: file for file in _FILES}
