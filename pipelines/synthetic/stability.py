"""The same district told in other ways: do its findings stay the same?

Each variation changes how logs arrive or how they spell a name, and nothing of
what happened. Findings are compared as sets of rule, account and day (Jaccard:
what both have, of what either has); which account one is about may never change.
"""

import gzip
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.district import only_writer, open_district
from pipelines.findings.keeping import stored_findings
from pipelines.findings.standing import WITHDRAWN
from pipelines.refresh.steps import build_and_judge, ingest_sources
from pipelines.registry.new_home import create
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, DISTRICT_NAME, generate
from pipelines.synthetic.scoring import SHOWN

Key = tuple[str, str, str]
"""Rule, account and local day of a finding."""

_SQUID_USER = re.compile(
    rb"^(\S+ +\d+ \S+ \S+ \d+ \S+ \S+ )([^-\s]\S*)( )", re.MULTILINE
)
LATE = 3  # every third file comes after the first run


@dataclass(frozen=True)
class Stability:
    """How one variation compares.

    Attributes:
        same: Findings that both have.
        only_before: Findings of the district as it was that the variation lacks.
        only_after: Findings that the variation alone has.
    """

    variation: str
    same: int
    only_before: frozenset[Key]
    only_after: frozenset[Key]

    @property
    def jaccard(self) -> float:
        """1.0 where the findings are the same."""
        either = self.same + len(self.only_before) + len(self.only_after)
        return self.same / either if either else 1.0


def stability(folder: Path, seed: int, *, people: int, weeks: int) -> list[Stability]:
    """Make a district, and run it as it is and in every variation.

    Args:
        folder: An empty folder; each home in it is deleted when it was compared.
    """
    plain = folder / "plain"
    create(plain, name=DISTRICT_NAME, account_domains=ACCOUNT_DOMAINS)
    generate(plain, seed, people=people, weeks=weeks)
    before = _as_it_is(_copy(plain, folder))
    found = []
    for name, run in VARIATIONS.items():
        after = run(_copy(plain, folder))
        found.append(
            Stability(name, len(before & after), before - after, after - before)
        )
    return found


def _copy(home: Path, folder: Path) -> Path:
    target = folder / "home"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(home, target)
    return target


def _as_it_is(home: Path) -> frozenset[Key]:
    with open_district(home) as district, only_writer(district.home):
        ingest_sources(district, settle_seconds=0)
        build_and_judge(district)
        return frozenset(
            (one["rule"], one["subject"], one["event_date"])
            for one in stored_findings(district.store)
            if one["status"] != WITHDRAWN and one["confidence"] in SHOWN
        )


def _twice(home: Path) -> frozenset[Key]:
    """Every file a second time, under another name and compressed."""
    for path in _files(home):
        copy = path.with_name(f"again-{path.name.removesuffix('.gz')}.gz")
        copy.write_bytes(gzip.compress(_content(path), 1))
    return _as_it_is(home)


def _late(home: Path) -> frozenset[Key]:
    """Every third file after a first run that lacks it."""
    files = _files(home)[::LATE]
    aside = home.with_name("late")
    for path in files:
        target = aside / path.relative_to(home)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    _as_it_is(home)
    for path in files:
        (aside / path.relative_to(home)).rename(path)
    shutil.rmtree(aside)
    return _as_it_is(home)


def _spelt(home: Path) -> frozenset[Key]:
    """The proxy writes accounts in capitals, with the domain before them."""
    for path in _files(home):
        if path.parent.name == "proxy":
            data = _SQUID_USER.sub(_capitals, _content(path))
            path.write_bytes(gzip.compress(data, 1) if path.suffix == ".gz" else data)
    return _as_it_is(home)


def _capitals(found: re.Match[bytes]) -> bytes:
    name = found[2].replace(b"%5C", b"\\").rsplit(b"\\", 1)[-1].split(b"@")[0].upper()
    return found[1] + ACCOUNT_DOMAINS[0].encode() + b"\\" + name + found[3]


def _files(home: Path) -> list[Path]:
    return [path for path in sorted((home / "landing").rglob("*")) if path.is_file()]


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


VARIATIONS: Mapping[str, Callable[[Path], frozenset[Key]]] = {
    "every file comes twice": _twice,
    "every third file comes a run later": _late,
    "accounts are spelt in capitals, with their domain": _spelt,
}
