"""The question whether rules judge use of job and dating sites, with the hours at stake.

Health is never judged. These two kinds are private as well, so a person decides about them,
once: an answer of no is written as an empty list.
"""

from collections.abc import Collection
from typing import get_args

from pipelines.errors import SchoolbellError
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import JudgedKind, Settings
from pipelines.settings.toml_text import toml, with_district_line
from pipelines.warehouse.models import query_text
from pipelines.warehouse.snapshots import current, reading

KEY = "judged_kinds"
KINDS: tuple[JudgedKind, ...] = get_args(JudgedKind)


def is_undecided(settings: Settings) -> bool:
    """Return whether the settings leave the question open."""
    return KEY not in settings.district.model_fields_set


def hours_at_stake(home: DistrictHome) -> float:
    """Return hours of staff on sites of private kinds in four weeks; 0 without a report.

    Health is among them: a snapshot withholds the kind of each site.
    """
    try:
        with reading(current(home.snapshots)) as database:
            ((hours,),) = database.rows(query_text("lookups/private_kinds"))
            return float(hours)
    except SchoolbellError:
        return 0


def question(hours: float) -> str:
    """Return what is asked, with the hours if logs show any."""
    used = (
        " In the last four weeks staff used sites of private kinds, health among them, for "
        f"{hours:.1f} hours on district devices."
        if hours
        else ""
    )
    return (
        "Use of job and dating sites is counted and held against no one unless you decide "
        f"otherwise; names of the sites stay withheld either way.{used}"
    )


def line(kinds: Collection[str]) -> str:
    """Return the line of `district.toml` that decides it."""
    return f"{KEY} = {toml([kind for kind in KINDS if kind in kinds])}"


def decided(settings: str, kinds: Collection[str]) -> str:
    """Return the text of a settings file with the decision.

    Raises:
        SettingsError: It has one, or no table [district].
    """
    return with_district_line(settings, line(kinds))
