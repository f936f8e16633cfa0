"""What is wrong in the settings beyond their form: formats, rules and so on."""

from collections.abc import Callable, Iterator
from functools import partial

from pipelines.alerts.channels import prepared
from pipelines.errors import SchoolbellError, SettingsError
from pipelines.formats import formats
from pipelines.journey.district import District
from pipelines.journey.reporting import check_report_settings
from pipelines.warehouse.building import given
from pipelines.warehouse.models import arguments


def wrong_in(district: District) -> Iterator[SchoolbellError]:
    """Everything that a run would stumble over later, one error each."""
    for check in _checks(district):
        try:
            check()
        except SchoolbellError as error:
            yield error


def _checks(district: District) -> Iterator[Callable[[], object]]:
    settings = district.settings
    for name, source in settings.sources.items():
        yield partial(_format, name, source.format)
    yield partial(_rules, district)
    yield partial(check_report_settings, district)
    for name, channel in settings.alerts.channels.items():
        if channel.enabled:
            yield partial(
                prepared, name, channel.type, channel.settings, district.home.path
            )


def _format(source: str, name: str | None) -> None:
    if name is not None and name not in formats():
        raise SettingsError(
            f"there is no format {name!r}",
            where=f"[sources.{source}] format",
            remedy="Formats: " + ", ".join(sorted(formats())),
        )


def _rules(district: District) -> None:
    for model in district.models.values():
        arguments(model, given(model, district.parameters))
