"""Stage directions for what devices do by themselves, and cases about devices."""

from pipelines.synthetic.days import SECOND
from pipelines.synthetic.places import Device
from pipelines.synthetic.plan import Flow
from pipelines.synthetic.planted.stage import ANOMALY, Span, Stage


def send(  # noqa: PLR0913 - a flow has that many sides
    stage: Stage,
    device: Device,
    start: int,
    host: str,
    *,
    sent: int,
    received: int,
    seconds: float = 2,
    port: int = 443,
    protocol: int = 6,
) -> None:
    """One flow past the proxy, on the device's usual network."""
    stage.plan.flows.append(
        Flow(device.number, device.network, start, round(seconds * SECOND), host, sent,
             received, port, protocol)
    )  # fmt: skip


def beat(  # noqa: PLR0913 - a rhythm has that many sides
    stage: Stage,
    device: Device,
    span: Span,
    host: str,
    *,
    every: float,
    jitter: float,
    sent: int = 900,
    received: int = 4_200,
) -> None:
    """A programme calls a host again and again.

    Args:
        every: Seconds between calls.
        jitter: Share of that by which a call wanders.
    """
    at = float(span[0])
    while at < span[1]:
        late = stage.rng.gauss(0, jitter * every * SECOND)
        size = round(received * stage.rng.gauss(1, 0.01))
        send(stage, device, round(at + late), host, sent=sent, received=size)
        at += every * SECOND


def about_device(
    stage: Stage,
    family: str,
    rule: str,
    device: Device,
    span: Span,
    note: str,
    *,
    intensity: int = 1,
) -> None:
    """A case whose subject is a device: nobody is meant."""
    kind = ANOMALY if rule else "none"
    anybody = stage.world.roster.staff[0]
    stage.case(family, kind, rule, anybody, (device,), span, note,
               intensity=intensity, account=device.hostname)  # fmt: skip
    stage.about_nobody()


def day_span(stage: Stage, number: int) -> Span:
    """A whole local day."""
    day = stage.choice([one for one in stage.world.days if one.number == number])
    return day.at("00:00"), day.at("23:59")
