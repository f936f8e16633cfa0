"""Draws the answers of `questions`, in charts that keep their data to themselves.

Plotly's own figures offer to upload a chart, and its pages fetch scripts from
elsewhere. A `Chart` does neither: it hands a notebook data, layout and settings
only, and a page that it writes holds the library itself. Names come from logs,
so they are escaped: Plotly renders a subset of HTML in its labels.
"""

import html
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from plotly.graph_objects import Bar, Figure, Scatter

NO_CLOUD = {
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "displaylogo": False,
    "responsive": True,
    "typesetMath": False,
}
MIME = "application/vnd.plotly.v1+json"
COLOURS = ("#005a9c", "#b94700", "#009e73", "#d66fb0", "#57606c", "#1c2127")
ROW_HEIGHT = 30
MOST = 25
"""Bars of a ranking; the frame has the rest."""


class Chart(Figure):  # type: ignore[misc]  # plotly has no types
    """A figure that never offers to upload its data and fetches nothing."""

    def _repr_mimebundle_(self, *_args: Any, **_more: Any) -> dict[str, Any]:
        plain = self.to_plotly_json() | {"config": NO_CLOUD}
        return {MIME: plain, "text/plain": f"<Chart of {len(self.data)} traces>"}

    def _repr_html_(self) -> None:
        """No page inside a page: that would hold the library once a chart."""

    def to_html(self, *args: Any, **more: Any) -> str:
        """A page, or with `full_html=False` a part of one; the library is in it."""
        closed = {"config": NO_CLOUD, "include_plotlyjs": True}
        return str(super().to_html(*args, **more | closed))

    def write_html(self, file: str | Path, **more: Any) -> None:
        """Write a page that opens anywhere, without a network."""
        Path(file).write_text(self.to_html(**more), encoding="utf-8")

    def show(self, *_args: Any, **_more: Any) -> None:
        """Show it in the notebook; elsewhere use `write_html`."""
        from IPython.display import display

        display(self)  # type: ignore[no-untyped-call]


def draw_account_week(week: pl.DataFrame) -> Chart:
    """Minutes a day by what the district's list says of the sites."""
    days = (
        week.group_by("event_date", "verdict")
        .agg(pl.col("minutes").sum(), pl.col("site").unique().sort())
        .sort("event_date", "verdict")
    )
    traces = [
        Bar(
            name=_shown(verdict),
            x=[day.isoformat() for day in part["event_date"]],
            y=[round(value, 1) for value in part["minutes"]],
            hovertext=[_list(sites) for sites in part["site"]],
            marker={"color": colour},
        )
        for (verdict, part), colour in _coloured(days, "verdict")
    ]
    return _chart(traces, "Estimated minutes a day", barmode="stack")


def draw_presence(stretches: pl.DataFrame) -> Chart:
    """Stretches of use as bars in time, one lane a device."""
    lanes = stretches["device"].unique(maintain_order=True).to_list()
    traces = [
        Scatter(
            name=_shown(building),
            x=_pairs(part["start_time"], part["end_time"]),
            y=_tripled([_shown(one) for one in part["device"]]),
            hovertext=_tripled(
                [f"{count} requests" for count in part["request_count"]]
            ),
            hoverinfo="x+y+text",
            mode="lines+markers",
            line={"color": colour, "width": 10},
            marker={"color": colour, "size": 10, "symbol": "line-ns"},
        )
        for (building, part), colour in _coloured(stretches, "building")
    ]
    order = [_shown(lane) for lane in lanes]
    return _chart(
        traces,
        "Stretches of use by device, in local time; colour is the building",
        lanes=len(lanes),
        yaxis={"categoryorder": "array", "categoryarray": order[::-1]},
    )


def draw_sites(sites: pl.DataFrame) -> Chart:
    """The most used of some sites, with what the district's list says of each."""
    most = sites.sort("minutes", "site", descending=[True, False]).head(MOST)
    traces = [
        Bar(
            name=_shown(verdict),
            orientation="h",
            y=[_shown(site) for site in part["site"]],
            x=[round(value, 1) for value in part["minutes"]],
            hovertext=[
                f"first seen {day}, {_shown(category)}"
                for day, category in part.select("first_seen_date", "category").rows()
            ],
            marker={"color": colour},
        )
        for (verdict, part), colour in _coloured(most, "verdict")
    ]
    order = [_shown(site) for site in most["site"]]
    return _chart(
        traces,
        "Estimated minutes of all accounts",
        lanes=most.height,
        yaxis={"categoryorder": "array", "categoryarray": order[::-1]},
    )


def draw_evidence(lines: pl.DataFrame) -> Chart:
    """The lines of a finding in time, one lane a device, one colour a role."""
    known = lines.drop_nulls("time")
    traces = [
        Scatter(
            name=_shown(role),
            x=_local(part["time"]),
            y=[_shown(device) for device in part["device"]],
            text=[
                f"{_shown(site)}, line {number}"
                for site, number in part.select("site", "line_no").rows()
            ],
            mode="markers",
            marker={"color": colour, "size": 9},
        )
        for (role, part), colour in _coloured(known, "role")
    ]
    return _chart(
        traces,
        "Cited log lines, in local time",
        lanes=known["device"].n_unique(),
    )


def _chart(
    traces: Sequence[Any], title: str, *, lanes: int = 8, **layout: Any
) -> Chart:
    figure = Chart(list(traces))
    look = {
        "template": "none",
        "title": {"text": title, "x": 0, "xref": "paper", "font": {"size": 15}},
        "height": 170 + ROW_HEIGHT * max(lanes, 2),
        "margin": {"l": 8, "r": 16, "t": 48, "b": 40},
        "yaxis": {"automargin": True} | layout.pop("yaxis", {}),
        "xaxis": {"gridcolor": "#d8dce2"},
        "showlegend": True,
    }
    figure.update_layout(**look, **layout)
    return figure


def _coloured(
    frame: pl.DataFrame, column: str
) -> list[tuple[tuple[str | None, pl.DataFrame], str]]:
    """The parts of a frame by a column, each with its own colour."""
    parts = frame.sort(column, nulls_last=True, maintain_order=True).partition_by(
        column, as_dict=True, maintain_order=True
    )
    return [
        ((key[0], part), COLOURS[number % len(COLOURS)])
        for number, (key, part) in enumerate(parts.items())
    ]


def _shown(text: str | None) -> str:
    """A name as Plotly shows it as it is; unknown says so."""
    return "not known" if text is None else html.escape(text, quote=False)


def _list(names: pl.Series) -> str:
    return ", ".join(_shown(name) for name in names)


def _local(times: pl.Series) -> list[str]:
    """Local clock times without a zone, which Plotly would turn into UTC."""
    return [one.replace(tzinfo=None).isoformat() for one in times]


def _pairs(starts: pl.Series, ends: pl.Series) -> list[str | None]:
    """Begin, end and a break for each bar."""
    shortest = timedelta(minutes=1)
    found: list[str | None] = []
    for start, end in zip(starts, ends, strict=True):
        found += [_naive(start), _naive(max(end, start + shortest)), None]
    return found


def _naive(instant: datetime) -> str:
    return instant.replace(tzinfo=None).isoformat()


def _tripled(values: Sequence[str]) -> list[str]:
    return [value for value in values for _ in range(3)]
