"""Takes everything that was delivered to a district home into its lake."""

from dataclasses import dataclass

from pipelines.lake.files import require_space
from pipelines.lake.recognise import Known, Recognition
from pipelines.lake.run import Run
from pipelines.lake.source import SETTLE_SECONDS, Outcome, Source, Terms, Watch
from pipelines.state import ledger

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

    def would_take_in(self, source: Source) -> list[Recognition]:
        """What each delivery is, by what is known now; nothing is written."""
        records = ledger.source_files(self.store, source.name)
        known = Known(records, self.settled_ns())
        found = source.listing().deliveries
        return [known.at_its_place(one) or known.elsewhere(one) for one in found]
