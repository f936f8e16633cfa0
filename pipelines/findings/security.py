"""Security notices: what they say, and how their other explanations are tested.

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


CLAIMS: Mapping[str, Callable[[Details], str]] = {
    "AN-1": _refused,
    "AN-5": _ended,
    "AN-8": _dormant,
}

WOULD_CHANGE: Mapping[str, tuple[str, ...]] = {
    "AN-1": ("a registry row that says many people stand behind the address",),
    "AN-5": ("a later last day of the account or of its owner",),
    "AN-8": ("a leave record that covers the weeks", "logs that were missing"),
}
