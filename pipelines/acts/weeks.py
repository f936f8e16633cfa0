"""The act that signs a week's report."""

from pipelines.acts.context import ActContext
from pipelines.reports.sign_off import Signature, sign_week


def sign(context: ActContext, week: str, by: str) -> Signature:
    """Sign a week's report: that it was looked at."""
    context.require("sign")
    return sign_week(context.district, context.chain, week, by, context.asker)
