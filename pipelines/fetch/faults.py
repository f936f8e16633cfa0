"""Mistakes in `[fetch.NAME]`, each with a corrected line for `schoolbell check`."""

from collections.abc import Iterator

from pipelines.errors import SettingsError
from pipelines.fetch.fetching import Target, targets
from pipelines.fetch.services import INSTALL, MISSING, services
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.plugin_settings import setting_faults
from pipelines.settings.problems import Fault, nearest


def fetch_faults(home: DistrictHome, settings: Settings) -> Iterator[Fault]:
    """Yield the mistakes in type, keys and secrets of each enabled service."""
    for target in targets(home, settings):
        yield from _of(target)


def _of(target: Target) -> Iterator[Fault]:
    at = ("fetch", target.name)
    kind = target.given.service
    kinds = services()
    if kind not in kinds:
        guess = nearest(kind, kinds) or min(kinds)
        what, paste = "this kind of service does not exist", f'service = "{guess}"'
        yield Fault((*at, "service"), what, kind, ", ".join(sorted(kinds)), paste)
        return
    if not kinds[kind].is_installed:
        yield Fault((*at, "service"), MISSING, kind, INSTALL, f"# {INSTALL}")
    try:
        target.require_folder()
    except SettingsError as error:
        paste = f'source = "{target.name}"'
        yield Fault((*at, "source"), error.what, None, error.remedy, paste)
    try:
        target.settings()
    except SettingsError as error:
        yield from setting_faults(at, kinds[kind].settings, target.given.settings, error)
