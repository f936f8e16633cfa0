"""Checks of settings and registry."""

from datetime import UTC, date, datetime, timedelta

import polars as pl

from pipelines.district import home_rules
from pipelines.errors import ModelError, SchoolbellError
from pipelines.operations.check_questions import Installation
from pipelines.operations.checks import CheckResult, Subject, act, look, unasked, well
from pipelines.operations.settings_check import wrong_in
from pipelines.warehouse.sentences import counted
from pipelines.warehouse.snapshots import current, reading

AHEAD = timedelta(days=60)
SOON = timedelta(days=14)
STALE_LIST = timedelta(days=180)


IS_OF, ARE_OF = "of the registry is", "of the registry are"

CONFLICTS = "identity.device_conflicts"
_CLAIMED = """
select count(distinct ip) from identity.device_conflicts
where event_date > (select max(event_date) from marts.source_hours) - 7
"""


def _settings(installation: Installation) -> CheckResult:
    try:
        settings = installation.settings
    except SchoolbellError as error:
        return act(" ".join(str(error).split()), "schoolbell check --home {home}")
    return well(f"district.toml is valid, for {settings.district.name}")


def _meaning(installation: Installation) -> CheckResult:
    wrong = list(wrong_in(installation.district))
    text = "; ".join(" ".join(str(problem).split()) for problem in wrong)
    if any(problem.severity == "error" for problem in wrong):
        return act(text, "schoolbell check --home {home}")
    if wrong:
        return look(text, "schoolbell check --home {home}")
    return well("all formats, rules, sections and channels are known")


def _own_rules(installation: Installation) -> CheckResult:
    own = home_rules(installation.settings)
    if own.problems:
        files = ", ".join(error.file for error in own.problems)
        return look(f"left out: {files}", "schoolbell check --home {home}")
    return well(
        counted(len(own.models), "1 rule of this home is|# rules of this home are") + " valid"
    )


def _rows(installation: Installation) -> CheckResult:
    errors = installation.registry.errors
    if errors:
        return look(
            counted(len(errors), f"1 row {IS_OF}|# rows {ARE_OF}") + " set aside",
            "schoolbell check --home {home}",
        )
    rows = sum(frame.height for frame in installation.registry.frames.values())
    return well(counted(rows, f"1 row {IS_OF}|# rows {ARE_OF}") + " valid")


def _believed(installation: Installation) -> CheckResult:
    if shrunk := installation.registry.refused:
        names = " ".join(f"--accept {refusal.name}" for refusal in shrunk)
        return look(
            "; ".join(f"{refusal.name}: {refusal.what}" for refusal in shrunk),
            f"export them again; if they are correct: schoolbell check --home {{home}} {names}",
        )
    return well("no registry file shrank too much")


def _files(installation: Installation) -> CheckResult:
    missing = installation.registry.missing
    if missing:
        return look(
            f"empty files, which turn checks off: {', '.join(sorted(missing))}",
            "schoolbell check --home {home}; schoolbell propose --home {home}",
        )
    return well("every file of the registry has rows")


def _today(installation: Installation) -> date:
    return installation.now.date()


def _calendar(installation: Installation) -> CheckResult:
    days = installation.registry.frames["calendar_days"]
    if days.is_empty():
        return look(
            "the school calendar is missing; off-hours are not judged",
            "fill registry/calendar.csv or put an .ics file there",
        )
    last = days["date"].max()
    assert isinstance(last, date)
    if last < _today(installation) + AHEAD:
        return look(f"the school calendar ends on {last}", "add the next year's calendar")
    return well(f"the school calendar ends on {last}")


def _people(installation: Installation) -> CheckResult:
    frames = installation.registry.frames
    accounts = frames["accounts"]
    if accounts.is_empty():
        return look(
            "no account is known; no account can be judged",
            "put users.csv or a OneRoster bundle into registry/",
        )
    ownerless = accounts.filter(pl.col("owner_person_id").is_null(), account_type="person").height
    if ownerless:
        return look(
            counted(ownerless, "1 account of a person names|# accounts of people name")
            + " no person",
            "schoolbell check --home {home}",
        )
    return well(counted(accounts.height, "1 account is known|# accounts are known"))


def _places(installation: Installation) -> CheckResult:
    subnets = installation.registry.frames["subnets"]
    if subnets.is_empty():
        return look(
            "no network is known; no building can be identified", "schoolbell propose --home {home}"
        )
    return well(counted(subnets.height, "1 network is known|# networks are known"))


def _approved(installation: Installation) -> CheckResult:
    path = installation.home.registry / "approved_sites.csv"
    if not path.is_file() or installation.registry.frames["approved_sites"].is_empty():
        return look(
            "no site is approved; every site counts as external",
            "fill {home}/registry/approved_sites.csv; schoolbell propose --home {home}",
        )
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    if changed < _today(installation) - STALE_LIST:
        return look(f"the approved list was last changed on {changed}", f"review {path}")
    return well(f"the approved list was last changed on {changed}")


def _ending(installation: Installation) -> CheckResult:
    today = _today(installation)
    ending = sum(
        installation.registry.frames[name]
        .filter(pl.col("valid_to").is_between(today, today + SOON))
        .height
        for name in ("consents", "exceptions")
    )
    if ending:
        return look(
            f"{ending} consents or exceptions end within {SOON.days} days",
            "renew them in registry/consents.csv and registry/exceptions.csv",
        )
    return well(f"no consent or exception ends within {SOON.days} days")


def _lists(installation: Installation) -> CheckResult:
    wanted = [name for name, one in installation.settings.lists.items() if one.enabled]
    if not wanted:
        return unasked("no other site lists are configured")
    lacking = [name for name in wanted if not (installation.home.lists / f"{name}.json").is_file()]
    if lacking:
        return look(
            f"lists were never downloaded: {', '.join(lacking)}",
            "schoolbell lists update --home {home}",
        )
    return well(f"{len(wanted)} lists were downloaded")


def _claims(installation: Installation) -> CheckResult:
    """Return addresses of the newest week that two devices claim."""
    try:
        snapshot = current(installation.home.snapshots)
    except ModelError:
        return unasked("nothing has been published")
    with reading(snapshot) as database:
        if not database.has(CONFLICTS):
            return unasked("the newest snapshot was made by an older version")
        (found,) = database.rows(_CLAIMED)
    if found[0]:
        return look(
            f"{found[0]} addresses were claimed by two devices in the newest week, by a fixed "
            "address and by a lease; they count for neither",
            "schoolbell propose --home {home}",
        )
    return well("no address was claimed by two devices in the newest week")


CHECKS = Subject(
    "registry",
    {
        "settings": _settings,
        "meaning": _meaning,
        "own-rules": _own_rules,
        "rows": _rows,
        "believed": _believed,
        "files": _files,
        "calendar": _calendar,
        "people": _people,
        "networks": _places,
        "claims": _claims,
        "approved": _approved,
        "ending": _ending,
        "lists": _lists,
    },
)
