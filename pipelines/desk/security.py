"""What a request has to pass before any page: its host, its origin, its size."""

from urllib.parse import SplitResult, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.desk.shared import DeskApp

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        "style-src-attr 'unsafe-inline'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
LOCAL = ("localhost", "127.0.0.1", "::1")
MAX_BYTES = 300_000
"""Maximum size of a form, enough for the longest statement."""
MAX_DIGITS = 10
"""Maximum digits of a number that a browser sends."""
MAX_ADDRESS = 100


def refuse_odd(desk: DeskApp, request: Request) -> Response | None:
    """Refuse a request that no page of this desk sent."""
    hosts = {*LOCAL, urlsplit(desk.address).hostname or "localhost"}
    if split_address(f"//{request.headers.get('host', '')}").hostname not in hosts:
        return Response("this desk has another address", 421)
    if request.headers.get("sec-fetch-site") == "cross-site" and (
        request.method != "GET" or request.headers.get("sec-fetch-mode") != "navigate"
    ):
        return Response("the request is from another site", 403)
    origin = request.headers.get("origin")
    if request.method != "GET" and origin is not None:
        is_own = split_address(origin).netloc == _netloc(desk, request)
        return None if is_own else Response("the form was sent from another site", 403)
    return None


def split_address(url: str) -> SplitResult:
    """Return the parts of an address that a browser sent; none if it is broken."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _netloc(desk: DeskApp, request: Request) -> str:
    host = request.headers.get("host", "")
    configured = urlsplit(desk.address)
    return configured.netloc if configured.hostname == split_address(f"//{host}").hostname else host


def cookie_name(desk: DeskApp) -> str:
    """Return the name of the cookie of a session."""
    is_secure = desk.address.startswith("https://")
    return "__Host-schoolbell" if is_secure else "schoolbell"


def with_cookie(
    desk: DeskApp, response: Response, word: str, *, name: str = "", strict: bool = True
) -> Response:
    """Return a response with the cookie of a session, or another one that no script reads."""
    response.set_cookie(
        name or cookie_name(desk),
        word,
        httponly=True,
        secure=desk.address.startswith("https://"),
        samesite="strict" if strict else "lax",
        path="/",
    )
    return response


async def form_of(request: Request) -> dict[str, str] | None:
    """Return the fields of a form; None if it is larger than any form of the desk."""
    length = request.headers.get("content-length", "")
    is_number = length.isascii() and length.isdecimal() and len(length) < MAX_DIGITS
    if not is_number or int(length) > MAX_BYTES:
        return None
    try:
        data = await request.form(max_files=0, max_fields=400, max_part_size=MAX_BYTES)
    except ClientDisconnect:
        return None
    return {name: value for name, value in data.items() if isinstance(value, str)}


def visitor(request: Request) -> str:
    """Return the address that tries of passwords are counted for.

    Behind a proxy everyone has its address, so the one that it adds last counts too.
    """
    peer = request.client.host if request.client else "socket"
    forwarded = request.headers.get("x-forwarded-for", "")[-MAX_ADDRESS:]
    return f"{peer} {forwarded.rpartition(',')[2].strip()}".strip()


class Guarded:
    """Every answer with the headers that keep it within this browser."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.lower().encode(), value.encode())
                        for name, value in HEADERS.items()
                        if name.lower().encode() not in present
                    ),
                ]
            await send(message)

        await self._app(scope, receive, sending)
