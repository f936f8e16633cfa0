"""What a service agency says for all of its districts, below what each says itself.

A home holds it as `registry/agency/`: lists of sites, a policy pack, rule settings. A
row of the district's own file takes the place of the agency's row of the same key; the
district's own policy pack takes the place of the agency's.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from pipelines.registry.csv_files import LINE, Rows, read_file
from pipelines.registry.frames import FILES
from pipelines.registry.policy import FILE as POLICY
from pipelines.registry.policy import default_policy, read_policy
from pipelines.settings.problems import Problem

ABOUT = "layer.toml"
RULES = "rules.toml"
SHARED = ("approved_sites.csv", "site_categories.csv")
"""Files of the registry that can hold for many districts; none names a person."""
CONTENTS = (ABOUT, POLICY, RULES, *SHARED)
_LARGEST = 100_000_000


@dataclass(frozen=True)
class Layer:
    """A layer as it lies in a folder; an absent folder is an empty one.

    Attributes:
        name: Of the agency; empty without a layer.
        version: As the agency calls it.
        digest: Of the contents, 12 hexadecimal digits.
        files: Bytes of each file, by `agency/NAME`.
        rows: Good rows of each file of `SHARED` that is there.
        problems: What is wrong in it.
    """

    name: str
    version: str
    digest: str
    files: Mapping[str, bytes]
    rows: Mapping[str, Rows]
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return f"{self.version} ({self.digest})" if self.digest else ""

    def below(self, own: Rows, name: str) -> Rows:
        """The district's rows of a file, and the agency's that it does not replace."""
        said, key = self.rows[name].frame, FILES[name].key
        # a line of another file would be told as a line of the district's
        said = said.with_columns(pl.lit(None, pl.Int64).alias(LINE))
        if key:
            said = said.join(own.frame, on=list(key), how="anti")
        return Rows(pl.concat([own.frame, said]), own.problems)

    def policy_below(self, own: bytes | None) -> bytes | None:
        """The pack in force: the district's, unless it is the one that is shipped."""
        is_own = own is not None and own != default_policy()
        return own if is_own else self.files.get(f"agency/{POLICY}", own)


def read_layer(folder: Path) -> Layer:
    """Read a layer; what is wrong is told, and that row or file left out."""
    problems: list[Problem] = []
    found = {name: data for name in CONTENTS if (data := _bytes(folder / name)) != b""}
    about = _about(found.get(ABOUT, b""), problems) if found else {}
    rows = {
        name: read_file(found[name], FILES[name], {})
        for name in SHARED
        if name in found
    }
    for one in rows.values():
        problems += one.problems
    if POLICY in found:
        problems += read_policy(found[POLICY]).problems
    digest = hashlib.sha256()
    for name, data in sorted(found.items()):
        digest.update(f"{name} {len(data)}\n".encode() + data)
    return Layer(
        name=about.get("name", ""),
        version=about.get("version", ""),
        digest=digest.hexdigest()[:12] if found else "",
        files={f"agency/{name}": data for name, data in found.items()},
        rows=rows,
        problems=tuple(replace(one, file=f"agency/{one.file}") for one in problems),
    )


def _bytes(path: Path) -> bytes:
    """What a plain file holds; nothing where there is none."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
        return b""
    return path.read_bytes()


def _about(data: bytes, problems: list[Problem]) -> dict[str, str]:
    """Name and version, each a line of text."""
    try:
        said = tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(Problem(ABOUT, f"is not TOML: {error}"))
        return {}
    wanted = {"name": "Example Service Agency", "version": "2026-11-27"}
    for key, example in wanted.items():
        if not isinstance(said.get(key), str) or not said[key].strip():
            problems.append(
                Problem(ABOUT, "is missing", column=key, allowed=f'{key} = "{example}"')
            )
    return {key: str(said.get(key, "")) for key in wanted}
