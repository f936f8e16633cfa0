"""Writers of web filters and resolvers."""

from zoneinfo import ZoneInfo

from tests.scenarios.places import ZONE
from tests.stories.facts import SERVER, Fact, local, syslog, utc

# web filters


def _cisco(fact: Fact) -> tuple[str, str, str]:
    """Return result and size, the request, and the verdict of Cisco's appliance."""
    if fact.is_denied:
        return "TCP_DENIED/403 1711", f"GET http://{fact.host}/", "BLOCK_WEBCAT_11"
    asked = f"GET {fact.url}" if fact.url else f"CONNECT tunnel://{fact.host}:443/"
    verdict = "DEFAULT_CASE_12" if fact.url else "PASSTHRU_CUSTOMCAT_7"
    return f"TCP_MISS/200 {fact.received}", asked, verdict


def _cisco_user(fact: Fact) -> str:
    return f'"EXAMPLE\\{fact.name}@ad1"' if fact.user else "-"


def cisco_wsa(fact: Fact) -> list[str]:
    result, asked, verdict = _cisco(fact)
    way = "NONE/-" if fact.is_denied else f"DIRECT/{fact.host}"
    return [
        (
            f"{fact.end.timestamp():.3f} {int(fact.seconds * 1000)} {fact.ip} {result} {asked} "
            f"{_cisco_user(fact)} {way} {fact.media or '-'} "
            f'{verdict}-staff-lan-NONE-NONE-NONE-DefaultGroup-NONE <"nc",-,-,"-",-,-> - -'
        )
    ]


def cisco_wsa_w3c(fact: Fact) -> list[str]:
    result, asked, verdict = _cisco(fact)
    return [
        (
            f"{fact.end.timestamp():.3f} {int(fact.seconds * 1000)} {fact.ip} {result} {asked} "
            f"{_cisco_user(fact)} DIRECT {fact.media or '-'} {verdict}-staff-lan-NONE"
        )
    ]


WSA_COLUMNS = (
    "#Software: AsyncOS for Web 14.5.0",
    (
        "#Fields: timestamp x-elapsed-time c-ip x-resultcode-httpstatus sc-bytes cs-method "
        "cs-url cs-username s-hierarchy cs-mime-type x-acltag"
    ),
)


def barracuda(fact: Fact) -> list[str]:
    """Return one line per request; the policy denies, whatever the scan says."""
    matched = "2 1 0 1 3 (staff) 1 games 0" if fact.is_denied else "2 0 0 0 0 (-) 0 - 0"
    asked = fact.url or f"http{'' if fact.is_denied else 's'}://{fact.host}/"
    return [
        (
            f"<22>{syslog(fact.end)} wsg1 http_scan[675]: {int(fact.end.timestamp())} 1 {fact.ip} "
            f"{SERVER} {fact.media or '-'} {fact.ip} {asked} {fact.received} BYF ALLOWED CLEAN  "
            f"{matched} - 0 {fact.host} - [{fact.name or 'ANON'}]   - - - 0"
        )
    ]


LIGHTSPEED_COLUMNS = (
    (
        "Inspected Data,Destination,Action,Reason,User,IP Address,User OU,User Groups,Computer,"
        "Category,Time"
    ),
)


def lightspeed(fact: Fact) -> list[str]:
    """Return a row of *Activity Logs*: neither bytes nor types."""
    did = "Blocked" if fact.is_denied else "Allowed"
    return [
        (
            f",{fact.url or f'https://{fact.host}/'},{did},Category,{fact.name},{fact.ip},Staff,"
            f",{fact.machine.upper()},,{local(fact.when, '%m/%d/%Y %I:%M:%S %p')}"
        )
    ]


def e2guardian_tabs(fact: Fact) -> list[str]:
    """Return layout 6, which is layout 5 without the name of the server."""
    method, code, size, media = "CONNECT", "200", fact.received, "-"
    number, why, kind, asked = "0", "-", "-", f"https://{fact.host}:443"
    if fact.url:
        method, media, asked = "GET", fact.media or "-", fact.url
    if fact.is_denied:
        method, code, size, asked = "GET", "403", 0, f"http://{fact.host}/"
        number, why, kind = "500", f"*DENIED* Banned site: {fact.host}", "Banned"
    columns = (
        f"{fact.end.timestamp():.3f}", "-", fact.name or fact.ip, fact.ip, fact.ip, asked,
        method, code, str(size), media, "-", "-", str(int(fact.seconds * 1000)), "-", number,
        why, "0", kind, "staff", "1",
    )  # fmt: skip
    return ["\t".join(columns)]


# resolvers


def _is_name(fact: Fact) -> bool:
    return bool(fact.host) and not fact.host[-1].isdigit()


def bind(fact: Fact) -> list[str]:
    if not _is_name(fact):
        return []
    head = f"{local(fact.when, '%d-%b-%Y %H:%M:%S.%f')[:-3]} client @0x7f62b80115d0 "
    who = f"{fact.ip}#{fact.from_port} ({fact.host}): "
    query = f"{head}{who}query: {fact.host} IN A + (192.0.2.53)"
    policy = f"rpz QNAME NXDOMAIN rewrite {fact.host}/A/IN via {fact.host}.rpz.example"
    return [query, f"{head}{who}{policy}"] if fact.is_denied else [query]


def unbound(fact: Fact) -> list[str]:
    if not _is_name(fact):
        return []
    at = fact.when.astimezone(ZoneInfo(ZONE)).isoformat(timespec="microseconds")
    code = "NXDOMAIN" if fact.is_denied else "NOERROR"
    return [
        (
            f"<30>1 {at} gate.school.example unbound 812 - - [812:1] reply: {fact.ip} "
            f"{fact.host}. A IN {code} 0.034000 0 67"
        )
    ]


def dnsmasq_queries(fact: Fact) -> list[str]:
    if not _is_name(fact):
        return []
    head = f"{syslog(fact.when)} dnsmasq[812]: "
    asked = f"{head}query[A] {fact.host} from {fact.ip}"
    blocked = f"{head}gravity blocked {fact.host} is 0.0.0.0"
    return [asked, blocked] if fact.is_denied else [asked]


def windows_dns(fact: Fact) -> list[str]:
    if not _is_name(fact):
        return []
    labels = "".join(f"({len(part)}){part}" for part in fact.host.split("."))
    at = local(fact.when, "%m/%d/%Y %I:%M:%S %p")
    return [
        (
            f"{at} 0D48 PACKET  000000000181D1C0 UDP Rcv {fact.ip:15} "
            f"{fact.number % 65_536:04x}   Q [0001   D   NOERROR] A      {labels}(0)"
        )
    ]


def umbrella_dns(fact: Fact) -> list[str]:
    if not _is_name(fact):
        return []
    label = f"Test Person ({fact.mail})" if fact.user else "HQ"
    kind = "AD Users" if fact.user else "Sites"
    cells = (
        utc(fact.when, "%Y-%m-%d %H:%M:%S"), label, label, fact.ip, "198.51.100.4",
        "Blocked" if fact.is_denied else "Allowed", "1 (A)", "NOERROR", f"{fact.host}.", "",
        kind, kind, "",
    )  # fmt: skip
    return [",".join(f'"{cell}"' for cell in cells)]
