"""Answers of services: the events as they were sent, and the address of the next page."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from pipelines.fetch.calls import WindowError
from pipelines.web import Response

LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w-]+=(?:"[^"]*"|[\w-]+))*)')
IS_NEXT = re.compile(r';\s*rel="?next"?(?:\s*;|$)', re.IGNORECASE)
SPACE = re.compile(r"[ \t\r\n]*")
NO_JSON = "the answer is not JSON, or not all of it arrived"
NO_LIST = "the answer has no list of events where one belongs"


@dataclass(frozen=True)
class Event:
    """An event.

    Attributes:
        raw: As the service sent it, on one line.
        fields: The same, parsed.
    """

    raw: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """An answer.

    Attributes:
        rest: The answer without its events.
        headers: By lower-case name.
    """

    events: list[Event]
    rest: Any
    url: str
    headers: Mapping[str, str]


NextPage = Callable[[Page, datetime], str | None]
"""Returns the address of the next page of a window that ends then; None after the last."""


def read_page(answer: Response, url: str, items: str) -> Page:
    """Return the events of an answer, unchanged but for line breaks between their parts.

    Args:
        items: Place of the events; empty: the answer is the list; with `?` at its end: an
            answer without it has no events.

    Raises:
        WindowError: It is not JSON, or has no such list of objects.
    """
    events: list[Event] = []
    path = items.removesuffix("?").split("/") if items else []
    try:
        text = answer.data.decode("utf-8-sig")
        rest, end = _value(text, _next(text, 0), path, events)
        is_whole = _next(text, end) == len(text)
    except (ValueError, IndexError, RecursionError) as error:
        raise WindowError(NO_JSON) from error
    if not is_whole:
        raise WindowError(NO_JSON)
    if path and not items.endswith("?") and at_place(rest, "/".join(path)) is None:
        raise WindowError(NO_LIST)
    return Page(events, rest, url, answer.headers)


def _constant(name: str) -> object:
    raise ValueError(name)


DECODER = json.JSONDecoder(parse_constant=_constant)


def _value(text: str, at: int, path: list[str], events: list[Event]) -> tuple[Any, int]:
    """Return the value at a place, without its events, and its end."""
    if not path:
        if text[at] != "[":
            raise WindowError(NO_LIST)
        return [], _elements(text, at, events)
    if text[at] != "{":
        raise WindowError(NO_LIST)
    members: dict[str, Any] = {}
    at = _next(text, at + 1)
    while text[at] != "}":
        key, end = DECODER.raw_decode(text, at)
        at = _next(text, _after(text, _next(text, end), ":"))
        if key == path[0]:
            members[key], end = _value(text, at, path[1:], events)
        else:
            members[key], end = DECODER.raw_decode(text, at)
        at = _following(text, end, "}")
    return members, at + 1


def _elements(text: str, at: int, events: list[Event]) -> int:
    """Add the events of a list; return its end."""
    at = _next(text, at + 1)
    while text[at] != "]":
        value, end = DECODER.raw_decode(text, at)
        if not isinstance(value, dict):
            raise WindowError("the list of events contains something that is not an event")
        events.append(Event(text[at:end].replace("\r", " ").replace("\n", " "), value))
        at = _following(text, end, "]")
    return at + 1


def _following(text: str, end: int, close: str) -> int:
    """Return where the next part begins, or where the closing sign is."""
    at = _next(text, end)
    return at if text[at] == close else _next(text, _after(text, at, ","))


def _after(text: str, at: int, sign: str) -> int:
    if text[at] != sign:
        raise ValueError(sign)
    return at + 1


def _next(text: str, at: int) -> int:
    """Return the place after white space."""
    space = SPACE.match(text, at)
    return space.end() if space else at


def at_place(fields: Any, place: str) -> Any:
    """Return the value at a place such as `id/time`; None if there is none."""
    for name in place.split("/"):
        if not isinstance(fields, Mapping):
            return None
        fields = fields.get(name)
    return fields


def link(page: Page, _end: datetime | None = None) -> str | None:
    """Find the next page in the header `Link`."""
    for entry in LINK.finditer(page.headers.get("link", "")):
        if IS_NEXT.search(entry[2]):
            return str(urljoin(page.url, entry[1]))
    return None


def linked(place: str) -> NextPage:
    """Find the next page's address in the answer."""

    def following(page: Page, _end: datetime) -> str | None:
        url = at_place(page.rest, place)
        return urljoin(page.url, url) if isinstance(url, str) and url else None

    return following


def token(parameter: str, place: str) -> NextPage:
    """Find the token of the next page in the answer; a list is joined by commas."""

    def following(page: Page, _end: datetime) -> str | None:
        value = at_place(page.rest, place)
        if isinstance(value, list):
            value = ",".join(map(str, value))
        return with_parameters(page.url, {parameter: str(value)}) if value else None

    return following


def with_parameters(url: str, more: Mapping[str, str]) -> str:
    """Return an address with parameters added or replaced, in the order of their names."""
    parts = urlsplit(url)
    given = parse_qsl(parts.query, keep_blank_values=True)
    every = [*((name, value) for name, value in given if name not in more), *more.items()]
    query = urlencode(sorted(every), quote_via=quote, safe="~")
    return urlunsplit(parts._replace(query=query))


def stated_count(page: Page, place: str) -> int | None:
    """Return the number at a place of the answer, or in a header; None if there is none."""
    stated = str(page.headers.get(place.lower(), at_place(page.rest, place)))
    return int(stated) if stated.isdecimal() else None


def numbered(parameter: str, total: str, *, by_page: bool = False) -> NextPage:
    """Find the next page by the number of rows, or of pages, before it.

    Args:
        total: Place of the number of all rows in the answer, or the name of its header.
    """

    def following(page: Page, _end: datetime | None = None) -> str | None:
        given = dict(parse_qsl(urlsplit(page.url).query))
        start, size = int(given.get(parameter, 0)), len(page.events)
        stated = stated_count(page, total)
        before = (start * int(given["page-size"]) if by_page else start) + size
        if not size or (stated is not None and before >= stated):
            return None
        return with_parameters(page.url, {parameter: str(start + (1 if by_page else size))})

    return following
