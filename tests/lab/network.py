"""The networks of the lab: a district behind routers, homes, and sites outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.lab.district import (
    ATTACKER,
    BUILDINGS,
    BY_CODE,
    CONTROLLER,
    DEVICES,
    DHCP,
    DISTRICT_OUTSIDE,
    FILES,
    FILTER,
    GATEWAY,
    HOMES,
    LOGHOST,
    OUTSIDE,
    PROXY,
    RADIUS,
    SCHOOL_LOGHOST,
    SERVERS,
    SITES_ROUTER,
    Building,
    Device,
)
from tests.lab.machines import Machine, boot, plug, switch

SERVER_ADDRESSES = {
    "dhcp": DHCP,
    "proxy": PROXY,
    "radius": RADIUS,
    "loghost": LOGHOST,
    "files": FILES,
}
MORE_ADDRESSES = {"dc": CONTROLLER, "filter": FILTER}
"""Servers of the whole lab."""
SYSLOG_NG = Path("/opt/syslog-ng")
"""The unpacked package: Debian installs either rsyslog or syslog-ng."""
DISKS = {
    "loghost": {"srv": 600, "srv/schoolbell/landing": 300},
    "loghost-ce": {"srv": 8},
}
"""Separate disks in megabytes: as the guide advises, logs arrive on one of their own."""
FIREWALL = f"""
table inet lab {{
  chain forward {{
    type filter hook forward priority 0; policy accept;
    ct state established,related accept
    ct status dnat accept
    iifname "eth0" ip saddr != {SERVERS}.0/24 drop
    iifname "transit" oifname "eth0" tcp dport {{ 80, 443 }} log prefix "FW-DROP: " group 1 reject
    iifname "transit" oifname "eth0" log prefix "FW-ACCEPT: " group 1 accept
    iifname "transit" oifname "transit" tcp flags syn log prefix "FW-DROP: " group 1 drop
  }}
  chain inward {{
    type nat hook prerouting priority -100;
    iifname "eth0" tcp dport 22 dnat ip to {FILES}
  }}
  chain outward {{
    type nat hook postrouting priority 100;
    oifname "eth0" masquerade
  }}
}}
"""
DHCP_CLIENT = """#!/bin/sh
case "$1" in
bound|renew)
  ip addr replace "$ip/24" valid_lft "$lease" preferred_lft "$lease" dev "$interface"
  ip route replace default via "$router"
  echo "nameserver $dns" > /etc/resolv.conf
  echo "$(date +%s) $1 $ip $lease" >> /run/leases
  ;;
deconfig) ip addr flush dev "$interface"; ip link set "$interface" up ;;
esac
"""


@dataclass
class Network:
    """Every machine by name."""

    machines: dict[str, Machine]
    routers: Mapping[str, Machine]

    def __getitem__(self, name: str) -> Machine:
        return self.machines[name]


def build(root: Path, zone: str, names: set[str], *, is_small: bool) -> Network:
    """Open the machines and connect them.

    Args:
        names: Devices that the plan uses.
    """
    made: dict[str, Machine] = {}

    def new(name: str, software: Path | None = None) -> Machine:
        made[name] = boot(root, name, zone, software=software, disks=DISKS.get(name))
        made[name].run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
        return made[name]

    def router(name: str) -> Machine:
        machine = new(name)
        machine.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        return machine

    exchange = router("exchange")
    switch(exchange, "ix", f"{OUTSIDE}.1/24")
    web = new("web")
    _outside(web, exchange, SITES_ROUTER)
    web.run("ip", "route", "add", "local", "198.51.100.0/24", "dev", "lo")
    exchange.run("ip", "route", "add", "198.51.100.0/24", "via", SITES_ROUTER)
    _outside(new("attacker"), exchange, ATTACKER)
    gateway = router("gateway")
    _outside(gateway, exchange, DISTRICT_OUTSIDE)
    switch(gateway, "servers", f"{GATEWAY}/24")
    switch(gateway, "transit", "10.20.255.1/24")
    gateway.run("nft", "-f", "-", text=FIREWALL)
    servers = SERVER_ADDRESSES if is_small else {**SERVER_ADDRESSES, **MORE_ADDRESSES}
    for name, address in servers.items():
        _server(new(name), gateway, address)
    routers = {}
    for number, building in enumerate(BUILDINGS, 11):
        routers[building.code] = router(building.machine)
        _building(routers[building.code], gateway, building, f"10.20.255.{number}")
    for home, address in HOMES.items():
        routers[home] = router(home)
        _home(routers[home], exchange, address)
    network = Network(made, routers)
    if not is_small:
        _school_collector(new("loghost-ce", SYSLOG_NG), routers["CE"], BY_CODE["CE"].net)
    used = filter(lambda device: device.name in names, DEVICES)
    for device in used:
        _device(network, new(device.name), device)
    return network


def _server(machine: Machine, gateway: Machine, address: str) -> None:
    plug(machine, "eth0", gateway, "servers")
    machine.run("ip", "addr", "add", f"{address}/24", "dev", "eth0")
    machine.run("ip", "route", "add", "default", "via", GATEWAY)
    machine.write("/etc/resolv.conf", f"nameserver {GATEWAY}\n")


def _building(machine: Machine, gateway: Machine, building: Building, address: str) -> None:
    plug(machine, "wan", gateway, "transit")
    machine.run("ip", "addr", "add", f"{address}/24", "dev", "wan")
    machine.run("ip", "route", "add", "default", "via", "10.20.255.1")
    switch(machine, "lan", f"{building.net}.1/24")
    gateway.run("ip", "route", "add", f"{building.net}.0/24", "via", address)


def _home(machine: Machine, exchange: Machine, address: str) -> None:
    _outside(machine, exchange, address)
    switch(machine, "lan", "192.168.1.1/24")
    machine.run(
        "nft", "-f", "-",
        text="table ip nat { chain post { type nat hook postrouting priority 100; "
        'oifname "eth0" masquerade; }; }',
    )  # fmt: skip


def _school_collector(machine: Machine, router: Machine, net: str) -> None:
    plug(machine, "eth0", router, "lan")
    machine.run("ip", "addr", "add", f"{SCHOOL_LOGHOST}/24", "dev", "eth0")
    machine.run("ip", "route", "add", "default", "via", f"{net}.1")


def _outside(machine: Machine, exchange: Machine, address: str) -> None:
    plug(machine, "eth0", exchange, "ix")
    machine.run("ip", "addr", "add", f"{address}/24", "dev", "eth0")
    machine.run("ip", "route", "add", "default", "via", f"{OUTSIDE}.1")
    machine.write("/etc/resolv.conf", f"nameserver {SITES_ROUTER}\n")


def _device(network: Network, machine: Machine, device: Device) -> None:
    plug(machine, "eth0", network.routers[device.place], "lan", device.mac)
    machine.write("/run/dhcp-client", DHCP_CLIENT, mode=0o755)
    if device.place in HOMES:
        machine.run("ip", "addr", "add", f"192.168.1.{device.number}/24", "dev", "eth0")
        machine.run("ip", "route", "add", "default", "via", "192.168.1.1")
        machine.write("/etc/resolv.conf", f"nameserver {SITES_ROUTER}\n")


def lease(machine: Machine) -> None:
    """Start the device's DHCP client."""
    words = ("-f", "-i", "eth0", "-s", "/run/dhcp-client", "-x", f"hostname:{machine.name}")
    machine.start("udhcpc", *words)
