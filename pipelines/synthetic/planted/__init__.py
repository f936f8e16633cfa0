"""What is planted: violations of several strengths, and look-alikes of each.

A scene is a function that casts people and devices, plans what they do, and notes
the case. Scenes know the policy and the world, not the product's rules.
"""

from collections.abc import Sequence

from pipelines.synthetic.days import Day
from pipelines.synthetic.plan import Plan
from pipelines.synthetic.planted import (
    alike_accounts,
    alike_devices,
    alike_hours,
    alike_leave,
    alike_lending,
    alike_machines,
    alike_networks,
    alike_requests,
    alike_security,
    alike_silences,
    alike_sites,
    alike_strangers,
    breach_accounts,
    breach_closed,
    breach_hours,
    breach_lending,
    breach_machines,
    breach_security,
    breach_silences,
    breach_sites,
    breach_strangers,
)
from pipelines.synthetic.planted.stage import NotCastError, Stage
from pipelines.synthetic.world import World

BREACHES = (*breach_accounts.SCENES, *breach_hours.SCENES, *breach_sites.SCENES)
LOOK_ALIKES = (
    *alike_accounts.SCENES,
    *alike_devices.SCENES,
    *alike_leave.SCENES,
    *alike_networks.SCENES,
    *alike_requests.SCENES,
    *alike_sites.SCENES,
    *alike_hours.SCENES,
)
# played after all others, whose casting they leave as it was
RISKS = (*breach_security.SCENES, *breach_lending.SCENES, *breach_closed.SCENES)
ALIKE_RISKS = (*alike_security.SCENES, *alike_lending.SCENES)
MACHINES = (*breach_machines.SCENES, *breach_strangers.SCENES)
ALIKE_MACHINES = (*alike_machines.SCENES, *alike_strangers.SCENES)
SILENCES = breach_silences.SCENES
ALIKE_SILENCES = alike_silences.SCENES


def plant(
    world: World, plan: Plan, *, violations: bool, earlier: Sequence[Day] = ()
) -> None:
    """Play every scene that the district and the weeks have room for.

    Args:
        earlier: Days before the first one of which a log was kept.
    """
    breaches = BREACHES if violations else ()
    risks = RISKS if violations else ()
    machines = MACHINES if violations else ()
    silences = SILENCES if violations else ()
    scenes = (
        *alike_accounts.ALL_MONTH,
        *breaches,
        *LOOK_ALIKES,
        *risks,
        *ALIKE_RISKS,
        *machines,
        *ALIKE_MACHINES,
        *silences,
        *ALIKE_SILENCES,
    )
    stage = Stage(world, plan, world.random("planted"), earlier=earlier)
    for scene in scenes:
        marks = {name: len(items) for name, items in _lists(plan).items()}
        try:
            scene(stage)
        except NotCastError:
            for name, items in _lists(plan).items():
                del items[marks[name] :]


def _lists(plan: Plan) -> dict[str, list[object]]:
    """The lists of a plan, to undo a scene that found nobody to play it."""
    return {name: value for name, value in vars(plan).items() if type(value) is list}
