"""The sites of a week that are not on the approved list; several parts ask for them."""

import polars as pl

from pipelines.reports.view import View

TO_DECIDE = ("external", "lapsed", "not_yet", "approved_other_role", "undecidable")


def open_sites(view: View) -> pl.DataFrame:
    """One row a site that is not approved: its week in totals, new ones first."""
    used = view.of_week(view.inputs.site_use).filter(pl.col("verdict").is_in(TO_DECIDE))
    sites = used.group_by("site").agg(
        pl.col("verdict").sort_by("event_date").last(),
        pl.col("category").sort_by("event_date").last(),
        pl.col("category_source_count").max(),
        most_accounts=pl.col("account_count").max(),
        day_count=pl.col("event_date").n_unique(),
        minutes=pl.col("minutes").sum(),
        request_count=pl.col("request_count").sum(),
        first_seen_date=pl.col("first_seen_date").min(),
    )
    is_new = pl.col("first_seen_date").is_between(view.start, view.end)
    return sites.with_columns(is_new=is_new.fill_null(value=False)).sort(
        ["is_new", "minutes", "site"], descending=[True, True, False]
    )


def new_sites(view: View) -> pl.DataFrame:
    """Those first seen in the week."""
    return open_sites(view).filter("is_new")
