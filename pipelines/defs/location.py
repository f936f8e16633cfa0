"""Puts the code location together."""

import warnings
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from pipelines.defs import district
from pipelines.defs.assets import OUTDATED_DAYS, fresh_within, specs_of
from pipelines.defs.automation import (
    catalog,
    due_sensor,
    failed_runs,
    finished_runs,
    nightly_run,
)
from pipelines.defs.observed import observed_assets
from pipelines.defs.resources import (
    DEFAULT_ZONE,
    HomeResource,
    NothingHandedOn,
    district_settings,
)
from pipelines.defs.runs import (
    days_job,
    report_asset,
    report_job,
    run_assets,
    run_job,
    watch_job,
)
from pipelines.district import home_rules, versions_of
from pipelines.errors import SettingsError
from pipelines.settings.alert_settings import Alerts
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.warehouse.models import Model, models

QUIET_HOURS = Alerts().quiet_run_hours
PROJECT = Path(__file__).parents[2]
"""The checkout, which is a `dg` project."""
REPORT_HOURS = 8 * 24
"""A week's page is written after its Sunday; a day later it is late."""


def report_link(
    home: HomeResource, settings: Settings | None
) -> dg.UrlMetadataValue | dg.PathMetadataValue:
    """Return the location of the newest report: on the web server, or on this machine."""
    if settings and settings.reports_address:
        return dg.MetadataValue.url(f"{settings.reports_address}/latest.html")
    return dg.MetadataValue.path(DistrictHome(home.folder).reports / "latest.html")


def declared() -> list[dg.AssetSpec]:
    """Return the assets of the components that `dg scaffold defs` wrote; most districts have none.

    Dagster takes a quarter of a second to read a tree of components, so an empty one is not read.
    """
    if not any(Path(district.__path__[0]).rglob("defs.y*ml")):
        return []
    return list(dg.load_from_defs_folder(path_within_project=PROJECT).resolve_all_asset_specs())


def current_versions(built: Mapping[str, Model], settings: Settings | None) -> dict[str, str]:
    """Return the version of each model; empty if the settings of rules cannot be used.

    The definitions load all the same, so that a run can state what is wrong.
    """
    try:
        return versions_of(built, settings) if settings else {}
    except SettingsError:
        return {}


def build_defs() -> dg.Definitions:
    """Assemble the code location over the home of this process."""
    with warnings.catch_warnings():
        # observing several assets in one step is beta in 1.13
        warnings.simplefilter("ignore", dg.BetaWarning)
        return _assembled(HomeResource())


def _assembled(home: HomeResource) -> dg.Definitions:
    settings = district_settings()
    zone = settings.district.zone if settings else DEFAULT_ZONE
    built = {**models(), **(home_rules(settings).models if settings else {})}
    versions = current_versions(built, settings)
    hours = settings.alerts.quiet_run_hours if settings else QUIET_HOURS
    fresh = fresh_within(hours)
    is_on = settings is not None and settings.dagster.automation
    every = list(built.values())
    links = {
        "report": report_link(home, settings),
        "outdated_days": dg.MetadataValue.url(OUTDATED_DAYS),
    }
    specs = [spec.merge_attributes(metadata=links) for spec in specs_of(every, versions, fresh)]
    report = report_asset(fresh_within(REPORT_HOURS))
    return dg.Definitions(
        assets=[
            observed_assets(declared(), **links),
            run_assets(every, specs),
            report.map_asset_specs(lambda spec: spec.merge_attributes(metadata=links)),
        ],
        jobs=[run_job, watch_job, days_job(), report_job()],
        schedules=[nightly_run(zone, is_on=is_on)],
        sensors=[due_sensor(is_on=is_on), catalog, failed_runs, finished_runs],
        resources={"home": home, "io_manager": NothingHandedOn()},
    )
