"""Settings of alerts: receivers, contents, times and channels."""

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pipelines.settings.plugin_settings import PluginPart
from pipelines.settings.problems import MisusedKeyError, Part, Severity, nearest, setting

Audience = Literal["director", "operator", "superintendent"]
About = Literal["conduct", "security", "administration", "health", "undecided"]
OF_PEOPLE: tuple[About, ...] = ("conduct", "undecided")
"""Findings about what accounts did: they wait for the weekly list, and ring no phone."""

When = Literal["at_once", "daily", "weekly"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
SecurityRule = Annotated[str, Field(pattern=r"^AN-[A-Z0-9]{1,4}$")]

BOTH: tuple[Audience, ...] = ("director", "operator")


class Channel(PluginPart):
    """A way to deliver alerts; its name is yours to choose."""

    type: str = Field(
        description="kind of channel: smtp, webhook, file or another that check names",
        examples=["smtp"],
    )
    enabled: bool = setting(True, "false: silent")
    audience: tuple[Audience, ...] = setting(
        ("director", "operator"),
        "who reads it; routes choose channels by that",
        ["director"],
        min_length=1,
    )
    phone: bool = setting(False, "true: it rings a phone, and never carries what people did")
    settings: Mapping[str, Any] = Field(
        default_factory=dict,
        description="settings of that kind; may also be next to the keys above; a secret is "
        'a reference: { file = "/run/x" }, { env = "NAME" }, { credential = '
        '"NAME" } of systemd, or { keyring = "NAME" }',
        examples=[
            {
                "host": "mail.school.example",
                "sender": "schoolbell@school.example",
                "recipients": ["technology.director@school.example"],
            }
        ],
    )


class Route(Part):
    """The receiver and time of some news; the name is yours.

    Your routes replace the built-in ones about the same.
    """

    about: About = Field(
        description="conduct: what accounts did; security: an account or device at risk; "
        "health: sources, runs, the audit chain; undecided: cases without a "
        "decision through two reports",
        examples=["health"],
    )
    severity: Severity = setting("low", "this bad or worse", "high")
    confidence: Literal["C2", "C3"] = setting(
        "C2", "this sure or surer; leads (C1) leave the house never"
    )
    when: When = Field(
        description="immediately, or in the daily or weekly list", examples=["at_once"]
    )
    audience: tuple[Audience, ...] = Field(
        min_length=1, description="channels of these readers", examples=[["operator"]]
    )
    in_quiet_hours: bool = setting(
        False, "true: quiet hours and closed days do not hold it up", True
    )

    @model_validator(mode="after")
    def _conduct_waits_for_the_week(self) -> "Route":
        if self.about in OF_PEOPLE and self.when != "weekly":
            raise MisusedKeyError(
                "when",
                "findings about conduct are in the weekly list",
                allowed=f'"weekly" for about = "{self.about}"',
                paste='when = "weekly"',
            )
        return self


class Expected(Part):
    """Traffic that has to come, or something is broken; its name is yours to choose.

    A canary asks for a site that the filter must refuse; a backup sends its volume
    every night.
    """

    source: str = Field(description="the source that has to see it", examples=["proxy"])
    kind: Literal["refused_request", "request", "flow"] = Field(
        description="a request that was refused, a request, or a connection",
        examples=["refused_request"],
    )
    to: str = Field(
        min_length=1,
        description="host of the request, or address that the connection goes to",
        examples=["canary.school.example"],
    )
    bytes_at_least: int = setting(0, "bytes it has to send in all", 1_000_000, ge=0)
    every_hours: int = setting(24, "within this many hours", ge=1, le=24 * 14)


class Alerts(Part):
    """Messages that ask a person to look."""

    recipients: tuple[str, ...] = setting(
        (),
        "the only addresses to which anything may be sent",
        ["technology.director@school.example"],
    )
    security_rules: tuple[SecurityRule, ...] = setting(
        ("AN-1", "AN-5", "AN-25", "AN-26"),
        "rules whose findings are security facts and are sent immediately",
        ["AN-1", "AN-5"],
    )
    administration_rules: tuple[SecurityRule, ...] = setting(
        ("AN-13", "AN-14", "AN-15", "AN-16", "AN-17"),
        "rules about system administrators: sent immediately to the superintendent's "
        "channels, because they may concern the director",
        ["AN-13", "AN-14"],
    )
    list_time: time = setting(time(7, 30), "local time of the daily and the weekly list")
    weekly_day: Weekday = setting("monday", "day of the weekly list; the next school day if closed")
    quiet_from: time = setting(time(18, 0), "quiet hours begin; closed days are quiet throughout")
    quiet_to: time = setting(time(6, 30), "and end")
    most_a_day: int = setting(
        5, "messages per receiver and day; the last lists how many are waiting", ge=2, le=50
    )
    again_after_days: int = setting(
        7, "an ongoing problem is sent again after this many days", ge=1, le=90
    )
    acknowledge_hours: int = setting(
        24,
        "an immediate message that no one acknowledges for this long goes to escalate_to",
        ge=1,
        le=240,
    )
    escalate_to: str | None = setting(
        None, "name of the channel for what was not delivered or not seen", "director"
    )
    monday_test: bool = setting(False, "true: a test each week that has to be acknowledged", True)
    heartbeat: str | None = setting(
        None,
        "url that is requested, or file that is written, after each successful run; an "
        "outside monitor then notices when runs stop",
        "https://checks.example.org/ping/1a2b",
    )
    quiet_run_hours: int = setting(
        26, "send an alert when there is no run for this long", ge=1, le=240
    )
    routes: Mapping[str, Route] = Field(
        default_factory=dict, description="who receives what", examples=[{}]
    )
    expected: Mapping[str, Expected] = Field(
        default_factory=dict, description="traffic that has to come", examples=[{}]
    )
    channels: Mapping[str, Channel] = Field(
        default_factory=dict, description="ways of delivery", examples=[{}]
    )

    @model_validator(mode="after")
    def _escalates_to_a_channel(self) -> "Alerts":
        if self.escalate_to is not None and self.escalate_to not in self.channels:
            known = sorted(self.channels)
            guess = nearest(self.escalate_to, known) or next(iter(known), "")
            raise MisusedKeyError(
                "escalate_to",
                "is not a channel of this district",
                allowed=", ".join(known) or "a channel of [alerts.channels.NAME]",
                paste=f'escalate_to = "{guess}"' if guess else "# escalate_to =",
            )
        return self


ROUTES: Mapping[str, Route] = {
    "security": Route(about="security", when="at_once", audience=BOTH, in_quiet_hours=True),
    "administration": Route(
        about="administration", when="at_once", audience=("superintendent",), in_quiet_hours=True
    ),
    "health now": Route(
        about="health", severity="high", when="at_once", audience=("operator",), in_quiet_hours=True
    ),
    "health": Route(about="health", when="daily", audience=("operator",)),
    "conduct": Route(about="conduct", when="weekly", audience=("director",)),
    "undecided": Route(about="undecided", when="weekly", audience=("superintendent",)),
}
"""Built-in routes."""


def routes_of(alerts: Alerts) -> list[Route]:
    """Return the district's routes, and the built-in ones about anything else."""
    own = {route.about for route in alerts.routes.values()}
    built_in = [route for route in ROUTES.values() if route.about not in own]
    return [*alerts.routes.values(), *built_in]
