"""`fleet.toml`: the homes of a service agency, and what each may use.

Dagster's workspace follows from it: one code location, and one process, a home.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, StringConstraints, ValidationError

from pipelines.engines import Engine, Kind, open_engine
from pipelines.errors import SettingsError
from pipelines.settings.home import PLAIN_FILE, put
from pipelines.settings.model import EngineSettings
from pipelines.settings.problems import Part, Problem, listed
from pipelines.settings.toml_text import key_lines, line_of

NAME = "fleet.toml"
EXAMPLE = """\
[agency]
name = "Example Service Agency"
layer = "layer"

[homes.north]
path = "/srv/schoolbell/north"
account = "schoolbell-north"
"""
HomeName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]


LOCATION = '''\
"""The home {name}, as Dagster loads it."""

import os

os.environ["SCHOOLBELL_HOME"] = {path!r}

from pipelines.definitions import defs  # noqa: E402

__all__ = ["defs"]
'''


class Agency(Part):
    """The agency that runs the homes."""

    name: str = Field(min_length=1, max_length=200, description="the agency's name")
    layer: str = Field(
        default="",
        description="folder of the layer that every home holds a copy of; see schoolbell layer",
    )


class Budget(Part):
    """Limits of one home; a home that exceeds them is stopped, with a message."""

    jobs: int = Field(default=1, ge=1, le=64, description="homes at the same time")
    minutes: int = Field(default=240, ge=1, description="longest time of one command")
    memory_mb: int = Field(default=4_000, ge=500, description="memory of one command")
    disk_gb: int = Field(default=500, ge=1, description="size of a home")
    free_gb: int = Field(default=5, ge=0, description="free disk below which a home is not touched")


class Home(Part):
    """One district."""

    path: str = Field(min_length=1, description="its home folder")
    account: str = Field(
        default="",
        description="account that its commands run as, where root runs the fleet; left "
        "out, the owner of the folder",
    )


class _Said(Part):
    agency: Agency
    budget: Budget = Budget()
    engine: EngineSettings = EngineSettings()
    homes: Mapping[HomeName, Home] = Field(min_length=1)


@dataclass(frozen=True)
class Member:
    """One home of a fleet.

    Attributes:
        account: Empty where the owner of the folder is meant.
    """

    name: str
    path: Path
    account: str


@dataclass(frozen=True)
class Fleet:
    """A fleet, from its file.

    Attributes:
        layer: Folder of the agency's overlay, if there is one.
        cluster: Where homes are visited, if not on this machine.
        members: In the order of their names.
    """

    file: Path
    agency: str
    layer: Path | None
    budget: Budget
    cluster: EngineSettings
    members: tuple[Member, ...]

    def engine(self, kind: Kind) -> Engine:
        """Return the engine that visits the homes; close it afterwards.

        Raises:
            EngineError: A requirement is missing.
        """
        workers = self.budget.jobs if kind == "local" else self.cluster.workers
        return open_engine(kind, workers=workers, master=self.cluster.master)

    def only(self, names: tuple[str, ...]) -> "Fleet":
        """Return the fleet with some of its homes; all if none is named.

        Raises:
            SettingsError: A home does not exist.
        """
        known = {one.name: one for one in self.members}
        if strange := sorted(set(names) - set(known)):
            raise SettingsError(
                f"there is no home {', '.join(strange)}",
                where=str(self.file),
                remedy=f"Homes: {', '.join(known)}",
            )
        kept = tuple(one for one in self.members if not names or one.name in names)
        return replace(self, members=kept)


def load_fleet(file: Path) -> Fleet:
    """Read a fleet's file; relative paths start in its folder.

    Raises:
        SettingsError: It is missing, or has errors; the message lists all of them.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        said = tomllib.loads(text)
    except FileNotFoundError as error:
        raise SettingsError(
            "there is no such file", where=str(file), remedy="Write it, such as:\n\n" + EXAMPLE
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"cannot be read: {error}", where=str(file)) from error
    try:
        fleet = _Said.model_validate(said)
    except ValidationError as error:
        raise _wrong(file, text, error) from error
    beside = file.resolve().parent
    members = tuple(
        Member(name, beside / one.path, one.account) for name, one in sorted(fleet.homes.items())
    )
    _refuse_shared(file, members)
    layer = beside / fleet.agency.layer if fleet.agency.layer else None
    return Fleet(file, fleet.agency.name, layer, fleet.budget, fleet.engine, members)


def _wrong(file: Path, text: str, error: ValidationError) -> SettingsError:
    lines = key_lines(text)
    problems = []
    for detail in error.errors(include_url=False):
        path = tuple(part for part in detail["loc"] if part != "[key]")
        missing = detail["type"] == "missing"
        problems.append(
            Problem(
                file.name,
                "is missing" if missing else detail["msg"],
                line_of(path, lines),
                ".".join(map(str, path)),
                None if missing else str(detail["input"]),
            )
        )
    return SettingsError("the fleet cannot be used", remedy=listed(problems))


def _refuse_shared(file: Path, members: tuple[Member, ...]) -> None:
    """Raise an error if a home is inside another: deletions would cross over."""
    places = {one.name: one.path.resolve() for one in members}
    for name, place in places.items():
        for other, outer in places.items():
            if name != other and place.is_relative_to(outer):
                raise SettingsError(
                    f"the home {name} is, or is inside, the home {other}",
                    where=str(file),
                    remedy="Give each district a separate folder.",
                )


def write_workspace(fleet: Fleet, to: Path) -> Path:
    """Write `workspace.yaml` and one file per home, replacing existing ones."""
    to.mkdir(parents=True, exist_ok=True)
    listed = []
    for member in fleet.members:
        file = to / f"{member.name.replace('-', '_')}_home.py"
        text = LOCATION.format(name=member.name, path=str(member.path))
        put(file, text.encode(), PLAIN_FILE)
        listed.append(
            {
                "python_file": {
                    "relative_path": file.name,
                    "location_name": member.name,
                    "attribute": "defs",
                }
            }
        )
    workspace = to / "workspace.yaml"
    put(workspace, yaml.safe_dump({"load_from": listed}).encode(), PLAIN_FILE)
    return workspace
