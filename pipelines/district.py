"""A district home, opened: settings, registry, state, versions."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pipelines.engines import Engine, Kind, open_engine
from pipelines.errors import BusyError, ModelError, SettingsError
from pipelines.ingest.source import Source
from pipelines.landing.remote import is_remote
from pipelines.registry.account_domains import Domains, applied
from pipelines.registry.outline import Outline, digest_of
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Detection as DetectionSettings
from pipelines.settings.model import Settings
from pipelines.settings.problems import nearest
from pipelines.settings.secrets import state_place
from pipelines.settings.toml_reader import load_settings
from pipelines.state.connections import Store, fact, only_run, remember
from pipelines.state.kept_roles import keep_roles
from pipelines.state.opened_state import open_state
from pipelines.state.source_records import noted_domains
from pipelines.warehouse import own_rules
from pipelines.warehouse.detections import Detection, catalog, rule_version
from pipelines.warehouse.headers import DETECTIONS, Header, Scalar
from pipelines.warehouse.models import (
    Model,
    arguments,
    codes_by_name,
    given,
    model_version,
    models,
    rule_headers,
    sql_folder,
)

if TYPE_CHECKING:  # Polars and DuckDB take long to import, and an outline needs neither
    from pipelines.registry.registry import Registry
    from pipelines.warehouse.database import Database

Load = Callable[[DistrictHome, Settings], "Registry"]
OUTLINE = "registry_outline"


class Reading:
    """A registry and its outline, each read when it is first asked for."""

    def __init__(self, read: "Callable[[], Registry]", noted: Outline | None = None) -> None:
        """Remember how to read it, and its recorded outline, if any."""
        self._read = read
        self.noted = noted

    @classmethod
    def of(cls, registry: "Registry") -> Self:
        """Wrap a registry that was read before."""
        return cls(lambda: registry)

    @cached_property
    def registry(self) -> "Registry":
        """All of it."""
        found = self._read()
        if self.noted is not None and self.noted.version != found.version:
            self.noted = None  # a file changed since
        return found

    @property
    def outline(self) -> Outline:
        """Its recorded outline; otherwise read now."""
        return self.noted or self._outline

    @cached_property
    def _outline(self) -> Outline:
        from pipelines.registry.registry import outline_of

        return outline_of(self.registry)


@dataclass(frozen=True)
class District:
    """Everything that the steps need, read once."""

    home: DistrictHome
    settings: Settings
    reading: Reading
    store: Store

    @property
    def registry(self) -> "Registry":
        """The district's registry."""
        return self.reading.registry

    @property
    def outline(self) -> Outline:
        """Outline of the registry."""
        return self.reading.outline

    @property
    def zone(self) -> str:
        """The district's IANA zone."""
        return self.settings.district.zone

    @cached_property
    def models(self) -> Mapping[str, Model]:
        """Every model that is not switched off, in build order."""
        return enabled_models(self.settings)

    @cached_property
    def said_of_rules(self) -> Mapping[str, DetectionSettings]:
        """See `said_of_rules`."""
        return said_of_rules(self.settings)

    @cached_property
    def rules(self) -> Mapping[str, Model]:
        """The model of every detection by id; needs no registry."""
        return rules_of(self.models)

    @cached_property
    def detections(self) -> Mapping[str, Detection]:
        """Every detection by code, with the clauses of the district's policy."""
        return catalog(self.models, self.registry)

    @cached_property
    def headers(self) -> Mapping[str, Header]:
        """The header of every detection by code, without those switched off."""
        return enabled_headers(self.settings)

    @cached_property
    def parameters(self) -> Mapping[str, Mapping[str, Scalar]]:
        """The district's thresholds, by detection id or model name."""
        return parameters_of(self.settings)

    @cached_property
    def values(self) -> Mapping[str, Mapping[str, Scalar]]:
        """The parameters of each rule, by id."""
        return {
            code: arguments(model, given(model, self.parameters), zone=self.zone)
            for code, model in self.rules.items()
        }

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """The version of each rule, by id: its query and its thresholds."""
        return {code: rule_version(model, self.values[code]) for code, model in self.rules.items()}

    @cached_property
    def model_versions(self) -> Mapping[str, str]:
        """The version of each model, by name: query, checks and thresholds."""
        return versions_of(self.models, self.settings)

    @cached_property
    def stages(self) -> Mapping[str, str]:
        """Trial or live, by code, from the district's settings or the rule itself."""
        said = self.said_of_rules
        return {
            code: (said[code].stage if code in said else None) or model.header.stage
            for code, model in self.rules.items()
        }

    @property
    def account_domains(self) -> Domains:
        """Domains of account names: of the settings, and those that need none."""
        own = self.settings.district.account_domains
        return Domains(own, applied(noted_domains(self.store)))

    @cached_property
    def rules_version(self) -> str:
        """Changes whenever a model or a parameter does."""
        digest = hashlib.sha256()
        for model in self.models.values():
            digest.update(f"{model.name}{model.query}{model.macros}".encode())
            digest.update(model.header.model_dump_json().encode())
        digest.update(repr(sorted(self.parameters.items())).encode())
        digest.update(repr(self.settings.district.account_domains).encode())
        return digest.hexdigest()[:16]

    @property
    def judged_with(self) -> dict[str, str]:
        """The versions that a finding is judged with: the registry and the rules."""
        return {"registry": self.outline.version, "rules": self.rules_version}

    @property
    def versions_key(self) -> str:
        """One short word for the current registry, rules and settings."""
        parts = (self.outline.version, self.rules_version, self.settings_hash)
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]

    @cached_property
    def settings_hash(self) -> str:
        """Hash of the current `district.toml`, and of an agency's rules below it."""
        files = (self.home.settings_file, self.home.agency_rules)
        said = b"".join(one.read_bytes() for one in files if one.is_file())
        return hashlib.sha256(said).hexdigest()[:12]

    @contextmanager
    def open_warehouse(self) -> Iterator["Database"]:
        """Yield the warehouse for writing, within the memory that the settings allow.

        Raises:
            DamagedWarehouseError: It cannot be opened, or not be read in full.
        """
        from pipelines.warehouse.repair import opened  # who only reads needs no DuckDB

        limits = self.settings.limits
        with opened(
            self.home.warehouse,
            memory_mb=limits.memory_mb,
            most_memory_mb=limits.most_memory_mb,
        ) as database:
            yield database

    def engine(
        self, kind: Kind | None = None, tell: Callable[[str], None] = lambda _text: None
    ) -> Engine:
        """Return the engine that parses log lines, per the settings; close it afterwards.

        Args:
            kind: An engine instead of that of the settings.
            tell: Called for workers that ended.

        Raises:
            EngineError: A requirement of the engine is missing.
        """
        said = self.settings.engine
        return open_engine(kind or said.kind, workers=said.workers, master=said.master, tell=tell)

    def sources(self) -> list[Source]:
        """Return the sources of the settings, and every further folder of `landing/`."""
        found = {}
        for name, one in self.settings.sources.items():
            path = one.path or f"landing/{name}"
            found[name] = Source(
                name=name,
                folder=path if is_remote(path) else self.home.path / path,
                format=one.format,
                zone=one.zone or self.zone,
                options=one.options,
                hard_links=one.hard_links,
            )
        for folder in sorted(self.home.landing.iterdir()):
            if folder.is_dir() and folder.name not in found:
                found[folder.name] = Source(name=folder.name, folder=folder, zone=self.zone)
        return [found[name] for name in sorted(found)]


def _off(settings: Settings) -> set[str]:
    return {name for name, one in said_of_rules(settings).items() if not one.enabled}


def enabled_models(settings: Settings) -> Mapping[str, Model]:
    """Return every model that is not switched off, in build order."""
    off = _off(settings)
    every = (*models().items(), *home_rules(settings).models.items())
    return {name: model for name, model in every if (model.header.code or name) not in off}


def rules_of(found: Mapping[str, Model]) -> Mapping[str, Model]:
    """Return the detections among models, by id."""
    return {one.header.code: one for one in found.values() if one.schema_name == DETECTIONS}


def enabled_headers(settings: Settings) -> Mapping[str, Header]:
    """Return the header of every detection by id, without those switched off."""
    off = _off(settings)
    own = {model.header.code: model.header for model in home_rules(settings).models.values()}
    return {code: one for code, one in (rule_headers() | own).items() if code not in off}


def home_rules(settings: Settings) -> own_rules.OwnRules:
    """Return the district's own rules that can run, and what is wrong with the others."""
    found = own_rules.own_rules(settings.own_rules)
    models, problems = dict(found.models), list(found.problems)
    for name, model in found.models.items():
        code = model.header.code
        layers = (layer[code] for layer in (settings.agency, settings.detections) if code in layer)
        values = {key: value for layer in layers for key, value in _single(layer.parameters)}
        try:
            arguments(model, values, zone=settings.district.zone)
        except ModelError as error:
            del models[name]
            file = f"{model.table_name}.sql"
            remedy = f"Correct [detections.{code}] in district.toml. {error.remedy}"
            problems.append(own_rules.OwnRuleError(error.what, file=file, remedy=remedy))
    return own_rules.OwnRules(models, tuple(problems))


def _single(parameters: Mapping[str, object]) -> Iterator[tuple[str, Scalar]]:
    """Yield the parameters with one value: rules use no lists."""
    for name, value in parameters.items():
        if isinstance(value, int | float | str | bool):
            yield name, value


def said_of_rules(settings: Settings) -> Mapping[str, DetectionSettings]:
    """Return the settings of each rule, by detection id or model name.

    Raises:
        SettingsError: A rule does not exist.
    """
    if not (settings.agency or settings.detections):
        return {}
    keys: dict[str, str] = {}
    for name, code in codes_by_name().items():
        keys |= dict.fromkeys((name, code, name.split(".")[1]), code)
    said: dict[str, DetectionSettings] = {}
    for file, rules in (
        ("registry/agency/rules.toml", settings.agency),
        ("district.toml", settings.detections),
    ):
        for name, one in rules.items():
            if name.startswith(own_rules.CODE):
                keys[name] = name  # a rule of the home, which may be left out for now
            if name not in keys:
                guess = nearest(name, keys)
                raise SettingsError(
                    f"there is no rule {name!r}",
                    where=f"{file}: [detections.{name}]",
                    remedy="docs/reference/detections.md lists the rules."
                    if guess is None
                    else f"Write {guess}.",
                )
            below = said.get(keys[name])
            said[keys[name]] = one if below is None else one.over(below)
    return said


def parameters_of(settings: Settings) -> Mapping[str, Mapping[str, Scalar]]:
    """Return the parameters in the settings, by detection id or model name."""
    return {name: dict(_single(one.parameters)) for name, one in said_of_rules(settings).items()}


def versions_of(models: Mapping[str, Model], settings: Settings) -> dict[str, str]:
    """Return the version of each model with these settings, by name; see `model_version`."""
    parameters, zone = parameters_of(settings), settings.district.zone
    return {
        name: model_version(model, arguments(model, given(model, parameters), zone=zone))
        for name, model in models.items()
    }


@contextmanager
def open_district(path: Path, load: Load | None = None) -> Iterator[District]:
    """Read a district home and open its state.

    Args:
        load: Reads the registry; callers that open a home often may pass a cached one.

    Raises:
        SettingsError: The settings are missing or wrong, or lost their roles.
        ForeignStateError: The state is missing, or belongs to another home.
    """
    home = DistrictHome(path.resolve())
    settings = load_settings(home)
    reading = Reading.of((load or _load)(home, settings))
    store = open_state(home)
    try:
        keep_roles(store, home, settings)
        yield District(home, settings, reading, store)
    finally:
        store.close()


@contextmanager
def open_outlined(path: Path) -> Iterator[District]:
    """Open a home; read a registry with a recorded outline only when needed.

    Raises:
        SettingsError: The settings are missing or wrong, or lost their roles.
        ForeignStateError: The state is missing, or belongs to another home.
    """
    home = DistrictHome(path.resolve())
    settings = load_settings(home)
    store = open_state(home)
    try:
        keep_roles(store, home, settings)
        outline = noted_outline(store, outline_digest(home, settings))
        reading = Reading(partial(_load, home, settings), outline)
        if outline is None:
            _ = reading.registry  # what is wrong with it comes before all else
        yield District(home, settings, reading, store)
    finally:
        store.close()


def _load(home: DistrictHome, settings: Settings) -> "Registry":
    from pipelines.registry.registry import load_registry

    return load_registry(home, settings)


def outline_digest(home: DistrictHome, settings: Settings) -> str:
    """Return a value that changes with everything that an outline depends on."""
    digest = hashlib.sha256(digest_of(home, settings).encode())
    # a rule's header defines whether its findings are about accounts
    for path in sorted((sql_folder() / DETECTIONS).glob("*.sql")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def noted_outline(store: Store, digest: str) -> Outline | None:
    """Return the recorded outline of a registry with this digest, if any."""
    with store.reading() as connection:
        noted = json.loads(fact(connection, OUTLINE) or "{}")
    if noted.get("digest") != digest:
        return None
    return Outline(**{**noted["outline"], "refused": ()})


def note_outline(store: Store, digest: str, outline: Outline) -> None:
    """Record an outline under the digest of its files.

    Refused files have none: they are reported with the kept copy.
    """
    said = asdict(outline) | {"refused": ()}
    with store.writing() as connection:
        noted = json.dumps({"digest": digest, "outline": said})
        remember(connection, OUTLINE, noted)


PERSON_WAITS = 20.0
"""Seconds that a person waits for the answer while Dagster or a watch uses the home."""


@contextmanager
def only_writer(home: DistrictHome, seconds: float = 5) -> Iterator[None]:
    """Hold the home's lock; one run writes at a time.

    Raises:
        BusyError: Another run holds it for longer than `seconds`.
    """
    from filelock import FileLock, Timeout  # who only reads needs none

    lock = FileLock(home.path / ".lock")
    try:
        lock.acquire(timeout=seconds)
    except Timeout as error:
        raise BusyError(
            "another run is in progress in this home",
            where=str(home.path),
            remedy="Wait for it to end, or look at it with: schoolbell status",
        ) from error
    try:
        place = state_place(home)
        with only_run(place, seconds) if isinstance(place, str) else nullcontext():
            yield
    finally:
        lock.release()
