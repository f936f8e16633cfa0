"""A table of the settings, and what is wrong only beside the table's other keys."""

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

Severity = Literal["informational", "low", "medium", "high", "critical"]
"""How bad a finding or an alert is, if it is true; the least first."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)


class MisusedKeyError(ValueError):
    """A key of a table that is wrong only beside the table's other keys.

    Attributes:
        key: Its name in the table.
        allowed: What may stand there, in words.
        paste: A line that would be right.
    """

    def __init__(
        self,
        key: str,
        what: str,
        *,
        allowed: str = "",
        paste: str = "",
    ) -> None:
        super().__init__(f"{key} {what}")
        self.key = key
        self.what = what
        self.allowed = allowed
        self.paste = paste


class Part(BaseModel):
    """A table of the settings: no unknown keys, no changes, no guessed types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def gathered(model: type[BaseModel], data: Any, into: str) -> Any:
    """Move keys that the model does not know into its open mapping `into`."""
    if not isinstance(data, dict):
        return data
    known = {key: value for key, value in data.items() if key in model.model_fields}
    free = {key: value for key, value in data.items() if key not in known}
    inner = known.get(into, {})
    return known | {into: {**inner, **free}} if isinstance(inner, dict) else known
