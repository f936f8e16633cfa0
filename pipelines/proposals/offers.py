"""Rows that a person can accept or refuse, and their form in a file.

Nothing is written into the registry.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.registry.csv_document import csv_line
from pipelines.registry.csv_files import is_formula
from pipelines.registry.frames import FILES
from pipelines.warehouse.database import Database
from pipelines.warehouse.models import attached_query

SETTINGS = "district.toml"
NAMES = ("hostname", "serial", "asset_tag", "directory_id")


@dataclass(frozen=True)
class Proposal:
    """One row for a registry file; cells that are not named remain empty.

    Attributes:
        group: Rows of one group are accepted together.
        clears: Cells that would be emptied.
        is_withheld: It is about a sensitive site, which lists do not name.
        topic: Its subject, as `computers`; a topic is accepted as a whole.
        doubt: Why it needs a review first; it is not accepted with its topic.
        is_taken: Its cells replace existing ones.
    """

    file: str
    cells: Mapping[str, str]
    reason: str
    group: str = ""
    clears: tuple[str, ...] = ()
    is_withheld: bool = False
    topic: str = ""
    doubt: str = ""
    is_taken: bool = False

    @property
    def is_note(self) -> bool:
        """Whether it only names a device for a person to examine, and writes nothing."""
        return bool(self.doubt) and not {*self.cells} - {*NAMES}

    @property
    def comment(self) -> str:
        """The comment above its row in a file: the reason, and the doubt."""
        doubt = f" (check it first: {self.doubt})" if self.doubt else ""
        return " ".join(f"{self.reason}{doubt}".split())


@dataclass(frozen=True)
class Offer:
    """The unit that a person accepts or declines: a row, or rows that belong together.

    Attributes:
        offer_id: A hash of its content, so that another offer never has it.
    """

    offer_id: str
    file: str
    proposals: tuple[Proposal, ...]

    @property
    def reason(self) -> str:
        """The evidence in the logs."""
        return self.proposals[0].reason

    @property
    def topic(self) -> str:
        """The group with which it is accepted."""
        return self.proposals[0].topic

    @property
    def doubt(self) -> str:
        """Why it is not accepted with its group; empty where nothing is in doubt."""
        return self.proposals[0].doubt

    @property
    def is_withheld(self) -> bool:
        """Its site has a code name here, and is decided by who knows its name."""
        return any(one.is_withheld for one in self.proposals)

    @property
    def is_plain(self) -> bool:
        """Whether it is accepted with its group."""
        return bool(self.topic) and not (self.doubt or self.is_withheld)


def offers(found: Mapping[str, Sequence[Proposal]]) -> list[Offer]:
    """Group proposals that are accepted together."""
    grouped: dict[tuple[str, str], list[Proposal]] = {}
    for file, proposals in found.items():
        for proposal in proposals:
            own = proposal.group or repr(sorted(proposal.cells.items()))
            grouped.setdefault((file, own), []).append(proposal)
    made = []
    for (file, _), rows in grouped.items():
        # the id of an entry is given when it is accepted
        cells = [{**one.cells, "entry_id": ""} for one in rows]
        said = repr([file, *(sorted(one.items()) for one in cells)])
        digest = hashlib.sha256(said.encode()).hexdigest()[:6]
        made.append(Offer(f"P-{digest}", file, tuple(rows)))
    return made


@dataclass(frozen=True)
class Evidence:
    """Inputs of proposals: the warehouse as `built`, raw lines as `raw`.

    Attributes:
        own_domains: Registrable domains of the district's mail.
        has_usual_duty: The settings contain hours of all staff.
    """

    database: Database
    zone: str
    own_domains: frozenset[str] = frozenset()
    has_usual_duty: bool = False

    def query(self, name: str, **values: object) -> pl.DataFrame:
        """Return the rows of a query of `sql/proposals/`."""
        return self.database.frame(attached_query(f"proposals/{name}"), values)


def is_plain(proposal: Proposal) -> bool:
    """Return whether no cell is a formula or hides a line break; logs are outside input."""
    return not any(is_formula(cell) or not cell.isprintable() for cell in proposal.cells.values())


def as_text(file: str, proposals: Sequence[Proposal]) -> str:
    """Return proposals as the file is written."""
    return as_toml(proposals) if file == SETTINGS else as_csv(file, proposals)


def as_toml(proposals: Sequence[Proposal]) -> str:
    """Return lines of `[district]`, each under a comment with its reason."""
    lines = ["[district]"]
    for proposal in proposals:
        lines.append(f"# {proposal.comment}")
        lines += [f"{name} = {value}" for name, value in proposal.cells.items()]
    return "\n".join(lines) + "\n"


def as_csv(file: str, proposals: Sequence[Proposal]) -> str:
    """Return a file as the registry reads it: each row under a comment with its reason."""
    columns = list(FILES[file].columns)
    lines = [",".join(columns)]
    for proposal in proposals:
        lines.append(f"# {proposal.comment}")
        lines.append(csv_line([proposal.cells.get(name, "") for name in columns]))
    return "\n".join(lines) + "\n"
