"""Planted cases: violations of several strengths, and look-alikes of each.

A scene is a function that casts people and devices, plans their activity, and records
the case. Scenes know the policy and the world, not the product's rules.
"""

from collections.abc import Sequence

from pipelines.synthetic.plan import Plan
from pipelines.synthetic.planted import (
    benign_accounts,
    benign_hours,
    benign_machines,
    benign_security,
    benign_sites,
    violation_accounts,
    violation_administration,
    violation_cloud,
    violation_hours,
    violation_machines,
    violation_security,
    violation_sites,
)
from pipelines.synthetic.planted.writer import NotCastError, SceneWriter
from pipelines.synthetic.school_days import Day
from pipelines.synthetic.world import World

# the order decides who is cast: a scene added at the end leaves the others unchanged
VIOLATIONS = (
    *violation_accounts.SCENES,
    *violation_hours.SCENES,
    *violation_sites.SCENES,
)
BENIGN = (
    *benign_accounts.SCENES,
    *benign_accounts.DEVICES,
    *benign_hours.LEAVE,
    *benign_machines.NETWORKS,
    *benign_sites.REQUESTS,
    *benign_sites.SCENES,
    *benign_hours.SCENES,
)
LATER_VIOLATIONS = (
    *violation_security.SCENES,
    *violation_accounts.LENDING,
    *violation_hours.CLOSED,
)
LATER_BENIGN = (*benign_security.SCENES, *benign_accounts.LENDING)
MACHINE_VIOLATIONS = (*violation_machines.SCENES, *violation_security.STRANGERS)
MACHINE_BENIGN = (*benign_machines.SCENES, *benign_security.STRANGERS)
LAST_VIOLATIONS = (
    *violation_cloud.SCENES,
    *violation_accounts.REMOTE,
    *violation_administration.LATER,
)


def plant(world: World, plan: Plan, *, violations: bool, earlier: Sequence[Day] = ()) -> None:
    """Play every scene that the district and the weeks have room for.

    Args:
        earlier: Days before the first one with a kept log.
    """
    scenes = (
        *benign_accounts.ALL_MONTH,
        *(VIOLATIONS if violations else ()),
        *BENIGN,
        *(LATER_VIOLATIONS if violations else ()),
        *LATER_BENIGN,
        *(MACHINE_VIOLATIONS if violations else ()),
        *MACHINE_BENIGN,
        *(violation_hours.SILENCES if violations else ()),
        *benign_hours.SILENCES,
        *(violation_administration.SCENES if violations else ()),
        *(LAST_VIOLATIONS if violations else ()),
    )
    writer = SceneWriter(world, plan, world.random("planted"), earlier=earlier)
    for scene in scenes:
        marks = {name: len(items) for name, items in _lists(plan).items()}
        try:
            scene(writer)
        except NotCastError:
            for name, items in _lists(plan).items():
                del items[marks[name] :]


def _lists(plan: Plan) -> dict[str, list[object]]:
    """Return the lists of a plan, to undo a scene without a suitable person."""
    return {name: value for name, value in vars(plan).items() if type(value) is list}
