"""The alerts job: what is due is sent, once."""

import dagster as dg

from pipelines.defs.resources import HomeResource
from pipelines.journey.alerting import send_alerts


@dg.op
def send_due_alerts(context: dg.OpExecutionContext, home: HomeResource) -> None:
    """Send the messages that are due through the district's channels."""
    with home.writing() as district:
        summary = send_alerts(district)
    context.log.info("alerts: %s", summary)


@dg.job(
    executor_def=dg.in_process_executor,
    description="Send the alerts that are due, each once.",
)
def alerts() -> None:
    """Send what is due."""
    send_due_alerts()
