"""Settings of alerts: who is told of what, when, and through which channel."""

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pipelines.settings.problems import (
    MisusedKeyError,
    Part,
    Severity,
    gathered,
    nearest,
)
from pipelines.settings.secrets import is_reference

SECRET_WORDS = ("password", "token", "secret", "api_key", "urls")

Audience = Literal["director", "operator", "superintendent"]
About = Literal["conduct", "security", "administration", "health", "undecided"]
OF_PEOPLE: tuple[About, ...] = ("conduct", "undecided")
"""What accounts did: it waits for the weekly list, and rings no phone."""

When = Literal["at_once", "daily", "weekly"]
Weekday = Literal[
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
]
SecurityRule = Annotated[str, Field(pattern=r"^AN-[A-Z0-9]{1,4}$")]


class Channel(Part):
    """A way to deliver alerts; its name is yours to choose."""

    type: str = Field(
        description="kind of channel: smtp, webhook, file or another that check names",
        examples=["smtp"],
    )
    enabled: bool = Field(default=True, description="false: silent", examples=[True])
    audience: tuple[Audience, ...] = Field(
        default=("director", "operator"),
        min_length=1,
        description="who reads it; routes choose channels by that",
        examples=[["director"]],
    )
    phone: bool = Field(
        default=False,
        description="true: it rings a phone, and never carries what people did",
        examples=[False],
    )
    settings: Mapping[str, Any] = Field(
        default_factory=dict,
        description="settings of that kind; may also stand beside the keys above; "
        'a secret is a reference: { file = "/run/x" }, { env = "NAME" }, '
        '{ credential = "NAME" } of systemd, or { keyring = "NAME" }',
        examples=[
            {
                "host": "mail.school.example",
                "sender": "schoolbell@school.example",
                "recipients": ["technology.director@school.example"],
            }
        ],
    )

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: Any) -> Any:
        return gathered(cls, data, "settings")

    @model_validator(mode="after")
    def _secrets_by_reference(self) -> "Channel":
        for key, value in self.settings.items():
            if any(word in key for word in SECRET_WORDS) and not is_reference(value):
                raise MisusedKeyError(
                    key,
                    "must be a reference, not the secret itself",
                    allowed='{ file = "/path" }, { env = "NAME" }, '
                    '{ credential = "NAME" } or { keyring = "NAME" }',
                    paste=f'{key} = {{ file = "/etc/schoolbell/{key}" }}',
                )
        return self


class Route(Part):
    """Which news goes to whom and when; a name of yours.

    Routes of yours take the place of the built-in ones about the same.
    """

    about: About = Field(
        description="conduct: what accounts did; security: an account or device at "
        "risk; health: sources, runs, the audit chain; undecided: cases that nobody "
        "decided through two reports",
        examples=["health"],
    )
    severity: Severity = Field(
        default="low", description="this bad or worse", examples=["high"]
    )
    confidence: Literal["C2", "C3"] = Field(
        default="C2",
        description="this sure or surer; leads (C1) leave the house never",
        examples=["C2"],
    )
    when: When = Field(
        description="at once, or in the list of the day or the week",
        examples=["at_once"],
    )
    audience: tuple[Audience, ...] = Field(
        min_length=1, description="channels of these readers", examples=[["operator"]]
    )
    in_quiet_hours: bool = Field(
        default=False,
        description="true: quiet hours and closed days do not hold it up",
        examples=[True],
    )

    @model_validator(mode="after")
    def _conduct_waits_for_the_week(self) -> "Route":
        if self.about in OF_PEOPLE and self.when != "weekly":
            raise MisusedKeyError(
                "when",
                "what people did is told in the weekly list",
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
    bytes_at_least: int = Field(
        default=0, ge=0, description="bytes it has to send in all", examples=[1_000_000]
    )
    every_hours: int = Field(
        default=24, ge=1, le=24 * 14, description="within so many hours", examples=[24]
    )


class Alerts(Part):
    """Messages that ask a person to look."""

    recipients: tuple[str, ...] = Field(
        default=(),
        description="the only addresses to which anything may be sent",
        examples=[["technology.director@school.example"]],
    )
    security_rules: tuple[SecurityRule, ...] = Field(
        default=("AN-1", "AN-5"),
        description="rules whose findings are security facts and told at once",
        examples=[["AN-1", "AN-5"]],
    )
    administration_rules: tuple[SecurityRule, ...] = Field(
        default=("AN-13", "AN-14", "AN-15", "AN-16", "AN-17"),
        description="rules about those who look after the systems: told at once to "
        "channels of the superintendent, since the director may be meant",
        examples=[["AN-13", "AN-14"]],
    )
    list_time: time = Field(
        default=time(7, 30),
        description="local time of the daily and the weekly list",
        examples=[time(7, 30)],
    )
    weekly_day: Weekday = Field(
        default="monday",
        description="day of the weekly list; the next school day if closed",
        examples=["monday"],
    )
    quiet_from: time = Field(
        default=time(18, 0),
        description="quiet hours begin; closed days are quiet throughout",
        examples=[time(18, 0)],
    )
    quiet_to: time = Field(
        default=time(6, 30), description="and end", examples=[time(6, 30)]
    )
    most_a_day: int = Field(
        default=5,
        ge=2,
        le=50,
        description="messages a reader gets in a day; the last says how many wait",
        examples=[5],
    )
    again_after_days: int = Field(
        default=7,
        ge=1,
        le=90,
        description="what lasts is told again after so many days",
        examples=[7],
    )
    acknowledge_hours: int = Field(
        default=24,
        ge=1,
        le=240,
        description="a message sent at once that nobody acknowledged for so long goes "
        "to escalate_to",
        examples=[24],
    )
    escalate_to: str | None = Field(
        default=None,
        description="name of the channel for what was not delivered or not seen",
        examples=["director"],
    )
    monday_test: bool = Field(
        default=False,
        description="true: a test each week that has to be acknowledged",
        examples=[True],
    )
    heartbeat: str | None = Field(
        default=None,
        description="url that is asked, or file that is written, after each good run; "
        "whoever watches it notices when nothing runs any more",
        examples=["https://checks.example.org/ping/1a2b"],
    )
    quiet_run_hours: int = Field(
        default=26,
        ge=1,
        le=240,
        description="no run for so long is told",
        examples=[26],
    )
    routes: Mapping[str, Route] = Field(
        default_factory=dict, description="who is told of what", examples=[{}]
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
                f"there is no channel {self.escalate_to!r}",
                allowed=", ".join(known) or "a channel of [alerts.channels.NAME]",
                paste=f'escalate_to = "{guess}"' if guess else "# escalate_to =",
            )
        return self


BOTH: tuple[Audience, ...] = ("director", "operator")
ROUTES: Mapping[str, Route] = {
    "security": Route(
        about="security", when="at_once", audience=BOTH, in_quiet_hours=True
    ),
    "administration": Route(
        about="administration",
        when="at_once",
        audience=("superintendent",),
        in_quiet_hours=True,
    ),
    "health now": Route(
        about="health",
        severity="high",
        when="at_once",
        audience=("operator",),
        in_quiet_hours=True,
    ),
    "health": Route(about="health", when="daily", audience=("operator",)),
    "conduct": Route(about="conduct", when="weekly", audience=("director",)),
    "undecided": Route(about="undecided", when="weekly", audience=("superintendent",)),
}
"""What goes where when a district says nothing."""


def routes_of(alerts: Alerts) -> list[Route]:
    """The district's routes, and the built-in ones about anything else."""
    own = {route.about for route in alerts.routes.values()}
    built_in = [route for route in ROUTES.values() if route.about not in own]
    return [*alerts.routes.values(), *built_in]
