"""Settings and registry: what the district says."""

from datetime import UTC, date, datetime, timedelta

import polars as pl

from pipelines.errors import ModelError, SchoolbellError
from pipelines.operations.checks import (
    Check,
    CheckResult,
    Installation,
    Subject,
    act,
    look,
    unasked,
    well,
)
from pipelines.run.check import wrong_in
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
    return well(f"district.toml is in order, for {settings.district.name}")


def _meaning(installation: Installation) -> CheckResult:
    wrong = [" ".join(str(problem).split()) for problem in wrong_in(installation.district)]
    if wrong:
        return act("; ".join(wrong), "schoolbell check --home {home}")
    return well("formats, rules, sections and channels are known ones")


def _rows(installation: Installation) -> CheckResult:
    errors = installation.registry.errors
    if errors:
        return look(
            counted(len(errors), f"1 row {IS_OF}|# rows {ARE_OF}") + " set aside",
            "schoolbell check --home {home}",
        )
    rows = sum(frame.height for frame in installation.registry.frames.values())
    return well(counted(rows, f"1 row {IS_OF}|# rows {ARE_OF}") + " in order")


def _believed(installation: Installation) -> CheckResult:
    if shrunk := installation.registry.refused:
        names = " ".join(f"--accept {refusal.name}" for refusal in shrunk)
        return look(
            "; ".join(f"{refusal.name}: {refusal.what}" for refusal in shrunk),
            "have them exported again; if they are meant so: "
            f"schoolbell check --home {{home}} {names}",
        )
    return well("no file of the registry shrank more than is believed")


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
    return well(f"the school calendar reaches to {last}")


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
            "no network is known; nothing is placed in a building",
            "schoolbell propose --home {home}",
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
        return look(f"the approved list is of {changed}", f"look through {path}")
    return well(f"the approved list is of {changed}")


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
        return unasked("no further lists of sites are configured")
    lacking = [name for name in wanted if not (installation.home.lists / f"{name}.json").is_file()]
    if lacking:
        return look(
            f"lists were never taken: {', '.join(lacking)}",
            "schoolbell lists update --home {home}",
        )
    return well(f"{len(wanted)} lists were taken")


def _claims(installation: Installation) -> CheckResult:
    """Return addresses of the newest week that two devices claim."""
    try:
        snapshot = current(installation.home.snapshots)
    except ModelError:
        return unasked("nothing was published yet")
    with reading(snapshot) as database:
        if not database.has(CONFLICTS):
            return unasked("the newest snapshot was made by an older version")
        (found,) = database.rows(_CLAIMED)
    if found[0]:
        return look(
            f"{found[0]} addresses were claimed by two devices in the newest week, "
            "as a fixed one that a lease gave away; they count for neither",
            "schoolbell propose --home {home}",
        )
    return well("no address was claimed by two devices in the newest week")


CHECKS = Subject(
    "registry",
    (
        Check("settings", "district.toml can be read", _settings),
        Check("meaning", "what it names exists", _meaning),
        Check("rows", "every row of the registry is in order", _rows),
        Check("believed", "no file of the registry shrank", _believed),
        Check("files", "no file of the registry is empty", _files),
        Check("calendar", "the school calendar reaches far enough", _calendar),
        Check("people", "accounts have their people", _people),
        Check("networks", "networks are known", _places),
        Check("claims", "no address is claimed by two devices", _claims),
        Check("approved", "the approved list is fresh", _approved),
        Check("ending", "no consent ends unnoticed", _ending),
        Check("lists", "configured lists were taken", _lists),
    ),
)
