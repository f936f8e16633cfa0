"""Stage directions for accounts that belong to nobody on the roster."""

from pipelines.synthetic.days import MINUTE, SECOND
from pipelines.synthetic.places import Device
from pipelines.synthetic.plan import Key
from pipelines.synthetic.planted.stage import Span, Stage


def write_documents(stage: Stage, account: str, device: Device, span: Span) -> None:
    """From a logon to a logoff, with a dozen requests that documents make."""
    key = Key(span[0], device.number, account, "4624", 2)
    stage.plan.keys.append(key)
    for place in range(12):
        start = span[0] + (30 + place * 55 + stage.rng.randint(0, 30)) * SECOND
        stage.fetch(account, device, start, "docs.google.com", 24_000 + 900 * place)
    leave = Key(span[1] + MINUTE, device.number, account, "4634", 2)
    stage.plan.keys.append(leave)
