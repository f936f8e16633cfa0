"""The people, places, networks and devices that registry and exports name so far.

Each table of an export is read against what the tables before it named: an absence
against people, a network against schools, a reservation against networks.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

Row = Mapping[str, str]
GONE_STATUS = ("tobedeleted", "inactive")


_GENERIC = """
    academy administration alternative building bus campus center central charter
    community computer computers consolidated county department desktop devices district
    early east education elementary garage guest high home independent intermediate
    junior kindergarten lab labs laptop learning library maintenance middle north office
    offices primary public room rooms rural school schools secondary senior server
    servers service services shared south staff student students support teacher
    teachers tech technology transportation unified valley west wireless
"""
GENERIC = frozenset(_GENERIC.split())
"""Words of a school's name that alone do not identify it."""
COMMON_WORDS = frozenset(("an", "as", "at", "in", "is", "it", "no", "on", "or", "to", "us"))
"""Words that look like the initials of a school."""
SHORT_WORDS: Mapping[str, str] = {
    "el": "elementary", "elem": "elementary", "es": "elementary",
    "ms": "middle", "jr": "junior", "sr": "senior", "hs": "high", "jhs": "junior high",
    "int": "intermediate", "prim": "primary", "acad": "academy",
    "ctr": "center", "sch": "school", "mt": "mount", "st": "saint",
}  # fmt: skip
"""Abbreviation in a school's name -> the word."""
MIN_WORD = 4
_UNIT = re.compile(r"(?:^|,)\s*OU=((?:\\.|[^,\\])+)", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """A building, by all that a name may call it."""

    building: str
    org_id: str
    name: str


@dataclass(frozen=True)
class Network:
    """The building and kind of a network, if the exports contain them."""

    building: str = ""
    kind: str = ""


class ExportIndex:
    """People, places, networks and devices that registry and exports name so far."""

    def __init__(
        self,
        users: Iterable[Row],
        places: Sequence[Place],
        domains: Sequence[str],
        zone: str,
        *,
        today: str = "",
        listed: Mapping[str, Collection[str]] | None = None,
        logged: Callable[[Collection[str]], Collection[str]] | None = None,
    ) -> None:
        """Start from the registry.

        Args:
            today: The district's day; a closed account is closed from then on.
            listed: File of the registry -> keys of its rows: user names of
                `accounts.csv`, org ids of `buildings.csv`.
            logged: Which of some names the logs in `landing/` contain.
        """
        self.zone, self.today, self.logged = zone, today, logged or (lambda _: ())
        self.has_roster = False
        self.listed = {name: set(keys) for name, keys in (listed or {}).items()}
        self.networks: dict[str, Network] = {}
        self.cards: dict[str, set[str]] = {}
        self.enabled: set[str] = set()
        self.gone: set[str] = set()
        self.unrostered: set[str] = set()
        self.staffed: set[str] = set()
        self.units: list[Place] = []
        self.hours: Counter[tuple[str, str]] = Counter()
        self._domains = {one.lower().strip("@.\\ ") for one in domains}
        self._people: dict[str, set[str]] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._places: list[Place] = []
        self._others: set[str] = set()
        self.see_places(places)
        for row in users:
            self.see_person(row)

    def see_person(self, row: Row) -> None:
        """Add a person, under all names that exports may use."""
        mail = row.get("email", "").lower()
        self.see_mail(mail)
        self._names[row["sourcedId"]] = (row.get("givenName", ""), row.get("familyName", ""))
        if is_unrostered(row):
            self.unrostered.add(row["sourcedId"])
        else:
            self.has_roster = True
        named = (row.get(one, "") for one in ("sourcedId", "identifier", "username"))
        for name in (*named, mail):
            if name:
                self._people.setdefault(name.lower(), set()).add(row["sourcedId"])
        is_off = row.get("enabledUser", "").lower() in ("false", "0")
        if is_off or row.get("status", "").lower() in GONE_STATUS:
            self.gone.add(row["sourcedId"])
        else:
            orgs = row.get("primaryOrgSourcedId") or row.get("orgSourcedIds", "")
            self.staffed.add(orgs.split(",")[0].strip())

    def see_mail(self, mail: str) -> None:
        """Add an address of the district; its domain is the district's."""
        if "@" in mail:
            self._domains.add(mail.lower().rpartition("@")[2])

    def see_domain_of(self, logins: Iterable[str]) -> None:
        """Add the domain of a directory: the one that most of its logins have."""
        domains = Counter(
            login.lower().rpartition("@")[2]
            for login in logins
            if "@" in login and "#ext#" not in login.lower()
        )
        for domain, count in domains.most_common(1):
            if 2 * count > domains.total():
                self._domains.add(domain)

    def see_name(self, name: str, person: str) -> None:
        """Add another name of a known person."""
        self._people.setdefault(name.lower(), set()).add(person)

    def see_places(self, places: Iterable[Place], others: Iterable[str] = ()) -> None:
        """Add buildings; the first of a code or of an organization counts.

        Args:
            others: Names of organizations that are not buildings.
        """
        for place in places:
            same = [one for one in self._places if _is_one(one, place)]
            if not same:
                self._places.append(place)
            elif place.name and not same[0].name:
                at = self._places.index(same[0])
                self._places[at] = replace(same[0], name=place.name)
        self._others |= {" ".join(words_of(name)) for name in others}
        names = [one.name.lower().split() for one in self._places if one.name]
        alike = takewhile(lambda words: len(set(words)) == 1, zip(*names, strict=False))
        shared = list(alike) if len(names) > 1 else []
        self._phrases = {
            place.building: " ".join(place.name.lower().split()[len(shared) :])
            for place in self._places
        }
        self._only = self._only_names()
        self._called: dict[str, set[str]] = {}
        self._alike: dict[tuple[str, ...], set[str]] = {}
        for place in self._places:
            for text in (place.building, place.org_id, place.name):
                if called := " ".join(words_of(text)):
                    self._called.setdefault(called, set()).add(place.building)
            if bare := bare_name(place.name):
                self._alike.setdefault(bare, set()).add(place.building)

    def _only_names(self) -> dict[str, str]:
        """Return words, and first words, that only one organization's name has."""
        named = [(one.building, words_of(one.name)) for one in self._places]
        found: dict[str, set[str]] = {}
        for building, words in (*named, *(("", one.split()) for one in self._others)):
            alone = {word for word in words if len(word) >= MIN_WORD and word not in GENERIC}
            begins = {" ".join(words[:count]) for count in range(2, len(words) + 1)}
            for text in alone | begins:
                found.setdefault(text, set()).add(building)
        return {
            text: next(iter(buildings))
            for text, buildings in found.items()
            if len(buildings) == 1 and "" not in buildings
        }

    @property
    def has_places(self) -> bool:
        """Some building is known."""
        return bool(self._places)

    def person(self, text: str) -> str | None:
        """Return the person of an id, an account or a mail address; None unless it is one."""
        name = text.strip().lower().rpartition("\\")[2]
        local, _, domain = name.partition("@")
        names = [name, local] if domain in self._domains else [name]
        for one in names:
            held = self._people.get(one, set())
            if held:
                return next(iter(held)) if len(held) == 1 else None
        return None

    def names(self, person: str) -> tuple[str, ...]:
        """Return given and family name of a person; empty for students."""
        return self._names.get(person, ())

    def login(self, text: str) -> str:
        """Return an account without a domain of the district."""
        local, _, domain = text.strip().lower().rpartition("\\")[2].partition("@")
        return local if not domain or domain in self._domains else text.lower()

    def buildings(self, *texts: str) -> set[str]:
        """Find the buildings that a text names.

        A code, an organization's id or a whole name counts first; without one, a word
        that only one school's name has.
        """
        text = " ".join(texts).lower()
        words = words_of(text)
        spaced = f" {' '.join(words)} "
        named = {
            place.building
            for place in self._places
            if ({place.building.lower(), place.org_id.lower()} - {""}) & {*words, text.strip()}
            or (self._phrases[place.building] and f" {self._phrases[place.building]} " in spaced)
        }
        named = named or self._by_initials(words)
        return named or {building for only, building in self._only.items() if f" {only} " in spaced}

    def _by_initials(self, words: Sequence[str]) -> set[str]:
        """Find buildings by initials: HS of High School, in either direction."""
        runs = {
            "".join(word[0] for word in words[start:end])
            for end in range(2, len(words) + 1)
            if words[end - 1] in GENERIC
            for start in range(max(end - 4, 0), end - 1)
        }
        by_code = {one.building for one in self._places if one.building.lower() in runs}
        initials: dict[str, set[str]] = {}
        for one in self._places:
            for name in (one.name.lower(), self._phrases[one.building]):
                short = "".join(word[0] for word in words_of(name))
                if len(short) > 1 and short not in COMMON_WORDS:
                    initials.setdefault(short, set()).add(one.building)
        by_name = [initials[word] for word in words if len(initials.get(word, ())) == 1]
        return by_code or set().union(*by_name)

    def building(self, *texts: str) -> str:
        """Return the one building that a text names by code or name; else none."""
        named = self.buildings(*texts)
        return named.pop() if len(named) == 1 else ""

    def building_called(self, *texts: str) -> str:
        """Return the one building that a text names by its code or whole name; else none."""
        found = set().union(*(self._called.get(" ".join(words_of(text)), ()) for text in texts))
        return found.pop() if len(found) == 1 else ""

    def building_like(self, name: str) -> str:
        """Return the one building whose name is this without abbreviations; otherwise none."""
        found = self._alike.get(bare_name(name), set())
        return next(iter(found)) if len(found) == 1 else ""

    def building_at(self, address: str) -> str:
        """Return the building of the smallest network that contains an address."""
        try:
            ip = ipaddress.ip_address(address.split("/")[0])
        except ValueError:
            return ""
        around = [
            (ipaddress.ip_network(cidr), network.building)
            for cidr, network in self.networks.items()
        ]
        holding = [
            (one.prefixlen, building)
            for one, building in around
            if one.version == ip.version and ip in one
        ]
        return max(holding, default=(0, ""))[1]

    def code(self, org: str) -> str:
        """Return the building of an organization."""
        return next((one.building for one in self._places if one.org_id == org), "")

    def org(self, building: str) -> str:
        """Return the organization of a building."""
        return next((one.org_id for one in self._places if one.building == building), "")


def is_unrostered(row: Row) -> bool:
    """Return whether a directory or a list of staff made a row of `users.csv`, and no roster."""
    names = {row.get(one, "").lower() for one in ("identifier", "username")}
    is_named_so = row["sourcedId"].lower() in names
    return is_named_so and not (row.get("dateLastModified") or row.get("enabledUser"))


def _is_one(one: Place, other: Place) -> bool:
    same_org = bool(one.org_id) and one.org_id == other.org_id
    return same_org or one.building == other.building


def device_key(name: str) -> str:
    """Return a device's name as networks write it: without a domain, spaces as hyphens."""
    bare = re.sub(r"['\u2019]", "", name.strip().lower().split(".")[0])
    return re.sub(r"\s+", "-", bare)


def words_of(text: str) -> list[str]:
    """Split a text into words in lower case."""
    return re.findall(r"[a-z0-9]+", text.lower())


def bare_name(name: str) -> tuple[str, ...]:
    """Return the words of a school's name, abbreviations written out and without `school`."""
    words = (one for word in words_of(name) for one in SHORT_WORDS.get(word, word).split())
    return tuple(word for word in words if word not in ("school", "schools", "the"))


def ou_path(text: str) -> str:
    """Return the organizational units of a distinguished name; another text unchanged.

    A domain's components name the district, and a common name the object itself.
    """
    if re.search(r"(?:^|,)\s*(?:OU|DC)=", text, re.IGNORECASE):
        return " / ".join(reversed(_UNIT.findall(text)))
    return text
