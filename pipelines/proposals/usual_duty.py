"""Finds the usual hours of duty in exports, and writes them into `district.toml`.

An absence system states from when to when a full day lasts. Where most absences of a
full day state the same hours, these are the district's usual ones.
"""

from collections.abc import Mapping

from pipelines.errors import SettingsError
from pipelines.settings.model import EVERY_JOB, hours_of
from pipelines.settings.toml_text import toml, with_district_line

MIN_DAYS = 5
"""Absences of a full day."""
SHARE = 0.5
"""Minimum share of people with the same hours."""


def suggested(days: Mapping[tuple[str, str], int]) -> str:
    """Return the hours that most full days state, as 07:30-16:00; empty if none do.

    Args:
        days: Start and end of full days -> the number of absences that state them.
    """
    hours, count = max(days.items(), key=lambda one: one[1], default=(("", ""), 0))
    if count < MIN_DAYS or count <= SHARE * sum(days.values()):
        return ""
    return "-".join(hours)


def checked(hours: str) -> str:
    """Return hours that a person gave.

    Raises:
        SettingsError: They are not hours.
    """
    try:
        hours_of(hours)
    except ValueError as error:
        raise SettingsError(str(error), where="--usual-duty", remedy="") from error
    return hours.strip()


def with_usual_duty(settings: str, hours: str) -> str:
    """Return the text of a settings file that states these hours for all staff.

    Raises:
        SettingsError: The file states others, or has no table [district].
    """
    return with_district_line(settings, f"usual_duty = {toml({EVERY_JOB: hours})}")
