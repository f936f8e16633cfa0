"""Sigma rules of our own wording on logs made for them: each modifier and condition fires.

A rule cites exactly the lines that its author means, read by the product's formats; and no
rule cites a line of a district's ordinary days.
"""

import base64
import json
from datetime import date

import pytest

from pipelines.district import open_district
from pipelines.findings import sigma
from pipelines.settings.home import DistrictHome
from tests.faults.home import Home
from tests.formats.evtx_writer import event, evtx_file
from tests.journey import small as made

DAYS = (date(2026, 3, 1), date(2026, 3, 3))
ENCODED = base64.b64encode(b"x:quarry-key=1").decode()


def squid(*rows):
    """Client, bytes and URL of each line, as Squid writes them."""
    lines = [
        f"{1772460000 + number}.000 120 {ip} TCP_MISS/200 {size} GET {url} - HIER_NONE/- -"
        for number, (ip, size, url) in enumerate(rows)
    ]
    return "\n".join(lines).encode() + b"\n"


def elff(*rows):
    """Method, status, host, path, query, agent and sent bytes of each line, as a gateway does."""
    head = (
        "#Version: 1.0\n#Fields: date time c-ip cs-method sc-status cs-uri-scheme cs-host "
        "cs-uri-path cs-uri-query cs(User-Agent) cs-bytes\n"
    )
    lines = [
        f"2026-03-02 14:00:{number:02} 192.0.2.7 {method} {status} http {host} {path} {query} "
        f'"{agent}" {sent}'
        for number, (method, status, host, path, query, agent, sent) in enumerate(rows)
    ]
    return head.encode() + "\n".join(lines).encode() + b"\n"


def firewall(*rows):
    """Source, destination and port of each line, as the firewall of Windows writes them."""
    head = (
        "#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Time Format: Local\n#Fields: date "
        "time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin "
        "icmptype icmpcode info path\n\n"
    )
    lines = [
        f"2026-03-02 08:15:{number:02} ALLOW {protocol} {source} {target} 50112 {port} 0 - 0 0 0 "
        "- - - SEND"
        for number, (protocol, source, target, port) in enumerate(rows)
    ]
    return head.encode() + "\n".join(lines).encode() + b"\n"


def names(*rows):
    """Name and type of each lookup, as BIND writes them."""
    lines = [
        f"02-Mar-2026 08:15:{number:02}.123 client @0x7f62b80115d0 192.0.2.17#55575 ({name}): "
        f"query: {name} IN {kind} + (192.0.2.53)"
        for number, (name, kind) in enumerate(rows)
    ]
    return "\n".join(lines).encode() + b"\n"


def security(*rows):
    """Minute, id and fields of each event of the Windows Security log."""
    return [
        event(f"2026-03-02T14:{minute:02}:05.123456Z", number, "DC1.example.org", data)
        for minute, number, data in rows
    ]


def as_json(events):
    """Write events as a forwarder does."""
    lines = [
        {
            "@timestamp": one["time"],
            "winlog": {
                "channel": one["channel"],
                "computer_name": one["computer"],
                "event_data": one["data"],
                "event_id": str(one["event_id"]),
                "provider_name": "Microsoft-Windows-Security-Auditing",
                "record_id": str(number),
            },
        }
        for number, one in enumerate(events)
    ]
    return "\n".join(json.dumps(one) for one in lines).encode() + b"\n"


def as_xml(events):
    """Write events as Event Viewer exports them."""
    parts = [
        f"<Event><System><EventID>{one['event_id']}</EventID>"
        f'<TimeCreated SystemTime="{one["time"]}"/><EventRecordID>{number}</EventRecordID>'
        f"<Channel>Security</Channel><Computer>{one['computer']}</Computer></System><EventData>"
        + "".join(f'<Data Name="{name}">{value}</Data>' for name, value in one["data"].items())
        + "</EventData></Event>"
        for number, one in enumerate(events)
    ]
    return "\n".join(parts).encode() + b"\n"


def logon(ip, name, kind="3"):
    """Return the fields of a logon, allowed or refused."""
    return {
        "SubjectUserName": "-",
        "TargetUserName": name,
        "TargetDomainName": "EXAMPLE",
        "TargetLogonId": "0x8f2c1",
        "LogonType": kind,
        "WorkstationName": "QUARRY-7",
        "IpAddress": ip,
        "IpPort": "50233",
        "Status": "0xc000006d",
        "SubStatus": "0xc000006a",
    }


MADE = {"TargetUserName": "quarryman", "SubjectUserName": "kim.oak"}
REFUSED_TWICE = security(
    (0, 4625, logon("192.0.2.60", "ivy.low")),
    (1, 4625, logon("192.0.2.60", "jon.ash")),
    (30, 4625, logon("192.0.2.61", "ivy.low")),
    (59, 4625, logon("192.0.2.61", "jon.ash")),
    (59, 4720, MADE),
)
LOGS = {
    "squid.log": squid(
        ("192.0.2.7", 512, "http://quarry.example/get/tool.PS1"),
        ("192.0.2.8", 9_000_000, "http://quarry.example/get/tool.ps1?n=1"),
        ("2001:db8:7::9", 700, "http://basalt.example/Gate/in.php?id=7&key=aa"),
        ("198.51.100.9", 700, "http://basalt.example/gate/out.php?key=aa"),
        ("198.51.100.9", 80, f"http://basalt.example/s?d={ENCODED}"),
    ),
    "gateway.log": elff(
        ("GET", 200, "slate.example", "/a/list.txt", "-", "QuarryBot/1.0", 300),
        ("POST", 200, "slate.example", "/a/list.txt", "?all=1", "Mozilla/5.0", 90_000),
        ("PUT", 403, "slate.example", "/a/", "-", "-", 100_000),
    ),
    "firewall.log": firewall(
        ("TCP", "192.0.2.17", "203.0.113.9", 4444),
        ("TCP", "192.0.2.17", "203.0.113.200", 8531),
        ("UDP", "192.0.2.18", "198.51.100.9", 4444),
        ("TCP", "fd00::17", "2001:db8:bad::1", 2222),
    ),
    "names.log": names(
        ("Quarry-Mine.example", "TXT"), ("quarry-mine.example", "A"), ("school.example", "TXT")
    ),
    "dc.json": as_json(REFUSED_TWICE),
    "dc.xml": as_xml(
        security(
            (5, 4624, logon("203.0.113.77", "kim.oak", "10")),
            (6, 4624, logon("10.1.2.3", "kim.oak", "10")),
            (7, 4624, logon("-", "kim.oak", "2")),
            (8, 4720, MADE),
        )
    ),
    "dc.evtx": evtx_file(
        security(
            (20, 4625, logon("192.0.2.70", "lee.elm")),
            (22, 4624, logon("192.0.2.70", "lee.elm")),
            (23, 4624, logon("192.0.2.71", "lee.elm")),
            (24, 1102, {"SubjectUserName": "lee.elm"}),
            (25, 4720, MADE),
        )
    ),
}
PROXY, DNS, FIREWALL = "category: proxy", "category: dns", "category: firewall"
WINDOWS = "product: windows, service: security"


def rule(log, detection, *, title="A rule of our own", name=""):
    """Return the text of a rule; `detection` in YAML, with its condition."""
    lines = "\n".join(f"    {line}" for line in detection.strip().split("\n"))
    named = f"name: {name}\n" if name else ""
    return f"title: '{title}'\n{named}status: test\nlogsource: {{{log}}}\ndetection:\n{lines}\n"


def correlation(kind, rules, condition, minutes=10):
    """Return the text of a correlation of rules by address."""
    return (
        f"title: Together\ncorrelation:\n  type: {kind}\n  rules: [{rules}]\n"
        f"  group-by: [IpAddress]\n  timespan: {minutes}m\n{condition}"
    )


AT_QUARRY = "s: {{EventID: {}, WorkstationName: quarry-7}}\ncondition: s"
REFUSED = rule(WINDOWS, AT_QUARRY.format(4625), name="refused") + "---\n"
ALLOWED = rule(WINDOWS, AT_QUARRY.format(4624), name="allowed") + "---\n"

CASES = {
    # text
    "contains": (PROXY, "s: {c-uri|contains: /GET/}\ncondition: s", ["squid.log:1", "squid.log:2"]),
    "endswith": (PROXY, "s: {c-uri|endswith: .ps1}\ncondition: s", ["squid.log:1"]),
    "startswith": (PROXY, "s: {c-uri|startswith: 'http://basalt.example/gate'}\ncondition: s",
                   ["squid.log:3", "squid.log:4"]),
    "cased": (PROXY, "s: {c-uri|contains|cased: /Gate/}\ncondition: s", ["squid.log:3"]),
    "wildcards": (PROXY, "s: {c-uri: '*basalt.example/gate/?n.php*'}\ncondition: s",
                  ["squid.log:3"]),
    "re": (PROXY, "s: {c-uri|re: 'key=a+$'}\ncondition: s", ["squid.log:3", "squid.log:4"]),
    "re, any case": (PROXY, "s: {c-uri|re|i: 'TOOL\\.ps1$'}\ncondition: s", ["squid.log:1"]),
    "all": (PROXY, "s: {c-uri|contains|all: [id=, key=]}\ncondition: s", ["squid.log:3"]),
    "any of a list": (PROXY, "s: {c-uri|endswith: [.ps1, 'out.php?key=aa']}\ncondition: s",
                      ["squid.log:1", "squid.log:4"]),
    "base64 at any offset": (PROXY, "s: {c-uri|base64offset|contains: quarry-key}\ncondition: s",
                             ["squid.log:5"]),
    # parts of an address
    "extension": (PROXY, "s: {c-uri-extension: PHP}\ncondition: s",
                  ["squid.log:3", "squid.log:4"]),
    "query": (PROXY, "s: {cs-uri-query|startswith: key=}\ncondition: s", ["squid.log:4"]),
    "query of a gateway": (PROXY, "s: {c-uri-query: all=1}\ncondition: s", ["gateway.log:4"]),
    "path": (PROXY, "s: {cs-uri-stem: /a/list.txt}\ncondition: s",
             ["gateway.log:3", "gateway.log:4"]),
    # numbers
    "equal number": (PROXY, "s: {sc-status: 403, cs-host: slate.example}\ncondition: s",
                     ["gateway.log:5"]),
    "gt": (PROXY, "s: {sc-bytes|gt: 700, cs-host: quarry.example}\ncondition: s", ["squid.log:2"]),
    "gte and lte": (PROXY, ("s: {cs-bytes|gte: 90000, cs-bytes|lte: 99999, "
                    "cs-host: slate.example}\ncondition: s"),
                    ["gateway.log:4"]),
    "lt": (PROXY, "s: {sc-bytes|lt: 500, cs-host: basalt.example}\ncondition: s", ["squid.log:5"]),
    # values that are there or not
    "null": (PROXY, "s: {c-useragent: null, cs-host: slate.example}\ncondition: s",
             ["gateway.log:5"]),
    "exists": (PROXY, "s: {c-useragent|exists: true, c-uri|endswith: list.txt}\ncondition: s",
               ["gateway.log:3"]),
    "exists, false": (PROXY, "s: {c-useragent|exists: false, cs-method: PUT}\ncondition: s",
                      ["gateway.log:5"]),
    # networks
    "cidr": (FIREWALL, "s: {dst_ip|cidr: 203.0.113.0/25}\ncondition: s", ["firewall.log:6"]),
    "cidr, IPv6": (FIREWALL, "s: {dst_ip|cidr: '2001:db8:bad::/48'}\ncondition: s",
                   ["firewall.log:9"]),
    "cidr of a list": (PROXY, "s: {c-ip|cidr: ['2001:db8:7::/48', 192.0.2.8/32]}\ncondition: s",
                       ["squid.log:2", "squid.log:3"]),
    # conditions
    "and": (FIREWALL, "a: {dst_port: 4444}\nb: {protocol: udp}\ncondition: a and b",
            ["firewall.log:8"]),
    "or": (FIREWALL, "a: {dst_port: 2222}\nb: {src_ip: 192.0.2.18}\ncondition: a or b",
           ["firewall.log:8", "firewall.log:9"]),
    "not": (FIREWALL, "a: {dst_port: 4444}\nb: {protocol: udp}\ncondition: a and not b",
            ["firewall.log:6"]),
    "parentheses": (FIREWALL, ("a: {dst_port: 2222}\nb: {dst_port: 8531}\nc: {protocol: tcp}\n"
                    "d: {src_ip: 192.0.2.17}\ncondition: (a or b) and c and not d"),
                    ["firewall.log:9"]),
    "a list of maps": (FIREWALL, ("s:\n  - {dst_port: 4444, protocol: udp}\n  - {dst_port: 2222}\n"
                       "condition: s"), ["firewall.log:8", "firewall.log:9"]),
    "1 of them": (FIREWALL, "a: {dst_port: 2222}\nb: {dst_port: 8531}\ncondition: 1 of them",
                  ["firewall.log:7", "firewall.log:9"]),
    "all of them": (FIREWALL, "a: {dst_port: 4444}\nb: {protocol: udp}\ncondition: all of them",
                    ["firewall.log:8"]),
    "1 of a pattern": (FIREWALL, ("s_1: {dst_port: 2222}\ns_2: {dst_port: 8531}\n"
                       "x: {dst_port: 4444}\ncondition: 1 of s_*"),
                       ["firewall.log:7", "firewall.log:9"]),
    "all of a pattern": (FIREWALL, ("s_1: {dst_port: 4444}\ns_2: {protocol: tcp}\n"
                         "x: {dst_port: 2222}\ncondition: all of s_*"), ["firewall.log:6"]),
    "not 1 of a pattern": (
        WINDOWS, ("s: {EventID: 4624, LogonType: 10}\nf_dash: {IpAddress: '-'}\n"
        "f_own: {IpAddress|cidr: [10.0.0.0/8, 127.0.0.0/8]}\ncondition: s and not 1 of f_*"),
        ["dc.xml:1"],
    ),
    # other logs and formats
    "names": (DNS, "s: {query|startswith: quarry, record_type: TXT}\ncondition: s",
              ["names.log:1"]),
    "a Windows event without a logon": (WINDOWS, "s: {EventID: [4720, 1102]}\ncondition: s",
                                        ["dc.json:5", "dc.xml:4", "dc.evtx:4", "dc.evtx:5"]),
    "an account that was made": (WINDOWS, ("s: {EventID: 4720, TargetUserName: quarryman}\n"
                                 "condition: s"), ["dc.json:5", "dc.xml:4", "dc.evtx:5"]),
    "an account that was not made": (WINDOWS, ("s: {EventID: 4720, TargetUserName: kim.oak}\n"
                                     "condition: s"), []),
    "a text field of Windows": (
        WINDOWS, "s: {EventID: 4624, TargetUserName|endswith: .oak, LogonType: 2}\ncondition: s",
        ["dc.xml:3"],
    ),
    "a workstation": (WINDOWS, ("s: {EventID: 4625, WorkstationName|contains: quarry, "
                      "IpAddress: 192.0.2.70}\ncondition: s"), ["dc.evtx:1"]),
}  # fmt: skip
TOGETHER = {
    "so many": (
        REFUSED + correlation("event_count", "refused", "  condition: {gte: 2}\n"), ["dc.json:1"],
    ),
    "so many values": (
        REFUSED + correlation("value_count", "refused",
                              "  condition: {gte: 2, field: TargetUserName}\n", 45),
        ["dc.json:1", "dc.json:3"],
    ),
    "one and the other": (
        REFUSED + ALLOWED + correlation("temporal", "refused, allowed", ""), ["dc.evtx:1"],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    """The rules as an operator's folder holds them, by the name of their case."""
    folder = tmp_path_factory.mktemp("rules")
    for name, (log, detection, _) in CASES.items():
        (folder / f"{name}.yml").write_text(rule(log, detection, title=name), encoding="utf-8")
    for name, (text, _) in TOGETHER.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    asked, refused = sigma.read_rules(folder)
    assert refused == []
    found = {one.path.removesuffix(".yml"): one for one in asked}
    assert found.keys() == CASES.keys() | TOGETHER.keys()
    return found


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("sigma"), fmt=None)
    for name, data in LOGS.items():
        home.put(name, data)
    outcomes = home.run()
    assert outcomes.keys() == LOGS.keys()
    assert [one.record for one in outcomes.values() if one.is_told or one.record.rejects] == []
    return home


@pytest.mark.parametrize("name", [*CASES, *TOGETHER])
def test_a_rule_cites_the_lines_that_it_means(rules, logs, name):
    expected = (CASES.get(name) or TOGETHER[name])[-1]
    found = list(sigma.leads(logs.store, DistrictHome(logs.folder), [rules[name]], DAYS))
    assert [place for lead in found for place in lead.places] == [f"proxy/{at}" for at in expected]


def test_ordinary_days_fire_none_but_on_the_cleared_log(rules, tmp_path, tmp_path_factory):
    home = made.small(tmp_path_factory.getbasetemp()).copy(tmp_path)
    with open_district(home) as district:
        found = list(
            sigma.leads(
                district.store,
                district.home,
                [*rules.values()],
                (date(2026, 10, 1), date(2026, 11, 30)),
            )
        )
    # its planted cases contain one log that was cleared
    assert sorted({lead.rule for lead in found}) == ["a Windows event without a logon"]
