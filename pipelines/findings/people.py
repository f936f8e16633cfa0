"""Turns a login into the registry's person, however it is spelled.

One person signs in as `jpark` at a terminal, as `jo.park@school.example` at the
district's provider and as `jo.park@SCHOOL.EXAMPLE` behind a proxy. Rules about a second
person, one's own request and one's own account compare persons, not spellings.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from pipelines.district import District
from pipelines.findings.cases import Owner, owner_of
from pipelines.registry.account_names import Directory, accounts_meant, bare
from pipelines.registry.canonical import lower

IsSame = Callable[[str, str], bool]


class People:
    """Logins and whose they are today.

    Where the registry knows no person, a login with a domain and its bare form count
    as one: to refuse a second key too often is the smaller mistake.
    """

    def __init__(self, directory: Directory, domains: tuple[str, ...], owner: Owner) -> None:
        self._directory, self._domains, self._owner = directory, domains, owner
        self._known: dict[str, str] = dict(directory.exact)

    def account(self, login: str) -> str:
        """Return the account of a login, as the registry writes it if it has one."""
        text = lower(login.strip())
        if text not in self._known:
            self._known |= accounts_meant([text], self._domains, self._directory)
        return self._known[text]

    def person(self, login: str) -> str | None:
        """Return the person whose account a login is; None if no one is known."""
        return self._owner(self.account(login), datetime.now(UTC).date())

    def is_same(self, login: str, other: str) -> bool:
        """Return whether two logins may be the same person's."""
        persons = self.person(login), self.person(other)
        if all(persons):
            return persons[0] == persons[1]
        one, another = self.account(login), self.account(other)
        return one == another or bare(one) == bare(another)


def people(district: District) -> People:
    """Return the logins of a district; the registry is read on first use."""
    frames, found = district.registry.frames, district.account_domains
    domains = (*found.own, *found.derived, *district.settings.desk.openid.domains)
    return People(
        Directory(frames["accounts"], frames["account_aliases"]),
        domains,
        owner_of(frames["accounts"]),
    )


def login_of(actor: str) -> str:
    """Return the login of an actor of the audit chain, which ends in `(uid or way)`."""
    return actor.rpartition(" (")[0] or actor
