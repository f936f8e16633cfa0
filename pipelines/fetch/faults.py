"""Mistakes in `[fetch.NAME]`, each with a corrected line for `schoolbell check`."""

from collections.abc import Iterator
from importlib.util import find_spec

from pipelines.errors import SettingsError
from pipelines.fetch.fetching import Target, targets
from pipelines.fetch.services import INSTALL, services
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Settings
from pipelines.settings.plugin_settings import setting_faults
from pipelines.settings.problems import Fault, nearest

LIBRARIES = {"google": "google.auth", "microsoft": "msal"}


def fetch_faults(home: DistrictHome, settings: Settings) -> Iterator[Fault]:
    """Yield the mistakes in type, keys and secrets of each enabled service."""
    try:
        found = targets(home, settings)
    except SettingsError as error:
        name = error.where.removeprefix("[fetch.").partition("]")[0]
        paste = f'source = "{name}"'
        yield Fault(("fetch", name, "source"), error.what, None, error.remedy, paste)
        return
    for target in found:
        yield from _of(target)


def _of(target: Target) -> Iterator[Fault]:
    at = ("fetch", target.name)
    kind = target.given.service
    known = services()
    if kind not in known:
        guess = nearest(kind, known) or min(known)
        what, paste = "this kind of service does not exist", f'service = "{guess}"'
        yield Fault((*at, "service"), what, kind, ", ".join(sorted(known)), paste)
        return
    if kind in LIBRARIES and not _is_installed(LIBRARIES[kind]):
        yield Fault((*at, "service"), "the extra fetch is missing", kind, INSTALL, f"# {INSTALL}")
    try:
        target.settings()
    except SettingsError as error:
        yield from setting_faults(at, known[kind].settings, target.given.settings, error)


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
