"""Parts of the settings: what is said of detections, and who may do what.

A detection's parameters are checked where they are used, against the header of
its SQL file.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Scalar = bool | int | float | str

DAY_TYPES = (
    "school", "early_out", "late_start", "pd_day", "weekend", "holiday", "closure",
    "elearning",
)  # fmt: skip


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


class Detection(Part):
    """Changes to one detection, by code or name; each change says who decided it."""

    enabled: bool = Field(
        default=True, description="false: it does not run", examples=[True]
    )
    stage: Literal["trial", "live"] | None = Field(
        default=None,
        description="trial: shown, and announced to nobody; absent: as the rule ships",
        examples=["live"],
    )
    regulation: str | None = Field(
        default=None, description="regulation behind the numbers", examples=["713-R1"]
    )
    approver: str | None = Field(
        default=None, description="who approved them", examples=["superintendent"]
    )
    approved_on: date | None = Field(
        default=None, description="and when", examples=[date(2026, 8, 1)]
    )
    parameters: Mapping[str, Scalar] = Field(
        default_factory=dict,
        description="its parameters; may also stand beside the keys above",
        examples=[{"gap_minutes": 30}],
    )

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: Any) -> Any:
        data = gathered(cls, data, "parameters")
        given = data.get("parameters") if isinstance(data, dict) else None
        for key, value in given.items() if isinstance(given, dict) else ():
            if not isinstance(value, Scalar):
                raise MisusedKeyError(
                    key,
                    "must be one number, one text, true or false",
                    allowed="a parameter of this rule; see docs/reference",
                    paste=f"# {key} =",
                )
        return data

    @model_validator(mode="after")
    def _approved_is_what_a_regulation_says(self) -> "Detection":
        if self.regulation is None and (self.approver or self.approved_on):
            raise MisusedKeyError(
                "approver" if self.approver else "approved_on",
                "approver and approved_on are those of a regulation; name it",
                allowed="a regulation beside them",
                paste='regulation = "713-R1"',
            )
        return self


class Roles(Part):
    """Groups of the operating system; without any, one operator may do everything."""

    director: tuple[str, ...] = Field(
        default=(),
        description="decide, assign, approve, see names for a case",
        examples=[["schoolbell-directors"]],
    )
    analyst: tuple[str, ...] = Field(
        default=(),
        description="look and decide under pseudonyms",
        examples=[["schoolbell-analysts"]],
    )
    operator: tuple[str, ...] = Field(
        default=(),
        description="run the system; no findings, no names",
        examples=[["schoolbell-operators"]],
    )
    custodian: tuple[str, ...] = Field(
        default=(),
        description="keep records: read, export, see names for a case",
        examples=[["schoolbell-records"]],
    )


def gathered(model: type[BaseModel], data: Any, into: str) -> Any:
    """Move keys that the model does not know into its open mapping `into`."""
    if not isinstance(data, dict):
        return data
    known = {key: value for key, value in data.items() if key in model.model_fields}
    free = {key: value for key, value in data.items() if key not in known}
    inner = known.get(into, {})
    return known | {into: {**inner, **free}} if isinstance(inner, dict) else known
