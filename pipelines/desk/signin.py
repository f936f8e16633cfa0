"""The four ways to sign in, and the identity that each gives.

1. The system's own user, known from the kernel: the same person, with the
   same roles, as at the command line.
2. OpenID Connect, with the district's Google, Entra or other accounts.
3. A header of a listed proxy, which also sends a shared secret.
4. An account with a password, as a last resort.

For the last three, `[desk.logins]` and `[desk.groups]` specify which login or group has
which role; the system's groups do not count for them. A home without roles has one
operator: its owner. Sessions are kept in memory alone, so a restart signs everyone out.
"""

import hmac
import ipaddress
import json
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING

from pipelines.errors import SettingsError
from pipelines.settings.home import DistrictHome, owner_of
from pipelines.settings.model import Settings
from pipelines.settings.roles import (
    ROLES,
    Desk,
    Principal,
    RefusedError,
    asker,
    known_user,
    number_of,
)
from pipelines.settings.secrets import looked_up
from pipelines.state.connections import Store
from pipelines.state.desk_users import accounts
from pipelines.web import asked, bounded, within

if TYPE_CHECKING:  # only a desk with OpenID needs it
    from authlib.integrations.requests_client import OAuth2Session

MOST = 5_000
"""Sessions at a time; the oldest makes room."""
MAX_OF_A_PERSON = 20
"""Sessions of one person; so no one pushes another person's sessions out."""

SECRET_HEADER = "x-schoolbell-proxy"  # noqa: S105 - the name of a header
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""Headers that a reverse proxy sends: then the proxy's own system user does not count."""
TIMEOUT_SECONDS = 10
MAX_ANSWER_BYTES = 1_000_000
"""Maximum size of the provider's description, keys and token."""
BAD_STATUS = 400
STATE_SECONDS = 600
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384"]


@dataclass
class Session:
    """One browser with a signed-in user.

    Attributes:
        way: `system`, `openid`, `proxy` or `local`.
        address: The login with its domain, as the provider or the proxy sent it.
        subject: Digest of the provider and its own id of the account, which is never reused.
        uid: The user id of the system, for that way.
        token: Included in each form; a post without it is refused.
        message: One-time message for the next page.
        undo: Cases whose verdict the message offers to undo.
    """

    login: str
    way: str
    uid: int = 0
    address: str = ""
    subject: str = ""
    groups: tuple[str, ...] = ()
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    began: float = field(default_factory=time.monotonic)
    seen: float = field(default_factory=time.monotonic)
    message: str = ""
    undo: tuple[str, ...] = ()

    def has_token(self, token: str) -> bool:
        """Return whether a form came from a page of this session."""
        return hmac.compare_digest(token.encode(), self.token.encode())


class Sessions:
    """Every session by the random word in its cookie."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Session] = OrderedDict()
        self._lock = Lock()

    def begin(self, session: Session) -> str:
        """Begin a session and return the value of its cookie."""
        word, person = secrets.token_urlsafe(32), (session.way, session.login)
        with self._lock:
            words = [one for one, other in self._held.items() if (other.way, other.login) == person]
            for one in words[: max(len(words) + 1 - MAX_OF_A_PERSON, 0)]:
                del self._held[one]
            self._held[word] = session
            while len(self._held) > MOST:
                self._held.popitem(last=False)
        return word

    def find(self, word: str, idle: float, longest: float) -> Session | None:
        """Return the session of a cookie, unless it has expired."""
        now = time.monotonic()
        with self._lock:
            session = self._held.get(word)
            if session is None:
                return None
            if now - session.seen > idle or now - session.began > longest:
                del self._held[word]
                return None
            session.seen = now
            return session

    def end(self, word: str) -> None:
        """Sign a user out."""
        with self._lock:
            self._held.pop(word, None)


class RecentEvents:
    """Count events of the last minutes by key, up to a limit, such as failed sign-ins."""

    def __init__(self, most: int = 5, seconds: float = 900) -> None:
        self._most, self._seconds = most, seconds
        self._held: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def is_full(self, key: str) -> bool:
        """Return whether a key has reached the limit."""
        with self._lock:
            return len(self._fresh(key)) >= self._most

    def add(self, key: str) -> bool:
        """Count one more; return whether it reaches the limit with it."""
        with self._lock:
            while len(self._held) > MOST:
                self._held.popitem(last=False)
            times = self._fresh(key)
            times.append(time.monotonic())
            self._held[key] = times
            return len(times) == self._most

    def take_back(self, key: str) -> None:
        """Remove the last one, which succeeded."""
        with self._lock:
            if times := self._held.get(key):
                times.pop()

    def forget(self, key: str) -> None:
        """Forget the attempts after a sign-in."""
        with self._lock:
            self._held.pop(key, None)

    def _fresh(self, key: str) -> deque[float]:
        times = self._held.get(key, deque())
        while times and time.monotonic() - times[0] > self._seconds:
            times.popleft()
        return times


def who(session: Session, settings: Settings, home: DistrictHome) -> Principal:
    """Return the person who is signed in, with the roles that they have now."""
    if session.way == "system":
        name, groups = known_user(session.uid)
        return asker(settings.roles, session.uid, name, groups, owner_of(home))
    desk, names = settings.desk, {session.login, session.address or session.login}

    def has(role: str) -> bool:
        groups = getattr(desk.groups, role)
        return bool(names & desk.logins_of(role) or set(session.groups) & set(groups))

    return Principal(
        number_of(session.login),
        session.login,
        tuple(role for role in ROLES if has(role)),
        way=session.way,
        is_agency=has("agency"),
    )


def by_system(uid: int | None, headers: Mapping[str, str]) -> Session | None:
    """Return the session of the system's user at the other end; none behind a proxy."""
    if uid is None or any(name in headers for name in FORWARDED):
        return None
    name, _ = known_user(uid)
    return Session(login=name, way="system", uid=uid)


def by_proxy(desk: Desk, address: str, headers: Mapping[str, str]) -> Session | None:
    """Return the session of a listed proxy's user, if the proxy knows the secret."""
    proxy = desk.proxy
    login = headers.get(proxy.login_header.lower(), "").strip()
    if not (login and proxy.secret and _is_listed(address, proxy.addresses)):
        return None
    secret = looked_up(proxy.secret, "[desk.proxy] secret")
    given = headers.get(SECRET_HEADER, "")
    if not (secret and hmac.compare_digest(given.encode(), secret.encode())):
        return None
    # a group that no header is named for came from the browser, through the proxy
    named = headers.get(proxy.groups_header.lower(), "") if proxy.groups_header else ""
    groups = tuple(group.strip() for group in named.split(",") if group.strip())
    address = login.casefold()
    name = desk.without_domain(address)
    return Session(login=name, way="proxy", address=address, groups=groups)


def _is_listed(address: str, networks: tuple[str, ...]) -> bool:
    try:
        mine = ipaddress.ip_address(address)
        return any(mine in ipaddress.ip_network(one, strict=False) for one in networks)
    except ValueError:
        return False


class Passwords:
    """Accounts of the desk's own: argon2, and five tries in a quarter of an hour."""

    def __init__(self) -> None:
        from argon2 import PasswordHasher

        self._hasher = PasswordHasher()
        self._by_login, self._by_address = RecentEvents(), RecentEvents(most=30)
        # a login that is not there takes as long as one that is
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))
        self._hashing = Lock()
        """One at a time, because each uses 64 MiB."""

    def sign_in(self, store: Store, login: str, password: str, address: str) -> Session:
        """Return the session of a user with the right password.

        Raises:
            RefusedError: The password is wrong, or there were too many attempts.
        """
        name = login.strip().casefold()
        with self._hashing:
            return self._tried(store, name, password, address)

    def _tried(self, store: Store, name: str, password: str, address: str) -> Session:
        """Count one try, then look at it: tries at the same time are counted too."""
        if self._by_login.is_full(name) or self._by_address.is_full(address):
            raise TooOftenError("too many attempts; wait 15 minutes")
        is_now_blocked = self._by_login.add(name)
        self._by_address.add(address)
        rows = {row["login"]: row for row in accounts(store)}
        row = rows.get(name)
        stored = row["password_hash"] if row and not row["ended_time"] else self._nobody
        if not (self._is_right(stored, password) and stored is not self._nobody):
            raise WrongPasswordError(name, is_now_blocked=is_now_blocked)
        self._by_login.forget(name)
        self._by_address.take_back(address)
        return Session(login=name, way="local")

    def hashed(self, password: str) -> str:
        """Return the stored form of a password."""
        return self._hasher.hash(password)

    def _is_right(self, stored: str, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


class TooOftenError(RefusedError):
    """Too many password attempts."""


class WrongPasswordError(RefusedError):
    """Login and password do not belong together.

    Attributes:
        is_now_blocked: This try was the last one for a while.
    """

    def __init__(self, login: str, *, is_now_blocked: bool) -> None:
        super().__init__("the login or the password is wrong")
        self.login = login
        self.is_now_blocked = is_now_blocked


@dataclass
class _Begun:
    """A sign-in that went to the provider and is not back yet."""

    nonce: str
    verifier: str
    browser: str
    time: float


class OpenIdSignIn:
    """The authorization code flow with PKCE; what comes back is checked whole."""

    def __init__(self) -> None:
        self._begun: dict[str, _Begun] = {}
        self._metadata: dict[str, Mapping[str, object]] = {}
        self._lock = Lock()

    def begin(self, desk: Desk, back: str) -> tuple[str, str]:
        """Return where the browser goes, and the value that it keeps until it is back."""
        now = time.monotonic()
        verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        browser = secrets.token_urlsafe(24)
        where, state = self._client(desk, back).create_authorization_url(
            self._about(desk)["authorization_endpoint"], code_verifier=verifier, nonce=nonce
        )
        with self._lock:
            old = [k for k, v in self._begun.items() if now - v.time > STATE_SECONDS]
            for key in old:
                del self._begun[key]
            self._begun[str(state)] = _Begun(nonce, verifier, browser, now)
        return str(where), browser

    def finish(self, desk: Desk, back: str, query: Mapping[str, str], browser: str) -> Session:
        """Return the session of the user that the provider names.

        Raises:
            RefusedError: The answer does not match the request, or the user does not
                belong to the district.
        """
        with self._lock:
            begun = self._begun.pop(query.get("state", ""), None)
        is_ours = begun is not None and hmac.compare_digest(
            begun.browser.encode(), browser.encode()
        )
        if begun is None or not is_ours or "code" not in query:
            raise RefusedError("this sign-in was not started here; start again")
        client = self._client(desk, back)
        fetch = partial(
            bounded(client, MAX_ANSWER_BYTES).fetch_token,
            self._about(desk)["token_endpoint"],
            code=query["code"],
            code_verifier=begun.verifier,
            timeout=TIMEOUT_SECONDS,
        )
        token = within(TIMEOUT_SECONDS, fetch)
        claims = self._claims(desk, str(token.get("id_token", "")), begun.nonce)
        return session_of(desk, claims)

    def _client(self, desk: Desk, back: str) -> "OAuth2Session":
        from authlib.integrations.requests_client import OAuth2Session

        one = desk.openid
        return OAuth2Session(
            one.client_id,
            looked_up(one.client_secret, "[desk.openid] client_secret"),
            scope="openid email profile",
            redirect_uri=back,
            code_challenge_method="S256",
        )

    def _about(self, desk: Desk) -> Mapping[str, object]:
        """Return the provider's description of itself."""
        issuer = desk.openid.issuer.rstrip("/")
        if issuer not in self._metadata:
            about = _fetched(f"{issuer}/.well-known/openid-configuration")
            if str(about.get("issuer", "")).rstrip("/") != issuer:
                raise SettingsError(
                    "the provider's issuer does not match",
                    where="district.toml: [desk.openid] issuer",
                )
            self._metadata[issuer] = about
        return self._metadata[issuer]

    def _claims(self, desk: Desk, id_token: str, nonce: str) -> Mapping[str, object]:
        """Return the claims of an ID token, with its signature and every date checked."""
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        about = self._about(desk)
        keys = KeySet.import_key_set(dict(_fetched(str(about["jwks_uri"]))))  # type: ignore[arg-type]
        registry = jwt.JWTClaimsRegistry(
            leeway=60,
            iss={"essential": True, "value": str(about["issuer"])},
            aud={"essential": True, "value": desk.openid.client_id},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
            sub={"essential": True},
        )
        try:
            token = jwt.decode(id_token, keys, algorithms=ALGORITHMS)
            registry.validate(token.claims)
        except (JoseError, ValueError) as error:
            raise RefusedError("the provider's answer cannot be verified") from error
        require_party(token.claims, desk.openid.client_id)
        return token.claims


def require_party(claims: Mapping[str, object], client_id: str) -> None:
    """Raise an error for an ID token that the provider issued to another program.

    OpenID Connect Core 3.1.3.7, steps 4 and 5.

    Raises:
        RefusedError: It was.
    """
    audience, party = claims.get("aud"), claims.get("azp")
    is_shared = isinstance(audience, list) and len(audience) > 1
    if party != client_id and (party is not None or is_shared):
        raise RefusedError("the provider's answer is for another program")


def session_of(desk: Desk, claims: Mapping[str, object]) -> Session:
    """Return the session of the user in the claims, if they belong to the district.

    Raises:
        RefusedError: They do not.
    """
    one = desk.openid
    address = str(claims.get(one.login_claim, "")).strip().casefold()
    name, at, domain = address.partition("@")
    allowed = {name.casefold() for name in one.domains}
    if not (name and at and domain in allowed):
        raise RefusedError(
            "this account does not belong to the district",
            where="district.toml: [desk.openid] domains",
        )
    if one.login_claim == "email" and claims.get("email_verified") is not True:
        raise RefusedError("the provider has not verified this address")
    groups = claims.get(one.groups_claim, ())
    named = groups if isinstance(groups, list | tuple) else [groups]
    account = f"{claims.get('iss', '')}\0{claims.get('sub', '')}"
    return Session(
        login=desk.without_domain(address),
        way="openid",
        address=address,
        subject=sha256(account.encode()).hexdigest(),
        groups=tuple(map(str, named)),
    )


def _fetched(url: str) -> Mapping[str, object]:
    answer = asked("GET", url, seconds=TIMEOUT_SECONDS, most=MAX_ANSWER_BYTES)
    content = json.loads(answer.data) if answer.status < BAD_STATUS else None
    if not isinstance(content, dict):
        message = f"{url} answered {answer.status} without a JSON object"
        raise ValueError(message)
    return content
