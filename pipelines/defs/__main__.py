"""Shows the checks and the newest days of a home, while Dagster's pages and daemon still start.

`make dev` runs it at the same time; the sensor `catalog` shows the rest.
"""

import dagster as dg

from pipelines.defs.catalog import EVENTS_AT_FIRST, show_changes
from pipelines.defs.resources import HomeResource

with dg.DagsterInstance.get() as instance:
    show_changes(instance, HomeResource(), limit=EVENTS_AT_FIRST)
