"""Overlays of a service agency: copied into a home, and compared with its settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.district import only_writer
from pipelines.errors import SettingsError
from pipelines.operations.settings_check import rule_faults
from pipelines.registry.csv_files import LINE, read_file
from pipelines.registry.folder import CONTENTS, RULES, SHARED, Layer, read_layer
from pipelines.registry.frames import FILES
from pipelines.registry.policy import FILE as POLICY
from pipelines.registry.policy import default_policy, read_policy
from pipelines.settings.home import PRIVATE, DistrictHome, make_folder, put
from pipelines.settings.model import Detection, Settings
from pipelines.settings.problems import InvalidSettingsError, Problem, listed
from pipelines.settings.toml_reader import parse_rules
from pipelines.state.audit import Act, open_chain
from pipelines.state.connections import Store

FILE_MODE = 0o660


@dataclass(frozen=True)
class Difference:
    """One place where a district differs from its agency.

    Attributes:
        file: Of the overlay.
        what: The rule's parameter, the row's key or the clause.
        agency: The agency's value; empty if it has none.
        district: The district's value.
    """

    file: str
    what: str
    agency: str
    district: str


def sound_layer(folder: Path) -> Layer:
    """Return a layer without a mistake.

    Raises:
        SettingsError: There is none, or something in it is wrong; carries all of it.
    """
    if not folder.is_dir():
        raise SettingsError(
            "this folder does not exist",
            where=str(folder),
            remedy=f"An overlay is a folder with {', '.join(CONTENTS)}; all except the first "
            "are optional.",
        )
    layer = read_layer(folder)
    wrong = [one for one in layer.problems if one.severity == "error"]
    wrong += _rule_problems(folder / RULES)
    wrong += [
        Problem(
            f"agency/{path.name}",
            (
                "is not a file of an overlay; each district keeps its own files about people and "
                "devices"
            ),
            allowed=", ".join(CONTENTS),
        )
        for path in sorted(folder.iterdir())
        if path.name not in CONTENTS and not path.name.lower().startswith("readme")
    ]
    if wrong or not layer.files:
        raise SettingsError(
            "the overlay cannot be used" if wrong else "the overlay is empty",
            where=str(folder),
            remedy=listed(wrong) if wrong else f"Create {CONTENTS[0]} first.",
        )
    return layer


def _rule_problems(file: Path) -> Iterator[Problem]:
    try:
        rules = _rules(file)
    except InvalidSettingsError as error:
        yield from error.problems
        return
    for fault in rule_faults(rules):
        column = ".".join(map(str, fault.path))
        yield Problem(
            f"agency/{RULES}",
            fault.what,
            column=column,
            value=fault.found,
            allowed=fault.allowed,
            paste=fault.paste,
        )


def _rules(file: Path) -> Mapping[str, Detection]:
    data = file.read_bytes() if file.is_file() else b""
    return parse_rules(data, f"agency/{RULES}")


def take(store: Store, home: DistrictHome, folder: Path, actor: str) -> Layer:
    """Copy an overlay into a home, and record it in the audit log.

    To finish an interrupted copy, take it again.

    Raises:
        SettingsError: See `sound_layer`.
        BusyError: A run is in progress.
    """
    layer = sound_layer(folder)
    if read_layer(home.agency).digest == layer.digest:
        return layer
    with only_writer(home):
        act = Act(actor=actor, action="agency layer", subject=str(layer), reason=layer.name)
        with open_chain(store, home).recording(act):
            make_folder(home.agency, PRIVATE | 0o070)
            for name in CONTENTS:
                data = layer.files.get(f"agency/{name}")
                if data is None:
                    (home.agency / name).unlink(missing_ok=True)
                else:
                    put(home.agency / name, data, FILE_MODE)
    return layer


def drop(store: Store, home: DistrictHome, actor: str) -> Layer:
    """Take a layer out of a home; what it was is returned."""
    with only_writer(home):
        held = read_layer(home.agency)
        act = Act(actor=actor, action="agency layer", subject=f"none, was {held}")
        with open_chain(store, home).recording(act):
            for name in CONTENTS:
                (home.agency / name).unlink(missing_ok=True)
    return held


def differences(settings: Settings, home: DistrictHome, folder: Path) -> Iterator[Difference]:
    """Yield where a district's own values replace an agency's, or those of a new overlay."""
    yield from _of_rules(settings.detections, _rules(folder / RULES))
    layer = read_layer(folder)
    for name in SHARED:
        if name in layer.rows and FILES[name].key:
            yield from _of_rows(home, settings, layer, name)
    pack, own = layer.files.get(f"agency/{POLICY}"), home.registry / POLICY
    if pack and own.is_file() and own.read_bytes() != default_policy():
        yield from _of_clauses(own.read_bytes(), pack)


def _of_rules(
    own: Mapping[str, Detection], agency: Mapping[str, Detection]
) -> Iterator[Difference]:
    for name in sorted(set(own) & set(agency)):
        ours, theirs = _flat(own[name]), _flat(agency[name])
        for key in ours:
            if key in theirs and ours[key] != theirs[key]:
                yield Difference(RULES, f"{name}.{key}", theirs[key], ours[key])


def _flat(rule: Detection) -> dict[str, str]:
    said = rule.model_dump(include=rule.model_fields_set - {"parameters"})
    return {key: str(value) for key, value in (said | dict(rule.parameters)).items()}


def _of_rows(
    home: DistrictHome, settings: Settings, layer: Layer, name: str
) -> Iterator[Difference]:
    path, key = home.registry / name, list(FILES[name].key)
    if not path.is_file():
        return
    renames = settings.registry.columns.get(name, {})
    own = read_file(path.read_bytes(), FILES[name], renames).frame
    both = layer.rows[name].frame.drop(LINE).join(own.drop(LINE), on=key, suffix="_own")
    for row in both.iter_rows(named=True):
        for column in FILES[name].columns:
            theirs, ours = row[column], row.get(f"{column}_own", row[column])
            if theirs != ours:
                what = f"{' '.join(str(row[one]) for one in key)}: {column}"
                yield Difference(name, what, _text(theirs), _text(ours))


def _of_clauses(own: bytes, pack: bytes) -> Iterator[Difference]:
    ours, theirs = (_clauses(data) for data in (own, pack))
    for clause in sorted(ours | theirs):
        if ours.get(clause) != theirs.get(clause):
            yield Difference(POLICY, clause, theirs.get(clause, ""), ours.get(clause, ""))


def _clauses(data: bytes) -> dict[str, str]:
    frame = read_policy(data).clauses
    return dict(frame.select("clause_id", "paraphrase").iter_rows())


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
