"""Puts the code location together."""

import warnings
from typing import Any

import dagster as dg

from pipelines.defs.assets import (
    everything,
    findings_asset,
    fresh_within,
    given_specs,
    housekeeping,
    ingest,
    model_asset,
    one_rule,
    report_asset,
    snapshot_asset,
)
from pipelines.defs.automation import (
    alerts_job,
    automation_sensor,
    daily_job,
    dirty_sensor,
    failed_runs,
    finished_runs,
    ingest_job,
    landing_sensor,
    look_and_tell,
    registry_sensor,
    report_job,
    schedules,
)
from pipelines.defs.elsewhere import built_elsewhere
from pipelines.defs.resources import (
    DEFAULT_ZONE,
    HomeResource,
    NothingHandedOn,
    daily,
    district_settings,
    logged_days,
    weekly,
)
from pipelines.district import home_rules, versions_of
from pipelines.settings.alert_settings import Alerts
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.warehouse.models import models

QUIET_HOURS = Alerts().quiet_run_hours


def report_link(
    home: HomeResource, settings: Settings | None
) -> dg.UrlMetadataValue | dg.PathMetadataValue:
    """Return the location of the newest report: on the web server, or on this machine."""
    if settings and settings.reports_address:
        return dg.MetadataValue.url(f"{settings.reports_address}/latest.html")
    return dg.MetadataValue.path(DistrictHome(home.folder).reports / "latest.html")


def build_defs() -> dg.Definitions:
    """Assemble the code location over the home of this process."""
    with warnings.catch_warnings():
        # single-run backfills and offsets between partitions are beta in 1.13
        warnings.simplefilter("ignore", dg.BetaWarning)
        return _assembled(HomeResource())


def _assembled(home: HomeResource) -> dg.Definitions:
    settings = district_settings()
    zone = settings.district.zone if settings else DEFAULT_ZONE
    built = {**models(), **(home_rules(settings).models if settings else {})}
    versions = versions_of(built, settings) if settings else {}
    held = logged_days(home)
    days = daily(zone, held)
    hours = settings.alerts.quiet_run_hours if settings else QUIET_HOURS
    fresh = fresh_within(hours)
    is_on = settings is not None and settings.dagster.automation
    every = list(built.values())
    detections = [one for one in every if one.schema_name == "detections"]
    marts = [one for one in every if one.schema_name == "marts"]
    ingesting, building, reporting = ingest_job(), daily_job(every), report_job()
    alerting = alerts_job()
    assets: list[Any] = [
        ingest,
        *given_specs(),
        *(model_asset(model, days, versions.get(model.name), fresh) for model in every),
        findings_asset(detections, days, fresh),
        snapshot_asset(marts, fresh),
        report_asset(weekly(zone, held), fresh),
        look_and_tell,
    ]
    link = {"report": report_link(home, settings)}
    return dg.Definitions(
        assets=dg.map_asset_specs(lambda spec: spec.merge_attributes(metadata=link), assets),
        jobs=[everything, ingesting, building, one_rule, reporting, alerting, housekeeping],
        schedules=schedules(zone, reporting, alerting, is_on=is_on),
        sensors=[
            landing_sensor(ingesting, is_on=is_on),
            dirty_sensor(building, days, is_on=is_on),
            registry_sensor(building, is_on=is_on),
            automation_sensor(is_on=is_on),
            built_elsewhere,
            failed_runs,
            finished_runs,
        ],
        resources={"home": home, "io_manager": NothingHandedOn()},
    )
