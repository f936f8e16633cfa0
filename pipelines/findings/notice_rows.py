"""Rows of the queries of `sql/notices/`."""

from datetime import datetime
from typing import TypedDict


class Claim(TypedDict):
    """An account that was seen at the address, with the evidence."""

    account: str
    witness: str
    name_proof: str | None
    start_time: datetime
    end_time: datetime
    event_id: int | None
    person_id: str | None
    account_type: str
    is_shared: bool


class Flow(TypedDict):
    """A flow that used the outside address."""

    ip: str
    start_time: datetime | None
    time: datetime
    user_name: str | None
    name_proof: str | None
    format: str
    event_id: int


class Holder(TypedDict):
    """A device that held the address."""

    device: str
    is_registered: bool
    start_time: datetime
    end_time: datetime
    binding: str
    lease_event_id: int | None


class KnownDevice(TypedDict, total=False):
    """The registry's row of a device; empty if it has none."""

    assigned_to: str | None
    pool: str | None
    device_class: str | None
