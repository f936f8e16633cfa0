"""Configuration of the collector: an rsyslog of its own, without root, and its packet filter.

Each source has its own port and its own queue on the disk. rsyslog gives the lines of a queue to
`schoolbell receive`, which confirms what is on the disk (`pipelines.landing.receiving`).
"""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path

from pipelines.errors import SettingsError
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Collector, Receive, Settings, Way

RSYSLOG, FILTER = "collector/rsyslog.conf", "collector/schoolbell.nft"
"""Names of the files in the folder that `schoolbell units` writes."""
MODULE: Mapping[Way, str] = {"tls": "imtcp", "tcp": "imtcp", "udp": "imudp"}
HEAD = """\
# Receives the lines of devices, without root, next to the rsyslog of the system.
# Written by `schoolbell units`; the ports and senders are those of district.toml.

# no device can end a line early: control characters stay escaped, and tabs stay tabs
global(workDirectory="{queue}" maxMessageSize="64k" parser.escapeControlCharacterTab="off"
       net.permitACLWarning="on"{tls})
{modules}
# a sign before each line, so that no device can send a word of the protocol
template(name="marked" type="string" string=">%rawmsg%\\n")

# devices that may send lines; others are refused
{allowed}
"""
TLS = """
       defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="{authority}"
       defaultNetstreamDriverCertFile="{certificate}" defaultNetstreamDriverKeyFile="{key}\""""
SOURCE = """
# {name}
ruleset(name="{name}"
        queue.type="Disk" queue.filename="{name}" queue.maxDiskSpace="{queue_mb}m"
        queue.maxFileSize="16m" queue.checkpointInterval="100" queue.dequeueBatchSize="1000"
        queue.timeoutEnqueue="60000" queue.timeoutShutdown="5000" queue.saveOnShutdown="on") {{
    action(type="omprog" template="marked" confirmMessages="on" useTransactions="on"
           binary="{program} receive --to {folder}" output="/dev/null"
           action.resumeRetryCount="-1" action.resumeInterval="5" action.resumeIntervalMax="60")
}}
input(type="{module}" port="{port}" ruleset="{name}"{more})
"""
PLAIN_TCP = '\n      streamDriver.name="ptcp" streamDriver.mode="0"'
NFT = """\
# Refuses packets to the collector's ports from any other sender; it changes nothing else.
# Load it with `nft -f`, or include it in /etc/nftables.conf.
table inet schoolbell_collector
delete table inet schoolbell_collector
table inet schoolbell_collector {{
    chain input {{
        type filter hook input priority filter; policy accept;
        iifname "lo" accept
{rules}
    }}
}}
"""


def collector_files(home: DistrictHome, settings: Settings, program: Path) -> dict[str, str]:
    """Return the text of each file by its name; empty if no source is received.

    Args:
        program: The command `schoolbell`.

    Raises:
        SettingsError: Two sources share a port, TLS has no certificate, or a folder is remote.
    """
    sources = settings.collector.receive
    if not sources:
        return {}
    _require_usable(settings, sources)
    parts = "".join(
        SOURCE.format(
            name=name,
            queue_mb=settings.collector.queue_mb,
            program=program,
            folder=_folder(home, settings, name),
            module=MODULE[receive.by],
            port=receive.port,
            more=_more(settings.collector, receive),
        )
        for name, receive in sources.items()
    )
    return {RSYSLOG: _head(settings.collector, sources) + parts, FILTER: _filter(sources)}


def _head(collector: Collector, sources: Mapping[str, Receive]) -> str:
    modules = [*sorted({MODULE[one.by] for one in sources.values()}), "omprog"]
    by_tls = any(one.by == "tls" for one in sources.values())
    return HEAD.format(
        queue=collector.queue,
        tls=TLS.format(**collector.model_dump()) if by_tls else "",
        modules="".join(f'module(load="{name}")\n' for name in modules),
        allowed="\n".join(_allowed(sources)),
    )


def _allowed(sources: Mapping[str, Receive]) -> Iterator[str]:
    """Yield rsyslog's list of senders for each of its protocols."""
    for protocol, ways in (("TCP", ("tcp", "tls")), ("UDP", ("udp",))):
        senders = {
            sender: None for one in sources.values() if one.by in ways for sender in one.senders
        }
        if senders:
            yield f"$AllowedSender {protocol}, {', '.join(map(_rsyslog, senders))}"


def _rsyslog(sender: str) -> str:
    """Return a network as rsyslog writes it: IPv6 in brackets."""
    address, _, length = sender.partition("/")
    return sender if ip_network(sender).version == 4 else f"[{address}]/{length}"


def _more(collector: Collector, receive: Receive) -> str:
    if receive.by == "udp":
        return ' rcvbufSize="8m"'
    more = "" if receive.octet_counted else '\n      supportOctetCountedFraming="off"'
    if receive.by == "tls":
        peers = ", ".join(f'"{peer}"' for peer in receive.peers)
        return more + (
            '\n      streamDriver.name="gtls" streamDriver.mode="1"'
            f'\n      streamDriver.authMode="x509/name" permittedPeer=[{peers}]'
        )
    return more + (PLAIN_TCP if collector.certificate else "")


def _filter(sources: Mapping[str, Receive]) -> str:
    rules = []
    for name, one in sources.items():
        protocol = "udp" if one.by == "udp" else "tcp"
        rules.append(f"        # {name}")
        for version, family in ((4, "ip"), (6, "ip6")):
            senders = [sender for sender in one.senders if ip_network(sender).version == version]
            if senders:
                listed = ", ".join(senders)
                rules.append(
                    f"        {protocol} dport {one.port} {family} saddr {{ {listed} }} accept"
                )
        rules.append(f"        {protocol} dport {one.port} drop")
    return NFT.format(rules="\n".join(rules))


def _folder(home: DistrictHome, settings: Settings, name: str) -> Path:
    source = settings.sources.get(name)
    path = source.path if source else None
    if path and "://" in path:
        raise SettingsError(
            "the collector writes into folders of this machine",
            where=f"district.toml, [sources.{name}] path",
            remedy=f"Remove path, or remove [collector.receive.{name}].",
        )
    return home.path / path if path else home.landing / name


def _require_usable(settings: Settings, sources: Mapping[str, Receive]) -> None:
    collector, first_at = settings.collector, dict[int, str]()
    for name, one in sources.items():
        where = f"district.toml, [collector.receive.{name}]"
        if (other := first_at.setdefault(one.port, name)) != name:
            raise SettingsError(
                f"port {one.port} is that of {other} already",
                where=where,
                remedy="Give each source a port of its own: lines of one folder are of one kind.",
            )
        if one.by == "tls" and not (
            collector.certificate and collector.key and collector.authority
        ):
            raise SettingsError(
                "TLS needs certificates",
                where=where,
                remedy="Name certificate, key and authority in [collector].",
            )
