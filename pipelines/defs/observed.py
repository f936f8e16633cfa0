"""The assets that no run makes: delivered log files and the registry.

People and other programs write them. Each observation has the version that decides what is
rebuilt, so that Dagster shows which list outdated a day.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence

import dagster as dg

from pipelines.defs.assets import LANDING, RULES, VERSION, files_read
from pipelines.defs.resources import HomeResource, in_words
from pipelines.district import District

MISSING = "missing"
"""The version of what a component names and the home does not have."""
Delivered = tuple[str, str, int, int]
"""Source, path, bytes and change time of a delivered file."""


def delivered(district: District) -> list[Delivered]:
    """Return the files in the landing folders, sorted."""
    return sorted(
        (delivery.source, delivery.path, delivery.raw_bytes, delivery.raw_mtime_ns)
        for source in district.sources()
        for delivery in source.listing().deliveries
    )


def version_of(what: Sequence[Delivered] | str | None) -> str:
    """Return one word for delivered files, or for the text of a rule."""
    return hashlib.sha256(repr(what).encode()).hexdigest()[:16]


def files_seen(district: District, files: Sequence[Delivered]) -> Iterator[dg.AssetObservation]:
    """Yield the observation of the delivered files, of those of each source, and of own rules."""
    of_source: dict[str, list[Delivered]] = {source.name: [] for source in district.sources()}
    for file in files:
        of_source.setdefault(file[0], []).append(file)
    yield dg.AssetObservation(
        LANDING,
        metadata={f"files_of_{name}": len(those) for name, those in of_source.items() if those},
        tags={VERSION: version_of(files)},
    )
    for name, those in of_source.items():
        if name != LANDING.path[-1]:
            yield dg.AssetObservation(
                [LANDING.path[0], name],
                metadata={"files": len(those)},
                tags={VERSION: version_of(those)},
            )
    for file_name, text in district.settings.own_rules:
        yield dg.AssetObservation(
            [RULES, file_name.removesuffix(".sql")], tags={VERSION: version_of(text)}
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


def observe_files(
    instance: dg.DagsterInstance,
    observations: Iterable[dg.AssetObservation],
    keys: Collection[dg.AssetKey],
) -> None:
    """Show in the catalog which of these assets changed."""
    for observation in observations:
        if observation.asset_key not in keys:
            continue
        last = instance.fetch_observations(observation.asset_key, limit=1).records
        version = (last[0].event_log_entry.tags or {}).get(VERSION) if last else None
        if version != observation.tags[VERSION]:
            instance.report_runless_asset_event(observation)


def observed_assets(
    declared: Sequence[dg.AssetSpec] = (), **metadata: object
) -> dg.AssetsDefinition:
    """Build the assets that a person can observe again on their pages.

    Args:
        declared: Those of components.
        metadata: Of each asset, in addition.
    """

    @dg.multi_observable_source_asset(  # type: ignore[untyped-decorator]
        name="observe",
        specs=[spec.merge_attributes(metadata=metadata) for spec in (*files_read(), *declared)],
        can_subset=True,
    )
    def observe(
        context: dg.AssetExecutionContext, home: HomeResource
    ) -> Iterator[dg.ObserveResult]:
        with in_words(), home.opened() as district:
            observations = [*files_seen(district, delivered(district)), *lists_seen(district)]
        seen = {observation.asset_key: observation for observation in observations}
        for key in sorted(context.selected_asset_keys):
            if key not in seen:
                # a component names what the home does not have, or no longer has
                yield dg.ObserveResult(key, data_version=dg.DataVersion(MISSING))
                continue
            yield dg.ObserveResult(
                asset_key=key,
                metadata=seen[key].metadata,
                data_version=dg.DataVersion(seen[key].tags[VERSION]),
            )

    return observe  # type: ignore[no-any-return]
