"""A service that fails in every way that a network and a vendor can, drawn from a seed."""

import json
import random
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime

from pipelines.web import Response, TooLargeError
from tests.fetch.vendors import DESCRIPTIONS, Vendor


class KilledError(BaseException):
    """The process ends here: nothing catches it."""


@dataclass
class Faulty:
    """Answers as a vendor does, or fails.

    Attributes:
        share: Of the requests that fail.
    """

    vendor: Vendor
    draw: random.Random
    share: float
    faults: Counter = field(default_factory=Counter)
    first: str = ""
    last: Response | None = None
    is_off: bool = False

    def __call__(self, method, url, **more):
        if self.first != (chain := without_place(url)):
            self.first, self.last = chain, None
        if self.is_off or self.draw.random() >= self.share:
            self.last = self.vendor(method, url, **more)
            return self.last
        name = self.draw.choice(sorted(FAULTS))
        self.faults[name] += 1
        return FAULTS[name](self, method, url, more)


def _good(faulty, method, url, more):
    return faulty.vendor(method, url, **more)


def _broken(faulty, method, url, more):
    raise faulty.draw.choice([ConnectionError, TimeoutError, OSError])("broken")


def _killed(faulty, method, url, more):
    raise KilledError


def _killed_after(faulty, method, url, more):
    _good(faulty, method, url, more)
    raise KilledError


def _too_large(faulty, method, url, more):
    raise TooLargeError


def _wait_seconds(faulty, method, url, more):
    return Response(429, b"", {"retry-after": faulty.draw.choice(["1", "30", "0"])})


def _wait_date(faulty, method, url, more):
    moment = faulty.vendor.now + timedelta(seconds=faulty.draw.choice([-60, 5, 60]))
    return Response(429, b"{}", {"retry-after": format_datetime(moment)})


def _wait_for_ever(faulty, method, url, more):
    return Response(429, b"{}", {"retry-after": "99999999999999"})


def _status(faulty, method, url, more):
    return Response(faulty.draw.choice([500, 502, 503, 504, 408, 418, 403, 401]), b"<html>", {})


def _signed_out(faulty, method, url, more):
    return Response(401, b'{"error": {"code": "InvalidAuthenticationToken"}}', {})


def _cursor(faulty, method, url, more):
    return Response(faulty.draw.choice([400, 410]), b'{"errorCode": "E0000031"}', {})


def _redirect(faulty, method, url, more):
    return Response(302, b"", {"location": "https://elsewhere.example/"})


def _half(faulty, method, url, more):
    whole = _good(faulty, method, url, more)
    return replace(whole, data=whole.data[: faulty.draw.randrange(len(whole.data))])


def _no_json(faulty, method, url, more):
    return Response(200, faulty.draw.choice([b"", b"<html>busy</html>", b"null", b'"x"', b"[1]"]))


def _nan(faulty, method, url, more):
    return Response(200, b'{"items": [{"a": NaN}], "value": [{"a": NaN}], "events": [NaN]}')


def without_place(url):
    """Return the question of an address, without the place of its page."""
    return re.sub(r"[?&](after|pageToken|%24skiptoken|next_offset|limit)=[^&]*", "", url)


def _again(faulty, method, url, more):
    """Give the page before this one of the same question once more."""
    return faulty.last or _good(faulty, method, url, more)


def _doubled(faulty, method, url, more):
    """Give every event of a page twice, in another order."""
    return _changed(faulty, _good(faulty, method, url, more), lambda events: events + events)


def _shuffled(faulty, method, url, more):
    return _changed(faulty, _good(faulty, method, url, more), lambda events: events)


def _changed(faulty, answer, change):
    value = json.loads(answer.data)
    if faulty.vendor.kind == "meraki" and isinstance(value, list):
        return answer  # the list of networks
    items = {"link": [], "token": ["items"], "odata": ["value"], "offset": ["response", "authlogs"],
             "starting_after": ["events"]}[page_of(faulty.vendor.kind)]  # fmt: skip
    holder = value
    for name in items[:-1]:
        holder = holder.get(name, {})
    events = holder if not items else holder.get(items[-1])
    if not events:
        return answer
    made = change(list(events))
    faulty.draw.shuffle(made)
    if items:
        holder[items[-1]] = made
    else:
        value = made
    return replace(answer, data=json.dumps(value, indent=faulty.draw.choice([None, 1])).encode())


def page_of(kind):
    logs = [one for one in DESCRIPTIONS[kind].values() if isinstance(one, dict)]
    return next(one["page"] for one in logs if "page" in one)


def _lie(faulty, method, url, more):
    """State more events than there are, where the service states a number."""
    answer = _good(faulty, method, url, more)
    if faulty.vendor.kind != "duo":
        return answer
    value = json.loads(answer.data)
    value["response"]["metadata"]["total_objects"] += 7
    return replace(answer, data=json.dumps(value).encode())


FAULTS = {
    "broken": _broken, "killed": _killed, "killed_after": _killed_after, "too_large": _too_large,
    "wait_seconds": _wait_seconds, "wait_date": _wait_date, "wait_for_ever": _wait_for_ever,
    "status": _status, "signed_out": _signed_out, "cursor": _cursor, "redirect": _redirect,
    "half": _half, "no_json": _no_json, "nan": _nan, "again": _again, "doubled": _doubled,
    "shuffled": _shuffled, "lie": _lie,
}  # fmt: skip
