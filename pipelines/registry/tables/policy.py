"""Clauses of the policy, and which of them each detection serves."""

from pipelines.registry.csv_files import RegistryFrame
from pipelines.registry.policy import CLAUSES, DETECTION_CLAUSES, default_policy, read_policy
from pipelines.registry.table import Clauses, Inputs, Table


def make(inputs: Inputs) -> dict[str, RegistryFrame]:
    """Return frames `clauses` and `detection_clauses`."""
    policy = read_policy(inputs.policy or default_policy())
    return {
        "clauses": RegistryFrame(policy.clauses, policy.problems),
        "detection_clauses": RegistryFrame(policy.detection_clauses, ()),
    }


TABLE = Table(
    name="policy",
    frames={"clauses": CLAUSES, "detection_clauses": DETECTION_CLAUSES},
    make=make,
    touches=Clauses(),
    is_built=False,
)
