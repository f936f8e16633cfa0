"""The page of an inquiry: what the logs show of an account in some hours, and what they could miss.

No page shows that an account was not used. This one lists each way in which use in these hours
could have left no line with the account (`missed_use`). Of the logs that would have shown these
ways it chooses the fewest (`health.unseen.fewest`): who has one of them can refute the page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import polars as pl

from pipelines.district import District
from pipelines.errors import capital
from pipelines.findings.attribution_words import in_words
from pipelines.health.unseen import fewest, instead
from pipelines.reports.inquired_hours import InquiredHours, Question
from pipelines.reports.language import in_locale, marked, plural, restated, series, term, text
from pipelines.reports.missed_use import LOGS, Log, Miss, Missed, total
from pipelines.reports.pages import environment
from pipelines.reports.words import count, day_with_year, number
from pipelines.state import ledger
from pipelines.warehouse.database import Database

SHOWN: Mapping[str, str] = {
    "use": marked("pages at a person's pace"),
    "live": marked("signed in, screen unlocked"),
    "locked": marked("signed in, screen locked"),
    "wifi": marked("connected to the Wi-Fi or a network port"),
    "tunnel": marked("connected to the VPN"),
    "portal": marked("logged in at a page of the proxy or firewall"),
    "sign_in": marked("signed in to a cloud service"),
    "mapping": marked("an address was matched to the account by the firewall"),
}
"""What a stretch of time shows."""
LINES: Mapping[str, str] = {
    "request": marked("requests"),
    "interactive": marked("sign-ins at the device"),
    "cached": marked("sign-ins at the device, without the directory"),
    "remote": marked("remote sign-ins"),
    "network": marked("sign-ins to shares and mailboxes, also by programs"),
    "batch": marked("sign-ins of scheduled tasks"),
    "service": marked("sign-ins of services"),
    "vpn": marked("VPN sessions"),
    "wifi": marked("logins to the Wi-Fi or to network ports"),
    "cloud": marked("sign-ins to cloud services"),
    "proxy": marked("logins at a page of the proxy or firewall"),
    "ticket": marked("tickets of the directory, also by programs"),
    "mapping": marked("addresses that the firewall matched to the account"),
    "logoff": marked("ends of sessions"),
    "lock": marked("locked screens"),
    "logon": marked("other sign-ins"),
    "unlock": marked("unlocked screens"),
}
"""What lines record."""
GRADES: Mapping[str, str] = {
    "A": marked("strong (grade A): the login is in the line, or two logs agree"),
    "B": marked("medium (grade B): the device is assigned to the owner of the account"),
    "C": marked("weak (grade C): one fact alone names the account"),
}
WEAK = ("B", "C", "D")
"""Grades of one fact alone."""


def absence_page(
    district: District,
    database: Database,
    question: Question,
    named: Callable[[str], str],
    now: datetime,
) -> str:
    """Return the page in the district's language, as HTML.

    Args:
        database: A database with the warehouse attached as `built`.
        named: The code name of a device on the first of the days.
    """
    hours = InquiredHours(district, database, question, named)
    with in_locale(district.settings.district.locale):
        values = Absence(hours, now).values()
        return environment().get_template("absence.html.j2").render(**values)


@dataclass(frozen=True)
class Absence:
    """The values of the page."""

    hours: InquiredHours
    now: datetime

    def values(self) -> dict[str, object]:
        """Return the values of the template."""
        question, district = self.hours.question, self.hours.district
        misses = list(self._missed.misses())
        return {
            "district": district.settings.district.name,
            "made": day_with_year(self._missed.today),
            "question": question,
            "sentence": self.hours.sentence(),
            "hours": self.hours.hours(),
            "place": self.hours.place,
            "answer": self._answer(),
            "stretches": self._stretches,
            "lines": self._lines,
            "others": self._others() if question.device else [],
            "unnamed_there": self._unnamed_there() if question.device else "",
            "misses": misses,
            "requested": _requested(misses),
            "zone": district.zone,
            "is_student": self._is_student(),
        }

    @cached_property
    def _missed(self) -> Missed:
        return Missed(self.hours, self.now.astimezone(self.hours.zone).date())

    def _is_student(self) -> bool:
        frames = self.hours.district.registry.frames
        owned = frames["accounts"].filter(pl.col("account") == self.hours.question.account)
        people = frames["people"].filter(pl.col("is_student"))["person_id"]
        return owned["owner_person_id"].is_in(people.implode()).any()

    def _answer(self) -> str:
        """Return what the logs show, in a sentence or two that no one can take for more."""
        rows = [*self._stretches, *self._lines]
        shown = [row for row in rows if not row["is_refused"]]
        if not rows:
            return text(
                "No line of these hours has the account. That is not evidence that the account "
                "was not used, nor that it was."
            )
        if not shown:
            return text(
                "Only refused sign-ins of these hours have the name of the account. Any person or "
                "program can give a name."
            )
        if not self.hours.place:
            return text(
                "The logs show the account in these hours, as listed here. They do not show who "
                "used it."
            )
        there = [row for row in shown if row["is_there"]]
        if any(row["is_sure"] for row in there):
            return text(
                "The logs show the account {there} in these hours: the rows are marked. They do "
                "not show who used it.",
                there=self.hours.there,
            )
        if there:
            return text(
                "Only weak evidence shows the account {there} in these hours: one fact alone, or a "
                "log whose clock was off. The rows are marked. They do not show who used it.",
                there=self.hours.there,
            )
        return text(
            "The logs show the account in these hours, and no line shows it {there}. An account "
            "can be used in two places at the same time: its use elsewhere excludes nothing.",
            there=self.hours.there,
        )

    def _is_there(self, row: Mapping[str, object]) -> bool:
        question = self.hours.question
        if question.device:
            return row["device"] == question.device
        return bool(question.building) and row["building"] == question.building

    @cached_property
    def _stretches(self) -> list[dict[str, object]]:
        account = self.hours.question.account
        rows = self.hours.frame("stretches_of_use", kind="account", subject=account)
        return [self._stretch(row) for row in rows.iter_rows(named=True)]

    def _stretch(self, row: Mapping[str, object]) -> dict[str, object]:
        grade = str(row["state"]) if row["what"] == "use" else ""
        what = str(row["state"] if row["what"] == "keyboard" else row["what"])
        shown = term(SHOWN.get(what, what))
        if row["is_open"]:
            shown = text("{shown}; no line shows the end", shown=shown)
        if grade:
            evidence = term(GRADES.get(grade, grade))
            shown = f"{shown} ({count(_int(row['request_count']), 'request')})"
        elif row["is_clock_checked"] is None or row["what"] != "keyboard":
            evidence = text("the log line of the login")
        elif row["is_clock_checked"]:
            evidence = text("the log line of the sign-in; the device's clock agrees with another")
        else:
            evidence = text(
                "the log line of the sign-in; the device's clock was not compared with another"
            )
        sources = self._sources(row["files"])
        is_off = not self.hours.own_hours.keys().isdisjoint(sources)
        return {
            "when": self.hours.span(row["start_time"], row["end_time"]),
            "what": shown,
            "device": self.hours.device(row["device"]),
            "where": self.hours.where(row["building"]),
            "source": series(sources) or text("deleted lines"),
            "evidence": _doubted(evidence, is_off=is_off),
            "is_there": self._is_there(row),
            "is_sure": grade not in WEAK and row["what"] != "mapping" and not is_off,
            "is_refused": False,
        }

    @cached_property
    def _lines(self) -> list[dict[str, object]]:
        return [self._line(row) for row in self.hours.lines.iter_rows(named=True)]

    def _line(self, row: Mapping[str, object]) -> dict[str, object]:
        what, is_request = (
            term(LINES.get(str(row["what"]), str(row["what"]))),
            row["grade"] is not None,
        )
        is_refused = not row["is_success"] and not is_request
        is_off = row["source"] in self.hours.own_hours
        if not row["is_success"]:
            what = text("{what}, refused", what=what)
        facts = str(row["facts"] or "")
        if is_refused:
            evidence = text("The line names it; nothing proves the name.")
        else:
            evidence = capital(restated(in_words(facts))) if facts else text("The line names it.")
        return {
            "what": what,
            "source": row["source"],
            "device": self.hours.device(row["device"]),
            "where": self.hours.where(row["building"]),
            "known": _doubted(evidence, is_off=is_off),
            "when": self.hours.span(row["first_time"], row["last_time"]),
            "lines": number(_int(row["line_count"])),
            "is_there": self._is_there(row) and not is_refused,
            "is_sure": row["grade"] not in WEAK and row["what"] != "mapping" and not is_off,
            "is_refused": is_refused,
        }

    def _others(self) -> list[dict[str, object]]:
        """Return who used the device in question; other accounts have no name."""
        question = self.hours.question
        rows = self.hours.frame("stretches_of_use", kind="device", subject=question.device)
        return [
            {
                **self._stretch(row),
                "who": text("this account")
                if row["account"] == question.account
                else text("another account"),
            }
            for row in rows.iter_rows(named=True)
        ]

    def _unnamed_there(self) -> str:
        lines = total(self._missed.unnamed.filter("is_there"))
        if not lines:
            return ""
        return plural(
            "{n} line from this device names no account.",
            "{n} lines from this device name no account.",
            lines,
            n=number(lines),
        )

    @cached_property
    def _source_of(self) -> Mapping[int, str]:
        return {one.file_id: one.source for one in ledger.source_files(self.hours.district.store)}

    def _sources(self, files: object) -> list[str]:
        assert isinstance(files, list)
        return sorted({self._source_of[one] for one in files if one in self._source_of})


def _requested(misses: Sequence[Miss]) -> list[dict[str, str]]:
    """Return the fewest logs that would have shown every way, each with what it would show."""
    ways = [one.logs for one in misses if one.logs]
    kinds = list(LOGS)
    order = sorted(
        {log for one in ways for log in one},
        key=lambda log: (kinds.index(log.kind), log.source),
    )
    chosen = fewest(ways, order)
    rows = []
    for log in chosen:
        shown = [one for one in misses if log in one.logs]
        alone = [one for one in shown if len(one.logs) == 1] or shown
        others = instead(log, chosen, ways, order)
        rows.append(
            {
                "log": _log(log),
                "when": "; ".join(dict.fromkeys(one.when for one in alone if one.when)),
                "shows": "; ".join(one.what for one in shown),
                "instead": "; ".join(_log(one) for one in others),
            }
        )
    return rows


def _log(log: Log) -> str:
    return text(LOGS[log.kind], source=log.source)


def _doubted(evidence: str, *, is_off: bool) -> str:
    return (
        text("{evidence}; the clock of this log was off", evidence=evidence) if is_off else evidence
    )


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
