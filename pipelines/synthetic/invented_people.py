"""The roster: invented people with a job, a building and an account."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

GIVEN = (
    "Ada", "Alba", "Amos", "Anja", "Arlo", "Asta", "Beck", "Bela", "Bram", "Brea",
    "Cato", "Cleo", "Cora", "Dane", "Dara", "Edda", "Egon", "Elsa", "Emil", "Enid",
    "Esme", "Ezra", "Fern", "Finn", "Flor", "Gale", "Gwen", "Hana", "Hugo", "Ines",
    "Iris", "Ivo", "Jada", "Jens", "Joan", "Jory", "Juno", "Kaia", "Kian", "Lars",
    "Lena", "Lior", "Lois", "Luca", "Mabel", "Mara", "Milo", "Mina", "Nell", "Nils",
    "Noor", "Odin", "Olga", "Orla", "Otis", "Petra", "Quin", "Rhea", "Rolf", "Rosa",
    "Runa", "Saul", "Sena", "Sten", "Tara", "Tess", "Theo", "Tove", "Ulla", "Una",
    "Vera", "Vito", "Wade", "Wren", "Yara", "Yuri", "Zeno", "Zita",
)  # fmt: skip
FAMILY_STARTS = ("Ald", "Bar", "Cas", "Dun", "Elm", "Fen", "Gar", "Hol", "Ing", "Jor",
                 "Kel", "Lin", "Mor", "Nor", "Oak", "Pen")  # fmt: skip
FAMILY_ENDS = ("berry", "brook", "by", "croft", "dale", "field", "ham", "hurst", "ley",
               "man", "mere", "ridge", "ster", "ton")  # fmt: skip

STUDENT_SHARE = 0.6
SCHOOLS = ("HS", "MS", "ES")
ORGS = {"HS": "org-hs", "MS": "org-ms", "ES": "org-es", "DO": "org-do"}

JOBS: tuple[tuple[str, str, str, float], ...] = (
    ("superintendent", "administrator", "DO", 0),
    ("business manager", "administrator", "DO", 0),
    ("technology director", "administrator", "DO", 0),
    ("principal", "administrator", "HS", 0),
    ("principal", "administrator", "MS", 0),
    ("principal", "administrator", "ES", 0),
    ("communications secretary", "aide", "DO", 0),
    ("secretary", "aide", "HS", 2),
    ("secretary", "aide", "MS", 1),
    ("secretary", "aide", "ES", 1),
    ("secretary", "aide", "DO", 1),
    ("technician", "administrator", "DO", 2),
    ("itinerant therapist", "teacher", "DO", 1),
    ("counselor", "teacher", "HS", 2),
    ("counselor", "teacher", "MS", 1),
    ("art teacher", "teacher", "HS", 1),
    ("art teacher", "teacher", "ES", 1),
    ("librarian", "teacher", "HS", 1),
    ("custodian", "aide", "HS", 2),
    ("custodian", "aide", "MS", 1),
    ("second-shift custodian", "aide", "HS", 1),
    ("second-shift custodian", "aide", "ES", 1),
    ("substitute", "teacher", "HS", 3),
    ("substitute", "teacher", "MS", 2),
    ("aide", "aide", "HS", 3),
    ("aide", "aide", "MS", 3),
    ("aide", "aide", "ES", 5),
    ("teacher", "teacher", "HS", 24),
    ("teacher", "teacher", "MS", 14),
    ("teacher", "teacher", "ES", 16),
)  # fmt: skip
"""Job title, OneRoster role, building, and how many of a hundred staff hold it.

Zero means exactly one person, however small or large the district is."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the roster.

    Attributes:
        number: Place in the roster, from 0.
        grade: Of a student; otherwise empty.
    """

    number: int
    person_id: str
    given: str
    family: str
    username: str
    role: str
    job_title: str
    building: str
    grade: str = ""

    @property
    def is_student(self) -> bool:
        """A student, hence not bound by duty hours."""
        return self.role == "student"


@dataclass(frozen=True)
class Roster:
    """Everyone, staff first."""

    people: tuple[Person, ...]

    def where(self, test: Callable[[Person], bool]) -> list[Person]:
        """Return the people who pass a test, in roster order."""
        return [person for person in self.people if test(person)]

    @property
    def staff(self) -> list[Person]:
        """Everyone employed."""
        return self.where(lambda person: not person.is_student)

    @property
    def students(self) -> list[Person]:
        """Everyone enrolled."""
        return self.where(lambda person: person.is_student)


def make_roster(seed: int, count: int) -> Roster:
    """Return about `count` people; three fifths are students."""
    rng = random.Random(f"{seed}:people")
    names = _names(rng)
    taken: set[str] = set()
    people: list[Person] = []
    staff = round(count * (1 - STUDENT_SHARE))
    for job, role, building, share in JOBS:
        for _ in range(max(1, round(staff * share / 100))):
            people.append(_person(len(people), names, taken, (role, job, building)))
    while len(people) < count:
        building = SCHOOLS[len(people) % 3]
        grade = _grade(rng, building)
        student = ("student", "", building)
        people.append(_person(len(people), names, taken, student, grade))
    return Roster(tuple(people))


def _grade(rng: random.Random, building: str) -> str:
    low, high = {"HS": (9, 12), "MS": (6, 8), "ES": (1, 5)}[building]
    return f"{rng.randint(low, high):02d}"


def _names(rng: random.Random) -> Iterator[tuple[str, str]]:
    families = [start + end for start in FAMILY_STARTS for end in FAMILY_ENDS]
    while True:
        rng.shuffle(families)
        for family in families:
            yield rng.choice(GIVEN), family


def _person(
    number: int,
    names: Iterator[tuple[str, str]],
    taken: set[str],
    job: tuple[str, str, str],
    grade: str = "",
) -> Person:
    given, family = next(names)
    username = _username(given, family, grade, taken)
    role, title, building = job
    letter = "s" if grade else "p"
    person_id = f"{letter}-{1000 + number}"
    return Person(number, person_id, given, family, username, role, title, building, grade)


def _username(given: str, family: str, grade: str, taken: set[str]) -> str:
    """Return initial and family name; students' include the year in which they leave."""
    year = str(39 - int(grade)) if grade else ""
    base = (given[0] + family).lower()
    tries = (base + year + extra for extra in ("", *map(str, range(2, 10_000))))
    name = next(name for name in tries if name not in taken)
    taken.add(name)
    return name
