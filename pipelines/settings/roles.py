"""Who may do what with findings and names, as one table.

Roles belong to groups of the operating system, which `[roles]` of the settings
names. Who is asking is what the system says, never what a command line claims.
A home without `[roles]` has one operator, who may do everything alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import Field

from pipelines.errors import SchoolbellError
from pipelines.settings.parts import Part

Role = Literal["director", "analyst", "operator", "custodian"]
Right = Literal[
    "findings", "evidence", "verdict", "assign", "exception", "export", "names",
    "approve", "replay", "audit", "hold", "purge", "sign", "records",
]  # fmt: skip

ROLES: tuple[Role, ...] = get_args(Role)

MATRIX: Mapping[Right, tuple[Role, ...]] = {
    "findings": ("director", "analyst", "custodian"),
    "evidence": ("director", "analyst", "custodian"),
    "verdict": ("director", "analyst"),
    "assign": ("director",),
    "exception": ("director",),
    "export": ("director", "analyst", "custodian"),
    "names": ("director", "custodian"),
    "approve": ("director", "custodian"),
    "replay": ("director", "analyst", "operator"),
    "audit": ("director", "operator", "custodian"),
    "hold": ("director", "custodian"),
    "purge": ("operator", "custodian"),
    "sign": ("director",),
    "records": ("director", "custodian"),
}
"""Right -> the roles that have it."""

MEANING: Mapping[Right, str] = {
    "findings": "see findings, cases and their history, under pseudonyms",
    "evidence": "see which lines a finding cites, by place and hash",
    "verdict": "decide a finding",
    "assign": "give a finding or a case to somebody",
    "exception": "enter an exception, or end one",
    "export": "export findings under pseudonyms",
    "names": "turn a pseudonym back; export or pack with names",
    "approve": "be the second person of what needs two",
    "replay": "try another threshold or registry, without saving it",
    "audit": "read and verify the audit chain",
    "hold": "keep days from being deleted, or release them",
    "purge": "delete what the district's retention says",
    "sign": "sign a week's report",
    "records": "answer a request for public records",
}


class Roles(Part):
    """Groups of the operating system; without any, one operator may do everything."""

    director: tuple[str, ...] = Field(
        default=(),
        description="decide, assign, approve, see names for a case",
        examples=[["schoolbell-directors"]],
    )
    analyst: tuple[str, ...] = Field(
        default=(),
        description="look and decide under pseudonyms",
        examples=[["schoolbell-analysts"]],
    )
    operator: tuple[str, ...] = Field(
        default=(),
        description="run the system; no findings, no names",
        examples=[["schoolbell-operators"]],
    )
    custodian: tuple[str, ...] = Field(
        default=(),
        description="keep records: read, export, see names for a case",
        examples=[["schoolbell-records"]],
    )
    agency: tuple[str, ...] = Field(
        default=(),
        description="staff of a service agency: whatever else they are, they see "
        "findings and names only while consents.csv grants it (type h)",
        examples=[["schoolbell-agency"]],
    )


AGENCY: tuple[Right, ...] = ("audit", "purge")
"""What staff of a service agency may do without a grant: run the system."""


class RefusedError(SchoolbellError):
    """Whoever asks has no right to it."""

    exit_code = 77


@dataclass(frozen=True)
class Asker:
    """Who is asking, as the operating system says.

    Attributes:
        user_name: Their login, or `uid N` where the system knows no name.
        roles: Every role that one of their groups has.
        is_alone: The home has no roles: one operator, who may do everything.
        is_agency: They are staff of a service agency.
        is_granted: The district grants them, today, what its own people may do.
    """

    uid: int
    user_name: str
    roles: tuple[Role, ...]
    is_alone: bool = False
    is_agency: bool = False
    is_granted: bool = False

    def __str__(self) -> str:
        return f"{self.user_name} ({self.uid})"

    def may(self, right: Right) -> bool:
        """Whether one of their roles has a right."""
        if self.is_agency and not self.is_granted and right not in AGENCY:
            return False
        return self.is_alone or any(role in MATRIX[right] for role in self.roles)

    def require(self, right: Right) -> None:
        """Let them go on.

        Raises:
            RefusedError: None of their roles has the right.
        """
        if self.may(right):
            return
        if self.is_agency and not self.is_granted:
            raise RefusedError(
                f"{self} is of the service agency; to {MEANING[right]} takes a grant "
                "of the superintendent that is in force today",
                where="registry/consents.csv",
                remedy="Let the district add a row of type h with this login as its "
                "subject, and a first and a last day.",
            )
        own = ", ".join(self.roles) or "no role"
        needed = " or ".join(MATRIX[right])
        raise RefusedError(
            f"{self} has {own}; to {MEANING[right]} takes {needed}",
            where="district.toml: [roles]",
            remedy="Ask somebody who has it, or let the district change the groups.",
        )


def asker(roles: Roles, uid: int, user_name: str, groups: Iterable[str]) -> Asker:
    """Whoever the operating system names, with the roles of their groups."""
    held = set(groups)
    return Asker(
        uid,
        user_name,
        tuple(role for role in ROLES if held & set(getattr(roles, role))),
        is_alone=not any(getattr(roles, role) for role in ROLES),
        is_agency=bool(held & set(roles.agency)),
    )
