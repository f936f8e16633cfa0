"""Notices of accounts and devices at risk: what they say, how they are tested.

They name an account or a device that is at risk. `{account}` stands for the
subject, which is a device for some rules.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pipelines.findings.record import FITS, NOT_TESTABLE, RULED_OUT, Result

Details = Mapping[str, Any]
Test = Callable[[Details], tuple[Result, str]]

SUBJECT = "{account}"


def _always(text: str) -> Test:
    """Excluded by how the rule is made."""
    return lambda _details: (RULED_OUT, text)


def _never(text: str) -> Test:
    """Nothing in the logs can tell."""
    return lambda _details: (NOT_TESTABLE, text)


def _fact(key: str, yes: str, no: str) -> Test:
    """A boolean fact that rules the explanation out."""
    return lambda details: (RULED_OUT, yes) if details.get(key) else (NOT_TESTABLE, no)


def _number(details: Details, key: str) -> int:
    return int(details.get(key) or 0)


def _said(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _two_sources(details: Details) -> tuple[Result, str]:
    count = _number(details, "sources")
    if count >= 2:
        return RULED_OUT, f"{count} sources saw it, each by itself"
    return NOT_TESTABLE, "one source alone says so"


def _mistyped(details: Details) -> tuple[Result, str]:
    accounts, entered = _number(details, "accounts"), _number(details, "entered")
    text = f"{entered} of {_said(accounts, 'account')} got in from there soon after"
    return (FITS if 2 * entered >= accounts else RULED_OUT, text)


def _tester(details: Details) -> tuple[Result, str]:
    if _number(details, "entered") == 0:
        return RULED_OUT, "none of them was let in; whoever sets up accounts gets in"
    return NOT_TESTABLE, "some were let in; logs can not tell a test from a trial"


def _logged_on(details: Details) -> tuple[Result, str]:
    logons = _number(details, "logons")
    if logons:
        return RULED_OUT, f"{_said(logons, 'logon')} by somebody, not by a task"
    return NOT_TESTABLE, "requests alone; no logon of that day is in the logs"


def _records(details: Details) -> tuple[Result, str]:
    day = details.get("last_day")
    if details.get("do_records_agree"):
        return RULED_OUT, f"the account's row and the roster both end by then; {day}"
    return RULED_OUT, f"the record, as it stands, names {day} as the last day"


def _on_leave(details: Details) -> tuple[Result, str]:
    leave, school = _number(details, "leave_days"), _number(details, "school_days")
    text = f"{_said(leave, 'day')} of approved leave in {_said(school, 'school day')}"
    return (FITS if 2 * leave >= school else RULED_OUT, text)


_CLOCK = (
    "A clock that is wrong",
    _fact(
        "are_clocks_checked",
        "the hosts' clocks were checked against the directory or the tunnel",
        "a host's clock could not be checked",
    ),
)
_LIVE = (
    "A session left open while its user went elsewhere",
    _fact(
        "is_live_known",
        "a logon or unlock without a lock since shows a live keyboard",
        "a device writes no logons, so an open session can not be told",
    ),
)
_ONE_LOG = ("A mistake in one log", _two_sources)

ALTERNATIVES: Mapping[str, tuple[tuple[str, Test], ...]] = {
    "AN-1": (
        (
            "One account whose old password a device keeps",
            _always("an account that was refused again and again is not counted"),
        ),
        ("People who mistyped and then got in", _mistyped),
        (
            "A gateway, a server or an address that many people stand behind",
            _fact(
                "is_one_device",
                "the registry has it as one device, or its network as one of devices",
                "the registry does not know the address",
            ),
        ),
        ("Somebody who sets up or tests accounts", _tester),
        _ONE_LOG,
    ),
    "AN-5": (
        (
            "A last day in the registry that is out of date",
            _records,
        ),
        ("A device that was left logged on and goes on by itself", _logged_on),
        _ONE_LOG,
    ),
    "SA-6": (
        (
            "An idle tunnel that is always up",
            _always("only requests that a person makes count, on both sides"),
        ),
        (
            "A phone's hotspot, a relay or a service that stands for many",
            _fact(
                "is_kind_known",
                "a list names the kind of the outside network; such kinds are left out",
                "no list tells what kind of network the tunnel came from",
            ),
        ),
        (
            "A desk that its owner works at from home",
            _always("the keyboard was unlocked at the desk; no remote logon there"),
        ),
        _LIVE,
        _CLOCK,
        (
            "An account that several people may use",
            _always("only accounts that the registry gives to one person are judged"),
        ),
    ),
    "SA-7": (
        (
            "A phone's network, a relay or a service that stands for many",
            _fact(
                "is_kind_known",
                "a list names both kinds of network; such kinds are left out",
                "no list tells what kind of network one of the two is",
            ),
        ),
        (
            "A list that has an address in the wrong place",
            _fact(
                "is_place_sure",
                "the distance is what is left when both places' radius is taken off",
                "the list does not say how exact a place is",
            ),
        ),
        (
            "A place that colleagues sign in from too",
            _always("far places that several accounts use in a month are left out"),
        ),
        (
            "A sign-in that came to nothing",
            _fact(
                "is_used_known",
                "something more came from each of the two addresses within the hour",
                "from one of the two addresses nothing more was seen",
            ),
        ),
        (
            "A programme that renews a sign-in",
            _always("only sign-ins of a person count, no renewals"),
        ),
    ),
    "AN-8": (
        ("A leave or a break", _on_leave),
        (
            "Weeks whose logs are missing",
            _always("days of school count only where the logs saw anybody"),
        ),
        ("Work that comes once a season", _never("the logs do not reach back a year")),
    ),
}


def _refused(details: Details) -> str:
    entered = _number(details, "entered")
    after = f"; {entered} of them got in from there soon after" if entered else ""
    minutes = max(1, _number(details, "minutes"))
    accounts = _said(_number(details, "accounts"), "account")
    return (
        f"From {SUBJECT}, {accounts} were refused within {_said(minutes, 'minute')}, "
        f"each at most "
        f"{_said(_number(details, 'tries'), 'time')}{after}."
    )


def _ended(details: Details) -> str:
    owner = bool(details.get("is_owner_gone"))
    whose = "its owner's" if owner and not details.get("is_account_ended") else "its"
    record = "roster" if whose != "its" else "registry"
    return (
        f"Account {SUBJECT} was used {_said(_number(details, 'days'), 'day')} after "
        f"{whose} last day in the {record}."
    )


def _dormant(details: Details) -> str:
    return (
        f"Account {SUBJECT} was used after at least "
        f"{_said(_number(details, 'idle_days'), 'day')} in which no source saw it, "
        f"{_said(_number(details, 'school_days'), 'day')} of school among them."
    )


def _near_and_far(details: Details) -> str:
    places = " and ".join(details.get("buildings") or ["a building"])
    kilometres = details.get("kilometres")
    away = f", about {kilometres:,} km away," if kilometres is not None else ""
    return (
        f"Account {SUBJECT} was in use at {places} and through a tunnel from outside"
        f"{away} in turns: {_number(details, 'turns')} changes within minutes each."
    )


def _too_far_apart(details: Details) -> str:
    return (
        f"Account {SUBJECT} signed in from two places about "
        f"{_number(details, 'kilometres'):,} km apart within "
        f"{_said(_number(details, 'minutes'), 'minute')}."
    )


CLAIMS: Mapping[str, Callable[[Details], str]] = {
    "AN-1": _refused,
    "AN-5": _ended,
    "AN-8": _dormant,
    "SA-6": _near_and_far,
    "SA-7": _too_far_apart,
}

WOULD_CHANGE: Mapping[str, tuple[str, ...]] = {
    "AN-1": ("a registry row that says many people stand behind the address",),
    "AN-5": ("a later last day of the account or of its owner",),
    "SA-6": (
        "another kind of network for the outside address",
        "a network that the registry puts in the wrong building",
    ),
    "SA-7": (
        "another place or kind of network for one of the addresses",
        "an entry for the address among those that stand for many",
    ),
    "AN-8": ("a leave record that covers the weeks", "logs that were missing"),
}
