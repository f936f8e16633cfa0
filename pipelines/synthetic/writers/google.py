"""Google's audit of ChromeOS devices, as its Reports API gives it: an object a line."""

from collections.abc import Mapping

import polars as pl

from pipelines.synthetic.places import DOMAIN
from pipelines.synthetic.world import World

EVENTS: Mapping[str, tuple[str, str]] = {
    "4624": ("CHROME_OS_LOGIN_LOGOUT_TYPE", "CHROME_OS_LOGIN_EVENT"),
    "4625": ("CHROME_OS_LOGIN_LOGOUT_TYPE", "CHROME_OS_LOGIN_FAILURE_EVENT"),
    "4647": ("CHROME_OS_LOGIN_LOGOUT_TYPE", "CHROME_OS_LOGOUT_EVENT"),
    "4800": ("CHROMEOS_LOCK_UNLOCK_TYPE", "CHROMEOS_AFFILIATED_LOCK_SUCCESS"),
    "4801": ("CHROMEOS_LOCK_UNLOCK_TYPE", "CHROMEOS_AFFILIATED_UNLOCK_SUCCESS"),
}
"""Google's event, by the code of the equivalent Windows event."""

UNLOCKS = 7
"""The kind of a Windows logon that also repeats an unlock."""


def chromeos_lines(world: World, events: pl.DataFrame) -> pl.DataFrame:
    """Return lines of the devices that run ChromeOS. Columns: seen, line.

    Args:
        events: The devices' events, in Windows terms.
    """
    devices = [device for device in world.places.devices if device.runs_chromeos]
    names = pl.DataFrame(
        {
            "reporter": pl.Series([one.number for one in devices], dtype=pl.Int32),
            "serial": [one.serial for one in devices],
            "directory_id": [one.directory_id for one in devices],
        }
    )
    is_told = pl.col("code").is_in(list(EVENTS)) & (pl.col("logon_type") != UNLOCKS)
    rows = events.filter(is_told).join(names, on="reporter", how="inner", maintain_order="left")
    return rows.with_row_index("number").select(seen="time", line=_line())


def _line() -> pl.Expr:
    stamp = pl.from_epoch("time", "ms").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
    kind, event = (
        pl.col("code").replace_strict(
            {code: told[place] for code, told in EVENTS.items()}, return_dtype=pl.String
        )
        for place in (0, 1)
    )
    return pl.concat_str(
        pl.lit('{"kind":"admin#reports#activity","id":{"time":"'),
        stamp,
        pl.lit('","uniqueQualifier":"'),
        (pl.col("number").cast(pl.Int64) * 7_919 - 500_000).cast(pl.String),
        pl.lit('","applicationName":"chrome"},"actor":{"callerType":"USER"},"events":[{"type":"'),
        kind,
        pl.lit('","name":"'),
        event,
        pl.lit('","parameters":['),
        _parameter("DEVICE_NAME", pl.col("serial")),
        pl.lit(","),
        _parameter("DEVICE_USER", pl.col("account") + f"@{DOMAIN}"),
        pl.lit(","),
        _parameter("DIRECTORY_DEVICE_ID", pl.col("directory_id")),
        pl.lit("]}]}"),
    )


def _parameter(name: str, value: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit(f'{{"name":"{name}","value":"'), value, pl.lit('"}'))
