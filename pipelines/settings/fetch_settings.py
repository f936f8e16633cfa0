"""Settings of the cloud services whose logs are fetched."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from pipelines.settings.plugin_settings import PluginPart
from pipelines.settings.problems import setting


class FetchedService(PluginPart):
    """A service that `run` and `watch` ask for its logs; its name is yours to choose."""

    service: str = Field(
        description="kind of service: okta, google, microsoft, duo, meraki or another that "
        "check names",
        examples=["okta"],
    )
    enabled: bool = setting(True, "false: it is not asked")
    source: Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9_-]{0,63})?$")] = setting(
        "", "source whose folder gets its logs; left out, the name of this table", "okta"
    )
    logs: bool = setting(True, "false: only its lists are asked for", False)
    streams: tuple[str, ...] = setting((), "logs that are asked for; left out, all", ["login"])
    lists: tuple[str, ...] = setting(
        (),
        "lists for the registry that are fetched once a day, such as users",
        ["users", "devices"],
    )
    apply: bool = setting(
        False,
        "true: a run writes what its lists add to the registry, as setup --write does; "
        "otherwise it waits until a person accepts it",
        True,
    )
    days_back: int = setting(7, "days that the first fetch reaches back", ge=1, le=180)
    settings: Mapping[str, Any] = Field(
        default_factory=dict,
        description="settings of that kind; may also be next to the keys above; a secret is "
        'a reference: { file = "/run/x" }, { env = "NAME" }, { credential = '
        '"NAME" } of systemd, or { keyring = "NAME" }',
        examples=[{"url": "https://school.okta.example"}],
    )
