"""Charts of the answers of `questions` and `timelines`.

Each function takes the frame of the function with the same name, in full or filtered, and
returns a `Chart`: zoom it, or save it with `write_html`.
"""

import html
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
from plotly.graph_objects import Bar, Figure, Scatter, layout

from pipelines.errors import ModelError, safe
from pipelines.notebook.connection import Connection
from pipelines.warehouse.models import query_text

NO_CLOUD = {
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "displaylogo": False,
    "responsive": True,
    "typesetMath": False,
}
MIME = "application/vnd.plotly.v1+json"
COLORS = ("#005a9c", "#b94700", "#009e73", "#d66fb0", "#57606c", "#1c2127")
TEMPLATE = layout.Template(
    layout={
        "colorway": COLORS,
        "font": {"family": "sans-serif", "size": 13, "color": "#1c2127"},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "title": {"x": 0, "xref": "paper", "font": {"size": 15}},
        "margin": {"l": 8, "r": 16, "t": 48, "b": 40},
        "xaxis": {"gridcolor": "#d8dce2", "zeroline": False},
        "yaxis": {"automargin": True, "gridcolor": "#d8dce2", "zeroline": False},
        "showlegend": True,
        "hovermode": "closest",
    }
)
"""The look of every chart here; use it for your own charts."""
ROW_HEIGHT = 30
NOT_PLAIN = re.compile(r"[][\\`*_<>|$\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters of a log field that Markdown or a terminal would interpret."""
SHORTEST = timedelta(minutes=1)
"""Shorter intervals are drawn this long, so that they are visible."""

STEPS = ("duty", "keyboard", "at work", "site", "finding")
"""Types of rows of a timeline, in the order of the chart's lanes."""

MOST = 25
"""Bars of a ranking; the frame has the rest."""


class Answer:
    """The answer of a notebook, which it shows before its reasons.

    Args:
        sentences: Each becomes one point.
    """

    def __init__(self, *sentences: str) -> None:
        self.sentences = sentences

    def _repr_markdown_(self) -> str:
        return "\n".join(f"- {re.sub(NOT_PLAIN, _escaped, one)}" for one in self.sentences)

    def __repr__(self) -> str:
        return "\n".join(map(safe, self.sentences))


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}" if found[0].isprintable() else safe(found[0])


class Chart(Figure):  # type: ignore[misc]  # plotly has no types
    """A figure that never offers to upload its data and fetches nothing."""

    def _repr_mimebundle_(self, *_args: object, **_more: object) -> dict[str, object]:
        plain = self.to_plotly_json() | {"config": NO_CLOUD}
        return {MIME: plain, "text/plain": f"<Chart of {len(self.data)} traces>"}

    def _repr_html_(self) -> None:
        """Return no page inside a page: that would include the library once per chart."""

    def to_html(self, *args: object, **more: object) -> str:
        """Return a page, or with `full_html=False` a part of one; the library is in it."""
        closed = {"config": NO_CLOUD, "include_plotlyjs": True}
        return str(super().to_html(*args, **more | closed))

    def write_html(self, file: str | Path, **more: object) -> None:
        """Write a page that opens anywhere, without a network."""
        Path(file).write_text(self.to_html(**more), encoding="utf-8")

    def show(self, *_args: object, **_more: object) -> None:
        """Show it in the notebook; elsewhere use `write_html`."""
        from IPython.display import display

        display(self)  # type: ignore[no-untyped-call]


def chart(traces: Sequence[object], title: str, *, lanes: int = 8, **more: object) -> Chart:
    """Return traces under a title, as high as the number of lanes needs."""
    figure = Chart(list(traces))
    height = 170 + ROW_HEIGHT * max(lanes, 2)
    look = {"template": TEMPLATE, "title": {"text": title}, "height": height}
    figure.update_layout(**look, **more)
    return figure


def bars_in_time(
    rows: pl.DataFrame, title: str, *, lane: str, color: str, hover: pl.Series
) -> Chart:
    """Draw intervals as bars from `start_time` to `end_time`, in local time.

    Args:
        rows: With both times; lanes are in the order of the rows.
        lane: Column with the line of an interval.
        color: Column whose values have their color and legend entry.
        hover: A text for each row, escaped already.
    """
    shown = rows.with_columns(hover.alias("hover"))
    traces = [
        Scatter(
            name=named(value),
            x=_pairs(part["start_time"], part["end_time"]),
            y=_tripled([named(one) for one in part[lane]]),
            hovertext=_tripled(part["hover"].to_list()),
            hoverinfo="x+y+text",
            mode="lines+markers",
            line={"color": paint, "width": 10},
            marker={"color": paint, "size": 10, "symbol": "line-ns"},
        )
        for (value, part), paint in colored(shown, color)
    ]
    order = [named(one) for one in rows[lane].unique(maintain_order=True)]
    return chart(traces, title, lanes=len(order), yaxis=top_down(order))


def top_down(order: Sequence[str]) -> Mapping[str, object]:
    """Return an axis of names with the first at the top."""
    return {"categoryorder": "array", "categoryarray": list(order)[::-1]}


def colored(frame: pl.DataFrame, column: str) -> list[tuple[tuple[str | None, pl.DataFrame], str]]:
    """Return the parts of a frame by a column, each with its own color."""
    parts = frame.sort(column, nulls_last=True, maintain_order=True).partition_by(
        column, as_dict=True, maintain_order=True
    )
    return [
        ((key[0], part), COLORS[number % len(COLORS)])
        for number, (key, part) in enumerate(parts.items())
    ]


def named(text: str | None) -> str:
    """Return a name as literal text for Plotly; an unknown one is marked."""
    return "not known" if text is None else html.escape(text, quote=False)


def local(times: pl.Series) -> list[str]:
    """Return local times without a zone, which Plotly would turn into UTC."""
    return [_naive(time) for time in times]


def _pairs(starts: pl.Series, ends: pl.Series) -> list[str | None]:
    """Begin, end and a break for each bar."""
    found: list[str | None] = []
    for start, end in zip(starts, ends, strict=True):
        found += [_naive(start), _naive(max(end, start + SHORTEST)), None]
    return found


def _naive(instant: datetime) -> str:
    return instant.replace(tzinfo=None).isoformat()


def _tripled(values: Sequence[str]) -> list[str]:
    return [value for value in values for _ in range(3)]


def device_holders(
    con: Connection, device: str, first: date, last: date | None = None
) -> pl.DataFrame:
    """Return which accounts used a device, one row per interval, oldest first.

    `how` shows how it is known: *live* and *locked* are keyboards by the device's own
    logons; *requests* is active use that was attributed to the account.

    Args:
        con: From `connect()`.
        device: Its pseudonym.
        first: A local day.
        last: The last day of a range; without it `first` alone.
    """
    return con.frame(
        query_text("questions/device_holders"),
        device=device,
        first=first,
        last=last or first,
        zone=con.zone,
    )


def session_timeline(con: Connection, account: str | None, day: date) -> pl.DataFrame:
    """Return everything that the logs show of an account's local day, in order of time.

    `what` is *duty* (the owner's, with margins), *keyboard* (live or locked),
    *at work* (an interval of active use), *site* (a visit) or *finding* (open or
    confirmed, by its rule). A null device means that the row is not about a device.

    Args:
        con: From `connect()`.
        account: Its pseudonym.
        day: The local day.
    """
    return con.frame(
        query_text("questions/session_timeline"), account=account, day=day, zone=con.zone
    )


def site_first_sight(con: Connection, site: str) -> pl.DataFrame:
    """Return the accounts that used a site, one row each, by their first use of it.

    Args:
        con: From `connect()`.
        site: Registrable domain, such as `example.org`.

    Raises:
        ModelError: No account of the snapshot used it.
    """
    found = con.frame(query_text("questions/site_first_sight"), site=site)
    if found.is_empty():
        raise ModelError(
            f"no account used the site {site!r}",
            where=con.snapshot,
            remedy="List sites with: site_first_seen(con). A site is the registrable "
            "domain: example.org, not www.example.org.",
        )
    return found


def draw_account_week(week: pl.DataFrame) -> Chart:
    """Draw minutes per day by status on the district's list."""
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
            hovertext=[", ".join(named(name) for name in sites) for sites in part["site"]],
            marker={"color": color},
        )
        for (verdict, part), color in colored(days, "verdict")
    ]
    return chart(traces, "Estimated minutes a day", barmode="stack")


def draw_presence(stretches: pl.DataFrame) -> Chart:
    """Draw intervals of use as bars in time, one lane per device."""
    return bars_in_time(
        stretches,
        "Intervals of use by device, in local time; color is the building",
        lane="device",
        color="building",
        hover=_counted(stretches["request_count"]),
    )


def draw_sites(sites: pl.DataFrame) -> Chart:
    """Draw the most used of some sites, with their status on the district's list."""
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
            marker={"color": color},
        )
        for (verdict, part), color in colored(most, "verdict")
    ]
    order = [named(site) for site in most["site"]]
    return chart(
        traces, "Estimated minutes of all accounts", lanes=most.height, yaxis=top_down(order)
    )


def draw_evidence(lines: pl.DataFrame) -> Chart:
    """Return the lines of a finding in time, one lane a device, one color a role."""
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
            marker={"color": color, "size": 9},
        )
        for (role, part), color in colored(known, "role")
    ]
    return chart(traces, "Cited log lines, in local time", lanes=known["device"].n_unique())


def draw_site_first_sight(accounts: pl.DataFrame) -> Chart:
    """Return how the number of accounts that had used a site grew, one dot an account."""
    ranked = accounts.sort("first_time", "account").with_row_index("rank", offset=1)
    traces = [
        Scatter(
            name=named(building),
            x=local(part["first_time"]),
            y=part["rank"].to_list(),
            text=[
                f"{named(account)} on {named(device)}, {named(verdict)}"
                for account, device, verdict in part.select("account", "device", "verdict").rows()
            ],
            mode="markers",
            marker={"color": color, "size": 9},
        )
        for (building, part), color in colored(ranked, "building")
    ]
    return chart(traces, "Accounts that had used the site, by their first use")


def draw_device_holders(holders: pl.DataFrame) -> Chart:
    """Draw the users of a device, one lane per account; color shows how it is known."""
    return bars_in_time(
        holders,
        "Accounts on the device, in local time; color is how it is known",
        lane="account",
        color="how",
        hover=_titles(holders["logon_kind"]),
    )


def draw_session_timeline(steps: pl.DataFrame) -> Chart:
    """Return an account's day: duty, keyboards, stretches, sites and findings as lanes."""
    lanes = steps.sort(pl.col("what").cast(pl.Enum(STEPS)), "start_time", "detail").with_columns(
        lane=pl.concat_str("what", "detail", separator=": ", ignore_nulls=True)
    )
    return bars_in_time(
        lanes,
        "The account's day, in local time",
        lane="lane",
        color="what",
        hover=_titles(lanes["device"]),
    )


def _counted(requests: pl.Series) -> pl.Series:
    return pl.Series([f"{count} requests" for count in requests], dtype=pl.String)


def _titles(values: pl.Series) -> pl.Series:
    texts = ["" if value is None else named(value) for value in values]
    return pl.Series(texts, dtype=pl.String)
