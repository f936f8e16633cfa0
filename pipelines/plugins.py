"""Finds the one-file plug-ins of a folder: formats, sections, channels.

A plug-in module holds one constant of an agreed name and type. Folders are
scanned in name order; nothing registers itself on import.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Protocol, TypeVar


class NamedPlugin(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """Name of the plug-in in settings and documents."""
        ...


N = TypeVar("N", bound=NamedPlugin)


@cache
def discover(package: str, constant: str, kind: type[N]) -> Mapping[str, N]:
    """Return every plug-in of `package`, by name.

    Folders, and modules that begin with an underscore, hold what plug-ins share.

    Raises:
        TypeError: A module lacks the constant, or it is of another type.
        ValueError: Two plug-ins bear one name.
    """
    found: dict[str, N] = {}
    folder = importlib.import_module(package).__path__
    for info in sorted(pkgutil.iter_modules(folder), key=lambda info: info.name):
        if info.ispkg or info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package}.{info.name}")
        plugin = getattr(module, constant, None)
        if not isinstance(plugin, kind):
            message = f"{module.__name__} must hold {constant}, a {kind.__name__}"
            raise TypeError(message)
        if plugin.name in found:
            message = f"two plug-ins of {package} are named {plugin.name!r}"
            raise ValueError(message)
        found[plugin.name] = plugin
    return found
