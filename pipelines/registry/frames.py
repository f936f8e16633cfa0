"""The canonical frames of the registry: the contract that SQL reads as `registry.*`.

Dates are local days, both ends inclusive; a null end is open. Instants are UTC.
Usernames and hosts are lower case; unknown is null.
"""

from collections.abc import Mapping

import polars as pl

from pipelines.events import INSTANT, Column, Pii


def _text(meaning: str, pii: Pii = "none") -> Column:
    return Column(pl.String, meaning, pii)


_PERSON = _text("the roster's own id of the person", "direct")
_BUILDING = _text("building code of buildings.csv")
_FROM = Column(pl.Date, "first day")
_TO = Column(pl.Date, "last day")
_START = Column(INSTANT, "from this instant")
_END = Column(INSTANT, "to this instant, exclusive")
_RANGE = {
    "first_address": _text("first address, as 32 hex digits of its IPv6 form"),
    "last_address": _text("last address, as 32 hex digits of its IPv6 form"),
    "prefix_length": Column(pl.Int32, "0 to 128; an IPv4 /24 is 120"),
}

FRAMES: Mapping[str, Mapping[str, Column]] = {
    "people": {
        "person_id": _PERSON,
        "role": _text("OneRoster role, as exported"),
        "job_title": _text("job title, as exported", "indirect"),
        "building": _BUILDING,
        "grade": _text("grade of a student; several joined by |", "indirect"),
        "is_staff": Column(pl.Boolean, "an employee; null for an unknown role"),
        "is_student": Column(pl.Boolean, "a student; null for an unknown role"),
        "username": _text("account of the roster, canonical", "direct"),
        "valid_from": _FROM,
        "valid_to": _TO,
    },
    "accounts": {
        "account": _text("canonical spelling", "direct"),
        "account_type": _text("person, service, role_shared or device"),
        "owner_person_id": _text("whose it is", "direct"),
        "approved_shared": Column(pl.Boolean, "several persons may use it"),
        "used_in": _text("buildings or pools where it belongs, joined by |"),
        "valid_from": _FROM,
        "valid_to": _TO,
    },
    "account_aliases": {
        "alias": _text("an earlier or other spelling, canonical", "direct"),
        "account": _text("the account it stands for", "direct"),
    },
    "buildings": {
        "building": _BUILDING,
        "name": _text("what people call it; pages show it instead of the code"),
        "org_id": _text("sourcedId of the school in the roster"),
        "lat": Column(pl.Float64, "degrees north"),
        "lon": Column(pl.Float64, "degrees east"),
        "campus": _text("buildings of one campus are a walk apart"),
    },
    "subnets": {
        "cidr": _text("network, canonical"),
        "building": _BUILDING,
        "kind": _text("wired, lab, wifi, byod, guest, nat, vdi, server or remote"),
        **_RANGE,
    },
    "devices": {
        "device": _text("host name in lower case, else MAC", "indirect"),
        "hostname": _text("host name in lower case", "indirect"),
        "mac": _text("MAC, lower case with colons", "indirect"),
        "device_class": _text("desktop, laptop, chromebook, podium, ..."),
        "assigned_to": _text("person_id it was given to", "direct"),
        "building": _BUILDING,
        "pool": _text("shared stock it belongs to"),
        "static_ip": _text("fixed address", "indirect"),
        "valid_from": _FROM,
        "valid_to": _TO,
    },
    "approved_sites": {
        "entry_id": _text("id of the entry; one row a role"),
        "pattern": _text("domain, host or host/path, lower case host"),
        "match": _text("domain, host, path_prefix or deny"),
        "role": _text("all, staff, student, a job title or person:<id>, in lower case"),
        "purpose": _text("what it is for"),
        "site_class": _text("district, sanctioned, approved_non_business, prohibited"),
        "consent_by": _text("who approved it"),
        "valid_from": _FROM,
        "valid_to": _TO,
        "supports": _text("entry_id of the site that this host serves"),
        "clause": _text("clause it rests on"),
    },
    "site_categories": {
        "domain": _text("registrable domain or host, lower case"),
        "category": _text("policy's word for it where known, else as given"),
        "source": _text("which list says so"),
    },
    "category_words": {
        "word": _text("category as a product or list writes it, lower case"),
        "category": _text("the policy's word for it"),
    },
    "background_hosts": {
        "host": _text("host, and everything below it"),
        "kind": _text("cdn, tracker, telemetry, update, certificate, ..."),
        "source": _text("which list says so"),
    },
    "login_hosts": {
        "host": _text("site where people sign in"),
        "source": _text("which list says so"),
    },
    "calendar_days": {
        "date": Column(pl.Date, "local day"),
        "building": _BUILDING,
        "day_type": _text("school, early_out, late_start, pd_day, weekend, ..."),
        "duty_start": Column(pl.Int32, "minutes after local midnight"),
        "duty_end": Column(pl.Int32, "minutes after local midnight"),
        "declared_time": Column(INSTANT, "known from then on; null: always was"),
    },
    "duty_windows": {
        "person_id": _PERSON,
        "event_date": Column(pl.Date, "local day on which it starts"),
        "start_time": _START,
        "end_time": _END,
        "kind": _text("contract or extra"),
        "building": _BUILDING,
    },
    "leave_windows": {
        "person_id": _PERSON,
        "event_date": Column(pl.Date, "local day"),
        "start_time": _START,
        "end_time": _END,
        "part": _text("full, am or pm"),
        "status": _text("approved, cancelled or pending; only approved decides"),
        "substitute_person_id": _text("who stood in", "direct"),
    },
    "consents": {
        "consent_id": _text("id of the consent"),
        "type": _text("a to g, see the policy"),
        "grantor": _text("who granted it", "direct"),
        "grantor_role": _text("in which office"),
        "subject": _text("whom it is for", "direct"),
        "what": _text("what it permits"),
        "why": _text("reason given", "indirect"),
        "clause": _text("clause it rests on"),
        "valid_from": _FROM,
        "valid_to": _TO,
        "review_by": Column(pl.Date, "day by which it is looked at again"),
        "document": _text("hash or place of the document"),
    },
    "exceptions": {
        "exception_id": _text("id of the exception"),
        "rule": _text("detection it silences; * for all"),
        "scope": _text("account, device, site, person or rule"),
        "value": _text("the account, device, site or person", "indirect"),
        "reason": _text("why", "indirect"),
        "approver": _text("who approved it", "direct"),
        "valid_from": _FROM,
        "valid_to": _TO,
    },
    "expected_traffic": {
        "expected_id": _text("id of the row"),
        "kind": _text("backup or canary"),
        "log": _text("source whose log shows it"),
        "device": _text("device or address that sends it; null: any", "indirect"),
        "destination": _text("host and all below it, or address"),
        "every_days": Column(pl.Int64, "at least once in so many days"),
        "least_megabytes": Column(pl.Float64, "so much has to be sent"),
        "valid_from": _FROM,
        "valid_to": _TO,
    },
    "egress": {
        "cidr": _text("network, canonical"),
        "meaning": _text("what stands behind it"),
        **_RANGE,
    },
    "ip_geo": {
        "cidr": _text("network, canonical"),
        "country": _text("ISO 3166 code, upper case"),
        "city": _text("city"),
        "lat": Column(pl.Float64, "degrees north"),
        "lon": Column(pl.Float64, "degrees east"),
        "network_type": _text("residential, mobile, hosting, relay, satellite, ..."),
        **_RANGE,
    },
    "clauses": {
        "clause_id": _text("as findings cite it"),
        "title": _text("a few words"),
        "binds": _text("E, St, U, D; several joined by |"),
        "strength": _text("S, I, W, 0 or n/a: what logs can show"),
        "paraphrase": _text("what it asks"),
        "cannot_show": _text("what logs can not show about it"),
    },
    "detection_clauses": {
        "detection": _text("code of a detection that the policy names"),
        "clause_id": _text("clause it serves instead of its own; null: none"),
    },
}


def schema(name: str) -> pl.Schema:
    """Column names and types of one frame."""
    return pl.Schema({key: col.dtype for key, col in FRAMES[name].items()})


def conform(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of the contract in order, absent ones null."""
    present = set(frame.columns)
    return frame.select(
        (pl.col(key) if key in present else pl.lit(None)).cast(dtype).alias(key)
        for key, dtype in schema(name).items()
    )
