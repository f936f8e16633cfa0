"""Checks of who may act: groups, logins and tokens that come to nothing, or to too much."""

import ipaddress
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipelines.district import District
from pipelines.findings.people import people
from pipelines.settings.problems import Fault
from pipelines.settings.roles import MATRIX, Desk, DeskLogins, Roles, known_group
from pipelines.settings.toml_text import toml
from pipelines.state.audit import open_chain
from pipelines.state.desk_users import accounts

APPROVERS = MATRIX["approve"]
WIDEST_PROXY = {4: 24, 6: 64}
"""Prefix of the widest network in which each address may be a proxy."""
WAYS_WITH_GROUPS = ("openid", "proxy")
MAX_ENTRIES = 20_000
ROLES_PASTE = 'superintendent = ["schoolbell-superintendent"]'
NO_PERSON = (
    "is not the account of a person of the registry; the desk cannot see that it is the same "
    "person who asks and approves"
)


def access_faults(district: District) -> Iterator[Fault]:
    """Yield what about groups, logins, proxies and tokens comes to nothing, or to too much."""
    settings = district.settings
    yield from _unknown_groups(settings.roles)
    for path, roles in (
        (("roles",), settings.roles),
        (("desk", "logins"), settings.desk.logins),
        (("desk", "groups"), settings.desk.groups),
    ):
        yield from _one_for_two(path, roles)
    yield from _without_approver(settings.roles, settings.desk)
    yield from _wide_proxies(settings.desk)
    yield from _tokens(settings.desk)
    yield from _local_accounts(district)
    yield from _without_person(district)


def _names(roles: Roles) -> Mapping[str, tuple[str, ...]]:
    return {role: names for role, names in roles if names}


def _unknown_groups(roles: Roles) -> Iterator[Fault]:
    """Yield groups that the operating system does not have, where it can be asked."""
    for role, names in _names(roles).items():
        for name in names:
            if known_group(name) is None:
                yield Fault(
                    ("roles", role),
                    "is not a group of this machine: no one has the role by it",
                    name,
                    "a group that `getent group` lists",
                    f"# sudo groupadd {name}",
                    severity="notice",
                )


def _one_for_two(path: tuple[str, ...], roles: Roles) -> Iterator[Fault]:
    """Yield names with both roles of a decision that takes two offices."""
    for name in sorted({*roles.director} & {*roles.superintendent}):
        yield Fault(
            (*path, "superintendent"),
            "is the director's too: one office would ask and approve",
            name,
            "a group or login of the superintendent's office alone",
            ROLES_PASTE,
            severity="notice",
        )


def _without_approver(roles: Roles, desk: Desk) -> Iterator[Fault]:
    """Yield that some people have roles, and none of them can be the second person."""
    tables: tuple[Roles, ...] = (roles, desk.logins, desk.groups)
    held = {role for table in tables for role in _names(table)} - {"agency", "office"}
    if held and not held & {*APPROVERS}:
        path = ("roles",) if _names(roles) else ("desk", "logins")
        yield Fault(
            path,
            "gives no one a role that can approve a request",
            ", ".join(sorted(held)),
            f"someone with the role {' or '.join(APPROVERS)}",
            ROLES_PASTE,
            severity="notice",
        )


def _wide_proxies(desk: Desk) -> Iterator[Fault]:
    for address in desk.proxy.addresses:
        try:
            network = ipaddress.ip_network(address, strict=False)
        except ValueError:
            continue  # reported as such
        if network.prefixlen < WIDEST_PROXY[network.version]:
            yield Fault(
                ("desk", "proxy", "addresses"),
                "lets every machine of a large network state who signs in",
                address,
                "the addresses of the proxies, or a network of /24 at most (IPv6: /64)",
                'addresses = ["127.0.0.1"]',
            )


def _tokens(desk: Desk) -> Iterator[Fault]:
    for name, token in desk.tokens.items():
        example = f'{{ file = "/etc/schoolbell/{name}_token" }}'
        path = ("desk", "tokens", name, "secret")
        if not token.secret:
            what = "is missing: the program cannot sign in"
            yield Fault(path, what, "", f"a value such as {example}", f"secret = {example}")
        elif (file := token.secret.get("file")) and _is_absent(Path(str(file))):
            what = "this file does not exist: the program cannot sign in"
            allowed = "a file with 32 characters or more"
            yield Fault(path, what, str(file), allowed, f"secret = {toml(dict(token.secret))}")


def _is_absent(file: Path) -> bool:
    """Return whether a file is not there; a folder that may not be read hides its files."""
    try:
        return not file.exists()
    except OSError:
        return False


def _local_accounts(district: District) -> Iterator[Fault]:
    desk = district.settings.desk
    if not desk.local_accounts:
        return
    named = {name for role in DeskLogins.model_fields for name in desk.logins_of(role)}
    with_account = {row["login"] for row in accounts(district.store) if not row["ended_time"]}
    path = ("desk", "local_accounts")
    if not with_account:
        what = "lets accounts sign in, but there is none"
        allowed = "accounts made with: schoolbell desk account add LOGIN"
        yield Fault(path, what, "true", allowed, "local_accounts = false", severity="notice")
    elif not with_account & named:
        what = "lets accounts sign in, but none has a role"
        allowed = f"a login under [desk.logins], one of {', '.join(sorted(with_account))}"
        yield Fault(path, what, "true", allowed, "local_accounts = true", severity="notice")


def _without_person(district: District) -> Iterator[Fault]:
    """Yield logins that may approve, and that the registry knows as no one's account.

    The members of a provider's group cannot be listed: those are compared who have signed
    in. Without a roster, no login can be a person's.
    """
    if district.registry.frames["people"].is_empty():
        return
    settings, known = district.settings, people(district)
    logins: dict[tuple[str, ...], set[str]] = {}
    for role in APPROVERS:
        groups = [known_group(name) or () for name in getattr(settings.roles, role)]
        logins["roles", role] = {login for members in groups for login in members}
        logins["desk", "logins", role] = {*settings.desk.logins_of(role)}
        if getattr(settings.desk.groups, role):
            logins["desk", "groups", role] = _signed_in(district)
    for path, names in logins.items():
        for login in sorted(names):
            if known.person(login) is None:
                yield Fault(
                    path,
                    NO_PERSON,
                    login,
                    "a username or address of users.csv, or an account of accounts.csv "
                    "with its owner",
                    f"# accounts.csv: {login},person,PERSON_ID",
                    severity="notice",
                )


def _signed_in(district: District) -> set[str]:
    """Return the logins of people who signed in by a provider or a proxy."""
    entries = open_chain(district.store, district.home).entries(MAX_ENTRIES)
    named = (entry.actor.rpartition(" (") for entry in entries)
    return {login for login, _, way in named if way.removesuffix(")") in WAYS_WITH_GROUPS}
