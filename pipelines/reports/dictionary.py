"""Meaning of the relations of a snapshot, column by column.

A model's meaning is in its header. Some relations are not models: they come from
`state.db` and are described here; a test compares both with the content of a
real snapshot.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

import polars as pl

from pipelines.day_kinds import DAY_KINDS
from pipelines.errors import ModelError
from pipelines.events import (
    EVENT_CLASSES,
    LOGON_ACTIVITIES,
    LOGON_KINDS,
    TIME_QUALITIES,
    Column,
)
from pipelines.findings.attribution_words import every_set
from pipelines.gaps.families import FAMILIES
from pipelines.privacy.pseudonyms import published_tables
from pipelines.registry.device_classes import CLASSES
from pipelines.registry.frames import FRAMES
from pipelines.settings.problems import nearest
from pipelines.state.ledger import STATES
from pipelines.state.source_records import LAGS
from pipelines.warehouse.headers import ColumnNote, Header
from pipelines.warehouse.models import every_model, models

Words = Mapping[str, str]

OPEN = frozenset(
    {
        "activity",
        "app",
        "building",
        "service",
        "served",
        "campus",
        "category",
        "case_id",
        "case_number",
        "categories",
        "cause",
        "city",
        "clause",
        "country",
        "claim",
        "model",
        "code",
        "condition",
        "content_type",
        "destination",
        "device_pool",
        "district",
        "entry_id",
        "event_class",
        "field",
        "filter",
        "finding_id",
        "format",
        "home_building",
        "host",
        "kind",
        "line_sha256",
        "list_names",
        "method",
        "path",
        "peer_group",
        "place_source",
        "pool",
        "products",
        "protocol",
        "record",
        "registrable_domain",
        "resembles",
        "role",
        "rule",
        "site",
        "source",
        "sources",
        "status_reason",
        "unicode_hostname",
        "url_hostname",
        "words",
        "background_kind",
        "endings",
        "other_source",
        "said",
        "school",
        "version",
        "zone",
    }
)
"""Columns without a closed list of words."""
GRADES: Words = {
    "A": "the line itself carries the login",
    "B": "the device is assigned to one person",
    "C": "a logon was active on the device",
    "D": "an address only: no one is named",
}

NETWORKS: Words = {
    "wired": "cable in a building",
    "lab": "cable in a lab",
    "wifi": "the district's wireless network",
    "byod": "wireless network for own devices",
    "guest": "wireless network for guests",
    "nat": "one address for many devices; identifies no place",
    "vdi": "virtual desktops; identifies no place",
    "server": "servers",
    "remote": "tunnels from outside; identifies no place",
}

VERDICTS: Words = {
    "approved": "on the list, on that day and for that role",
    "approved_other_role": "on the list, for another role",
    "lapsed": "its approval had expired",
    "undecidable": "the list decides by a path that the log does not show",
    "denied": "the list forbids it",
    "external": "the list does not have it; no breach in itself",
    "no_list": "the district has no complete list yet",
    "leisure": "no complete list yet; lists classify it as leisure, and few colleagues use it",
}
PROOFS: Words = {
    "authenticated": "the product checked the name",
    "tunnel": "checked inside a tunnel",
    "recorded": "the network's equipment recorded it",
    "outer": "the name in front of a tunnel; names no one",
    "said": "a client wrote it; names no one",
    "guessed": "a copy, a cache or a mapping",
    "doubtful": "two names, or one in a visitor's text; names no one",
}
BINDINGS: Words = {
    "lease": "a DHCP lease",
    "static": "the registry's fixed address",
    "tunnel": "an address given inside a tunnel",
    "agent": "the machine name in the line",
}

DAYS: Words = {
    **{name: kind.meaning for name, kind in DAY_KINDS.items()},
    "weekday": "a working day, of whatever kind",
}

PRESENCES: Words = {
    "keyboard": "a logon or unlock at the device's keyboard",
    "wifi": "a login to the wireless network or a port (802.1X)",
    "tunnel": "a login to a tunnel",
    "sign_in": "a sign-in to a cloud service",
    "mapping": "a product's mapping of an address to an account",
    "use": "sites that a person opened one after another",
}
STATES_OF_PRESENCE: Words = {
    "live": "a person may be at the device",
    "locked": "the screen is locked",
    "connected": "the account is present; a person may not be",
}
WITNESSES: Words = {
    "proxy": "a login on the line of a proxy",
    "firewall": "a line of a firewall",
    **PRESENCES,
}
WHO_SAYS_SERVED: Words = {
    "district": "an entry of the list of sites supports another's",
    "listed": "the built-in list contains it",
    "learned": "the district's own logs show it",
}
LEARNED_OF_A_DEVICE: Words = {
    "card": "its network card",
    "class": "its class",
    "building": "its building",
    "user": "the person who uses it",
}

VALUES: Mapping[str, Words] = {
    "time_quality": TIME_QUALITIES,
    "change": {"enrolled": "a factor was added", "reset": "the factors were removed"},
    "logon_kind": LOGON_KINDS,
    "raw.logons.activity": LOGON_ACTIVITIES,
    "attribution_grade": GRADES,
    "grade": GRADES,
    "grade_before": GRADES,
    "grade_now": GRADES,
    "device_class": {name: one.meaning for name, one in CLASSES.items()},
    "net_kind": NETWORKS,
    "verdict": VERDICTS,
    "name_proof": PROOFS,
    "day_type": DAYS,
    "witness": WITNESSES,
    "other_witness": WITNESSES,
    "seen_by": WITNESSES,
    "account_type": {
        "person": "one person's",
        "service": "a program's",
        "role_shared": "a desk's or a team's",
        "device": "a device's own",
    },
    "network_kind": {
        "residential": "homes",
        "mobile": "mobile phones",
        "hosting": "a data center",
        "relay": "a relay or VPN provider, which hides the place",
        "satellite": "satellite",
        "education": "a school or college",
        "unknown": "not known",
    },
    "disposition": {
        "allowed": "let through",
        "blocked": "refused",
        "challenged": "asked to log in first",
    },
    "binding": BINDINGS,
    "other_binding": BINDINGS,
    "device_basis": {
        **BINDINGS,
        "keyboard": "from outside: the owner's own device, in use at that moment",
        "desk": "behind a shared address: the owner's desktop in that building, in use then",
        "contradicted": "a tunnel's, but the device was on site at that time",
    },
    "lag": {
        "ahead": "before their own time",
        "5 minutes": "at most this long",
        **dict.fromkeys(tuple(LAGS)[2:-1], "at most this long, more than the one before"),
        "longer": "more than a week",
    },
    "site_class": {
        "district": "the district's own",
        "sanctioned": "approved for work",
        "approved_non_business": "approved, though not for work",
        "work_system": "a work system of the roles named, whatever filters call it",
        "unreviewed external": "not on the list",
    },
    "use_class": {
        "people": "a person's requests",
        "background": "requests that devices make by themselves",
        "unknown": "not known",
    },
    "attribution_facts": every_set(),
    "identity.devices.learned": {
        ", ".join(facts): " and ".join(LEARNED_OF_A_DEVICE[fact] for fact in facts)
        for count in range(1, len(LEARNED_OF_A_DEVICE) + 1)
        for facts in combinations(LEARNED_OF_A_DEVICE, count)
    },
    "identity.learned_devices.problem": {
        "a private device by its network or its card": "not the district's card",
        "the card appears under several names": "a dock or an adapter that is shared",
        "several cards carry the name": "more than a wired and a wireless card",
        "seen only once": "too few times to count as the device's card",
    },
    "core.administrators.why": {
        "registry": "accounts.csv marks it",
        "name": "its name is one that administrators use",
        "reach": "it reached many workstations over the network",
    },
    "seen_in": {
        "lease": "a lease that carries the client's name",
        "network": "a network login by the computer's own account",
        "keyboard": "a sign-in at the computer",
    },
    "core.inside_flows.kind": {
        "inbound": "from outside to a device of the district, let through",
        "clear text": "in a protocol that sends passwords in plain text",
    },
    "core.admin_acts.act": {
        "log cleared": "a log was emptied",
        "logging reduced": "less is logged from then on",
        "administrator added": "an account joined a group or role that rules it",
        "administrator signed in": "a person signed in to administer the system",
        "setting changed": "any other change of a firewall's settings",
    },
    "marts.source_clocks.basis": {
        "moment": "one moment, recorded by both",
        "logon": "an account's one logon of the day in each",
        "zone": "whole and half hours, by what begins in both",
    },
    "core.tool_use.how": {
        "resolver": "asked names of a resolver outside",
        "tool": "used a tunnel or remote control",
    },
    "core.duty.kind": {
        "contract": "by the contract's hours",
        "extra": "duty beyond them",
    },
    "marts.rule_coverage.family": FAMILIES,
    "core.host_services.source": {
        "own": "the host represents its own site",
        **WHO_SAYS_SERVED,
        "page": "it was loaded by another service's page",
    },
    "core.served_hosts.source": WHO_SAYS_SERVED,
    "presence": PRESENCES,
    "identity.presences.state": STATES_OF_PRESENCE,
    "core.presences.state": STATES_OF_PRESENCE,
    "ended_by": {
        "lock": "its screen was locked",
        "logoff": "the log records the end",
        "next": "another line about the same place took over",
        "limit": "no log recorded an end: it is not assumed any longer",
    },
    "findings.findings.kind": {
        "shared_account": "an account away from its owner",
        "non_approved_site": "a site that is not on the list",
        "off_hours_external": "outside sites beyond duty hours",
        "anomaly": "a notice: something unusual or at risk",
    },
    "findings.evidence.role": {
        "request": "what was asked for",
        "logon": "whose keyboard it was",
        "lease": "which device had the address",
        "connection": "what passed the firewall",
        "event": "something else that the rule counted",
    },
    "identity.login_habits.habit": {
        "changed": "the login before it on that device was another account's",
        "automatic": "the computer signs itself on at that second of several days",
    },
    "core.push_answers.answer": {
        "accepted": "the sign-in went on",
        "denied": "refused at the phone",
        "unanswered": "no answer came in time",
    },
    "core.look_alike_hosts.how": {
        "looks_the_same": "written in letters that look like the other's",
        "one_letter": "one letter away from the other",
    },
    "resembles_list": {
        "approved_sites": "the list of sites",
        "district": "the district's own hosts",
        "login_hosts": "hosts where people sign in",
    },
    "measured": {
        "requests": "engaged requests in an hour",
        "sites": "sites in an hour",
        "megabytes": "megabytes in an hour",
    },
    "basis": {
        "own": "the account's own past",
        "peers": "accounts of the same role and building",
    },
    "severity": {
        "informational": "to know",
        "low": "small if true",
        "medium": "to settle in the week",
        "high": "to resolve immediately",
        "critical": "harm may be under way",
    },
    "confidence": {
        "C3": "well supported: two sources agree, what could be tested is ruled out",
        "C2": "likely: one could not be tested",
        "C1": "a lead, for analysts alone",
    },
    "status": {
        "open": "no decision yet",
        "explained": "decided: there was an innocent reason",
        "confirmed": "decided: it is as the finding says",
        "withdrawn": "its basis is gone",
    },
    "stage": {
        "trial": "recorded and reported, sends no alert",
        "live": "in force",
    },
    "findings.rule_standing.state": {
        "too few": "too few decisions to judge",
        "holds": "decisions bear it out",
        "leads": "its undecided findings are leads",
        "may go live": "on trial, and proved",
        "stays on trial": "on trial, and not proved",
    },
    "marts.source_files.state": STATES,
}
"""Column, or relation and column -> its words."""

_SQL_TYPES: Mapping[object, str] = {
    pl.String: "varchar",
    pl.Boolean: "boolean",
    pl.Date: "date",
    pl.Datetime: "timestamptz",
    pl.Float64: "double",
    pl.Float32: "float",
    pl.Int64: "bigint",
    pl.Int32: "integer",
    pl.Int16: "smallint",
    pl.Int8: "tinyint",
    pl.UInt64: "ubigint",
    pl.UInt32: "uinteger",
    pl.UInt16: "usmallint",
    pl.UInt8: "utinyint",
}


def notes_of(relation: str) -> Mapping[str, ColumnNote]:
    """Return the columns that a relation may have, by name."""
    return header_of(relation).columns


def meaning_of(relation: str) -> str:
    """Return the meaning of one row of a relation, in one line."""
    return " ".join(header_of(relation).summary.split())


def header_of(relation: str) -> Header:
    """Return a model's header, or a similar one for another relation."""
    return KEPT[relation] if relation in KEPT else every_model()[relation].header


def _note(kind: str, meaning: str, pii: str = "none") -> ColumnNote:
    return ColumnNote.model_validate({"type": kind, "is": meaning, "pii": pii})


_PLACE = {
    "source": _note("varchar", "source of the line"),
    "path": _note("varchar", "file below the source's landing folder"),
}

KEPT: Mapping[str, Header] = {
    "findings.findings": Header(
        summary="Current findings of the detections, one row per finding.",
        grain=("finding_id",),
        columns={
            "finding_id": _note("varchar", "the same whenever the same is found"),
            "rule": _note("varchar", "code of the detection"),
            "kind": _note(
                "varchar",
                "shared_account, non_approved_site, off_hours_external or anomaly",
            ),
            "subject": _note("varchar", "the account it is about", "direct"),
            "is_student": _note("boolean", "the account belongs to a student"),
            "devices": _note("varchar[]", "devices in it", "indirect"),
            "sites": _note("varchar[]", "sites in it"),
            "event_date": _note("date", "local day"),
            "start_time": _note("timestamptz", "first cited line"),
            "end_time": _note("timestamptz", "last cited line"),
            "severity": _note("varchar", "how bad if true: informational, low, medium or high"),
            "confidence": _note("varchar", "how sure: C3 well supported, C2 likely, C1 a lead"),
            "status": _note("varchar", "open, explained, confirmed or withdrawn"),
            "status_reason": _note("varchar", "why it is no longer open"),
            "created_time": _note("timestamptz", "when it was first found"),
            "revision": _note("bigint", "1, and one more with each change"),
            "claim": _note("varchar", "the sentence of the report", "direct"),
            "record": _note(
                "varchar",
                "clauses, measures, alternatives, limits, parameters, and how the "
                "account is known, as JSON",
            ),
            "decided_time": _note("timestamptz", "when its status last changed"),
            "case_id": _note("varchar", "the case that it is counted and decided in"),
            "case_number": _note("varchar", "number of the case in its week, as 46-03"),
            "clause": _note("varchar", "clause of the policy that the case is about"),
            "stage": _note("varchar", "trial or live, as its rule then was"),
        },
    ),
    "findings.evidence": Header(
        summary="The log lines that a finding cites, in the order it cites them.",
        grain=("finding_id", "position"),
        columns={
            "finding_id": _note("varchar", "the finding"),
            "position": _note("bigint", "from 1"),
            "role": _note("varchar", "what the line shows: request, connection, logon or lease"),
            **_PLACE,
            "line_no": _note("bigint", "line of the file, from 1"),
            "byte_offset": _note("bigint", "first byte of the line, from 0"),
            "time": _note("timestamptz", "when it happened"),
            "account": _note("varchar", "account", "direct"),
            "device": _note("varchar", "device", "indirect"),
            "building": _note("varchar", "building of the network"),
            "site": _note("varchar", "registrable domain"),
            "activity": _note("varchar", "HTTP method, logon activity or lease action"),
            "bytes_in": _note("bigint", "bytes to the client"),
            "line_sha256": _note("varchar", "hash of the line; proves the copy"),
        },
    ),
    "findings.rule_standing": Header(
        summary="""Each rule's record after reviewers' decisions: findings by their
        last verdict, and the share of decisions that confirmed a violation.""",
        grain=("code",),
        columns={
            "code": _note("varchar", "code of the rule"),
            "stage": _note("varchar", "trial or live"),
            "state": _note(
                "varchar",
                "too few, holds, leads (its undecided findings are leads), may go live"
                " or stays on trial",
            ),
            **{
                name: _note("bigint", f"findings whose verdict is {name}")
                for name in (
                    "violation",
                    "security_incident",
                    "authorized",
                    "benign",
                    "misattributed",
                    "data_fault",
                    "undetermined",
                )
            },
            "decisions": _note("bigint", "of these, one a case and verdict"),
            "confirmed": _note("bigint", "of the decisions: violation or security_incident"),
            "facts_hold": _note("bigint", "of the decisions: confirmed, authorized or benign"),
            "precision": _note("double", "confirmed of decisions; null without any"),
            "precision_low": _note("double", "its exact lower bound, 95 %, two-sided"),
            "precision_high": _note("double", "its exact upper bound, 95 %, two-sided"),
            "at_least": _note("double", "its exact lower bound, 95 %, one-sided"),
        },
    ),
    "identity.attribution_changes": Header(
        summary="""Earlier and current attribution of a rebuilt day's requests:
        a lease arrived late, or the registry changed.""",
        grain=("change_id",),
        columns={
            "change_id": _note("bigint", "counts the changes"),
            "changed_time": _note("timestamptz", "when it was noticed"),
            "event_date": _note("date", "local day of the requests"),
            "source": _note("varchar", "source of their lines"),
            "device_before": _note("varchar", "device before", "indirect"),
            "device_now": _note("varchar", "device since", "indirect"),
            "account_before": _note("varchar", "account before", "direct"),
            "account_now": _note("varchar", "account since", "direct"),
            "grade_before": _note("varchar", "attribution grade before"),
            "grade_now": _note("varchar", "attribution grade since"),
            "request_count": _note("bigint", "requests"),
        },
    ),
    "marts.unjudged_days": Header(
        summary=(
            "Days that a rule could not judge, because a source lacked a required field or a "
            "model could not be built."
        ),
        grain=("rule", "event_date", "source", "event_class", "field", "model"),
        columns={
            "rule": _note("varchar", "the rule's code; empty: a table of the report"),
            "event_date": _note("date", "local day"),
            "source": _note("varchar", "the source that no longer fills the field"),
            "event_class": _note("varchar", "the kind of event it brings"),
            "field": _note("varchar", "the column that is empty"),
            "share_before": _note("double", "share of events that had it before"),
            "model": _note("varchar", "the model that is withheld"),
            "cause": _note("varchar", "the model that failed: this, or one it reads"),
        },
    ),
    "marts.about": Header(
        summary="Whose snapshot this is, and when it was published; one row.",
        grain=("published_time",),
        columns={
            "district": _note("varchar", "the district's name, as reports print it"),
            "zone": _note("varchar", "its time zone; every local day is one of it"),
            "published_time": _note("timestamptz", "when the snapshot was published"),
            "version": _note("varchar", "the Schoolbell that published it"),
        },
    ),
    "marts.arrival_lags": Header(
        summary=(
            "How long events took from their time to their arrival, counted in "
            "classes: late lines re-open their days."
        ),
        grain=("source", "event_class", "event_date", "lag"),
        columns={
            "source": _note("varchar", "source"),
            "event_class": _note("varchar", "the kind of event"),
            "event_date": _note("date", "local day of the events"),
            "lag": _note(
                "varchar",
                (
                    "within this many days, and longer than the class before; ahead: before "
                    "their own time"
                ),
            ),
            "events": _note("bigint", "events that lasted this long"),
        },
    ),
    "marts.source_files": Header(
        summary="The account of lines, one row a delivered file.",
        grain=("file_id",),
        columns={
            "file_id": _note("bigint", "the ledger's id of the file"),
            **_PLACE,
            "format": _note("varchar", "the format that read it"),
            "state": _note("varchar", "its status in the ledger"),
            "lines": _note("bigint", "lines read; the sum of what follows"),
            "events": _note("bigint", "lines that became events"),
            "rejects": _note("bigint", "lines set aside with a reason"),
            "blanks": _note("bigint", "empty lines and headers"),
            "duplicates": _note("bigint", "lines that had come before"),
            "pending": _note("bigint", "lines that wait for their end"),
            "has_checksum": _note("boolean", "false: damage in transit could not be detected"),
            "first_seen_time": _note("timestamptz", "when the file was first seen"),
        },
    ),
}
"""Relations of a snapshot in addition to the models."""


def words_of(relation: str, column: str) -> Words:
    """Return the words of a column; empty where there is no closed list."""
    return VALUES.get(f"{relation}.{column}") or VALUES.get(column, {})


@dataclass(frozen=True)
class Described:
    """One column.

    Attributes:
        pii: `none`, or how near it leads to a person: `indirect` or `direct`.
        words: The words that it may hold and what each means; empty for an open list.
        is_published: It is in snapshots, where `query` and notebooks see it.
    """

    column: str
    kind: str
    meaning: str
    pii: str
    words: Words
    is_published: bool


@cache
def in_snapshots() -> Mapping[str, frozenset[str]]:
    """Return the relations of a snapshot and their columns: what can be asked."""
    built = published_tables(models())
    return {name: frozenset(columns) for name, columns in built.items()} | {
        name: frozenset(header.columns) for name, header in KEPT.items()
    }


def relations() -> Mapping[str, str]:
    """Return every relation and what one row of it is, by name."""
    raw = {f"raw.{name}": one.meaning for name, one in EVENT_CLASSES.items()}
    registry = {f"registry.{name}": "A frame of the registry." for name in FRAMES}
    built = {name: header_of(name).summary for name in (*models(), *KEPT)}
    inlined = {
        name: f"{model.header.summary} It has no table."
        for name, model in every_model().items()
        if model.is_ephemeral
    }
    every = raw | registry | built | inlined
    return {name: " ".join(every[name].split()) for name in sorted(every)}


def described(relation: str) -> list[Described]:
    """Return the columns of a relation.

    Raises:
        ModelError: There is no such relation.
    """
    if relation not in relations():
        near = nearest(relation, relations())
        raise ModelError(
            f"there is no relation {relation!r}",
            remedy=f"Did you mean {near}? List them with: schoolbell describe"
            if near
            else "List them with: schoolbell describe",
        )
    schema, name = relation.split(".")
    if schema == "raw":
        return _columns(relation, EVENT_CLASSES[name].columns)
    if schema == "registry":
        return _columns(relation, FRAMES[name])
    notes = header_of(relation).columns
    return [_described(relation, column, one.type, one) for column, one in notes.items()]


def _columns(relation: str, columns: Mapping[str, Column]) -> list[Described]:
    return [_described(relation, name, sql_type(one.dtype), one) for name, one in columns.items()]


def _described(relation: str, column: str, kind: str, note: Column | ColumnNote) -> Described:
    seen = column in in_snapshots().get(relation, ())
    words = words_of(relation, column)
    return Described(column, kind, note.meaning, note.pii, words, seen)


def sql_type(dtype: Any) -> str:
    """Return a column's type as DuckDB names it, so that there is one dialect."""
    if isinstance(dtype, pl.List):
        return f"{sql_type(dtype.inner)}[]"
    return _SQL_TYPES[dtype.base_type()]
