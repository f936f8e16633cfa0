"""Outside addresses that represent many: the district's own exits."""

from pipelines.registry.csv_files import Cell, File, RegistryFrame
from pipelines.registry.networks import ranged
from pipelines.registry.table import RANGE, Addresses, Table, conform, identifier, text

FILE = File(
    "egress.csv",
    {
        "cidr": Cell("198.51.100.0/28", "network", required=True),
        "meaning": identifier("district NAT"),
    },
    "an address that represents many may look like one",
)
COLUMNS = {
    "cidr": text("network, canonical"),
    "meaning": text("use of the address"),
    **RANGE,
}


def egress(rows: RegistryFrame) -> RegistryFrame:
    """Return the frame `egress`."""
    networks = ranged(rows.frame, FILE.name)
    return RegistryFrame(conform(COLUMNS, networks.frame), (*rows.problems, *networks.problems))


TABLE = Table(
    name="egress",
    file=FILE,
    frames={"egress": COLUMNS},
    make=lambda inputs: {"egress": egress(inputs.rows[FILE.name])},
    touches=Addresses(is_network=True),
)
