"""What all pages of the desk share, and what it records about visits."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from pipelines.actions.action import AnyAction, Input, Preview
from pipelines.actions.context import ActionContext
from pipelines.desk.open_homes import OpenHome
from pipelines.desk.signin import OpenIdSignIn, Passwords, RecentEvents, Session, Sessions
from pipelines.state.audit import Act, open_chain

AGAIN_AFTER = 3600.0
"""Seconds after which another sign-in or view of the same case is recorded again."""


@dataclass
class Trial:
    """A change of the registry that is being tried."""

    login: str
    form: AnyAction
    given: Input
    values: dict[str, str]
    preview: Preview
    effects: "Future[list[str]]"


@dataclass
class DeskApp:
    """Everything that the pages share.

    Attributes:
        address: Where browsers reach it, if not where it listens.
    """

    home: OpenHome
    sessions: Sessions = field(default_factory=Sessions)
    passwords: Passwords = field(default_factory=Passwords)
    recorded: RecentEvents = field(default_factory=lambda: RecentEvents(1, AGAIN_AFTER))
    wrong_tokens: RecentEvents = field(default_factory=lambda: RecentEvents(30))
    wrong_links: RecentEvents = field(default_factory=lambda: RecentEvents(30))
    openid: OpenIdSignIn = field(default_factory=OpenIdSignIn)
    trials: dict[str, Trial] = field(default_factory=dict)
    workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "trial"))
    mails: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "mail"))

    @property
    def address(self) -> str:
        """The address of the settings; empty where browsers come directly."""
        return self.home.district.settings.desk.address


def record_sign_in(desk: DeskApp, session: Session, action: str, subject: str = "desk") -> None:
    """Record who signed in, by which way; the same once in an hour."""
    district = desk.home.district
    by = str(session.uid) if session.way == "system" else session.way
    if desk.recorded.is_full(key := f"{action} {by} {session.login}"):
        return
    act = Act(
        actor=f"{session.login} ({by})", action=action, subject=subject, reason=f"by {session.way}"
    )
    with desk.home.writing, open_chain(district.store, desk.home.home).recording(act):
        desk.recorded.add(key)


def record_reading(
    desk: DeskApp, context: ActionContext, case_id: str, action: str = "read case"
) -> None:
    """Record that a case is read, once an hour in all sessions of the same reader."""
    actor, recorded = str(context.asker), desk.recorded
    if recorded.is_full(key := f"{action} {case_id} {actor}"):
        return
    act = Act(actor=actor, action=action, subject=case_id, case=case_id)
    with desk.home.writing, context.chain.recording(act):
        recorded.add(key)
