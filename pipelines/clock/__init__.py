"""The one place where stamps become UTC instants, each with its quality.

Every function takes text columns and gives a `Stamp`: two Polars expressions,
the instant and how far to trust it (`events.TIME_QUALITIES`). What does not fit
its shape exactly is null, never a guess and never an exception: an impossible
date must not be built, since Polars panics on it much later.

Local civil time needs a zone. In the hour that a clock change repeats, the
earlier instant is taken and marked `ambiguous`; in the hour it leaves out, the
instant is taken one hour later and marked `shifted`. Summer time after 2099 is
not known to the library: the standard offset counts. A stamp without a year takes the
year that puts it nearest to the anchor (end of the file's life), so that a
December line read in January stays in December.
"""

from pipelines.clock.days import (
    SCHOOL_YEAR_STARTS,
    anchor,
    date_in_name,
    monday,
    school_year,
)
from pipelines.clock.stamps import (
    Reading,
    Stamp,
    Unit,
    bsd,
    bsd_pair,
    civil,
    civil_time,
    epoch,
    epoch_by_size,
    epoch_milliseconds,
    first,
    iso,
    iso_pair,
    local_date,
    worded,
)

__all__ = [
    "SCHOOL_YEAR_STARTS", "Reading", "Stamp", "Unit", "anchor", "bsd", "bsd_pair",
    "civil", "civil_time", "date_in_name", "epoch", "epoch_by_size",
    "epoch_milliseconds", "first", "iso", "iso_pair", "local_date", "monday",
    "school_year", "worded",
]  # fmt: skip
