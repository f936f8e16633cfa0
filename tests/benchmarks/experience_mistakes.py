"""Figures of mistakes in settings: how many are reported with all that mends them."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipelines.registry.new_home import create
from pipelines.settings.home import DistrictHome
from tests.benchmarks.figures import Figure, least, nothing
from tests.journey.commands import schoolbell
from tests.unit.cli.mistakes import FORM, HEAD, MEANING, REGISTRY, ROSTER

Place = tuple[str, int, str | None]
NEEDED = ("file", "line", "allowed", "paste")


def mistakes() -> Iterator[Figure]:
    """Yield each typical mistake through `schoolbell check`, as a machine reads it."""
    lacking: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        home = create(Path(folder) / "home")
        (home.landing / "proxy").mkdir()
        count = 0
        for place, told in [*_in_settings(home), *_in_registry(home)]:
            count += 1
            one = told.get(place)
            if one is None or not all(one[name] for name in NEEDED):
                lacking.append(str(place))
    yield least("typical mistakes tried", count, 60)
    yield nothing("not told with place, choice and line to paste", lacking, f"{count}")


def _in_settings(home: DistrictHome) -> Iterator[tuple[Place, Mapping[Place, dict]]]:
    for text, (line, key) in (FORM | MEANING).items():
        home.settings_file.write_text(HEAD + text, encoding="utf-8")
        yield ("district.toml", line, key), _told(home)


def _in_registry(home: DistrictHome) -> Iterator[tuple[Place, Mapping[Place, dict]]]:
    home.settings_file.write_text(HEAD, encoding="utf-8")
    (home.registry / "users.csv").write_text(ROSTER, encoding="utf-8")
    for name, (text, _) in REGISTRY.items():
        (home.registry / name).write_text(text, encoding="utf-8")
    told = _told(home)
    for name, (_, found) in REGISTRY.items():
        for line, column in found:
            yield (name, line, column), told


def _told(home: DistrictHome) -> Mapping[Place, dict]:
    """Return what is reported, by its place; an exception that escapes ends the figures."""
    done = schoolbell("check", "--home", home.path, "--json")
    rows = [json.loads(line) for line in done.out.splitlines()]
    return {(one["file"], one["line"], one["column"]): one for one in rows}
