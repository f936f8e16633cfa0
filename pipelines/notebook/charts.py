"""Charts that keep their data to themselves, and the look that all of them share.

Plotly's own figures offer to upload a chart, and its pages fetch scripts from
elsewhere. A `Chart` does neither: it hands a notebook data, layout and settings
only, and a page that it writes holds the library itself. Names come from logs,
so they are escaped: Plotly renders a subset of HTML in its labels.
"""

import html
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from plotly.graph_objects import Figure, Scatter, layout

NO_CLOUD = {
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "displaylogo": False,
    "responsive": True,
    "typesetMath": False,
}
MIME = "application/vnd.plotly.v1+json"
COLOURS = ("#005a9c", "#b94700", "#009e73", "#d66fb0", "#57606c", "#1c2127")
TEMPLATE = layout.Template(
    layout={
        "colorway": COLOURS,
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
"""The look of every chart here; give it to a chart of your own."""
ROW_HEIGHT = 30
SHORTEST = timedelta(minutes=1)
"""Shorter stretches are drawn that long, or nobody would see them."""


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


def chart(traces: Sequence[Any], title: str, *, lanes: int = 8, **more: Any) -> Chart:
    """Traces under a title, as high as the number of lanes needs."""
    figure = Chart(list(traces))
    height = 170 + ROW_HEIGHT * max(lanes, 2)
    look = {"template": TEMPLATE, "title": {"text": title}, "height": height}
    figure.update_layout(**look, **more)
    return figure


def bars_in_time(
    rows: pl.DataFrame, title: str, *, lane: str, colour: str, hover: pl.Series
) -> Chart:
    """Stretches as bars from `start_time` to `end_time`, in local time.

    Args:
        rows: With both times; lanes stand in the order of the rows.
        lane: Column that says on which line a stretch is drawn.
        colour: Column whose values are told apart by colour and in the legend.
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
        for (value, part), paint in coloured(shown, colour)
    ]
    order = [named(one) for one in rows[lane].unique(maintain_order=True)]
    return chart(traces, title, lanes=len(order), yaxis=top_down(order))


def top_down(order: Sequence[str]) -> Mapping[str, Any]:
    """An axis of names whose first stands at the top."""
    return {"categoryorder": "array", "categoryarray": list(order)[::-1]}


def coloured(
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


def named(text: str | None) -> str:
    """A name as Plotly shows it as it is; unknown says so."""
    return "not known" if text is None else html.escape(text, quote=False)


def local(times: pl.Series) -> list[str]:
    """Local clock times without a zone, which Plotly would turn into UTC."""
    return [_naive(one) for one in times]


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
