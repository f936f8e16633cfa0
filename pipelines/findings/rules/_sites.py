"""What the rules about sites share: their explanations and their severity."""

from pipelines.findings.record import FITS, RULED_OUT, Result, Severity
from pipelines.findings.rules import Details
from pipelines.findings.rules._tests import APPROVED, LIVE, MACHINE, always


def two_lists(details: Details) -> tuple[Result, str]:
    """Whether more than one list, or more than one occasion, bears the category."""
    lists = int(details.get("list_count", 0))
    days = int(details.get("days", 1))
    minutes = float(details.get("total_seconds", 0)) / 60
    on = "1 day" if days == 1 else f"{days} days"
    text = f"{lists} lists call it non-work; {on}; about {minutes:.0f} minutes"
    known = lists >= 2 or days >= 2 or minutes >= 30
    return (RULED_OUT if known else FITS, text)


def _embedded(details: Details) -> tuple[Result, str]:
    share = float(details.get("embed_share", 0))
    largest = int(details.get("largest_bytes", 0))
    text = (
        f"{share:.0%} of its requests followed another site's page within seconds; "
        f"the largest response had {largest:,} bytes"
    )
    return (FITS if share >= 0.7 and largest < 45_000 else RULED_OUT, text)


CATEGORY = ("A list that has the site in the wrong category", two_lists)
EMBED = ("Content that another page embeds", _embedded)
GLANCE = (
    "A link in a mail, or a glance at lunch",
    always("only stretches long enough for use count"),
)
OF_EVERY_SITE_RULE = (LIVE, MACHINE, APPROVED)


def repeated(details: Details, days: int) -> Severity | None:
    """Three days in two weeks are a habit."""
    return "medium" if days >= 3 or details.get("is_repeated") else None
