"""Controls: what a district does itself about a clause, with its last proof and date.

A rule looks at conduct; a control is a procedure that the policy asks for, and that
Schoolbell keeps the record of. One without a proof serves no clause yet.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.district import District
from pipelines.errors import SchoolbellError
from pipelines.privacy.lookups import gives_name
from pipelines.registry.domain_lists import STARTER
from pipelines.reports.sign_off import signatures
from pipelines.reports.words import count
from pipelines.settings.roles import ROLES
from pipelines.state.audit import Entry, open_chain, verified
from pipelines.state.published_reports import newest_publication
from pipelines.state.records_requests import record_requests
from pipelines.state.retention import holds
from pipelines.state.reviews import reviews
from pipelines.state.source_records import last_drill


@dataclass(frozen=True)
class Proof:
    """Proof of an active control.

    Attributes:
        what: In words, for the coverage map.
        day: Local day of the newest proof; None without one.
    """

    what: str
    day: date | None


Proves = Callable[["ControlSources"], Proof | None]


@dataclass(frozen=True)
class Control:
    """A procedure, and the clauses that it serves."""

    label: str
    clauses: tuple[str, ...]
    prove: Proves


class ControlSources:
    """Sources of the proofs, read once."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.entries = open_chain(district.store, district.home).entries()

    def day(self, time: str | datetime) -> date:
        """Return the local day of an instant."""
        instant = datetime.fromisoformat(time) if isinstance(time, str) else time
        return instant.astimezone(ZoneInfo(self.district.zone)).date()

    def newest(self, what: str, is_proof: Callable[[Entry], bool]) -> Proof | None:
        """Return the newest of some acts, if there is one."""
        found = [one for one in self.entries if is_proof(one)]
        return Proof(what, self.day(found[-1].time)) if found else None


def _audit(kept: ControlSources) -> Proof | None:
    try:
        broken = verified(kept.district.store, kept.district.home)
    except SchoolbellError:
        return None
    if broken is not None or not kept.entries:
        return None
    what = f"{count(len(kept.entries), 'entry', 'entries')}, each sealed"
    return Proof(what, kept.day(kept.entries[-1].time))


def _duties(kept: ControlSources) -> Proof | None:
    roles = kept.district.settings.roles
    if not any(getattr(roles, role) for role in ROLES):
        return None
    approved = kept.newest("approved by a second person", _is_second)
    return approved or Proof("roles are assigned; nothing has required two people yet", None)


def _is_second(entry: Entry) -> bool:
    return entry.action.startswith(("approve ", "records approve")) and (
        not entry.action.endswith(", alone")
    )


def _signed(kept: ControlSources) -> Proof | None:
    found = signatures(kept.district.store, kept.district.home)
    if not found:
        return None
    what = f"{count(len(found), 'week')} signed"
    return Proof(what, kept.day(found[max(found)].time))


def _report(kept: ControlSources) -> Proof | None:
    newest = newest_publication(kept.district.store)
    return Proof("a report for review", kept.day(newest)) if newest else None


def _verdicts(kept: ControlSources) -> Proof | None:
    decided = reviews(kept.district.store)
    if not decided:
        return None
    what = f"{count(len(decided), 'decision')} by clause, to plan training"
    return Proof(what, kept.day(decided[-1]["time"]))


def _regulations(kept: ControlSources) -> Proof | None:
    said = kept.district.said_of_rules.values()
    named = [one for one in said if one.regulation]
    days = [one.approved_on for one in named if one.approved_on]
    if not named:
        return None
    what = f"{count(len(named), 'rule')} with a regulation"
    return Proof(what, max(days, default=None))


def _records(kept: ControlSources) -> Proof | None:
    asked = record_requests(kept.district.store)
    if not asked:
        return None
    answered = [one for one in asked if one.closed_time]
    what = f"{count(len(asked), 'request')}, {len(answered)} answered"
    newest = max((one.closed_time for one in answered), default=asked[-1].opened_time)
    return Proof(what, kept.day(newest))


def _holds(kept: ControlSources) -> Proof | None:
    placed = holds(kept.district.store)
    if not placed:
        return None
    in_force = sum(one.released_time is None for one in placed)
    what = f"{count(len(placed), 'hold')}, {in_force} in force"
    return Proof(what, kept.day(max(one.time for one in placed)))


def _drill(kept: ControlSources) -> Proof | None:
    day = last_drill(kept.district.store)
    return Proof("a backup was restored and compared", kept.day(day)) if day else None


def _consents(clause: str, kept: ControlSources) -> Proof | None:
    """Return what the lawful grantors allowed under a clause; nothing of another's."""
    rows = kept.district.registry.frames["consents"].filter(clause=clause)
    if rows.is_empty():
        return None
    newest = rows["valid_from"].drop_nulls().max()
    what = f"{count(rows.height, 'consent')} from lawful grantors"
    return Proof(what, newest if isinstance(newest, date) else None)


def _categories(kept: ControlSources) -> Proof | None:
    sites = kept.district.registry.frames["site_categories"]
    own = sites.filter(pl.col("source") != STARTER).height
    return Proof(f"{count(own, 'site')} with a kind", None) if own else None


def _named(kept: ControlSources) -> Proof | None:
    newest = newest_publication(kept.district.store)
    what = "every finding cites each relevant clause"
    return Proof(what, kept.day(newest)) if newest else None


CONTROLS: Mapping[str, Control] = {
    "sign_off": Control("weekly sign-off", ("cl.2",), _signed),
    "report": Control("weekly report", ("cl.2", "cl.25"), _report),
    "verdicts": Control("reviewers' decisions", ("cl.3", "cl.6", "cl.49"), _verdicts),
    "regulations": Control("regulations behind thresholds", ("cl.4", "cl.50"), _regulations),
    "records": Control("public-records requests", ("cl.9", "cl.10"), _records),
    "lookups": Control(
        "recorded name lookups",
        ("cl.11", "cl.12", "cl.25"),
        lambda kept: kept.newest("each lookup and its reason", gives_name),
    ),
    "audit": Control("audit log", ("cl.12", "cl.13c"), _audit),
    "duties": Control("separation of duties", ("cl.13c",), _duties),
    "drill": Control("restore drill", ("cl.13e", "cl.13g"), _drill),
    "purge": Control(
        "purge certificate",
        ("cl.13f", "cl.14"),
        lambda kept: kept.newest(
            "deletions are certified", lambda entry: entry.action == "certify"
        ),
    ),
    "holds": Control("legal holds", ("cl.13f", "cl.14"), _holds),
    "categories": Control("kinds of sites", ("cl.38",), _categories),
    "named": Control("clauses on each finding", ("cl.44",), _named),
    **{
        f"consents {clause}": Control("consents", (clause,), partial(_consents, clause))
        for clause in ("cl.24", "cl.30", "cl.35", "cl.36", "cl.46")
    },
}


def controls_by_clause(district: District) -> Mapping[str, Sequence[Mapping[str, str]]]:
    """Return the controls of each clause, each with `name`, `label`, `what` and `day`.

    `what` is empty where nothing proves it yet.
    """
    kept = ControlSources(district)
    found: dict[str, list[Mapping[str, str]]] = {}
    for name, control, proof in _proved(kept):
        said = {
            "name": name,
            "label": control.label,
            "what": proof.what if proof else "",
            "day": proof.day.isoformat() if proof and proof.day else "",
        }
        for clause in control.clauses:
            found.setdefault(clause, []).append(said)
    return found


def _proved(kept: ControlSources) -> Iterator[tuple[str, Control, Proof | None]]:
    for name, control in CONTROLS.items():
        yield name, control, control.prove(kept)
