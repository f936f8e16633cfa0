"""Who is asking: the operating system's answer, and nobody's claim.

Linux keeps the user who logged in (`loginuid`) through `sudo` and `su`, so that a
command run as the pipeline's own user still knows its caller.
"""

import getpass
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines.clock import school_year
from pipelines.district import District, open_district
from pipelines.findings.cases import Case, owners, placed_cases
from pipelines.privacy.editions import Pseudonyms, about_pupils, pseudonyms
from pipelines.privacy.pseudonyms import Kind
from pipelines.privacy.redaction import hidden_sites, redact, redacted
from pipelines.registry.tables.consents import is_granted
from pipelines.settings.model import Settings
from pipelines.settings.roles import Asker, Right, asker
from pipelines.state.audit import Act, Chain, open_chain

LOGIN_UID = Path("/proc/self/loginuid")
NOBODY_LOGGED_IN = 2**32 - 1


def who_asks(settings: Settings) -> Asker:
    """The person at the terminal, or the user that a timer runs as."""
    if not hasattr(os, "getuid"):  # Windows has no such groups
        return asker(settings.roles, 0, getpass.getuser(), ())
    uid = _uid()
    name, groups = _known(uid)
    return asker(settings.roles, uid, name, groups)


def who_asks_in(district: District) -> Asker:
    """The same, with what the district grants staff of its service agency today."""
    person, today = who_asks(district.settings), datetime.now(UTC).date()
    consents = district.registry.frames["consents"]
    return replace(person, is_granted=is_granted(consents, person.user_name, today))


def whose_login() -> str:
    """The same person where no settings can be asked, as the audit chain names them."""
    if not hasattr(os, "getuid"):
        return getpass.getuser()
    uid = _uid()
    return f"{_known(uid)[0]} ({uid})"


def _uid() -> int:
    try:
        logged_in = int(LOGIN_UID.read_text(encoding="ascii"))
    except (OSError, ValueError):
        logged_in = NOBODY_LOGGED_IN
    return os.getuid() if logged_in == NOBODY_LOGGED_IN else logged_in


def _known(uid: int) -> tuple[str, list[str]]:
    """The user's name and groups; a uid that the system does not know has none."""
    import grp
    import pwd

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


@dataclass(frozen=True)
class CommandContext:
    """An opened district and whoever works at it."""

    district: District
    asker: Asker

    def require(self, right: Right) -> None:
        """Let them go on; that somebody wanted names and may not see them is noted.

        Raises:
            RefusedError: They do not have the right.
        """
        if right == "names" and not self.asker.may(right):
            act = Act(actor=str(self.asker), action="names refused", subject="no right")
            with self.chain.recording(act):
                pass
        self.asker.require(right)

    @property
    def chain(self) -> Chain:
        """The audit chain of the home."""
        return open_chain(self.district.store, self.district.home)

    @cached_property
    def cases(self) -> list[Case]:
        """Every case with its findings."""
        return placed_cases(self.district)

    @cached_property
    def _years(self) -> dict[int, Pseudonyms]:
        return {}

    def _names_of(self, day: str) -> Pseudonyms:
        when = datetime.fromisoformat(day).date()
        year = school_year(when)
        if year not in self._years:
            self._years[year] = pseudonyms(self.district, when)
        return self._years[year]

    def named(self, kind: Kind, value: str, day: str) -> str:
        """The pseudonym of a value in the school year of a day."""
        return self._names_of(day).names(kind, [value])[value]

    def given(self, kind: Kind, value: str, day: str) -> tuple[str, ...]:
        """The pseudonyms of a value in the school year of a day, former ones too."""
        self.named(kind, value, day)
        return self._names_of(day).given(kind, value)

    @cached_property
    def is_pupil(self) -> Callable[[Mapping[str, Any]], bool]:
        """Tells of a finding whether it is about a student's account."""
        return about_pupils(self.district)

    def subject(self, finding: Mapping[str, Any]) -> str:
        """The pseudonym of the account or device that a finding is about."""
        kind = self.district.subject_kind(finding["rule"])
        return self.named(kind, finding["subject"], finding["event_date"])

    def shown(self, finding: Mapping[str, Any]) -> dict[str, Any]:
        """The record of a finding without the names of sensitive sites."""
        day = finding["event_date"]
        return redacted(finding["record"], lambda one: self.named("site", one, day))

    def redact(self, finding: Mapping[str, Any], value: str | None) -> str | None:
        """What somebody wrote of a finding, without the names of sensitive sites."""
        day, sites = finding["event_date"], hidden_sites(finding["record"])
        told: str | None = redact(
            value, sites, lambda one: self.named("site", one, day)
        )
        return told

    @property
    def redacted(self) -> frozenset[str]:
        """Sensitive sites of any finding."""
        records = [row["record"] for case in self.cases for row in case.findings]
        return frozenset(
            hidden_site for row in records for hidden_site in hidden_sites(row)
        )

    @property
    def person(self) -> str | None:
        """The person whose account the asker's login is, if the registry knows one."""
        return owners(self.district)(self.asker.user_name, datetime.now(UTC).date())

    @property
    def own_accounts(self) -> frozenset[str]:
        """Accounts that belong to whoever has the asker's login."""
        frame = self.district.registry.frames["accounts"]
        owner, today = owners(self.district), datetime.now(UTC).date()
        login = self.asker.user_name
        person = self.person
        others = [one for one in frame["account"] if owner(one, today) == person]
        return frozenset([login, *(others if person else ())])


@contextmanager
def open_context(home: Path, right: Right) -> Iterator[CommandContext]:
    """Open a home for somebody who has a right.

    Raises:
        RefusedError: They do not have it.
    """
    with open_district(home) as district:
        opened = CommandContext(district, who_asks_in(district))
        opened.require(right)
        yield opened
