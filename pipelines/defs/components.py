"""Components: a district's log sources and its folder of SQL rules, with a checked `defs.yaml`.

The home states how a source is read and what a rule finds, and `schoolbell run` reads it there.
The YAML has only what Dagster shows: its name, a description and the owners. So the definitions
need no home to list it, and no setting is in two places.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import dagster as dg
from click import ClickException
from dagster.components.component_scaffolding import scaffold_component
from pydantic import BaseModel, Field, ValidationError

from pipelines.defs.assets import LANDING, RULES, code_of, tags_of_layer
from pipelines.defs.resources import OWNER, HomeResource
from pipelines.errors import SchoolbellError, SettingsError
from pipelines.settings.home import DistrictHome, make_file, make_folder, own_rule_files, put
from pipelines.settings.model import Source
from pipelines.settings.toml_reader import load_settings, parse_settings
from pipelines.settings.toml_text import toml
from pipelines.warehouse.own_rules import CODE, read_own_rule

GUIDE = Path("docs/how-to/own-rules.md")
_SAMPLE = re.compile(r"^```sql\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(rf"^code: ({CODE}\w+)", re.MULTILINE)
PlainName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
RuleName = Annotated[str, Field(pattern=r"^x_[a-z0-9_]+$")]


class SourceValues(BaseModel, extra="forbid"):
    """Keys of `[sources.NAME]`; a key with an empty text is not written."""

    # `dg scaffold` has an option --format of its own
    log_format: str = Field(
        default="",
        serialization_alias="format",
        description="name of the log format; left out, it is found from the lines",
    )
    path: str = Field(default="", description="folder of the files; left out, landing/NAME")
    zone: str = Field(default="", description="time zone of stamps without an offset")


class LogSourceScaffolder(dg.Scaffolder[SourceValues]):
    """Adds `[sources.NAME]` to the home's `district.toml`, and a `defs.yaml` that names it."""

    @classmethod
    def get_scaffold_params(cls) -> type[SourceValues]:
        return SourceValues

    def scaffold(self, request: dg.ScaffoldRequest[SourceValues]) -> None:
        """Write both, or neither if the settings would not be valid."""
        from pipelines.formats import formats

        values = request.params.model_dump(exclude_defaults=True, by_alias=True)
        with _written_whole(request.target_path) as (name, home):
            attributes = LogSource(source=name).model_dump(mode="json", exclude={"description"})
            where = f"{home.settings_file}: [sources.{name}]"
            if name in load_settings(home).sources:
                raise SettingsError("this source exists", where=where, remedy="Edit it there.")
            given = Source.model_validate(values).model_dump(exclude_defaults=True)
            if given.get("format") not in {None, *formats()}:
                raise SettingsError(
                    f"there is no format {given['format']!r}",
                    where=where,
                    remedy="Formats: " + ", ".join(sorted(formats())),
                )
            lines = ["", f"[sources.{name}]", *(f"{key} = {toml(given[key])}" for key in given), ""]
            data = home.settings_file.read_bytes().rstrip() + b"\n" + "\n".join(lines).encode()
            parse_settings(data)
            put(home.settings_file, data, home.settings_file.stat().st_mode & 0o777)
            scaffold_component(request, attributes)


@dg.scaffold_with(LogSourceScaffolder)
class LogSource(dg.Component, dg.Model, dg.Resolvable):
    """A log source of the district: its delivered files as an asset, with an owner."""

    source: PlainName = Field(description="its name in district.toml, and below landing/")
    description: str = Field(default="", description="what records these logs, and where")
    owners: Sequence[str] = Field(default=(OWNER,), description="who answers for its deliveries")

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:  # noqa: ARG002
        """Return the asset, which is observed with its files' version."""
        spec = dg.AssetSpec(
            [LANDING.path[0], self.source],
            group_name=LANDING.path[0],
            description=self.description or f"The delivered files of the source {self.source}.",
            owners=self.owners,
            kinds={"file"},
            tags=tags_of_layer("landing", {}),
            metadata=code_of("pipelines.ingest.source"),
        )
        return dg.Definitions(assets=[spec])


class FirstRule(BaseModel, extra="forbid"):
    """The first rule of the folder."""

    rule: str = Field(description="name of the file without .sql, such as x_many_devices")


class SqlRulesScaffolder(dg.Scaffolder[FirstRule]):
    """Writes a rule that works into `HOME/detections/`, and a `defs.yaml` that names it."""

    @classmethod
    def get_scaffold_params(cls) -> type[FirstRule]:
        return FirstRule

    def scaffold(self, request: dg.ScaffoldRequest[FirstRule]) -> None:
        """Write the rule of the guide, under a code that no other rule of the home has."""
        rule = request.params.rule
        with _written_whole(request.target_path) as (_, home):
            attributes = SqlRules(rules=[rule]).model_dump(mode="json", exclude={"description"})
            load_settings(home)
            file = home.own_rules / f"{rule}.sql"
            if file.exists():
                raise SettingsError(
                    "this rule exists", where=str(file), remedy="Edit it, or choose another name."
                )
            sample = _SAMPLE.search(((request.project_root or Path()) / GUIDE).read_text("utf-8"))
            assert sample is not None, GUIDE
            others = own_rule_files(home)
            used = set(_CODE.findall("\n".join(text or "" for _, text in others)))
            codes = (f"{CODE}{number}" for number in range(1, len(others) + 2))
            free = next(code for code in codes if code not in used)
            text = sample[1].replace(f"code: {CODE}1", f"code: {free}", 1)
            read_own_rule(file.name, text)
            make_folder(home.own_rules, 0o700)
            make_file(file, text.encode(), 0o600)
            scaffold_component(request, attributes)


@dg.scaffold_with(SqlRulesScaffolder)
class SqlRules(dg.Component, dg.Model, dg.Resolvable):
    """A SQL model folder: rules of the district in `HOME/detections/`, with an owner."""

    rules: Sequence[RuleName] = Field(description="names of the files without .sql")
    description: str = Field(default="", description="what these rules are for")
    owners: Sequence[str] = Field(default=(OWNER,), description="who answers for these rules")

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:  # noqa: ARG002
        """Return an asset for each file, which is observed with the version of its text."""
        specs = [
            dg.AssetSpec(
                [RULES, rule],
                group_name=RULES,
                description=self.description or f"The file detections/{rule}.sql of the home.",
                owners=self.owners,
                kinds={"file", "sql"},
                tags=tags_of_layer(RULES, {}),
                metadata=code_of("pipelines.warehouse.own_rules"),
            )
            for rule in self.rules
        ]
        return dg.Definitions(assets=specs)


@contextmanager
def _written_whole(folder: Path) -> Iterator[tuple[str, DistrictHome]]:
    """Yield the name of a component and the home; remove its folder if it cannot be written."""
    try:
        yield folder.name, DistrictHome(HomeResource().folder.resolve())
    except (SchoolbellError, ValidationError) as error:
        if not any(folder.iterdir()):
            folder.rmdir()
        raise ClickException(str(error)) from error
