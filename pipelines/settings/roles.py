"""Rights on findings and names, as one table, and ways to sign in.

Roles belong to groups of the operating system, which `[roles]` of the settings
names. The system identifies the user, never a command-line claim.
A home without `[roles]` has one operator, who may do everything alone. The review desk
has separate ways to sign in, and a setting for its address.
"""

import getpass
import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from pipelines.errors import SchoolbellError
from pipelines.settings.plugin_settings import PluginPart
from pipelines.settings.problems import MisusedKeyError, Part, setting
from pipelines.settings.secrets import is_reference

TokenRole = Literal["director", "analyst", "operator", "custodian", "superintendent"]
Role = TokenRole | Literal["office"]
Right = Literal[
    "findings",
    "evidence",
    "verdict",
    "assign",
    "exception",
    "export",
    "names",
    "approve",
    "replay",
    "audit",
    "hold",
    "purge",
    "sign",
    "sites",
    "refer",
    "referral",
    "inquire",
    "accounts",
    "records",
]

ROLES: tuple[Role, ...] = (*get_args(TokenRole), "office")

MATRIX: Mapping[Right, tuple[Role, ...]] = {
    "findings": ("director", "analyst", "custodian", "superintendent"),
    "evidence": ("director", "analyst", "custodian", "superintendent"),
    "verdict": ("director", "analyst"),
    "assign": ("director",),
    "exception": ("director",),
    "export": ("director", "analyst", "custodian"),
    "names": ("director", "custodian"),
    "approve": ("director", "custodian", "superintendent"),
    "replay": ("director", "analyst", "operator"),
    "audit": ("director", "operator", "custodian", "superintendent"),
    "hold": ("director", "custodian"),
    "purge": ("operator", "custodian"),
    "sign": ("director",),
    "sites": ("director",),
    "refer": ("director", "custodian"),
    "referral": ("office",),
    "inquire": ("director", "custodian"),
    "accounts": ("operator",),
    "records": ("director", "custodian", "superintendent"),
}
"""Right -> the roles that have it."""

MEANING: Mapping[Right, str] = {
    "findings": "see findings, cases and their history, under pseudonyms",
    "evidence": "see which lines a finding cites, by place and hash",
    "verdict": "decide a finding",
    "assign": "assign a finding or a case",
    "exception": "enter an exception, or end one",
    "export": "export findings under pseudonyms",
    "names": "turn a pseudonym back; export or pack with names",
    "approve": "be the second person of what needs two",
    "replay": "try another threshold or registry, without saving it",
    "audit": "read and verify the audit chain",
    "hold": "keep days from being deleted, or release them",
    "purge": "delete what the district's retention says",
    "sign": "sign a week's report",
    "sites": "put a site on the district's list; accept what the logs propose; correct a list; "
    "change a threshold",
    "refer": "refer a case to another office; keep what the person says of it",
    "referral": "read, answer and download a referral while a grant to the login is in force",
    "inquire": "open an inquiry that another office asks for, and release its answer",
    "accounts": "make accounts that sign in at the desk with a password",
    "records": "answer a request for public records",
}

AGENCY: tuple[Right, ...] = ("audit", "purge")
"""Rights of a service agency's staff without a grant: run the system."""
FIRST_NUMBER = 2**32
"""User ids of the system are smaller; people whom it does not know get numbers."""
LOGIN_UID = Path("/proc/self/loginuid")
NOBODY_LOGGED_IN = 2**32 - 1
Address = Annotated[str, Field(pattern=r"^(https?://[^\s\"<>/]+)?$")]


class Roles(Part):
    """Groups of the operating system; without any, one operator may do everything."""

    director: tuple[str, ...] = setting(
        (), "decide, assign, approve, see names for a case", ["schoolbell-directors"]
    )
    analyst: tuple[str, ...] = setting(
        (), "look and decide under pseudonyms", ["schoolbell-analysts"]
    )
    operator: tuple[str, ...] = setting(
        (), "run the system; no findings, no names", ["schoolbell-operators"]
    )
    custodian: tuple[str, ...] = setting(
        (), "keep records: read, export, see names for a case", ["schoolbell-records"]
    )
    superintendent: tuple[str, ...] = setting(
        (),
        "the second person of names and of public records, also where the "
        "director is the one who asks; reads cases and the audit chain, sees no name",
        ["schoolbell-superintendent"],
    )
    office: tuple[str, ...] = setting(
        (),
        "human resources, counsel and other offices that receive referrals; "
        "they see only a referral that is granted to their login, until its last day",
        ["schoolbell-offices"],
    )
    agency: tuple[str, ...] = setting(
        (),
        "staff of a service agency: whatever else they are, they see "
        "findings and names only while consents.csv grants it (type h)",
        ["schoolbell-agency"],
    )


class RefusedError(SchoolbellError):
    """The user has no right to it."""

    command = "schoolbell roles"
    exit_code = 77


@dataclass(frozen=True)
class Principal:
    """The user, as the operating system identifies them.

    Attributes:
        user_name: Their login, or `uid N` if the system knows no name.
        roles: Every role that one of their groups has.
        is_alone: The home has no roles: one operator, who may do everything.
        way: How they signed in at the desk, if not as the system's user.
        is_agency: They are staff of a service agency.
        is_granted: The district grants them, today, the rights of its employees.
        is_only_for_owner: The home has no roles, and another account owns it.
    """

    uid: int
    user_name: str
    roles: tuple[Role, ...]
    is_alone: bool = False
    way: str = ""
    is_agency: bool = False
    is_granted: bool = False
    is_only_for_owner: bool = False

    def __str__(self) -> str:
        return f"{self.user_name} ({self.way or self.uid})"

    def is_same(self, uid: int) -> bool:
        """Return whether a user id is theirs, however they signed in that time."""
        if uid in (self.uid, number_of(self.user_name)):
            return True
        known, _ = known_user(uid) if uid < FIRST_NUMBER else ("", [])
        return known.casefold() == self.user_name.casefold()

    def may(self, right: Right) -> bool:
        """Return whether one of their roles has a right."""
        if self.is_agency and not self.is_granted and right not in AGENCY:
            return False
        return self.is_alone or any(role in MATRIX[right] for role in self.roles)

    def require(self, right: Right) -> None:
        """Raise an error unless one of their roles has the right.

        Raises:
            RefusedError: None of their roles has the right.
        """
        if self.may(right):
            return
        if self.is_agency and not self.is_granted:
            raise RefusedError(
                f"{self} is of the service agency; to {MEANING[right]} takes a grant "
                "of the superintendent that is in force today",
                where="registry/consents.csv",
                remedy="Let the district add a row of type h with this login as its "
                "subject, and a first and a last day.",
            )
        if self.is_only_for_owner:
            raise RefusedError(
                "a home without roles has one operator, the account that owns it; "
                f"{self} is another",
                where="district.toml: [roles]",
                remedy="Let the owner name groups under [roles], one for each role.",
            )
        *others, last = MATRIX[right]
        needed = " or ".join(filter(None, (", ".join(others), last)))
        own = f"the role {', '.join(self.roles)}" if self.roles else "no role"
        raise RefusedError(
            f"only the role {needed} may {MEANING[right]}; {self} has {own}",
            where="district.toml: [roles]",
            remedy="Ask a person with that role, or have the district change the groups.",
        )


def asker(roles: Roles, uid: int, user_name: str, groups: Iterable[str], owner: int) -> Principal:
    """Return the user that the operating system names, with their groups' roles.

    Args:
        owner: User id of the account that owns the home and its state.
    """
    held, has_roles = set(groups), any(getattr(roles, role) for role in ROLES)
    return Principal(
        uid,
        user_name,
        tuple(role for role in ROLES if held & set(getattr(roles, role))),
        is_alone=not has_roles and uid == owner,
        is_agency=bool(held & set(roles.agency)),
        is_only_for_owner=not has_roles and uid != owner,
    )


def number_of(login: str) -> int:
    """Return a fixed number for a user who signs in by name alone."""
    digest = hashlib.sha256(login.casefold().encode()).digest()
    return FIRST_NUMBER + int.from_bytes(digest[:6], "big")


def login_uid(kept: Path = LOGIN_UID) -> int:
    """Return the user who logged in, also behind sudo; else the one that this runs as."""
    try:
        logged_in = int(kept.read_text(encoding="ascii"))
    except (OSError, ValueError):
        logged_in = NOBODY_LOGGED_IN
    if logged_in != NOBODY_LOGGED_IN:
        return logged_in
    return os.getuid() if hasattr(os, "getuid") else 0  # Windows has names, no numbers


def known_user(uid: int) -> tuple[str, list[str]]:
    """Return the user's name and groups; a uid that the system does not know has none."""
    try:
        import grp
        import pwd
    except ImportError:  # Windows
        return getpass.getuser(), []
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return f"uid {uid}", []
    names = []
    for gid in os.getgrouplist(entry.pw_name, entry.pw_gid):
        try:
            names.append(grp.getgrgid(gid).gr_name)
        except KeyError:
            continue
    return entry.pw_name, names


def known_group(name: str) -> tuple[str, ...] | None:
    """Return the members that a group of the system lists; None if there is no such group.

    A system without groups has each of them, without members.
    """
    try:
        import grp
    except ImportError:  # Windows
        return ()
    try:
        return tuple(grp.getgrnam(name).gr_mem)
    except KeyError:
        return None


def _reference(value: Mapping[str, object]) -> Mapping[str, object]:
    if value and not is_reference(value):
        message = 'must be a reference: { file = "/path" }, { env = "NAME" }, ...'
        raise ValueError(message)
    return value


SecretPlace = Annotated[Mapping[str, object], AfterValidator(_reference)]


class DeskLogins(Roles):
    """Logins or addresses of people who sign in by OpenID, proxy or password."""

    director: tuple[str, ...] = setting((), "people with this role", ["jo.park@school.example"])
    analyst: tuple[str, ...] = setting((), "people with this role", ["sam.lee@school.example"])
    operator: tuple[str, ...] = setting((), "people with this role", ["it@school.example"])
    custodian: tuple[str, ...] = setting((), "people with this role", ["records@school.example"])
    superintendent: tuple[str, ...] = setting(
        (), "people with this role", ["superintendent@school.example"]
    )
    office: tuple[str, ...] = setting(
        (), "people of offices that receive referrals", ["hr@school.example"]
    )
    agency: tuple[str, ...] = setting((), "staff of a service agency", ["staff@agency.example"])


class DeskGroups(Roles):
    """Groups that the provider or the proxy names; only those, never a login."""


class OpenId(Part):
    """Sign-in with the district's own accounts: Google, Entra, any OpenID provider."""

    issuer: Annotated[str, Field(pattern=r"^(https?://[^\s\"<>]+)?$")] = setting(
        "", "issuer of the provider; empty: this sign-in is off", "https://accounts.google.com"
    )
    client_id: str = setting("", "id that the provider gave", "schoolbell")
    client_secret: SecretPlace = Field(
        default_factory=dict,
        description="where its secret lies",
        examples=[{"file": "/etc/schoolbell/client_secret"}],
    )
    login_claim: str = setting(
        "email",
        "claim that holds the login; what follows an @ has to be a domain below",
        "preferred_username",
    )
    groups_claim: str = setting("groups", "claim that lists groups, where the provider sends any")
    domains: tuple[str, ...] = setting((), "domains whose accounts may sign in", ["school.example"])


class Proxy(Part):
    """Sign-in by a reverse proxy that knows who it is."""

    addresses: tuple[str, ...] = setting(
        (), "addresses of the proxies that are believed; empty: none is", ["127.0.0.1"]
    )
    login_header: str = setting("X-Remote-User", "header with the login")
    groups_header: str = setting(
        "",
        "header with groups, between commas, that the proxy itself always sets; "
        "empty: no groups, because a browser can send such a header too",
        "X-Remote-Groups",
    )
    secret: SecretPlace = Field(
        default_factory=dict,
        description="where the word lies that the proxy sends in X-Schoolbell-Proxy",
        examples=[{"file": "/etc/schoolbell/proxy_secret"}],
    )


class DeskToken(Part):
    """A program that reads the desk's API, with the view of one role."""

    role: TokenRole = setting(
        "analyst", "the role whose view it reads; it can never act", "operator"
    )
    secret: SecretPlace = Field(
        default_factory=dict,
        description="where its token is stored: 32 characters or more",
        examples=[{"file": "/etc/schoolbell/grafana_token"}],
    )
    until: date | None = setting(None, "last day on which it is accepted", date(2027, 6, 30))


def _address_template(value: str) -> str:
    if re.search(r"[{}]", re.sub(r"{(?:number|kind|address|ticket)}", "", value)):
        message = "may contain {number}, {kind}, {address} and {ticket}, and no other braces"
        raise ValueError(message)
    return value


Template = Annotated[
    str, Field(pattern=r"^(https://[^\s\"<>]+)?$"), AfterValidator(_address_template)
]


class Tickets(PluginPart):
    """The ticket system of the district: links that a person follows, and what is sent to it."""

    service: str = setting(
        "",
        "kind of ticket system that tickets are sent to: incident_iq, jira, zammad or webhook; "
        "empty: nothing is sent",
        "jira",
    )
    automatic: bool = setting(
        False, "true: a run sends each new case of the report that needs a decision", True
    )
    new: Template = setting(
        "",
        "address of a new ticket; {number}, {kind} and {address} are filled in from the case",
        "https://jira.school.example/secure/CreateIssueDetails!init.jspa"
        "?pid=10000&issuetype=3&summary=Case+{number}&description={address}",
    )
    view: Template = setting(
        "", "address of a ticket by its number", "https://jira.school.example/browse/{ticket}"
    )
    mail: Annotated[str, Field(pattern=r"^([^\s\"<>?&]+@[^\s\"<>?&]+)?$")] = setting(
        "", "address that opens a ticket by mail", "helpdesk@school.example"
    )
    settings: Mapping[str, Any] = Field(
        default_factory=dict,
        description="settings of that kind; may also be next to the keys above; a secret is "
        'a reference: { file = "/run/x" }, { env = "NAME" }, { credential = '
        '"NAME" } of systemd, or { keyring = "NAME" }',
        examples=[{"url": "https://school.atlassian.example"}],
    )

    @model_validator(mode="after")
    def _of_a_service(self) -> "Tickets":
        if not self.service and self.settings:
            key = next(iter(self.settings))
            raise MisusedKeyError(
                key,
                "is an unknown key as long as service is empty",
                allowed="service, automatic, new, view, mail",
                paste=f"# {key} =",
            )
        return self


class Desk(Part):
    """The review desk, which `schoolbell desk` opens."""

    address: Address = setting(
        "",
        "address under which browsers reach it behind a proxy; empty: the one that it listens on",
        "https://desk.school.example",
    )
    idle_minutes: int = setting(
        30, "minutes without a click after which a session ends", ge=1, le=480
    )
    session_hours: int = setting(9, "hours after which it ends in any case", ge=1, le=24)
    logins: DeskLogins = DeskLogins()
    groups: DeskGroups = DeskGroups()
    openid: OpenId = OpenId()
    proxy: Proxy = Proxy()
    tokens: Mapping[str, DeskToken] = Field(
        default_factory=dict, description="programs that read the API", examples=[{}]
    )
    tickets: Tickets = Tickets()
    local_accounts: bool = setting(
        False, "true: accounts of `schoolbell desk account` may sign in", True
    )

    def without_domain(self, address: str) -> str:
        """Return the bare login of the district's one domain; with several, the address."""
        name, _, domain = address.casefold().partition("@")
        domains = {one.casefold() for one in self.openid.domains}
        return name if domains == {domain} else address.casefold()

    def logins_of(self, role: str) -> frozenset[str]:
        """Return the logins and addresses that have a role, in lower case."""
        return frozenset(name.casefold() for name in getattr(self.logins, role))
