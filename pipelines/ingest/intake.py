"""Takes everything that was delivered to a district home into its lake."""

from dataclasses import dataclass, replace

from pipelines.errors import SourceError
from pipelines.ingest.delivery import Delivery
from pipelines.ingest.files import require_space
from pipelines.ingest.recognise import Known
from pipelines.ingest.run import Run
from pipelines.ingest.source import (
    SETTLE_SECONDS,
    Outcome,
    Source,
    Terms,
    Watch,
    left_out,
)
from pipelines.state import ledger
from pipelines.state.ledger import FAILED, FileRecord

__all__ = ["SETTLE_SECONDS", "Intake", "Outcome", "Source", "Watch"]


@dataclass(frozen=True, kw_only=True)
class Intake(Terms):
    """Takes deliveries in, by its terms."""

    def take_in(self, source: Source) -> list[Outcome]:
        """Read all that is new in a source's folder; one outcome a delivery.

        Raises:
            SourceError: A remote folder can not be listed.
            LakeError: The disk refuses to be written to.
            BusyError: Another run works on the same files.
        """
        self.lake.mkdir(parents=True, exist_ok=True)
        require_space(self.lake, self.least_free_bytes)
        return Run(self, source).outcomes()

    def would_take_in(self, source: Source) -> list[Outcome]:
        """What each delivery is, by what is known now; nothing is written.

        Raises:
            SourceError: A remote folder can not be listed.
        """
        records = ledger.source_files(self.store, source.name)
        known = Known(records, self.settled_ns())
        listing = source.listing()
        told = [_foretold(known, one) for one in listing.deliveries]
        return [*told, *left_out(source.name, listing)]


def _foretold(known: Known, delivery: Delivery) -> Outcome:
    row = FileRecord(file_id=0, source=delivery.source, path=delivery.path)
    try:
        found = known.at_its_place(delivery) or known.elsewhere(delivery)
    except SourceError as error:
        return Outcome(replace(row, state=FAILED, message=str(error)), "failed")
    return Outcome(replace(found.record or row, path=delivery.path), found.kind)
