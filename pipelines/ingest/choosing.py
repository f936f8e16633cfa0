"""Which format a delivery is read with: named, known from before, or identified."""

from pathlib import Path
from shlex import quote
from typing import NoReturn

from pipelines.clock import Reading
from pipelines.errors import SourceError
from pipelines.formats import Context, Format, formats
from pipelines.ingest.compression import read_up_to
from pipelines.ingest.delivery import Delivery
from pipelines.ingest.identify import SAMPLE_BYTES, best
from pipelines.ingest.source import Source
from pipelines.ingest.streams import Salvaged, opened
from pipelines.state.ledger import FileRecord


def chosen(
    source: Source, delivery: Delivery, record: FileRecord, likely: str | None
) -> Format | None:
    """The format of a delivery; None where there is nothing in it yet.

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
    name = source.format or record.format
    if name is None:
        head = _head(delivery)
        if not head:
            return None
        context = Context(reading=Reading(source.zone), options=dict(source.options))
        name = best(head, likely=likely, context=context) or _unknown(source, delivery)
    if name not in known:
        raise SourceError(
            f"there is no format {name!r}",
            where=f"[sources.{source.name}] format",
            remedy="Formats: " + ", ".join(sorted(known)),
        )
    return known[name]


def _head(delivery: Delivery) -> bytes:
    """The first bytes, as far as there are any in front of a damage."""
    with opened(delivery) as stream:
        salvaged = Salvaged(stream)
        head = read_up_to(salvaged, SAMPLE_BYTES)
    if not head:
        salvaged.settle()
    return head


def _unknown(source: Source, delivery: Delivery) -> NoReturn:
    # rather that it is cut than that nobody knows it
    with opened(delivery) as stream:
        read_up_to(stream, SAMPLE_BYTES)
    file = delivery.file if isinstance(delivery.file, Path) else delivery.path
    raise SourceError(
        "no known format claims enough of its lines, so they wait",
        where=delivery.where,
        remedy=(
            f"Name the format in district.toml under [sources.{source.name}]; "
            f"what its lines look like says: schoolbell identify {quote(str(file))}"
        ),
    )
