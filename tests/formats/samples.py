"""The sample corpora: which format reads which family.

The corpora stand next to the repository and are read in place; where they are
absent there are not files.
"""

import gzip
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.formats import formats
from tests.conftest import CORPORA, corpus

FORMATS = formats()
WAYS_TO_WRAP = {".json", ".jsonl", ".rst"}


@dataclass(frozen=True)
class Family:
    """The formats that read one family of the corpora, or some files of it.

    Attributes:
        formats: Their names; those that do not exist are passed over.
        ceiling: Share of lines that none of them may leave unread.
        because: Kind of those lines.
        of: The family in the manifest, where it is not the name in `FAMILIES`.
        only: Expression that the paths must match.
        options: How a source of such files would be set.
        header: What a collector cut off in front of the lines.
    """

    formats: tuple[str, ...]
    ceiling: float = 0.0
    because: str = ""
    of: str = ""
    only: str = ""
    options: dict[str, str] = field(default_factory=dict)
    header: bytes = b""


CUT_OFF = b"<134>Jun 23 09:51:24 gate01 "
ZONES = {"zones": "IST=+0530 CEST=+0200 CET=+0100 BST=+0100"}

FAMILIES = {
    # firewalls
    "fortigate": Family(("fortigate",)),
    "iptables_ufw": Family(("iptables",), 0.07, "lines whose first half a syslog relay cut off"),
    "sonicwall": Family(
        ("sonicwall", "cef"),
        0.07,
        "a CEF line without its keys, a space in an address",
        header=CUT_OFF,
    ),
    "sophos_xg": Family(
        ("sophos_xg",),
        0.04,
        "unbalanced quotes, keys without a separator, lines cut by a newline",
        options=ZONES,
    ),
    "checkpoint": Family(("checkpoint",)),
    "watchguard": Family(("watchguard",), header=CUT_OFF),
    "meraki": Family(("meraki",)),
    "mikrotik": Family(("mikrotik",)),
    "cef": Family(("cef",), header=CUT_OFF),
    "leef": Family(("leef",), header=CUT_OFF),
    "pfsense_opnsense": Family(
        ("pfsense_filterlog",),
        0.035,
        "three IPv6 lines with columns that the product does not write",
        only="^(?!.*opnsense-sshd)",
        header=b"<134>Jun 23 09:51:24 gate01 filterlog[1]: ",
    ),
    "pfsense_logins": Family(("sshd_pam",), of="pfsense_opnsense", only="opnsense-sshd"),
    "paloalto": Family(("paloalto",), 0.002, "a timestamp that is not a time"),
    "cisco_asa": Family(("cisco_asa",), 0.02, "bare lines and unknown messages", header=CUT_OFF),
    # proxies, filters, probes
    "squid": Family(
        ("squid_access",), 0.07, "daemon lines, lines without a timestamp, other layouts"
    ),
    "squid_own_layout": Family(
        ("squid_logformat",),
        of="squid",
        only="common_log_format_1",
        options={
            "logformat": '%>a %ui %un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st %note',
            "date_order": "day_first",
        },
    ),
    "squid_of_cisco": Family(("cisco_wsa",), of="other_web_filter", only="cisco-secure-web"),
    "dansguardian": Family(("e2guardian",), of="dansguardian", only=r"dansguardian\."),
    "squidguard": Family(("squidguard",), of="dansguardian", only=r"squidguard\."),
    "w3c_elff": Family(
        ("w3c_elff",),
        0.15,
        "rows wider than #Fields or without one, hidden addresses",
        only="^(?!.*isaserver)",
    ),
    "isa": Family(
        ("w3c_elff",),
        0.14,
        "29 lines in ISA's own text layout, which is not read; a date that contains a dot",
        of="w3c_elff",
        only="isaserver",
    ),
    "suricata_eve": Family(("suricata_eve",)),
    "cisco_umbrella": Family(
        ("cisco_umbrella",), 0.11, "a web line with one more column for identities"
    ),
    "zscaler_zia": Family(("zscaler_zia",), 0.08, "a feed without a time"),
    "zeek_conn": Family(
        ("zeek_conn",),
        0.001,
        "prose",
        of="zeek",
        only=r"/(?:open_)?conn(?:ection)?[._-]",
    ),
    "zeek_http": Family(
        ("zeek_http",), 0.001, "cut lines", of="zeek", only=r"/(?:open_)?http[._-]"
    ),
    "zeek_dns": Family(("zeek_dns",), 0.001, "cut lines", of="zeek", only=r"/dns[._-]"),
    "zeek_ssl": Family(("zeek_ssl",), 0.001, "cut lines", of="zeek", only=r"/(?:open_)?ssl[._-]"),
    "zeek_dhcp": Family(("zeek_dhcp",), of="zeek", only=r"/dhcp[._-]"),
    "unbound": Family(
        ("unbound",),
        of="dns_filter",
        only="/unbound/",
        header=CUT_OFF + b"unbound[1]: ",
    ),
    # logins and leases
    "windows_evtx": Family(("windows_security_evtx",), of="windows_security", only=r"\.evtx$"),
    "windows_xml": Family(("windows_security_xml",), of="windows_security", only=r"\.log$"),
    "entra_signin": Family(("entra_signin",)),
    "google_workspace": Family(("google_workspace",)),
    "okta": Family(("okta",)),
    "dhcp_syslog": Family(
        ("isc_dhcpd",), of="dhcp", only=r"/dhcpd/", header=CUT_OFF + b"dhcpd[1]: "
    ),
    "dhcp_infoblox": Family(
        ("isc_dhcpd",), of="dhcp", only="/ddi/", header=CUT_OFF + b"dhcpd[1]: "
    ),
    "dhcp_windows": Family(("windows_dhcp",), of="dhcp", only="elastic_integrations"),
    "sshd_pam": Family(("sshd_pam",), of="ssh_pam"),
    "radius_lines": Family(
        ("freeradius",),
        0.12,
        "a line whose header was cut off at its first space",
        of="radius",
        only="/freeradius/",
        header=CUT_OFF + b"radiusd[1]: ",
    ),
    "radius_ise": Family(("cisco_ise",), of="radius", only="ISESample"),
    "radius_nps": Family(("windows_nps",), of="radius", only="microsoft"),
    "vpn": Family(("openvpn",)),
    "dhcp_file": Family(("isc_dhcpd_leases",), of="dhcp", only=r"dhcpd\.leases"),
    "dhcp_kea": Family(("kea_leases",), of="dhcp", only="kea-leases"),
}


def present(family: str) -> list[str]:
    """Return the formats of a family that exist."""
    return [name for name in FAMILIES[family].formats if name in FORMATS]


def files(family: str) -> list[Path]:
    """Return where the logs of a family stand; none where there are no corpora."""
    known = FAMILIES[family]
    paths = (CORPORA / row["file"] for row in corpus(known.of or family))
    return [path for path in paths if path.is_file() and re.search(known.only, path.as_posix())]


def log_of(path: Path) -> bytes:
    """Return the log inside a file, as its product wrote it."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix not in WAYS_TO_WRAP:
        return path.read_bytes()
    text = path.read_text("utf-8", "replace")
    if path.suffix == ".json":
        return on_one_line(json.loads(text)["input"]["message"]).encode()
    if path.suffix == ".jsonl":
        texts = [json.loads(line)["text"] for line in text.splitlines() if line.strip()]
        return "\n".join(texts).encode()
    blocks = re.findall(r"^(?:  |\t)(.*\S.*)$", text, re.MULTILINE)
    return "\n".join(blocks).encode()


def on_one_line(message: str) -> str:
    """Return an object that was printed over several lines as it was sent."""
    try:
        return json.dumps(json.loads(message)) if "\n" in message else message
    except json.JSONDecodeError:
        return message


def headed(data: bytes, header: bytes) -> bytes:
    """Return lines that lack a syslog header, with the one that was cut off."""
    if not header:
        return data
    bare = rb"^(?!<|[A-Z][a-z]{2} [ 0-9]|[0-9]{4}-| )(?=.*\S)"
    return re.sub(bare, lambda _: header, data, flags=re.MULTILINE)


def place(path: Path) -> str:
    """Return where a sample is in the corpora."""
    return path.relative_to(CORPORA).as_posix()
