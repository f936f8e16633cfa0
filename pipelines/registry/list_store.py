"""Keeps taken lists in a district home: `lists/<name>.parquet` and what it is.

Only `schoolbell lists update` writes them; everything else reads what is there, so
that a run needs no network and gives the same on every machine.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from pipelines.registry.listed import SCHEMA
from pipelines.settings.model import ListSource

BACKGROUND = pl.Schema({"host": pl.String, "kind": pl.String, "source": pl.String})
CATEGORIES = pl.Schema(
    {"domain": pl.String, "category": pl.String, "source": pl.String}
)


@dataclass(frozen=True)
class TakenList:
    """What a kept list is: where from, which version, under which licence."""

    name: str
    origin: str
    form: str
    version: str
    licence: str
    taken_time: str
    names: int
    skipped: int


@dataclass(frozen=True)
class Lists:
    """The lists of a district that are switched on and were taken.

    Attributes:
        categories: `domain`, `category` and `source`, categories as listed.
        background: `host`, `kind` and `source`.
        versions: Hash of each kept list, by file name.
    """

    categories: pl.DataFrame
    background: pl.DataFrame
    versions: Mapping[str, str]


def keep(folder: Path, taken: TakenList, rows: pl.DataFrame) -> None:
    """Write a list; whoever reads meanwhile has the old one or the new one."""
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    draft = folder / f".{taken.name}.{secrets.token_hex(4)}"
    rows.cast(SCHEMA).write_parquet(draft, compression="zstd")
    _sync(draft)
    draft.rename(folder / f"{taken.name}.parquet")
    draft.write_text(json.dumps(asdict(taken), indent=1) + "\n", encoding="utf-8")
    _sync(draft)
    draft.rename(folder / f"{taken.name}.json")


def kept(folder: Path, name: str) -> TakenList | None:
    """What is known of a kept list; None where it was never taken."""
    path = folder / f"{name}.json"
    if not path.is_file():
        return None
    return TakenList(**json.loads(path.read_text(encoding="utf-8")))


def read_lists(folder: Path, settings: Mapping[str, ListSource]) -> Lists:
    """The lists that the settings name, as far as they were taken."""
    categories, background = [CATEGORIES.to_frame()], [BACKGROUND.to_frame()]
    versions = {}
    for name, one in settings.items():
        path = folder / f"{name}.parquet"
        if not one.enabled or not path.is_file():
            continue
        data = path.read_bytes()
        versions[f"lists/{name}"] = hashlib.sha256(data).hexdigest()
        rows = pl.read_parquet(data).with_columns(source=pl.lit(name))
        if one.background is None:
            categories.append(rows.select(CATEGORIES.names()))
        else:
            kind = pl.lit(one.background).alias("kind")
            background.append(
                rows.select(pl.col("domain").alias("host"), kind, "source")
            )
    return Lists(pl.concat(categories), pl.concat(background), versions)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
