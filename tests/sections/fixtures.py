"""Weeks of an invented district, as report inputs: busy, quiet, partial, first, empty.

Everything is made up: code names, buildings, `.example` sites. A week is a
function of its arguments; no clock and no chance.
"""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.reports.report_inputs import SCHEMAS, ReportInputs, empty_frame
from tests.sections.hostile import (
    CODE,
    CONTROLS,
    CORPUS,
    FORMULAS,
    MARKUP,
    in_turn,
    sound,
)

ZONE = ZoneInfo("America/Chicago")
MONDAY = date(2026, 11, 16)
SOURCES = ("dhcp", "firewall", "logons", "proxy")
BUILDINGS = ("Elm Elementary", "North High", "Oak Middle", "South High")
RULE_OF = {"shared_account": "SA-1", "off_hours_external": "OH-1"}
VERDICTS = ("external", "external", "lapsed", "undecidable")
CLAUSE = {"id": "cl.23", "title": "Use of another person's account", "strength": "I"}


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """Return an instant of the week in local time; day 0 is its Monday."""
    local = datetime.combine(MONDAY + timedelta(days=day), time(hour, minute, second))
    return local.replace(tzinfo=ZONE).astimezone(UTC)


def frame(name: str, rows: list[dict]) -> pl.DataFrame:
    wanted = dict(SCHEMAS[name])
    full = [dict.fromkeys(wanted) | row for row in rows]
    return pl.DataFrame(full, schema=wanted)


def record(**more) -> str:
    base = {
        "clauses": [CLAUSE],
        "measures": {"contradictions": 6, "shortest_gap_seconds": 70, "share": 0.5},
        "alternatives": [
            {
                "name": "a second device left signed in",
                "test": "was the first device still in use",
                "result": "both were in use, six times in turn",
            },
            {
                "name": "a lease read wrongly",
                "test": "do leases and logons agree",
                "result": "they agree",
            },
            {
                "name": "an account that several people may use",
                "test": "only accounts of one person are judged",
                "result": "excluded by design",
            },
        ],
        "limits": ["Who was at either keyboard.", "Whether the owner agreed."],
        "would_change": ["A device that was handed over that day."],
        "next_step": "Have the password changed: the owner may not know of it.",
        "sites": [],
    }
    return json.dumps(base | more)


def finding(finding_id: str, kind: str, subject: str, day: int, hour: int, **more):
    devices = more.pop("devices", ["device cedar-04", "device maple-11"])
    said = {
        "shared_account": f"Account {subject} was in use at two buildings at the same "
        "time, in turn, 6 times within 40 minutes.",
        "off_hours_external": f"Account {subject} used 3 outside sites for about 50 "
        "minutes (estimate) after duty hours.",
        "non_approved_site": f"Account {subject} used a site that is not on the list "
        "for about 30 minutes (estimate) on 3 days.",
        "anomaly": f"Account {subject} sent more data out than any account like it.",
    }
    row = {
        "finding_id": finding_id,
        "rule": {"shared_account": "SA-1", "off_hours_external": "OH-1"}.get(kind, "NA-1"),
        "kind": kind,
        "subject": subject,
        "devices": devices,
        "event_date": MONDAY + timedelta(days=day),
        "start_time": at(day, hour, 12),
        "end_time": at(day, hour, 52),
        "severity": "high" if kind == "shared_account" else "low",
        "confidence": "C3" if kind == "shared_account" else "C2",
        "status": "open",
        "created_time": at(day + 1, 5),
        "revision": 1,
        "claim": said[kind],
        "record": record(),
        "case_id": finding_id.replace("f-", "c-"),
        "clause": "cl.23" if kind == "shared_account" else "cl.33",
        "stage": "live",
    }
    return row | more


def lines_of(row: dict, size: int = 12) -> list[dict]:
    """Log lines that turn from device to device."""
    found = []
    for place in range(size):
        device = row["devices"][place % len(row["devices"])]
        when = row["start_time"] + timedelta(minutes=40 * place / max(size - 1, 1))
        path = f"proxy/access-{row['event_date']:%Y%m%d}.log"
        found.append(
            {
                "finding_id": row["finding_id"],
                "position": place + 1,
                "role": "request on the first device"
                if place % 2 == 0
                else "request on the second device",
                "source": "proxy" if place % 3 else "logons",
                "path": path,
                "line_no": 1000 + 17 * place,
                "byte_offset": 90_000 + 1733 * place,
                "time": when,
                "account": row["subject"],
                "device": device,
                "building": BUILDINGS[1] if place % 2 == 0 else BUILDINGS[3],
                "site": "lessons.example",
                "activity": "page opened",
                "bytes_in": 48_000 + place,
                "line_sha256": hashlib.sha256(f"{path}{place}".encode()).hexdigest(),
            }
        )
    return found


def findings_of_busy_week() -> list[dict]:
    shared = "shared_account"
    after = "off_hours_external"
    names = ("amber-03", "birch-19", "clover-08", "dune-31", "ember-14", "fjord-22")
    rows = [
        finding("f-2026w46-007", shared, "heron-05", -6, 10),
        finding("f-2026w47-001", shared, "falcon-27", 1, 9),
        finding("f-2026w47-002", shared, "otter-12", 3, 13, status="explained",
                decided_time=at(4, 11)),
        finding("f-2026w47-003", shared, "wren-40", 2, 14, confidence="C2",
                severity="medium", status="confirmed", decided_time=at(4, 12)),
        finding("f-2026w47-004", "non_approved_site", "falcon-27", 2, 11, devices=[
            "device cedar-04"], record=record(sites=["games-corner.example"])),
        finding("f-2026w47-005", shared, "lead-01", 2, 14, confidence="C1"),
        finding("f-2026w46-002", shared, "gull-09", -5, 14, status="withdrawn",
                revision=2, decided_time=at(1, 9)),
        finding("f-2026w46-003", after, "gull-10", -5, 20, status="explained",
                decided_time=at(2, 9)),
    ]  # fmt: skip
    clip = {"days": 1, "total_seconds": 900, "sites": ["clip-stream.example"]}
    rows += [
        finding(
            "f-2026w47-006",
            "non_approved_site",
            "quail-33",
            3,
            12,
            devices=["device cedar-04"],
            record=record(sites=clip["sites"], measures=clip),
        ),
        finding(
            "f-2026w47-007",
            "non_approved_site",
            "amber-03",
            0,
            20,
            devices=["device pine-00"],
            record=record(sites=clip["sites"], measures=clip),
            case_id="c-2026w47-10",
            status="explained",
            decided_time=at(5, 9),
        ),
    ]
    rows += [
        finding(
            f"f-2026w47-1{n}",
            after,
            name,
            n % 7,
            20,
            status="explained",
            devices=[f"device pine-{n:02d}"],
            decided_time=at(5, 9),
        )
        for n, name in enumerate(names)
    ]
    return rows


def source_hours(missing: set[tuple[str, int, int]]) -> list[dict]:
    rows = []
    for source in SOURCES:
        for day in range(7):
            for hour in range(24):
                gone = (source, day, hour) in missing
                awake = source != "logons" or 5 <= hour <= 22
                rows.append(
                    {
                        "source": source,
                        "hour_start": at(day, hour),
                        "event_date": MONDAY + timedelta(days=day),
                        "hour": hour,
                        "line_count": 0 if gone or not awake else 900 + 40 * hour,
                        "is_expected": awake,
                    }
                )
    return rows


def source_days() -> list[dict]:
    rows = []
    for place, source in enumerate(SOURCES):
        for day in range(7):
            events = (place + 1) * 61_000 + day * 970
            rejects = 14 if source == "proxy" and day < 5 else 0
            rows.append(
                {
                    "event_date": MONDAY + timedelta(days=day),
                    "source": source,
                    "lines": events + rejects + 2 + 3,
                    "events": events,
                    "rejects": rejects,
                    "blanks": 2,
                    "duplicates": 3,
                    "pending": 0,
                }
            )
    return rows


def daily_use() -> list[dict]:
    return [
        {
            "event_date": MONDAY + timedelta(days=day),
            "building": building,
            "use_class": kind,
            "request_count": (9_000 * (place + 2) * share) // (1 if day < 5 else 9),
            "account_count": 60 + 10 * place if kind == "people" else None,
            "site_count": 200,
            "bytes_in": 10**9,
        }
        for day in range(7)
        for place, building in enumerate(BUILDINGS)
        for kind, share in (("people", 3), ("background", 2), ("unknown", 1))
    ]


def attribution() -> list[dict]:
    parts = {"A": 60, "B": 25, "C": 5, "D": 2, "none": 8}
    return [
        {
            "event_date": MONDAY + timedelta(days=day),
            "building": building,
            "grade": grade,
            "request_count": size * 100 + (place * 400 if grade == "none" else 0),
        }
        for day in range(5)
        for place, building in enumerate(BUILDINGS)
        for grade, size in parts.items()
    ]


BEFORE = 5
"""Earlier weeks in which use is known, of the hours and of the calendar."""


def hourly_use(weeks: int = BEFORE) -> list[dict]:
    """Use in school hours that differs a little from week to week."""
    return [
        {
            "event_date": MONDAY + timedelta(days=day - 7 * back),
            "hour": hour,
            "building": building,
            "account_count": 20 + place,
            "minutes": (200.0 + 55 * (7 - abs(hour - 11)) + 6 * back)
            / (1 if day < 5 else 20)
            * (1.6 if (back, hour) == (0, 14) else 1)
            * (1.3 - 0.2 * place),
        }
        for back in range(weeks + 1)
        for day in range(7)
        for hour in range(7, 17)
        for place, building in enumerate(BUILDINGS)
    ]


SITE_WORDS = "games-corner shop-street clip-stream news-desk quiz-maker photo-box"
OFF_HOURS = (
    "0 18 30, 0 20 55, 1 19 40, 1 20 80, 1 21 140, 2 21 95, 3 20 60, 3 22 20, "
    "4 17 25, 5 10 110, 5 11 70, 5 15 45, 6 16 90, 6 20 170, 6 21 60"
)


def site_use(new: int, older: int) -> list[dict]:
    words = SITE_WORDS.split()
    rows = [
        {
            "event_date": MONDAY + timedelta(days=day),
            "site": f"{words[place % 6]}-{place}.example",
            "verdict": VERDICTS[place % 4],
            "site_class": "unreviewed external",
            "category": ("games", None, "real_estate")[place % 3],
            "category_source_count": (2, None, 1)[place % 3],
            "account_count": 2 + place,
            "minutes": 160.0 - 9.5 * place,
            "request_count": 300 - 7 * place,
            "first_seen_date": MONDAY - timedelta(days=0 if place < new else 40),
        }
        for place in range(new + older)
        for day in range(1 + place % 4)
    ]
    listed = rows[0] if rows else {"event_date": MONDAY, "minutes": 160.0}
    lessons = listed | {"site": "lessons.example", "verdict": "approved"}
    last = {"event_date": MONDAY - timedelta(days=7), "first_seen_date": None}
    return [*rows, lessons, lessons | last | {"minutes": 90.0}]


def off_hours() -> list[dict]:
    cells = [tuple(map(int, cell.split())) for cell in OFF_HOURS.split(", ")]
    return [
        {
            "event_date": MONDAY + timedelta(days=day),
            "weekday": day,
            "hour": hour,
            "building": building,
            "account_count": 1 + minutes // 40,
            "minutes": minutes / 2,
        }
        for day, hour, minutes in cells
        for building in BUILDINGS[1::2]
    ]


def school_days(weeks: int = BEFORE) -> list[dict]:
    return [
        {
            "event_date": MONDAY + timedelta(days=day - 7 * back),
            "building": building,
            "day_type": "school" if day < 5 else "weekend",
            "duty_start_minutes": 390 if day < 5 else None,
            "duty_end_minutes": (960 if day != 2 else 780) if day < 5 else None,
        }
        for back in range(weeks + 1)
        for day in range(7)
        for building in BUILDINGS
    ]


RULES = [
    {
        "code": "SA-1",
        "name": "interleaved_campuses",
        "title": "One account in use at two campuses in turn",
        "summary": "An account acts on two devices at two campuses, back and forth, "
        "faster than anybody can travel.",
        "severity": "high",
        "params": [
            {
                "name": "min_contradictions",
                "value": 4,
                "why": "one stale lease or one late line makes at most 2",
                "regulation": "401.13-R1",
            },
            {
                "name": "travel_share",
                "value": 0.6,
                "why": "fast drivers",
                "regulation": "",
            },
        ],
        "false_positives": [
            "A lease that was not given back.",
            "A clock that is wrong.",
        ],
        "response": "Ask the owner of the account first.",
        "stage": "live",
        "clauses": ["cl.23", "cl.17"],
    },
    {
        "code": "OH-1",
        "name": "off_hours_external",
        "title": "Outside sites in use after duty hours",
        "summary": "A block of use with a person at the keyboard, outside duty hours.",
        "severity": "low",
        "params": [],
        "false_positives": [],
        "response": "",
        "stage": "trial",
        "clauses": [],
    },
]
PERMITS = [
    {"permit_id": "C-001", "kind": "consent", "about": "cl.24",
     "valid_to": MONDAY + timedelta(days=20), "review_by": None},
    {"permit_id": "C-002", "kind": "consent", "about": "cl.40",
     "valid_to": MONDAY + timedelta(days=200),
     "review_by": MONDAY + timedelta(days=10)},
    {"permit_id": "C-003", "kind": "consent", "about": "cl.19",
     "valid_to": MONDAY + timedelta(days=200), "review_by": None},
    {"permit_id": "X-001", "kind": "exception", "about": "SA-1",
     "valid_to": MONDAY + timedelta(days=2), "review_by": None},
]  # fmt: skip
STANDING = [
    {"code": "SA-1", "state": "holds", "decisions": 41, "confirmed": 40,
     "precision_low": 0.871, "precision_high": 0.999},
    {"code": "OH-1", "state": "leads", "decisions": 30, "confirmed": 12,
     "precision_low": 0.227, "precision_high": 0.594},
    {"code": "NA-1", "state": "too few", "decisions": 4, "confirmed": 4,
     "precision_low": 0.398, "precision_high": 1.0},
    {"code": "NA-2", "state": "too few", "decisions": 0, "confirmed": 0,
     "precision_low": 0.0, "precision_high": 1.0},
]  # fmt: skip
TALK = [
    {
        "event_date": MONDAY + timedelta(days=day),
        "source": source,
        "format": name,
        "kind": kind,
        "line_count": lines,
        "account_count": accounts,
        "card_count": cards,
    }
    for day, source, name, kind, lines, accounts, cards in (
        (0, "firewall", "fortigate", "event:system", 40, 12, 0),
        (1, "firewall", "fortigate", "event:system", 30, 9, 0),
        (1, "directory", "windows_security_json", "4672", 900, 900, 0),
        (2, "wifi", "aruba_os", "authmgr", 12, 0, 12),
        (-9, "wifi", "aruba_os", "authmgr", 12, 12, 12),
    )
]

SERVICES = [
    {
        "event_date": MONDAY + timedelta(days=day),
        "site": site,
        "account_count": size,
        "device_count": size + 1,
        "megabytes_out": sent,
        "categories": said,
        "is_listed": is_listed,
    }
    for day, site, size, sent, said, is_listed in (
        (0, "slide-maker.example", 4, 12.5, "education", True),
        (1, "slide-maker.example", 9, 30.0, "education", True),
        (2, "send-big-files.example", 1, 140.0, None, False),
        (3, "chat-corner.example", 5, None, "social", False),
        (-9, "older.example", 5, 1.0, "news", False),
    )
]


ENDS = [
    {
        "event_date": MONDAY + timedelta(days=day),
        "rule": rule,
        "condition": condition,
        "position": position,
        "candidate_count": came,
        "passed_count": 1,
        "failed_count": failed,
        "alone_count": alone,
    }
    for day, rule, condition, position, came, failed, alone in (
        (0, "OH-1", "too few requests", 1, 12, 4, 1),
        (0, "OH-1", "too short", 2, 12, 9, 6),
        (2, "OH-1", "too few requests", 1, 5, 0, 0),
        (2, "OH-1", "too short", 2, 5, 4, 4),
        (2, "SA-1", "too few turns", 1, 1, 0, 0),
        (9, "OH-1", "too short", 2, 90, 80, 70),
    )
]

UNJUDGED = [
    {
        "event_date": MONDAY + timedelta(days=day),
        "site": site,
        "account_count": size,
        "minutes": minutes,
        "longest_minutes": minutes / 2,
        "categories": said,
    }
    for day, site, size, minutes, said in (
        (0, "craft-blog.example", 1, 41.0, None),
        (2, "craft-blog.example", 2, 75.5, None),
        (1, "puzzle-den.example", 1, 6.2, "games"),
        (1, "news-desk-3.example", 1, 40.0, None),
        (-9, "older.example", 1, 99.0, None),
    )
]


def blind_share() -> list[dict]:
    return [
        {
            "event_date": MONDAY + timedelta(days=day),
            "source": source,
            "building": building,
            "line_count": 1_000,
            "without_host_count": 40 + 30 * place - (day < 0) * 20,
            "without_account_count": 10 + 100 * place,
        }
        for day in (-9, -8, 0, 1, 2)
        for place, source in enumerate(("firewall", "proxy"))
        for building in (*BUILDINGS[:2], None)
    ]


CLAUSES = [
    {
        "clause_id": "cl.23",
        "title": "Do not use another person's account",
        "binds": "U",
        "strength": "I",
        "cannot_show": "That the owner agreed; who typed",
        "detections": ["SA-1", "SA-2"],
    },
    {
        "clause_id": "cl.29",
        "title": "A site that is not sanctioned is external",
        "binds": "U",
        "strength": "S",
        "cannot_show": "",
        "detections": ["NA-1"],
    },
    {
        "clause_id": "cl.20",
        "title": "Keep passwords to yourself",
        "binds": "U",
        "strength": "0",
        "cannot_show": "Notes on paper, passwords told",
        "detections": [],
    },
    {
        "clause_id": "cl.9",
        "title": "Public records",
        "binds": "D",
        "strength": "S",
        "cannot_show": "",
        "detections": [],
        "controls": [
            {
                "name": "records",
                "label": "public-records requests",
                "what": "2 requests, 1 answered",
                "day": "2026-11-12",
            }
        ],
    },
    {
        "clause_id": "cl.13g",
        "title": "Disaster recovery",
        "binds": "D",
        "strength": "W",
        "cannot_show": "",
        "detections": [],
        "controls": [{"name": "drill", "label": "restore drill", "what": "", "day": ""}],
    },
    {
        "clause_id": "cl.49",
        "title": "What follows a breach",
        "binds": "U",
        "strength": "n/a",
        "cannot_show": "",
        "detections": [],
    },
    {
        "clause_id": "cl.33",
        "title": "Time and property serve the job",
        "binds": "E",
        "strength": "I",
        "cannot_show": "Why a site was opened",
        "detections": ["OH-1"],
    },
    {
        "clause_id": "cl.1",
        "title": "Do not disturb lessons",
        "binds": "E",
        "strength": "W",
        "cannot_show": "Disturbance itself",
        "detections": [],
    },
]


def previous(weeks: int) -> list[dict]:
    shape = (3, 2, 4, 1, 0, 2, 3, 5, 2, 1, 3, 2, 2)
    return [
        {
            "week_start": MONDAY - timedelta(days=7 * back),
            "needs_review": shape[back % 13],
            "shared_accounts": 1 + shape[(back + 3) % 13] % 3,
            "new_sites": 4 + shape[(back + 5) % 13],
            "off_hours_accounts": 4 + shape[(back + 1) % 13],
            "coverage": 1.0 if back != 3 else 0.8,
            "school_days": 5,
        }
        for back in range(weeks, 0, -1)
    ]


def _app(app: str, hosts: str, kind: str, **facts: object) -> dict[str, object]:
    """Return an app; what is not given is unknown."""
    blank = dict.fromkeys(
        ("vendor", "agreement", "ends", "student_data", "owner", "licenses", "asked",
         "decision", "decided_for", "decided_until")
    )  # fmt: skip
    return {"app": app, "hosts": hosts, "kind": kind, "is_in_file": True, **blank, **facts}


APPS = [
    _app("Essay Helper", "essayhelper.example|essay.example", "generative_ai",
         vendor="Example Press", student_data=True, owner="curriculum office",
         asked=date(2026, 11, 12), decision="approved", decided_for="person:p-1001|teacher",
         decided_until=date(2027, 6, 30)),
    _app("new-ai.example", "new-ai.example", "generative_ai", is_in_file=False),
    _app("Sketch Bot", "sketchbot.example", "generative_ai", is_in_file=False,
         decision="denied", decided_for="all"),
    _app("Reading Room", "readingroom.example", "learning", vendor="Example Press",
         agreement="contract 2026-14", ends=date(2026, 12, 31), student_data=False,
         owner="library", licenses=400, decision="approved", decided_for="all"),
    _app("Map Maker", "mapmaker.example", "creative", agreement="contract 2025-3",
         ends=date(2026, 6, 30), decision="ended", decided_for="all",
         decided_until=date(2026, 6, 30)),
    _app("Tax Desk", "taxdesk.example", "office", agreement="order 12", student_data=False,
         licenses=30),
]  # fmt: skip
"""Apps: asked about, without a row, denied, ending, ended, and paid without use."""


def app_use() -> list[dict[str, object]]:
    """Return accounts of four weeks by role and building; some cells are of few accounts."""
    cells = (
        ("Essay Helper", "teacher", 0, 14, -40),
        ("Essay Helper", "student", 0, 2, -40),
        ("Essay Helper", "student", 1, 9, -40),
        ("Essay Helper", "unknown", 1, 3, -40),
        ("new-ai.example", "teacher", 0, 2, 2),
        ("Sketch Bot", "student", 1, 6, 3),
        ("Reading Room", "student", 0, 31, -40),
        ("Map Maker", "teacher", 1, 5, -60),
    )
    return [
        {
            "event_date": MONDAY + timedelta(days=6),
            "app": app,
            "role": role,
            "building": BUILDINGS[place],
            "account_count": accounts,
            "first_date": MONDAY + timedelta(days=begun),
        }
        for app, role, place, accounts, begun in cells
    ]


def busy() -> ReportInputs:
    """Return a week with everything in it."""
    rows = findings_of_busy_week()
    return ReportInputs(
        findings=frame("findings", rows),
        evidence=frame("evidence", [line for row in rows for line in lines_of(row)]),
        daily_use=frame("daily_use", daily_use()),
        attribution=frame("attribution", attribution()),
        site_use=frame("site_use", site_use(7, 9)),
        off_hours=frame("off_hours", off_hours()),
        hourly_use=frame("hourly_use", hourly_use()),
        source_hours=frame("source_hours", source_hours({("proxy", 2, 2)})),
        source_days=frame("source_days", source_days()),
        school_days=frame("school_days", school_days()),
        rules=RULES,
        clauses=CLAUSES,
        permits=frame("permits", PERMITS),
        rule_standing=frame("rule_standing", STANDING),
        blind_share=frame("blind_share", blind_share()),
        new_services=frame("new_services", SERVICES),
        unjudged_sites=frame("unjudged_sites", UNJUDGED),
        app_use=frame("app_use", app_use()),
        apps=frame("apps", APPS),
        rule_ends=frame("rule_ends", ENDS),
        unused_lines=frame("unused_lines", TALK),
        audit_head="41:" + "ab" * 32,
        district="Cedar Falls Example District",
        zone=ZONE.key,
        generated_time=at(7, 5, 10),
        snapshot_id="2026-11-23T1110Z-3f9a",
        settings_hash="b7c1d2e3",
        registry_version="91aa04",
        previous=previous(13),
    )


def quiet() -> ReportInputs:
    """Everything arrived, nothing was found."""
    return replace(
        busy(),
        findings=empty_frame("findings"),
        evidence=empty_frame("evidence"),
        site_use=frame("site_use", [site_use(1, 0)[-2]]),
        off_hours=empty_frame("off_hours"),
        source_hours=frame("source_hours", source_hours(set())),
    )


def partial() -> ReportInputs:
    """The proxy was silent for two days."""
    gone = {("proxy", day, hour) for day in (1, 2) for hour in range(24)}
    return replace(busy(), source_hours=frame("source_hours", source_hours(gone)))


def first_ever() -> ReportInputs:
    """No earlier week, and no carried items."""
    inputs = busy()
    own = inputs.findings.filter(pl.col("event_date") >= MONDAY)
    return replace(inputs, findings=own, previous=())


def empty() -> ReportInputs:
    """Nothing arrived, though it was expected."""
    every = {(s, day, hour) for s in SOURCES for day in range(7) for hour in range(24)}
    blank = {name: empty_frame(name) for name in SCHEMAS if name != "source_hours"}
    hours = frame("source_hours", source_hours(every))
    return replace(busy(), **blank, source_hours=hours, rules=(), clauses=(), previous=())


def nothing() -> ReportInputs:
    """Not even an expectation."""
    return replace(empty(), source_hours=empty_frame("source_hours"))


def poisoned(frame_: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Return the frame with an attack in each cell of some columns, every one in turn."""
    bad = {
        column: [sound(CORPUS[(7 * row + place) % len(CORPUS)]) for row in range(frame_.height)]
        for place, column in enumerate(columns)
    }
    return frame_.with_columns(pl.Series(column, bad[column]) for column in columns)


def bad_record(place: int) -> str:
    """Return a finding's record that is an attack in every field."""
    text = in_turn(place * 11)
    return json.dumps(
        {
            "clauses": [{"id": next(text), "title": next(text), "strength": "I"}],
            "measures": {next(text): next(text), "turns": next(text)},
            "alternatives": [
                {key: next(text) for key in ("name", "test", "result")} for _ in range(3)
            ],
            "limits": [next(text) for _ in range(4)],
            "would_change": [next(text)],
            "next_step": next(text),
            "local_time": next(text) if place % 5 == 0 else None,
            "sites": [next(text) for _ in range(3)],
        }
    )


def bad_rule(code: str) -> dict:
    """Return a rule of which every text is an attack, but for the code that finds name."""
    text = in_turn(40)
    return {key: next(text) for key in RULES[0]} | {
        "code": code,
        "params": [{key: next(text) for key in ("name", "value", "why", "regulation")}],
        "false_positives": list(map(sound, CORPUS)),
        "clauses": [next(text)],
    }


def hostile() -> ReportInputs:
    """Return a week in which every text from outside is an attack."""
    inputs = busy()
    text = in_turn()
    size = inputs.findings.height
    clause = {key: next(text) for key in CLAUSES[0]} | {"detections": list(map(sound, CORPUS))}
    renamed = dict(zip(SOURCES, map(sound, MARKUP), strict=False))
    return replace(
        inputs,
        findings=poisoned(inputs.findings, "rule", "subject", "claim").with_columns(
            record=pl.Series([bad_record(place) for place in range(size)]),
            devices=pl.Series([[sound(next(text))] for _ in range(size)]),
        ),
        evidence=poisoned(
            inputs.evidence,
            "role",
            "source",
            "path",
            "account",
            "device",
            "building",
            "site",
            "activity",
            "line_sha256",
        ),
        site_use=poisoned(inputs.site_use, "site", "category"),
        daily_use=poisoned(inputs.daily_use, "building"),
        attribution=poisoned(inputs.attribution, "building"),
        off_hours=poisoned(inputs.off_hours, "building"),
        hourly_use=poisoned(inputs.hourly_use, "building"),
        source_days=poisoned(inputs.source_days, "source"),
        permits=poisoned(inputs.permits, "permit_id", "kind", "about"),
        rule_standing=poisoned(inputs.rule_standing, "code", "state"),
        blind_share=poisoned(inputs.blind_share, "source", "building"),
        new_services=poisoned(inputs.new_services, "site", "categories"),
        unjudged_sites=poisoned(inputs.unjudged_sites, "site", "categories"),
        app_use=poisoned(inputs.app_use, "app", "role", "building"),
        apps=poisoned(inputs.apps, "app", "hosts", "vendor", "agreement", "owner", "decided_for"),
        rule_ends=poisoned(inputs.rule_ends, "condition"),
        unused_lines=poisoned(inputs.unused_lines, "source", "kind"),
        source_hours=inputs.source_hours.with_columns(source=pl.col("source").replace(renamed)),
        rules=[bad_rule(MARKUP[0])],
        clauses=[clause],
        district=MARKUP[0],
        title=CODE[0],
        snapshot_id=MARKUP[1],
        settings_hash=MARKUP[2],
        registry_version=FORMULAS[0],
        audit_head=CONTROLS[1],
    )


WEEKS = {
    "busy": busy,
    "quiet": quiet,
    "partial": partial,
    "first-ever": first_ever,
    "empty": empty,
    "nothing": nothing,
    "hostile": hostile,
}
