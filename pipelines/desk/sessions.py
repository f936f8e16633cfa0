"""Who is signed in: kept in memory alone, so that a restart signs everybody out."""

import hmac
import secrets
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from threading import Lock

MOST = 5_000
"""Sessions at a time; the oldest makes room."""


@dataclass
class Session:
    """One browser in which somebody signed in.

    Attributes:
        way: How: `system`, `openid`, `proxy` or `local`.
        uid: The user id of the system, where it was that.
        token: Stands in each form; a post without it is refused.
        told: What the next page says once.
        read: When each case was last read, so that each look is noted once an hour.
    """

    login: str
    way: str
    uid: int = 0
    groups: tuple[str, ...] = ()
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    began: float = field(default_factory=time.monotonic)
    seen: float = field(default_factory=time.monotonic)
    told: str = ""
    read: dict[str, float] = field(default_factory=dict)

    def has_token(self, token: str) -> bool:
        """Whether a form came from a page of this session."""
        return hmac.compare_digest(token.encode(), self.token.encode())


class Sessions:
    """Every session by the random word in its cookie."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Session] = OrderedDict()
        self._lock = Lock()

    def begin(self, session: Session) -> str:
        """A new session; the word for its cookie."""
        word = secrets.token_urlsafe(32)
        with self._lock:
            self._held[word] = session
            while len(self._held) > MOST:
                self._held.popitem(last=False)
        return word

    def find(self, word: str, idle: float, longest: float) -> Session | None:
        """The session of a cookie, unless its time is over."""
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
        """Sign somebody out."""
        with self._lock:
            self._held.pop(word, None)


class Attempts:
    """How often somebody tried a password in vain, by login and by address."""

    def __init__(self, most: int = 5, seconds: float = 900) -> None:
        self._most, self._seconds = most, seconds
        self._held: dict[str, deque[float]] = {}
        self._lock = Lock()

    def is_blocked(self, key: str) -> bool:
        """Whether it has to wait."""
        with self._lock:
            return len(self._fresh(key)) >= self._most

    def note(self, key: str) -> bool:
        """One more; whether it blocks from now on."""
        with self._lock:
            if len(self._held) > MOST:
                self._held.clear()
            held = self._fresh(key)
            held.append(time.monotonic())
            self._held[key] = held
            return len(held) == self._most

    def forget(self, key: str) -> None:
        """They signed in."""
        with self._lock:
            self._held.pop(key, None)

    def _fresh(self, key: str) -> deque[float]:
        held = self._held.get(key, deque())
        while held and time.monotonic() - held[0] > self._seconds:
            held.popleft()
        return held
