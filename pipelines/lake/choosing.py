"""Which format a delivery is read with: named, known from before, or identified."""

from pipelines.clock import Reading
from pipelines.errors import SourceError
from pipelines.formats import Context, Format, formats
from pipelines.lake.identify import SAMPLE_BYTES, best
from pipelines.lake.source import Source
from pipelines.sources.delivery import Delivery
from pipelines.sources.streams import Salvaged, opened, read_up_to
from pipelines.state.ledger import FileRecord


def chosen(
    source: Source, delivery: Delivery, record: FileRecord, likely: str | None
) -> Format:
    """The format of a delivery.

    Args:
        source: Its source, which may name one.
        delivery: The file.
        record: Its row, which names the one it was read with.
        likely: The format of its neighbours.

    Raises:
        SourceError: None claims enough of its lines, or the named one is unknown.
        DamageError: None does, and the stream breaks off.
    """
    known = formats()
    name = source.format or record.format or _identified(source, delivery, likely)
    if name is None:
        raise SourceError(
            "no known format claims enough of its lines",
            where=delivery.where,
            remedy=(
                f"Name the format in district.toml under [sources.{source.name}], "
                f"or run: schoolbell identify {delivery.path}"
            ),
        )
    if name not in known:
        raise SourceError(
            f"there is no format {name!r}",
            where=f"[sources.{source.name}] format",
            remedy="Formats: " + ", ".join(sorted(known)),
        )
    return known[name]


def _identified(source: Source, delivery: Delivery, likely: str | None) -> str | None:
    context = Context(reading=Reading(source.zone), options=dict(source.options))
    with opened(delivery) as stream:
        salvaged = Salvaged(stream)
        head = read_up_to(salvaged, SAMPLE_BYTES)
    found = best(head, likely=likely, context=context)
    if found is None:
        salvaged.settle()  # rather that it is cut than that nobody knows it
    return found
