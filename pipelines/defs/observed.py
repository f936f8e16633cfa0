"""The assets that no run makes: delivered log files and the registry.

People and other programs write them. Each observation has the version that decides what is
rebuilt, so that Dagster shows which list outdated a day.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence

import dagster as dg

from pipelines.defs.assets import LANDING, VERSION, files_read
from pipelines.defs.resources import HomeResource
from pipelines.district import District

Delivered = tuple[str, str, int, int]
"""Source, path, bytes and change time of a delivered file."""


def delivered(district: District) -> list[Delivered]:
    """Return the files in the landing folders, sorted."""
    return sorted(
        (delivery.source, delivery.path, delivery.raw_bytes, delivery.raw_mtime_ns)
        for source in district.sources()
        for delivery in source.listing().deliveries
    )


def version_of(files: Sequence[Delivered]) -> str:
    """Return one word for delivered files."""
    return hashlib.sha256(repr(files).encode()).hexdigest()[:16]


def files_seen(files: Sequence[Delivered]) -> dg.AssetObservation:
    """Return the observation of the delivered files of every source."""
    counts = Counter(source for source, *_ in files)
    return dg.AssetObservation(
        LANDING,
        metadata={f"files_of_{source}": count for source, count in sorted(counts.items())},
        tags={VERSION: version_of(files)},
    )


def lists_seen(district: District) -> Iterator[dg.AssetObservation]:
    """Yield the observation of each frame of the registry."""
    from pipelines.refresh.due import rows_version

    for name, frame in district.registry.frames.items():
        yield dg.AssetObservation(
            ["registry", name],
            metadata={"dagster/row_count": frame.height},
            tags={VERSION: rows_version(frame)},
        )


def observe_files(instance: dg.DagsterInstance, files: Sequence[Delivered]) -> None:
    """Show the delivered files in the catalog, if they changed."""
    last = instance.fetch_observations(LANDING, limit=1).records
    observation = files_seen(files)
    version = (last[0].event_log_entry.tags or {}).get(VERSION) if last else None
    if version != observation.tags[VERSION]:
        instance.report_runless_asset_event(observation)


def observed_assets(**metadata: object) -> dg.AssetsDefinition:
    """Build the assets that a person can observe again on their pages.

    Args:
        metadata: Of each asset, in addition.
    """

    @dg.multi_observable_source_asset(  # type: ignore[untyped-decorator]
        name="observe",
        specs=[spec.merge_attributes(metadata=metadata) for spec in files_read()],
        can_subset=True,
    )
    def observe(
        context: dg.AssetExecutionContext, home: HomeResource
    ) -> Iterator[dg.ObserveResult]:
        with home.opened() as district:
            for observation in (files_seen(delivered(district)), *lists_seen(district)):
                if observation.asset_key in context.selected_asset_keys:
                    yield dg.ObserveResult(
                        asset_key=observation.asset_key,
                        metadata=observation.metadata,
                        data_version=dg.DataVersion(observation.tags[VERSION]),
                    )

    return observe  # type: ignore[no-any-return]
