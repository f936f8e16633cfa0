"""Asks warehouse and lake for every kind of proposal."""

from collections.abc import Mapping, Sequence

from pipelines.district import District
from pipelines.errors import ModelError
from pipelines.operations.suggestions.fixed import fixed
from pipelines.operations.suggestions.hours import hours
from pipelines.operations.suggestions.machines import machines
from pipelines.operations.suggestions.networks import networks
from pipelines.operations.suggestions.proposal import Evidence, Proposal, is_plain
from pipelines.operations.suggestions.reach import reach
from pipelines.operations.suggestions.services import services
from pipelines.warehouse import inputs
from pipelines.warehouse.snapshots import looking

KINDS = (networks, fixed, machines, services, reach, hours)


def suggest(district: District) -> Mapping[str, Sequence[Proposal]]:
    """Proposals by file of the registry; files without any are left out.

    Raises:
        ModelError: Nothing was built yet.
        BusyError: A run is at work.
    """
    files = inputs.lake_files(district.store, district.home.lake)
    days = files.days()
    if not days:
        raise ModelError(
            "no log was taken in yet",
            where=str(district.home.path),
            remedy="Run: schoolbell run --home HOME",
        )
    found: dict[str, list[Proposal]] = {}
    with looking(district.home.warehouse) as database:
        inputs.show_raw(database, files, ("logons",), (days[0], days[-1]))
        evidence = Evidence(database, district.zone)
        for kind in KINDS:
            for one in filter(is_plain, kind(evidence)):
                found.setdefault(one.file, []).append(one)
    return found
