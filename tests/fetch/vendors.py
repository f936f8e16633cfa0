"""Services in this process: they check each request against `descriptions.yaml` and answer it.

An event appears some time after it happened. Nothing here is a vendor's code or data.
"""

import base64
import hmac
import json
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha512
from operator import attrgetter
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import yaml

from pipelines.web import Response

DESCRIPTIONS = yaml.safe_load((Path(__file__).parent / "descriptions.yaml").read_text())
KINDS = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list}
ODATA = re.compile(r"(\w+) ge (\S+) and (\w+) lt (\S+)")
TOKEN = "token-of-the-test"
DUO_SECRET = "secret-key-of-the-test-account"


@dataclass(frozen=True)
class Happened:
    """An event, when it happened, and when the service first shows it."""

    time: datetime
    appears: datetime
    fields: dict


@dataclass
class Vendor:
    """One service.

    Attributes:
        logs: Events by the path that gives them.
        now: The time at the service.
        page_size: The most that it puts on a page; less than a client may ask for.
    """

    kind: str
    logs: dict[str, list[Happened]]
    now: datetime
    page_size: int = 1000
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    asked: list[str] = field(default_factory=list)
    sorted: dict = field(default_factory=dict)

    def __call__(
        self, method, url, *, seconds, most, data=None, headers=None, allow_redirects=True
    ):
        """Answer a request as `pipelines.web.asked` does."""
        assert seconds > 0
        assert most > 0
        assert not allow_redirects
        parts = urlsplit(url)
        if method == "POST":
            return sign_in(parts.path, data)
        if parts.path.endswith("/.well-known/openid-configuration"):
            return openid(url)
        self.asked.append(url)
        given = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        log = self._described(parts.path, given)
        self._signed(method, parts, headers)
        word = headers["Authorization"].split(" ")[-1]
        if self.kind != "duo" and word not in self.tokens:
            return answered(401, {"errorCode": "E0000011"})
        if log == "networks":
            return answered(200, [{"id": "N_1", "productTypes": ["wireless", "sensor"]}])
        return PAGES[DESCRIPTIONS[self.kind][log]["page"]](self, url, parts.path, given)

    def shown(self, path, first, last):
        """Return events of a span that have appeared, oldest first."""
        key = attrgetter("time")
        every = self.sorted.get(path, ())
        if len(every) != len(self.logs.get(path, ())):
            every = self.sorted[path] = sorted(self.logs[path], key=key)
        span = every[bisect_left(every, first, key=key) : bisect_left(every, last, key=key)]
        return [one for one in span if one.appears <= self.now]

    def _described(self, path, given):
        """Return the log of a path, after checking the parameters as they are published."""
        for log, one in DESCRIPTIONS[self.kind].items():
            if not isinstance(one, dict) or "path" not in one:
                continue
            shape = re.escape(one["path"]).replace(r"\{", "{").replace(r"\}", "}")
            found = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", shape), unquote(path))
            if found:
                check(one["parameters"], found.groupdict() | given)
                return log
        raise AssertionError(path)

    def _signed(self, method, parts, headers):
        for name, shape in DESCRIPTIONS[self.kind]["header"].items():
            value = {key.lower(): one for key, one in headers.items()}[name]
            assert re.fullmatch(shape, value), name
        assert TOKEN not in parts.query
        if self.kind == "duo":
            pairs = sorted(parse_qsl(parts.query))
            query = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in pairs)
            empty = sha512(b"").hexdigest()
            lines = (headers["Date"], method, parts.netloc, parts.path, query, empty, empty)
            digest = hmac.new(DUO_SECRET.encode(), "\n".join(lines).encode(), "sha512").hexdigest()
            word = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
            assert word == f"DIEXAMPLE00000000000:{digest}"


def check(parameters, given):
    """Check parameters against their published names, types and limits."""
    for name, value in given.items():
        rule = parameters[name]
        if rule.get("type") == "integer":
            assert rule.get("minimum", 0) <= int(value) <= rule.get("maximum", 10**15), name
        if rule.get("type") == "time":
            assert datetime.fromisoformat(value).tzinfo, name
        assert value in rule.get("enum", [value]), name
    for name, rule in parameters.items():
        assert name in given or not (rule.get("required") or rule.get("in") == "path"), name


def check_event(kind, log, fields):
    """Check that an event of a test has fields of the published types and no others."""
    known = DESCRIPTIONS[kind][log]["fields"]
    for name, value in fields.items():
        assert isinstance(value, KINDS[known[name]]), name


def answered(status, value, **headers):
    return Response(status, json.dumps(value).encode(), headers)


def sign_in(path, data):
    if path == "/token":  # Google: a signed statement
        assert b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer" in data
    else:
        form = dict(parse_qsl(data.decode()))
        assert form["grant_type"] == "client_credentials"
        assert form["scope"] == "https://graph.microsoft.com/.default"
    return answered(200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3599})


def openid(url):
    base = url.removesuffix("/v2.0/.well-known/openid-configuration")
    return answered(
        200,
        {
            "issuer": f"{base}/v2.0",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        },
    )


def moment(text):
    return datetime.fromisoformat(text)


def part(vendor, events, given, size):
    """Return one page of events, and where the next one begins."""
    begin = int(given.get("at", 0))
    size = min(size, vendor.page_size)
    return [one.fields for one in events[begin : begin + size]], begin + size


def _okta(vendor, url, path, given):
    events = vendor.shown(path, moment(given["since"]), moment(given["until"]))
    fields, end = part(vendor, events, {"at": given.get("after", 0)}, int(given["limit"]))
    links = f'<{url.split("?")[0]}?limit=1>; rel="self"'
    if end < len(events):
        query = "&".join(
            f"{key}={quote(value)}" for key, value in (given | {"after": str(end)}).items()
        )
        links += f', <{url.split("?")[0]}?{query}>; rel="next"'
    return answered(200, fields, link=links)


def _google(vendor, url, path, given):
    del url
    events = vendor.shown(path, moment(given["startTime"]), moment(given["endTime"]))[::-1]
    fields, end = part(vendor, events, {"at": given.get("pageToken", 0)}, int(given["maxResults"]))
    value = {"kind": "admin#reports#activities"}
    if fields:
        value["items"] = fields
    if end < len(events):
        value["nextPageToken"] = str(end)
    return answered(200, value)


def _odata(vendor, url, path, given):
    field_name, first, _, last = ODATA.fullmatch(given["$filter"]).groups()
    assert field_name in ("createdDateTime", "activityDateTime")
    events = vendor.shown(path, moment(first), moment(last))[::-1]
    fields, end = part(vendor, events, {"at": given.get("$skiptoken", 0)}, int(given["$top"]))
    value = {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata", "value": fields}
    if end < len(events):
        query = "&".join(
            f"{quote(key)}={quote(one)}" for key, one in (given | {"$skiptoken": str(end)}).items()
        )
        value["@odata.nextLink"] = f"{url.split('?')[0]}?{query}"
    return answered(200, value)


def _duo(vendor, url, path, given):
    del url
    first, last = (
        datetime.fromtimestamp(int(given[name]) / 1000, UTC) for name in ("mintime", "maxtime")
    )
    events = vendor.shown(path, first, last)
    at = given.get("next_offset", "0,").split(",")[0]
    fields, end = part(vendor, events, {"at": at}, int(given["limit"]))
    offset = [str(end), "00000000-0000-4000-8000-000000000000"] if end < len(events) else None
    metadata = {"next_offset": offset, "total_objects": len(events)}
    return answered(200, {"stat": "OK", "response": {"authlogs": fields, "metadata": metadata}})


def _meraki(vendor, url, path, given):
    del url
    after = moment(given["startingAfter"])
    events = [
        one for one in vendor.shown(path, after, vendor.now + timedelta(days=1)) if one.time > after
    ]
    size = min(int(given["perPage"]), vendor.page_size)
    events = events[:size]
    value = {
        "message": None if events else "There are no events",
        "pageStartAt": events[0].fields["occurredAt"] if events else None,
        "pageEndAt": events[-1].fields["occurredAt"] if events else None,
        "events": [one.fields for one in events],
    }
    return answered(200, value)


PAGES: dict[str, Callable] = {
    "link": _okta,
    "token": _google,
    "odata": _odata,
    "offset": _duo,
    "starting_after": _meraki,
}


def stamp(time):
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def okta_event(number, time):
    return {
        "uuid": f"00000000-0000-4000-8000-{number:012}",
        "published": stamp(time),
        "eventType": "user.session.start",
        "actor": {"alternateId": f"person{number % 50}@school.example", "type": "User"},
        "client": {"ipAddress": "203.0.113.7"},
        "outcome": {"result": "SUCCESS"},
        "target": [],
    }


def google_event(number, time):
    return {
        "kind": "admin#reports#activity",
        "id": {
            "time": stamp(time),
            "uniqueQualifier": str(-number - 1),
            "applicationName": "login",
            "customerId": "C00example",
        },
        "actor": {"email": f"person{number % 50}@school.example"},
        "ipAddress": "203.0.113.7",
        "events": [{"type": "login", "name": "login_success"}],
    }


def microsoft_event(number, time):
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "createdDateTime": stamp(time).replace("Z", "1234Z"),
        "userPrincipalName": f"person{number % 50}@school.example",
        "ipAddress": "203.0.113.7",
        "isInteractive": True,
        "status": {"errorCode": 0},
        "appDisplayName": "Office 365",
    }


def duo_event(number, time):
    return {
        "txid": f"00000000-0000-4000-8000-{number:012}",
        "timestamp": int(time.timestamp()),
        "isotimestamp": time.isoformat(),
        "event_type": "authentication",
        "result": "success",
        "reason": "user_approved",
        "factor": "duo_push",
        "user": {"name": f"person{number % 50}"},
        "access_device": {"ip": "203.0.113.7"},
    }


def meraki_event(number, time):
    return {
        "occurredAt": stamp(time),
        "networkId": "N_1",
        "type": "8021x_eap_success",
        "description": "802.1X EAP authentication succeeded",
        "clientMac": "02:00:5e:00:53:07",
        "deviceName": "AP-1",
        "eventData": {"identity": f"person{number % 50}", "number": str(number)},
    }


@dataclass(frozen=True)
class Kind:
    """How a service is tested: its settings, one log, and how its events are made."""

    settings: dict
    path: str
    stream: str
    log: str
    make: Callable[[int, datetime], dict]
    id_of: Callable[[dict], str]
    format: str


KINDS_OF_SERVICE = {
    "okta": Kind(
        {"url": "https://school.okta.example", "token": TOKEN},
        "/api/v1/logs", "logs", "logs", okta_event, lambda one: one["uuid"], "okta",
    ),
    "google": Kind(
        {"admin": "reports@school.example"},
        "/admin/reports/v1/activity/users/all/applications/login", "login", "activities",
        google_event, lambda one: one["id"]["uniqueQualifier"], "google_workspace",
    ),
    "microsoft": Kind(
        {"tenant": "school.example", "client_id": "00000000-0000-4000-8000-000000000001",
         "client_secret": "secret-of-the-test"},
        "/v1.0/auditLogs/signIns", "sign_ins", "signIns", microsoft_event,
        lambda one: one["id"], "entra_signin",
    ),
    "duo": Kind(
        {"url": "https://api-00000000.duosecurity.example",
         "integration_key": "DIEXAMPLE00000000000", "secret_key": DUO_SECRET},
        "/admin/v2/logs/authentication", "authentication", "authentication", duo_event,
        lambda one: one["txid"], "duo",
    ),
    "meraki": Kind(
        {"organization": "123456", "api_key": TOKEN},
        "/api/v1/networks/N_1/events", "N_1/wireless", "events", meraki_event,
        lambda one: one["eventData"]["number"], "meraki_events",
    ),
}  # fmt: skip


LIST_SERVICES = {
    "calendar": {"url": "https://calendar.example/basic.ics"},
    "oneroster": {
        "url": "https://sis.school.example", "client_id": "schoolbell",
        "sign_in_url": "https://sis.school.example",
        "client_secret": "secret-of-the-test",
    },
    "jamf": {
        "url": "https://school.jamfcloud.example",
        "client_id": "00000000-0000-4000-8000-000000000002",
        "client_secret": "secret-of-the-test",
    },
}  # fmt: skip
"""Settings of services that have lists alone."""


def settings_of(kind: str) -> dict[str, str]:
    return LIST_SERVICES.get(kind) or KINDS_OF_SERVICE[kind].settings


def happened(kind: str, times: Iterable[datetime], late: timedelta = timedelta()) -> list[Happened]:
    """Return an event at each time, checked against the published fields."""
    described = KINDS_OF_SERVICE[kind]
    found = []
    for number, time in enumerate(times):
        fields = described.make(number, time)
        check_event(kind, described.log, fields)
        found.append(Happened(time, time + late, fields))
    return found
