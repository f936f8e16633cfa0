"""What people call a building, where the registry says it."""

from collections import Counter
from collections.abc import Mapping

from pipelines.registry.registry import Registry


def building_names(registry: Registry) -> Mapping[str, str]:
    """Code -> name, of those that have one; two of one name keep their codes too."""
    frame = registry.frames["buildings"].drop_nulls("name")
    named = dict(frame.select("building", "name").iter_rows())
    times = Counter(named.values())
    return {
        code: name if times[name] == 1 else f"{name} ({code})"
        for code, name in named.items()
    }
