"""Writers: one fact in, the lines of one product out, as its vendor documents them.

A district has one product for each role: `web` sees requests, `firewall` sees
connections, `windows` logons at computers, `network` 802.1X logins, `vpn` tunnels,
`leases` addresses, `cloud` sign-ins. A product that does not record a fact writes
nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.scenarios.places import ZONE
from tests.stories.facts import (
    FAR,
    NEAR,
    SERVER,
    Fact,
    Product,
    dumped,
    local,
    offset,
    syslog,
    utc,
)
from tests.stories.filters import (
    LIGHTSPEED_COLUMNS,
    WSA_COLUMNS,
    barracuda,
    bind,
    cisco_wsa,
    cisco_wsa_w3c,
    dnsmasq_queries,
    e2guardian_tabs,
    lightspeed,
    umbrella_dns,
    unbound,
    windows_dns,
)
from tests.stories.windows_exports import (
    POWERSHELL_COLUMNS,
    VIEWER_COLUMNS,
    event_viewer,
    evtx,
    powershell_csv,
    powershell_json,
    security_evtx,
    snare,
)

# web

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"


def squid(fact: Fact) -> list[str]:
    user = fact.user.replace("\\", "%5C") or "-"
    if fact.is_denied:
        answer = f"TCP_DENIED/403 12800 GET http://{fact.host}/ {user} HIER_NONE/- text"
        return [f"{fact.when.timestamp():.3f}      0 {fact.ip} {answer}/html"]
    asked = f"GET {fact.url}" if fact.url else f"CONNECT {fact.host}:443"
    head = f"{fact.end.timestamp():.3f} {int(fact.seconds * 1000):6d} {fact.ip}"
    code = "TCP_MISS" if fact.url else "TCP_TUNNEL"
    return [
        (
            f"{head} {code}/200 {fact.received} {asked} {user} HIER_DIRECT/{SERVER} "
            f"{fact.media or '-'}"
        )
    ]


def zscaler(fact: Fact) -> list[str]:
    """Without inspection: neither method nor path nor media type of HTTPS."""
    is_clear = fact.url.startswith("http:")
    event = {
        "datetime": local(fact.when, "%Y-%m-%d %H:%M:%S"),
        "reason": "Not allowed to browse this category" if fact.is_denied else "Allowed",
        "event_id": f"70000000{fact.number:08d}",
        "protocol": "HTTP" if is_clear else "SSL",
        "action": "Blocked" if fact.is_denied else "Allowed",
        "transactionsize": str(fact.sent + fact.received),
        "responsesize": "0" if fact.is_denied else str(fact.received),
        "requestsize": str(fact.sent),
        "urlcategory": "Miscellaneous or Unknown",
        "serverip": SERVER,
        "requestmethod": "GET" if is_clear else "NA",
        "refererURL": "None",
        "useragent": "Unknown",
        "product": "NSS",
        "location": "HQ",
        "ClientIP": fact.ip,
        "status": "403" if fact.is_denied else "200" if is_clear else "NA",
        "user": fact.mail or "HQ",
        "url": fact.url.removeprefix("http://") or fact.host,
        "vendor": "Zscaler",
        "hostname": fact.host,
        "clientpublicIP": "198.51.100.4",
        "contenttype": fact.media if is_clear and fact.media else "Other",
        "devicehostname": fact.machine.upper() or "NA",
        "deviceowner": "NA",
    }
    return [json.dumps({"sourcetype": "zscalernss-web", "event": event})]


def umbrella(fact: Fact) -> list[str]:
    """Its web log, with the HTTPS inspection that the vendor's proxy does."""
    user, machine = f"Test Person ({fact.mail})", fact.machine.upper()
    label = user if fact.user else machine
    identities = f"{user},{machine}" if fact.user and machine else label
    types = "AD Users,Roaming Computers" if fact.user and machine else "AD Users"
    status = "403" if fact.is_denied else "200"
    # what a meeting sends to an address is not a page, and is not opened
    page = fact.media or ("" if fact.host[-1:].isdigit() else "text/html")
    cells = (
        utc(fact.when, "%Y-%m-%d %H:%M:%S"), label, fact.ip, "198.51.100.4", SERVER,
        page, "BLOCKED" if fact.is_denied else "ALLOWED",
        fact.url or f"https://{fact.host}/", "", BROWSER, status,
        str(fact.sent), str(fact.received), str(fact.received), "", "", "", "", "", "",
        "", "AD Users", "", identities, types, "GET",
    )  # fmt: skip
    return [",".join(f'"{cell}"' for cell in cells)]


def cloudflare(fact: Fact) -> list[str]:
    """No bytes, a line for each request."""
    return [
        dumped(
            AccountID="0" * 32,
            Action="block" if fact.is_denied else "allow",
            Datetime=utc(fact.when),
            DestinationIP=SERVER,
            DestinationPort=443,
            DeviceName=fact.machine.upper(),
            Email=fact.mail,
            HTTPHost=fact.host,
            HTTPMethod="GET",
            HTTPStatusCode=403 if fact.is_denied else 200,
            RequestID=f"{fact.number:06x}",
            SourceIP="198.51.100.4",
            SourceInternalIP=fact.ip,
            SourcePort=fact.from_port,
            URL=fact.url or f"https://{fact.host}/",
            UserAgent=BROWSER,
        )
    ]


def e2guardian(fact: Fact) -> list[str]:
    at = fact.when.astimezone(ZoneInfo(ZONE))
    stamp = f"{at.year}.{at.month}.{at.day} {at.hour}:{at:%M:%S}"
    asked = fact.url or f"https://{fact.host}:443"
    if fact.is_denied:
        did = f"*DENIED* Banned site: {fact.host} GET 0 0 Banned 1 403 - "
    else:
        method, media = ("GET", fact.media) if fact.url else ("CONNECT", "-")
        did = f" {method} {fact.received} 0  1 200 {media} "
    return [f"{stamp} {fact.name or '-'} {fact.ip} {asked} {did} staff -"]


def declared(fact: Fact) -> list[str]:
    """Return the export of a school's filter, whose columns the settings name."""
    did = "Blocked" if fact.is_denied else "Allowed"
    stamp = local(fact.when, "%m/%d/%Y,%I:%M:%S %p")
    return [f"{stamp},{fact.mail},{fact.ip},{fact.url or fact.host},{did}"]


def bluecoat(fact: Fact) -> list[str]:
    """Stamps are UTC and of the end."""
    at = fact.when if fact.is_denied else fact.end
    is_tunnel = not (fact.url or fact.is_denied)
    asked = f"http {fact.host} 80 /" if not is_tunnel else f"tcp {fact.host} 443 /"
    did = "DENIED" if fact.is_denied else "OBSERVED"
    action = "TCP_DENIED" if fact.is_denied else "TCP_TUNNELED"
    method = "CONNECT" if is_tunnel else "GET"
    return [
        (
            f"{utc(at, '%Y-%m-%d %H:%M:%S')} {int(fact.seconds * 1000)} {fact.ip} "
            f'{fact.user or "-"} {did} "none" {403 if fact.is_denied else 200} {action} '
            f"{method} {fact.media or '-'} {asked} {fact.received} {fact.sent} "
            f'"{BROWSER}"'
        )
    ]


ELFF = (
    "#Software: SGOS 7.3",
    (
        "#Fields: date time time-taken c-ip cs-username sc-filter-result cs-categories "
        "sc-status s-action cs-method rs(Content-Type) cs-uri-scheme cs-host cs-uri-port "
        "cs-uri-path sc-bytes cs-bytes cs(User-Agent)"
    ),
)


def sophos_head(fact: Fact, kind: str) -> str:
    at = fact.when
    return (
        f'<30>device="SFW" date={local(at, "%Y-%m-%d")} time={local(at, "%H:%M:%S")} '
        f'timezone="{local(at, "%Z")}" device_name="fw1" device_id=S1 {kind}'
    )


def sophos_web(fact: Fact) -> list[str]:
    did = "Denied" if fact.is_denied else "Allowed"
    kind = (
        f'log_id=050901616001 log_type="Content Filtering" log_component="HTTP" log_subtype="{did}"'
    )
    return [
        (
            f'{sophos_head(fact, kind)} user_name="{fact.name}" category="None" '
            f'url="{fact.url or f"https://{fact.host}/"}" contenttype="{fact.media}" '
            f'httpresponsecode="" src_ip={fact.ip} dst_ip={SERVER} protocol="TCP" '
            f"src_port={fact.from_port} dst_port=443 sent_bytes={fact.sent} "
            f"recv_bytes={0 if fact.is_denied else fact.received} domain={fact.host}"
        )
    ]


# firewalls


def sophos(fact: Fact) -> list[str]:
    """Return a line at the end of a connection, or where it was denied."""
    names = {NEAR: "LAN", FAR: "WAN"}
    source, target = (names[zone] for zone in fact.zones)
    did = "Denied" if fact.is_denied else "Allowed"
    kind = (
        f'log_id=010101600001 log_type="Firewall" log_component="Firewall Rule" log_subtype="{did}"'
    )
    head = sophos_head(fact if fact.is_denied else replace(fact, when=fact.end), kind)
    protocol = transport(fact).upper()
    received = 0 if fact.is_denied else fact.received
    return [
        (
            f'{head} duration={0 if fact.is_denied else int(fact.seconds)} user_name="" '
            f"src_mac=00:00:00:00:00:00 src_ip={fact.ip} dst_ip={fact.to} "
            f'protocol="{protocol}" src_port={fact.from_port} dst_port={fact.port} '
            f"sent_bytes={0 if fact.is_denied else fact.sent} recv_bytes={received} "
            f'tran_src_ip= tran_src_port=0 srczonetype="{source}" dstzonetype="{target}" '
            f'connevent="{"Start" if fact.is_denied else "Stop"}" connid="{fact.number}"'
        )
    ]


def iptables(fact: Fact) -> list[str]:
    """Return the first packet of a connection; no bytes of it."""
    names = {NEAR: "eth1", FAR: "eth0"}
    source, target = (names[zone] for zone in fact.zones)
    did = "DROP" if fact.is_denied else "ACCEPT"
    protocol = transport(fact).upper()
    return [
        (
            f"<4>{syslog(fact.when)} gate kernel: FW-{did}: IN={source} OUT={target} "
            f"MAC=02:00:5e:00:53:01:02:00:5e:00:53:02:08:00 SRC={fact.ip} DST={fact.to} "
            f"LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID={fact.number} DF PROTO={protocol} "
            f"SPT={fact.from_port} DPT={fact.port}"
            + (" WINDOW=64240 RES=0x00 SYN URGP=0" if protocol == "TCP" else " LEN=40")
        )
    ]


def fortigate(fact: Fact) -> list[str]:
    at = fact.end
    named = f' hostname="{fact.host}"' if fact.host else ""
    return [
        (
            f"date={local(at, '%Y-%m-%d')} time={local(at, '%H:%M:%S')} devname=fw1 "
            f'eventtime={int(at.timestamp())}000000000 tz="{local(at, "%z")}" '
            'logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" '
            f'srcip={fact.ip} srcport={fact.from_port} srcintfrole="{fact.zones[0]}" '
            f'dstip={fact.to} dstport={fact.port} dstintfrole="{fact.zones[1]}" '
            f"sessionid={fact.number} proto={17 if fact.port == 51_820 else 6} "
            f'action="{"deny" if fact.is_denied else "close"}" '
            f"duration={int(fact.seconds)} sentbyte={fact.sent} "
            f"rcvdbyte={0 if fact.is_denied else fact.received}{named}"
        )
    ]


def fortigate_web(fact: Fact) -> list[str]:
    """Write the web filter of the firewall; the name is a copy, as of RADIUS."""
    at = fact.when
    media = f'contenttype="{fact.media}" ' if fact.media else ""
    return [
        (
            f"date={local(at, '%Y-%m-%d')} time={local(at, '%H:%M:%S')} devname=fw1 "
            f'eventtime={int(at.timestamp())}000000000 tz="{local(at, "%z")}" '
            'logid="0317013312" type="utm" subtype="webfilter" eventtype="ftgd_allow" '
            f'level="notice" vd="root" sessionid={fact.number} user="{fact.name or "N/A"}" '
            f"srcip={fact.ip} srcport={fact.from_port} dstip={fact.to} dstport={fact.port} "
            f'proto=6 service="HTTPS" hostname="{fact.host}" '
            f'action="{"blocked" if fact.is_denied else "passthrough"}" '
            f'url="/{fact.url.partition("//")[2].partition("/")[2]}" {media}'
            f"sentbyte={fact.sent} rcvdbyte={0 if fact.is_denied else fact.received}"
        )
    ]


def paloalto(fact: Fact) -> list[str]:
    at, begun = (local(one, "%Y/%m/%d %H:%M:%S") for one in (fact.end, fact.when))
    names = {NEAR: "trust", FAR: "untrust"}
    kind, action = ("deny", "deny") if fact.is_denied else ("end", "allow")
    received = 0 if fact.is_denied else fact.received
    return [
        (
            f"1,{at},000000000001,TRAFFIC,{kind},2561,{at},{fact.ip},{fact.to},0.0.0.0,"
            f"0.0.0.0,out,,,ssl,vsys1,{','.join(names[one] for one in fact.zones)},"
            f"ethernet1/2,ethernet1/1,forward,{at},{fact.number},1,{fact.from_port},"
            f"{fact.port},0,{fact.port},0x400053,{transport(fact)},{action},"
            f"{fact.sent + received},{fact.sent},{received},20,{begun},{int(fact.seconds)},"
            f"any,0,{fact.number},0x0,10.0.0.0-10.255.255.255,United States,0,8,12,tcp-fin"
        )
    ]


def transport(fact: Fact) -> str:
    return "udp" if fact.port == 51_820 else "tcp"


def asa(fact: Fact) -> list[str]:
    names = {NEAR: "inside", FAR: "outside"}
    one, other = (names[zone] for zone in fact.zones)
    if one == other:
        other = "campus"
    source, target = f"{fact.ip}/{fact.from_port}", f"{fact.to}/{fact.port}"
    if fact.is_denied:
        return [
            (
                f"{asa_head(fact.when)}-4-106023: Deny {transport(fact)} src {one}:{source}"
                f' dst {other}:{target} by access-group "inside_in" [0x0, 0x0]'
            )
        ]
    # the interface of higher security is named second, whichever way it went
    ends, way = (f"{other}:{target}", f"{one}:{source}"), "outbound"
    if one == "outside":
        ends, way = ends[::-1], "inbound"
    both = [f"{end} ({end.split(':')[1]})" for end in ends]
    kind, codes = transport(fact).upper(), (302013, 302014)
    if kind == "UDP":
        codes = (302015, 302016)
    lasted = str(timedelta(seconds=int(fact.seconds)))
    return [
        (
            f"{asa_head(fact.when)}-6-{codes[0]}: Built {way} {kind} connection "
            f"{fact.number} for {both[0]} to {both[1]}"
        ),
        (
            f"{asa_head(fact.end)}-6-{codes[1]}: Teardown {kind} connection {fact.number} "
            f"for {ends[0]} to {ends[1]} duration {lasted} bytes "
            f"{fact.sent + fact.received} TCP FINs"
        ),
    ]


def asa_head(when: datetime) -> str:
    return f"<166>{local(when, '%b %d %Y %H:%M:%S')} asa1 : %ASA"


def meraki(fact: Fact) -> list[str]:
    """Return a line at the start, and what its own firewall rules decided."""
    ends = (
        f"src={fact.ip} dst={fact.to} mac={fact.mac or '02:00:00:00:00:01'} "
        f"protocol={transport(fact)} sport={fact.from_port} dport={fact.port}"
    )
    verdict = "1 all" if fact.is_denied else "0 all"
    stamp = f"{fact.when.timestamp():.9f}"
    return [f"<134>1 {stamp} MX_01 firewall {ends} pattern: {verdict}"]


def sonicwall(fact: Fact) -> list[str]:
    at = fact.when if fact.is_denied else fact.end
    names = {NEAR: "X0", FAR: "X1"}
    one, other = (names[zone] for zone in fact.zones)
    ends = (
        f"src={fact.ip}:{fact.from_port}:{one} dst={fact.to}:{fact.port}:{other} "
        f"proto={transport(fact)}/{fact.port}"
    )
    head = f'<134>id=firewall sn=02AA00000001 time="{utc(at, "%Y-%m-%d %H:%M:%S")} UTC"'
    if fact.is_denied:
        told = f'pri=5 c=64 m=36 msg="TCP connection dropped" n={fact.number} {ends}'
    else:
        told = (
            f'pri=6 c=1024 m=537 msg="Connection Closed" n={fact.number} {ends} '
            f"sent={fact.sent} rcvd={fact.received} cdur={int(fact.seconds * 1000)}"
        )
    return [f"{head} fw=203.0.113.1 {told}"]


def checkpoint(fact: Fact) -> list[str]:
    names = {NEAR: "Internal", FAR: "External"}
    one, other = (names[zone] for zone in fact.zones)
    at = fact.when if fact.is_denied else fact.end
    bytes_of_ends = (
        ""
        if fact.is_denied
        else f'client_inbound_bytes:"{fact.sent}"; client_outbound_bytes:'
        f'"{fact.received}"; start_time:"{int(fact.when.timestamp())}"; '
    )
    return [
        (
            f"<134>1 {utc(at)} fw01 CheckPoint 2700 - "
            f'[action:"{"Drop" if fact.is_denied else "Accept"}"; ifdir:"inbound"; '
            f'loguid:"{{0x{fact.number:x},0x0,0x1,0x1}}"; origin:"10.20.0.1"; '
            f'time:"{int(at.timestamp())}"; version:"5"; {bytes_of_ends}dst:"{fact.to}"; '
            f'inzone:"{one}"; outzone:"{other}"; product:"VPN-1 & FireWall-1"; '
            f'proto:"{17 if transport(fact) == "udp" else 6}"; s_port:"{fact.from_port}"; '
            f'service:"{fact.port}"; src:"{fact.ip}"]'
        )
    ]


def watchguard(fact: Fact) -> list[str]:
    names = {NEAR: "1-Trusted", FAR: "0-External"}
    one, other = (names[zone] for zone in fact.zones)
    did = "Deny" if fact.is_denied else "Allow"
    told = (
        ""
        if fact.is_denied
        else f'duration="{int(fact.seconds)}" sent_bytes="{fact.sent}" '
        f'rcvd_bytes="{fact.received}" '
    )
    at = fact.when if fact.is_denied else fact.end
    return [
        (
            f"<142>{syslog(at)} fb01 80D800000001 ({utc(at, '%Y-%m-%dT%H:%M:%S')}) "
            f'firewall: msg_id="3000-{"0148" if fact.is_denied else "0151"}" {did} {one} '
            f"{other} 52 {transport(fact)} 20 127 {fact.ip} {fact.to} {fact.from_port} "
            f"{fact.port} offset 8 S 1497867397 win 4  {told}(All-00)"
        )
    ]


def pfsense(fact: Fact) -> list[str]:
    """Return a line when a connection begins; no bytes."""
    did = "block" if fact.is_denied else "pass"
    interface = "em0" if fact.zones[0] == FAR else "em1"
    rest = "0,S,31552001,,65535,,mss" if transport(fact) == "tcp" else "60"
    kind = "6,tcp" if transport(fact) == "tcp" else "17,udp"
    return [
        (
            f"<134>{syslog(fact.when)} gate filterlog[812]: 81,,,1000004411,{interface},"
            f"match,{did},in,4,0x0,,64,600,0,DF,{kind},60,{fact.ip},{fact.to},"
            f"{fact.from_port},{fact.port},{rest}"
        )
    ]


def juniper(fact: Fact) -> list[str]:
    names = {NEAR: "trust", FAR: "untrust"}
    one, other = (names[zone] for zone in fact.zones)
    head = f"<14>1 {offset(fact.when if fact.is_denied else fact.end)} srx1 RT_FLOW -"
    ends = (
        f'source-address="{fact.ip}" source-port="{fact.from_port}" '
        f'destination-address="{fact.to}" destination-port="{fact.port}" '
        f'protocol-id="{17 if transport(fact) == "udp" else 6}" policy-name="web" '
        f'source-zone-name="{one}" destination-zone-name="{other}" '
    )
    if fact.is_denied:
        return [
            (
                f"{head} RT_FLOW_SESSION_DENY [junos@2636.1.1.1.2.142 {ends}"
                f'username="N/A" reason="Denied by policy" session-id="{fact.number}"]'
            )
        ]
    return [
        (
            f'{head} RT_FLOW_SESSION_CLOSE [junos@2636.1.1.1.2.142 reason="TCP FIN" {ends}'
            f'session-id="{fact.number}" bytes-from-client="{fact.sent}" '
            f'bytes-from-server="{fact.received}" elapsed-time="{int(fact.seconds)}" '
            f'username="N/A"]'
        )
    ]


# logons at computers


def winlogbeat(fact: Fact) -> list[str]:
    return [
        dumped(
            **{"@timestamp": utc(fact.when, "%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"},
            event={"code": str(fact.code), "kind": "event"},
            winlog={
                "channel": "Security",
                "computer_name": f"{fact.machine.upper()}.school.example",
                "event_data": dict(fact.data),
                "event_id": str(fact.code),
                "provider_name": "Microsoft-Windows-Security-Auditing",
                "record_id": str(fact.number),
            },
        )
    ]


def nxlog(fact: Fact) -> list[str]:
    """`to_json()`: all fields on one level, the computer's local time."""
    at = local(fact.when, "%Y-%m-%d %H:%M:%S")
    return [
        dumped(
            EventTime=at,
            Hostname=f"{fact.machine.upper()}.school.example",
            Keywords="9232379236109516800",
            EventType="AUDIT_SUCCESS",
            EventID=fact.code,
            SourceName="Microsoft-Windows-Security-Auditing",
            RecordNumber=fact.number,
            Channel="Security",
            **fact.data,
            EventReceivedTime=at,
            SourceModuleName="eventlog",
            SourceModuleType="im_msvistalog",
        )
    ]


def nxlog_by_syslog(fact: Fact) -> list[str]:
    head = f"<14>{syslog(fact.when)} {fact.machine.upper()}.school.example"
    return [f"{head} Microsoft-Windows-Security-Auditing[640]: {line}" for line in nxlog(fact)]


def windows_xml(fact: Fact) -> list[str]:
    data = "".join(f'<Data Name="{k}">{v}</Data>' for k, v in fact.data.items())
    at = utc(fact.when, "%Y-%m-%dT%H:%M:%S.%fZ")
    return [
        (
            '<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System>'
            '<Provider Name="Microsoft-Windows-Security-Auditing" /><EventID>'
            f'{fact.code}</EventID><Version>2</Version><TimeCreated SystemTime="{at}" />'
            f"<EventRecordID>{fact.number}</EventRecordID><Channel>Security</Channel>"
            f"<Computer>{fact.machine.upper()}.school.example</Computer><Security />"
            f"</System><EventData>{data}</EventData></Event>"
        )
    ]


# 802.1X


def freeradius(fact: Fact) -> list[str]:
    at = fact.when.astimezone(ZoneInfo(ZONE))
    return [
        (
            f"{at:%a %b} {at.day:2d} {at:%H:%M:%S %Y} : Auth: ({fact.number}) Login OK: "
            f"[{fact.user}] (from client {fact.point} port 7 cli {card(fact)})"
        )
    ]


def card(fact: Fact) -> str:
    return fact.mac.replace(":", "-").upper()


def nps(fact: Fact) -> list[str]:
    """Return the file in the database-compatible layout: a question and its answer."""
    head = f'"NPS1","IAS",{local(fact.when, "%m/%d/%Y,%H:%M:%S")}'
    user, session = (
        f"EXAMPLE\\{fact.name}",
        f'"311 1 192.0.2.2 03/01/2026 {fact.number}"',
    )
    return [
        f'{head},1,"{fact.name}","{user}","02-00-00-00-00-99:staff","{card(fact)}",,,'
        f'"{fact.point}",,,,,"{fact.point}",,,19,,,,,"Staff, wireless",0,{session}' + "," * 39,
        f'{head},2,,"{user}",,,,,,,,,,,,,,,,,,"Staff, wireless",0,{session}' + "," * 39,
    ]


def ise(fact: Fact) -> list[str]:
    at = fact.when.astimezone(ZoneInfo(ZONE))
    zone = f"{at:%z}"
    stamp = f"{at:%Y-%m-%d %H:%M:%S}.365 {zone[:3]}:{zone[3:]}"
    return [
        (
            f"<181>{syslog(at)} ise1 CISE_Passed_Authentications {fact.number:010d} 1 0 "
            f"{stamp} {fact.number:010d} 5200 NOTICE Passed-Authentication: Authentication "
            f"succeeded, ConfigVersionId=10, Device IP Address=192.0.2.20, "
            f"UserName={fact.user}, Protocol=Radius, NetworkDeviceName={fact.point}, "
            f"User-Name={fact.user}, Calling-Station-ID={card(fact)}, "
            "NAS-Port-Type=Wireless - IEEE 802.11, RadiusFlowType=Wireless802_1x,"
        )
    ]


def clearpass(fact: Fact) -> list[str]:
    at = fact.when.astimezone(ZoneInfo(ZONE))
    return [
        f"<143>{syslog(at)} cppm1 {at:%Y-%m-%d %H:%M:%S},123 192.0.2.30 Session Logs "
        f"{fact.number} 1 0 Common.Username={fact.user},Common.Service=Staff 802.1X,"
        "RADIUS.Auth-Method=EAP-PEAP,"
        f"Common.Host-MAC-Address={fact.mac.replace(':', '')},"
        f"RADIUS.Acct-NAS-Identifier={fact.point},Common.NAS-IP-Address=192.0.2.40,"
        f"Common.Error-Code=0,Common.Request-Timestamp={at:%Y-%m-%d %H:%M:%S}"
        f"{at:%z}"[:-2]
    ]


def aruba(fact: Fact) -> list[str]:
    return [
        (
            f"<165>{syslog(fact.when)} wlc1 authmgr[4211]: <522008> <4211> <NOTI> <wlc1 "
            f"192.0.2.20>  User Authentication Successful: username={fact.user} "
            f"MAC={fact.mac} IP={fact.ip} role=staff VLAN=20 AP={fact.point} SSID=Staff "
            "AAA profile=staff auth method=802.1x auth server=nps1"
        )
    ]


# tunnels


def forticlient(fact: Fact) -> list[str]:
    at = fact.when
    return [
        (
            f"date={local(at, '%Y-%m-%d')} time={local(at, '%H:%M:%S')} devname=fw1 "
            f'eventtime={int(at.timestamp())}000000000 tz="{local(at, "%z")}" '
            'logid="0101039947" type="event" subtype="vpn" level="information" vd="root" '
            'logdesc="SSL VPN tunnel up" action="tunnel-up" tunneltype="ssl-tunnel" '
            f"tunnelid={fact.number} remip={fact.remote} tunnelip={fact.ip} "
            f'user="{fact.user}" group="staff" dst_host="N/A" reason="tunnel established"'
        )
    ]


def globalprotect(fact: Fact) -> list[str]:
    at = local(fact.when, "%Y/%m/%d %H:%M:%S")
    return [
        (
            f"1,{at},000000000001,GLOBALPROTECT,0,2561,{at},vsys1,gateway-connected,"
            f"connected,SAML,IPSec,{fact.user},US,{fact.machine.upper()},{fact.remote},"
            f"0.0.0.0,{fact.ip},0.0.0.0,00000000-0000-4000-8000-000000000009,SN7,6.2.0,"
            f'Windows,"Windows 11, 64-bit",1,,,"",success,,0,,0,gp-portal,{fact.number},0x0'
        )
    ]


def anyconnect(fact: Fact) -> list[str]:
    who = f"Group <staff> User <LOCAL\\{fact.name}> IP <{fact.remote}>"
    head = asa_head(fact.when)
    return [
        f"{head}-6-113039: {who} AnyConnect parent session started.",
        (f"{head}-4-722051: {who} IPv4 Address <{fact.ip}> IPv6 address <::> assigned to session"),
    ]


def openvpn(fact: Fact) -> list[str]:
    at = local(fact.when, "%Y-%m-%d %H:%M:%S")
    peer = f"{fact.remote}:{fact.from_port}"
    return [
        f"{at} {peer} [{fact.name}] Peer Connection Initiated with [AF_INET]{peer}",
        f"{at} {fact.name}/{peer} MULTI: Learn: {fact.ip} -> {fact.name}/{peer}",
    ]


def meraki_vpn(fact: Fact) -> list[str]:
    return [
        (
            f"{fact.when.timestamp():.9f} MX_01 events anyconnect_vpn_connect user id "
            f"'{fact.mail}' local ip {fact.ip} connected from {fact.remote}"
        )
    ]


def watchguard_vpn(fact: Fact) -> list[str]:
    return [
        (
            f'<142>{syslog(fact.when)} fb01 sslvpn[2001]: msg_id="2500-0000" Mobile VPN '
            f"with SSL user {fact.name} logged in. Virtual IP address is {fact.ip}. Real "
            f"IP address is {fact.remote}."
        )
    ]


def checkpoint_vpn(fact: Fact) -> list[str]:
    return [
        (
            f"<134>1 {utc(fact.when)} fw01 CheckPoint 2700 - "
            f'[action:"Log In"; time:"{int(fact.when.timestamp())}"; product:"Mobile '
            f'Access"; src:"{fact.remote}"; user:"{fact.name}"; '
            f'office_mode_ip:"{fact.ip}"; session_uid:"{{{fact.number}-2}}"]'
        )
    ]


def sophos_vpn(fact: Fact) -> list[str]:
    kind = (
        'log_id=062811617824 log_type="Event" log_component="SSL VPN" '
        'log_subtype="System" priority=Information Mode="Remote Access"'
    )
    return [
        (
            f'{sophos_head(fact, kind)} sessionid="{fact.number}" starttime=0 '
            f'user_name="{fact.name}" ipaddress={fact.ip} sent_bytes=0 recv_bytes=0 '
            f'status="Established" message="SSL VPN User \'{fact.name}\' connected " '
            f"remote_ip={fact.remote}"
        )
    ]


# leases


def isc(fact: Fact) -> list[str]:
    at = fact.when.astimezone(ZoneInfo(ZONE)).isoformat(timespec="seconds")
    if fact.action == "release":
        return [
            (
                f"{at} dhcp1 dhcpd[812]: DHCPRELEASE of {fact.ip} from {fact.mac} "
                f"({fact.machine}) via eth0 (found)"
            )
        ]
    return [
        (
            f"{at} dhcp1 dhcpd[812]: DHCPACK on {fact.ip} to {fact.mac} ({fact.machine}) "
            f"via eth0 relay eth0 lease-duration {int(fact.seconds)}"
        )
    ]


def windows_dhcp(fact: Fact) -> list[str]:
    code, what = ("12", "Release") if fact.action == "release" else ("10", "Assign")
    return [
        (
            f"{code},{local(fact.when, '%m/%d/%y,%H:%M:%S')},{what},{fact.ip},"
            f"{fact.machine}.school.example,{fact.mac.replace(':', '').upper()},,"
            f"{fact.number},0,,,"
        )
    ]


DHCP_COLUMNS = (
    (
        "ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, "
        "TransactionID, QResult,Probationtime, CorrelationID,Dhcid."
    ),
)


def kea(fact: Fact) -> list[str]:
    """A release takes the lease back with a lifetime of nothing."""
    lasts = 0 if fact.action == "release" else int(fact.seconds)
    ends = int(fact.when.timestamp()) + lasts
    return [f"{fact.ip},{fact.mac},,{lasts},{ends},1,0,0,{fact.machine},0,,0"]


KEA_COLUMNS = (
    (
        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,"
        "hostname,state,user_context,pool_id"
    ),
)


def dnsmasq(fact: Fact) -> list[str]:
    what = "DHCPRELEASE" if fact.action == "release" else "DHCPACK"
    return [
        (
            f"{syslog(fact.when)} gate dnsmasq-dhcp[812]: {what}(eth0) {fact.ip} "
            f"{fact.mac} {fact.machine}"
        )
    ]


# sign-ins


def entra(fact: Fact) -> list[str]:
    return [
        dumped(
            id=f"00000000-0000-4000-8000-{fact.number:012d}",
            createdDateTime=utc(fact.when),
            userPrincipalName=fact.mail,
            appDisplayName="Office",
            ipAddress=fact.remote,
            isInteractive=True,
            status={"errorCode": 50126 if fact.is_denied else 0},
        )
    ]


def google(fact: Fact) -> list[str]:
    name = "login_failure" if fact.is_denied else "login_success"
    return [
        dumped(
            kind="admin#reports#activity",
            id={
                "time": utc(fact.when, "%Y-%m-%dT%H:%M:%S.000Z"),
                "uniqueQualifier": str(fact.number),
                "applicationName": "login",
            },
            actor={"callerType": "USER", "email": fact.mail},
            ipAddress=fact.remote,
            events=[{"type": "login", "name": name}],
        )
    ]


def okta(fact: Fact) -> list[str]:
    return [
        dumped(
            actor={"alternateId": fact.mail, "id": "00u1", "type": "User"},
            authenticationContext={"externalSessionId": f"102x{fact.number}"},
            client={"device": "Computer", "ipAddress": fact.remote, "zone": "null"},
            displayMessage="User login to Okta",
            eventType="user.session.start",
            outcome={
                "reason": None,
                "result": "FAILURE" if fact.is_denied else "SUCCESS",
            },
            published=utc(fact.when, "%Y-%m-%dT%H:%M:%S.000Z"),
            severity="INFO",
            target=None,
            uuid=f"u{fact.number}",
            version="0",
        )
    ]


def duo(fact: Fact) -> list[str]:
    return [
        dumped(
            timestamp=int(fact.when.timestamp()),
            txid=f"00000000-0000-4000-8000-{fact.number:012d}",
            event_type="authentication",
            result="denied" if fact.is_denied else "success",
            reason="invalid_passcode" if fact.is_denied else "user_approved",
            factor="duo_push",
            email=fact.mail,
            user={"name": fact.name, "key": "DU1"},
            access_device={"ip": fact.remote, "hostname": None},
            application={"name": "Portal", "key": "DI1"},
        )
    ]


OUTSIDE = {"outside_interfaces": "outside"}
PRODUCTS: Mapping[str, Mapping[str, Product]] = {
    "web": {
        "Squid": Product("squid_access", squid),
        "FortiGate's web filter": Product("fortigate", fortigate_web),
        "Zscaler": Product("zscaler_zia", zscaler, options={"device": "devicehostname"}),
        "Umbrella": Product("cisco_umbrella", umbrella),
        "Cloudflare": Product("cloudflare_gateway", cloudflare),
        "e2guardian": Product("e2guardian", e2guardian),
        "Blue Coat": Product("w3c_elff", bluecoat, ELFF),
        "Sophos": Product("sophos_xg", sophos_web),
        "Cisco WSA": Product("cisco_wsa", cisco_wsa),
        "Cisco WSA, W3C": Product("w3c_elff", cisco_wsa_w3c, WSA_COLUMNS),
        "Barracuda": Product("barracuda_wsg", barracuda),
        "e2guardian, tabs": Product("e2guardian", e2guardian_tabs),
        "Lightspeed": Product("console_csv", lightspeed, LIGHTSPEED_COLUMNS),
        "a filter's export": Product(
            "declared_csv",
            declared,
            ("Date,Time,Login,Client IP,Site,Result",),
            {
                "event_class": "http_requests",
                "time": "Date + Time",
                "user_name": "Login",
                "src_ip": "Client IP",
                "url": "Site",
                "disposition": "Result",
                "time_shape": "%m/%d/%Y %I:%M:%S %p",
            },
        ),
    },
    "dns": {
        "BIND": Product("bind_queries", bind),
        "Unbound": Product("unbound", unbound),
        "dnsmasq": Product("dnsmasq", dnsmasq_queries),
        "Windows DNS": Product("windows_dns", windows_dns),
        "Umbrella DNS": Product("cisco_umbrella", umbrella_dns),
    },
    "firewall": {
        "FortiGate": Product("fortigate", fortigate),
        "Palo Alto": Product("paloalto", paloalto, options={"outside_zones": "untrust"}),
        "ASA": Product("cisco_asa", asa, options=OUTSIDE),
        "Meraki": Product("meraki", meraki),
        "SonicWall": Product("sonicwall", sonicwall),
        "Check Point": Product("checkpoint", checkpoint),
        "WatchGuard": Product("watchguard", watchguard),
        "pfSense": Product("pfsense_filterlog", pfsense, options={"outside_interfaces": "em0"}),
        "Juniper": Product("juniper_srx", juniper),
        "Sophos": Product("sophos_xg", sophos),
        "iptables": Product("iptables", iptables),
    },
    "windows": {
        "winlogbeat": Product("windows_security_json", winlogbeat),
        "NXLog": Product("windows_security_json", nxlog),
        "NXLog by syslog": Product("windows_security_json", nxlog_by_syslog),
        "Windows XML": Product("windows_security_xml", windows_xml),
        "Event Viewer": Product(
            "windows_security_csv", event_viewer, VIEWER_COLUMNS, is_per_computer=True
        ),
        "PowerShell CSV": Product("windows_security_csv", powershell_csv, POWERSHELL_COLUMNS),
        "PowerShell JSON": Product("windows_security_powershell", powershell_json),
        "Security.evtx": Product("windows_security_evtx", evtx, encode=security_evtx),
        "Snare": Product("windows_security_snare", snare),
    },
    "network": {
        "FreeRADIUS": Product("freeradius", freeradius),
        "NPS": Product("windows_nps", nps),
        "ISE": Product("cisco_ise", ise),
        "ClearPass": Product("clearpass", clearpass),
        # of 802.1X it has the name that the client sent, unless the server returns the proven one
        "Aruba": Product("aruba_os", aruba, options={"name_proof": "authenticated"}),
    },
    "vpn": {
        "FortiClient": Product("fortigate", forticlient),
        "GlobalProtect": Product("paloalto", globalprotect),
        "AnyConnect": Product("cisco_asa", anyconnect, options=OUTSIDE),
        "OpenVPN": Product("openvpn", openvpn),
        "Meraki": Product("meraki", meraki_vpn),
        "WatchGuard": Product("watchguard", watchguard_vpn),
        "Check Point": Product("checkpoint", checkpoint_vpn),
        "Sophos": Product("sophos_xg", sophos_vpn),
    },
    "leases": {
        "ISC dhcpd": Product("isc_dhcpd", isc),
        "Windows DHCP": Product("windows_dhcp", windows_dhcp, DHCP_COLUMNS),
        "Kea": Product("kea_leases", kea, KEA_COLUMNS),
        "dnsmasq": Product("dnsmasq", dnsmasq),
    },
    "cloud": {
        "Entra": Product("entra_signin", entra),
        "Google": Product("google_workspace", google),
        "Okta": Product("okta", okta),
        "Duo": Product("duo", duo),
    },
}
"""Of each role, the products that fill it."""

NOT_TOLD: Mapping[str, str] = {
    "barracuda_cloudgen": "its sessions have the columns of other firewalls",
    "cef": "an envelope, in which products write what their own logs hold",
    "declared_json": "the district names the columns, as of a filter's export",
    "declared_syslog": "the district names the columns, as of a filter's export",
    "duo_administrators": "changes of factors alone, which no story of the table has",
    "freeradius_detail": "the same logins as freeradius, in blocks",
    "isc_dhcpd_leases": "the same leases as isc_dhcpd, from its file",
    "kea_log": "the same leases as kea_leases, without host names",
    "lease_csv": "exports of leases, as of Windows DHCP",
    "leef": "an envelope, in which products write what their own logs hold",
    "meraki_events": "the 802.1X logins of meraki, as objects",
    "mikrotik": "as pfSense: a line when a connection begins, no bytes",
    "paloalto_json": "the same records as paloalto",
    "sophos_utm": "its proxy writes what Sophos XG writes",
    "squid_logformat": "Squid with columns of the district's choice",
    "squidguard": "denied requests alone",
    "samba_audit": "tickets and network logins, which are evidence in no story",
    "sshd_pam": "logins to servers, which no story has",
    "suricata_eve": "a sensor: requests without a login",
    "zeek_conn": "a sensor: connections without a decision",
    "zeek_dhcp": "a sensor: the leases of a DHCP server",
    "zeek_dns": "look-ups of names alone tell no story here",
    "zeek_http": "a sensor: requests without a login",
    "zeek_ssl": "a sensor: names of servers without a login",
}
"""Formats without a writer, and why."""
