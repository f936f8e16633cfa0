"""Draws the answers of `questions` and `timelines`.

Each takes the frame of the function of the same name, as it is or filtered, and
returns a `Chart`: zoom it, or keep it with `write_html`.
"""

import polars as pl
from plotly.graph_objects import Bar, Scatter

from pipelines.notebook.charts import (
    Chart,
    bars_in_time,
    chart,
    coloured,
    local,
    named,
    top_down,
)
from pipelines.notebook.timelines import STEPS

MOST = 25
"""Bars of a ranking; the frame has the rest."""


def draw_account_week(week: pl.DataFrame) -> Chart:
    """Minutes a day by what the district's list says of the sites."""
    days = (
        week.group_by("event_date", "verdict")
        .agg(pl.col("minutes").sum(), pl.col("site").unique().sort())
        .sort("event_date", "verdict")
    )
    traces = [
        Bar(
            name=named(verdict),
            x=[day.isoformat() for day in part["event_date"]],
            y=[round(value, 1) for value in part["minutes"]],
            hovertext=[_list(sites) for sites in part["site"]],
            marker={"color": colour},
        )
        for (verdict, part), colour in coloured(days, "verdict")
    ]
    return chart(traces, "Estimated minutes a day", barmode="stack")


def draw_presence(stretches: pl.DataFrame) -> Chart:
    """Stretches of use as bars in time, one lane a device."""
    return bars_in_time(
        stretches,
        "Stretches of use by device, in local time; colour is the building",
        lane="device",
        colour="building",
        hover=_counted(stretches["request_count"]),
    )


def draw_sites(sites: pl.DataFrame) -> Chart:
    """The most used of some sites, with what the district's list says of each."""
    most = sites.sort("minutes", "site", descending=[True, False]).head(MOST)
    traces = [
        Bar(
            name=named(verdict),
            orientation="h",
            y=[named(site) for site in part["site"]],
            x=[round(value, 1) for value in part["minutes"]],
            hovertext=[
                f"first seen {day}, {named(category)}"
                for day, category in part.select("first_seen_date", "category").rows()
            ],
            marker={"color": colour},
        )
        for (verdict, part), colour in coloured(most, "verdict")
    ]
    order = [named(site) for site in most["site"]]
    return chart(
        traces,
        "Estimated minutes of all accounts",
        lanes=most.height,
        yaxis=top_down(order),
    )


def draw_evidence(lines: pl.DataFrame) -> Chart:
    """The lines of a finding in time, one lane a device, one colour a role."""
    known = lines.drop_nulls("time")
    traces = [
        Scatter(
            name=named(role),
            x=local(part["time"]),
            y=[named(device) for device in part["device"]],
            text=[
                f"{named(site)}, line {number}"
                for site, number in part.select("site", "line_no").rows()
            ],
            mode="markers",
            marker={"color": colour, "size": 9},
        )
        for (role, part), colour in coloured(known, "role")
    ]
    return chart(
        traces,
        "Cited log lines, in local time",
        lanes=known["device"].n_unique(),
    )


def draw_site_first_sight(accounts: pl.DataFrame) -> Chart:
    """How the number of accounts that had used a site grew, one dot an account."""
    ranked = accounts.sort("first_time", "account").with_row_index("rank", offset=1)
    traces = [
        Scatter(
            name=named(building),
            x=local(part["first_time"]),
            y=part["rank"].to_list(),
            text=[
                f"{named(account)} on {named(device)}, {named(verdict)}"
                for account, device, verdict in part.select(
                    "account", "device", "verdict"
                ).rows()
            ],
            mode="markers",
            marker={"color": colour, "size": 9},
        )
        for (building, part), colour in coloured(ranked, "building")
    ]
    return chart(traces, "Accounts that had used the site, by their first use")


def draw_device_holders(holders: pl.DataFrame) -> Chart:
    """Who held a device, one lane an account; colour says how it is known."""
    return bars_in_time(
        holders,
        "Accounts on the device, in local time; colour is how it is known",
        lane="account",
        colour="how",
        hover=_titles(holders["logon_kind"]),
    )


def draw_session_timeline(steps: pl.DataFrame) -> Chart:
    """An account's day: duty, keyboards, stretches, sites and findings as lanes."""
    lanes = steps.sort(
        pl.col("what").cast(pl.Enum(STEPS)), "start_time", "detail"
    ).with_columns(
        lane=pl.concat_str("what", "detail", separator=": ", ignore_nulls=True)
    )
    return bars_in_time(
        lanes,
        "The account's day, in local time",
        lane="lane",
        colour="what",
        hover=_titles(lanes["device"]),
    )


def _counted(requests: pl.Series) -> pl.Series:
    return pl.Series([f"{count} requests" for count in requests], dtype=pl.String)


def _titles(values: pl.Series) -> pl.Series:
    texts = ["" if value is None else named(value) for value in values]
    return pl.Series(texts, dtype=pl.String)


def _list(names: pl.Series) -> str:
    return ", ".join(named(name) for name in names)
