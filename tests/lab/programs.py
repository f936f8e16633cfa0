"""The programs of the lab, as their packages install them and the guide sets them up."""

import base64
import json
import os
import re
from collections.abc import Mapping

from tests.lab import guide
from tests.lab.district import (
    ACCOUNTS,
    BUILDINGS,
    CONTROLLER,
    CONTROLLER_NAME,
    DENIED,
    DEVICES,
    DHCP,
    DISTRICT_OUTSIDE,
    FILTER,
    GATEWAY,
    LOGHOST,
    OWNERS,
    PASSWORD,
    PROXY,
    PROXY_NAME,
    RADIUS,
    REALM,
    SCHOOL_LOGHOST,
    SERVERS,
    SITES,
    SITES_ROUTER,
    TUNNELS,
)
from tests.lab.machines import LabError, Machine, started, wait_for

PORTS = {"radius": 5515, "gateway": 5516, "logins": 5517}
"""Kinds of log that servers forward, with the collector's port."""
SCHOOL_PORTS = {"dhcp": 5514, "dns": 5518}
"""The same of Cedar Elementary, which has its own collector."""
HOME = "/srv/schoolbell"
SECRET = "lab-secret"
ADMINISTRATOR = "Lab-Admin-2026"
PORTAL = """<!DOCTYPE html><title>Lab Schools</title>
<link rel="icon" href="data:,">
<img src="https://media.friends.example/p0"><img src="https://www.friends.example/p1">
<script>
for (const page of ["p2", "p5"])
  fetch("https://lms.example/" + page, {mode: "no-cors"});
setInterval(() => fetch("/poll"), 1500);
</script>
"""
"""A page of the district that loads parts of other sites, runs a script and polls."""
CLOCK = "/run/clock"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
CA = "/etc/ssl/lab"


def sites(web: Machine) -> str:
    """Serve every site with its own certificate name; return the authority's certificate."""
    folder = web.path(CA)
    folder.mkdir(parents=True)
    names = ",".join(f"DNS:{host}" for host in SITES)
    web.run(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-days", "2", "-subj", "/CN=Lab CA", "-keyout", f"{CA}/ca.key"),
        *("-out", f"{CA}/ca.pem"),
    )
    web.run(
        *("openssl", "req", "-x509", "-CA", f"{CA}/ca.pem", "-CAkey", f"{CA}/ca.key"),
        *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
        *("-subj", "/CN=www.example", "-addext", f"subjectAltName={names}"),
        *("-addext", "basicConstraints=critical,CA:FALSE"),
        *("-keyout", f"{CA}/site.key", "-out", f"{CA}/site.pem"),
    )
    pages = web.path("/srv/pages")
    pages.mkdir()
    for number, size in enumerate((9, 21, 34, 48, 70, 110, 160, 240)):
        (pages / f"p{number}").write_bytes(os.urandom(size * 1_000))
    (pages / "segment").write_bytes(bytes(2_500_000))
    (pages / "portal").write_text(PORTAL, encoding="utf-8")
    (pages / "up").mkdir(mode=0o777)
    (pages / "up").chmod(0o777)
    web.run("rm", "-f", "/etc/nginx/sites-enabled/default")
    web.write(
        "/etc/nginx/sites-enabled/lab",
        "server {\n"
        f"  listen 80; listen 443 ssl; listen 8443 ssl; ssl_certificate {CA}/site.pem;\n"
        f"  ssl_certificate_key {CA}/site.key; root /srv/pages;\n"
        "  client_max_body_size 3g; client_body_temp_path /srv/pages/up/tmp;\n"
        "  location /up/ { dav_methods PUT; }\n"
        "  location = /stream { rewrite ^ /segment break; limit_rate 400k; }\n"
        "  location = /poll { return 200 'nothing new'; }\n"
        "  location = / { rewrite ^ /p3 break; }\n"
        "  location = /portal { default_type text/html; }\n"
        "}\n",
    )
    web.run("nginx", "-t")
    web.start("nginx", "-g", "daemon off;")
    records = [f"--host-record={host},{address}" for host, address in SITES.items()]
    web.start(
        *("dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null"),
        *("--user=root", "--pid-file=/run/dnsmasq.pid", "--log-facility=/run/dnsmasq.log"),
        *("--local=/example/", *records),
    )
    started(web, 443)
    return (folder / "ca.pem").read_text()


def syslog(machine: Machine, extra: str = "") -> None:
    """Start the machine's rsyslog with Debian's settings.

    The module that reads the kernel's messages is left out: they are the real machine's.
    """
    settings = machine.path("/etc/rsyslog.conf").read_text(encoding="utf-8")
    machine.write("/etc/rsyslog.conf", re.sub(r"(?m)^module\(load=\"imklog\"\).*$", "", settings))
    if extra:
        machine.write("/etc/rsyslog.d/60-schoolbell.conf", extra)
    machine.run("mkdir", "-p", "/var/spool/rsyslog")
    machine.run("rsyslogd", "-N1")
    start_syslog(machine)


def start_syslog(machine: Machine) -> None:
    """Start rsyslog, also after a crash that left its files."""
    machine.run("rm", "-f", "/run/rsyslogd.pid", "/dev/log")
    machine.start("rsyslogd", "-n", "-i", "/run/rsyslogd.pid")
    wait_for(machine.path("/dev/log").is_socket, f"{machine.name}: rsyslog")


def collector(loghost: Machine) -> None:
    """Start the collector with the guide's configuration."""
    loghost.run(
        "useradd", "--system", "--home-dir", HOME, "--shell", "/usr/sbin/nologin", "schoolbell"
    )
    loghost.run("install", "-d", HOME)
    size, rest = guide.collector(PORTS, f"{HOME}/landing").split("\n", 1)
    settings = loghost.path("/etc/rsyslog.conf").read_text(encoding="utf-8")
    # the guide: at the top of rsyslog.conf
    loghost.write("/etc/rsyslog.conf", f"{size}\n{settings}")
    syslog(loghost, rest)
    started(loghost, PORTS["radius"])


def school_collector(loghost: Machine) -> None:
    """Start a school's collector, syslog-ng, with the guide's configuration."""
    loghost.run(
        "useradd", "--system", "--home-dir", HOME, "--shell", "/usr/sbin/nologin", "schoolbell"
    )
    loghost.run("install", "-d", "-o", "schoolbell", "-g", "schoolbell", HOME)
    loghost.run("install", "-d", "/var/lib/syslog-ng", "/run/syslog-ng")
    settings = guide.school_collector(SCHOOL_PORTS, f"{HOME}/landing")
    loghost.write("/etc/syslog-ng/syslog-ng.conf", settings)
    loghost.run("syslog-ng", "--syntax-only")
    start_school_collector(loghost)


def start_school_collector(loghost: Machine) -> None:
    """Start syslog-ng."""
    loghost.start("syslog-ng", "--foreground", "--no-caps", name="syslog-ng")
    started(loghost, SCHOOL_PORTS["dhcp"])


def samba(controller: Machine) -> bytes:
    """Start a domain controller with every account and laptop; return the proxy's key."""
    controller.run("rm", "-rf", "/etc/samba/smb.conf", "/var/lib/samba", "/var/cache/samba")
    controller.run("install", "-d", "/var/lib/samba/private", "/var/cache/samba", "/var/log/samba")
    controller.run(
        *("samba-tool", "domain", "provision", "--server-role=dc", f"--realm={REALM}"),
        *("--domain=SCHOOL", f"--adminpass={ADMINISTRATOR}", f"--host-ip={CONTROLLER}"),
        *("--dns-backend=SAMBA_INTERNAL", f"--option=dns forwarder = {GATEWAY}"),
    )
    settings = controller.path("/etc/samba/smb.conf").read_text(encoding="utf-8")
    audit = guide.block("auth_json_audit")
    controller.write("/etc/samba/smb.conf", settings.replace("[global]\n", f"[global]\n{audit}", 1))
    controller.run("samba-tool", "domain", "passwordsettings", "set", "--complexity=off")
    controller.run("ldbadd", "-H", DIRECTORY, text=_directory())
    service = f"HTTP/{PROXY_NAME}"
    controller.run("samba-tool", "user", "create", "svc-proxy", "--random-password")
    controller.run("samba-tool", "spn", "add", service, "svc-proxy")
    controller.run(
        "samba-tool", "domain", "exportkeytab", "/run/proxy.keytab", f"--principal={service}"
    )
    start_samba(controller)
    return controller.path("/run/proxy.keytab").read_bytes()


def start_samba(controller: Machine) -> None:
    """Start Samba as a domain controller."""
    controller.start("samba", "--foreground", "--no-process-group")
    started(controller, 88)
    started(controller, 445)


DIRECTORY = "/var/lib/samba/private/sam.ldb"


def _directory() -> str:
    """Return the directory's accounts and computers as LDIF."""
    root = ",".join(f"DC={part}" for part in REALM.lower().split("."))
    password = base64.b64encode(f'"{PASSWORD}"'.encode("utf-16-le")).decode()
    entries = []
    for name in ACCOUNTS:
        person = OWNERS.get(name)
        more = (
            f"employeeID: {person.id}\ntitle: {person.job}\ngivenName: Test\n"
            f"sn: Person {person.id}\nmail: {name}@school.example\n"
            if person
            else ""
        )
        entries.append(
            f"dn: CN={name},CN=Users,{root}\nobjectClass: user\nsAMAccountName: {name}\n"
            f"userPrincipalName: {name}@{REALM.lower()}\nuserAccountControl: 512\n"
            f"unicodePwd:: {password}\n{more}"
        )
    for device in DEVICES:
        if device.kind == "laptop":
            name = device.name.upper()
            entries.append(
                f"dn: CN={name},CN=Computers,{root}\nobjectClass: computer\n"
                f"sAMAccountName: {name}$\nuserAccountControl: 4096\n"
                f"dNSHostName: {device.name}.{REALM.lower()}\n"
            )
    return "\n".join(entries)


def joins_domain(machine: Machine) -> None:
    """Let a device know the domain and the proxy by name."""
    machine.write(
        "/etc/krb5.conf",
        f"[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n"
        f" dns_canonicalize_hostname = false\n rdns = false\n"
        f"[realms]\n {REALM} = {{\n  kdc = {CONTROLLER}\n }}\n"
        f"[domain_realm]\n .{REALM.lower()} = {REALM}\n",
    )
    names = f"{CONTROLLER} {CONTROLLER_NAME}\n{PROXY} {PROXY_NAME}\n"
    machine.write("/etc/hosts", names, append=True)


def content_filter(machine: Machine) -> None:
    """Start e2guardian, which passes requests on to the proxy."""
    folder = "/etc/e2guardian"
    settings = machine.path(f"{folder}/e2guardian.conf").read_text(encoding="utf-8")
    wanted = (
        guide.block("logfileformat = 5"),
        guide.block("addforwardedfor"),
        f"filterports = 8080\nproxyip = {PROXY}\nproxyport = 3128\nhttpworkers = 50",
        f"authplugin = '{folder}/authplugins/pf-basic.conf'",
    )
    machine.write(f"{folder}/e2guardian.conf", "\n".join([settings, *wanted]))
    banned = "".join(f"{domain.strip('.')}\n" for domain in DENIED)
    machine.write(f"{folder}/lists/example.group/bannedsitelist", banned)
    machine.run("install", "-d", "-o", "e2guardian", "-g", "e2guardian", "/var/log/e2guardian")
    machine.write(CLOCK, "+0\n")
    start_content_filter(machine)


def start_content_filter(machine: Machine) -> None:
    """Start e2guardian with a clock that the lab can set.

    All stamps of its log are its own; kernel and syslog add none.
    """
    clock = {
        "LD_PRELOAD": FAKETIME,
        "FAKETIME_TIMESTAMP_FILE": CLOCK,
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    machine.start("e2guardian", "-N", more=clock)
    started(machine, 8080)


def bind(router: Machine, net: str) -> None:
    """Start BIND on a building's router, with its lookups in syslog."""
    router.write(
        "/etc/bind/named.conf",
        f'options {{\n  directory "/var/cache/bind";\n  listen-on {{ {net}.1; }};\n'
        f"  allow-query {{ {net}.0/24; }};\n  forward only;\n"
        f"  forwarders {{ {SITES_ROUTER}; }};\n  dnssec-validation no;\n}};\n"
        + guide.block("channel lookups"),
    )
    router.run("install", "-d", "-o", "bind", "-g", "bind", "/run/named", "/var/cache/bind")
    router.run("named-checkconf", "/etc/bind/named.conf")
    router.start("named", "-f", "-u", "bind", "-c", "/etc/bind/named.conf")
    started(router, 53, "udp")


def squid(proxy: Machine, key: bytes = b"") -> None:
    """Start Squid with logins by password and, with a key, by Kerberos."""
    negotiate = kerberos(proxy, key) if key else ""
    logins = "".join(
        f"{account}:{proxy.run('openssl', 'passwd', '-apr1', PASSWORD).strip()}\n"
        for account in ACCOUNTS
    )
    proxy.write("/etc/squid/passwd", logins)
    # the guide: not on Debian, whose logrotate rotates the log
    said = guide.block("logfile_rotate 14").replace("logfile_rotate 14\n", "")
    devices = guide.block("follow_x_forwarded_for").replace("192.0.2.8", FILTER)
    proxy.write(
        "/etc/squid/conf.d/schoolbell.conf",
        f"{negotiate}auth_param basic program /usr/lib/squid/basic_ncsa_auth /etc/squid/passwd\n"
        "auth_param basic realm Lab\n"
        f"{devices}{said}\n"
        f"acl denied dstdomain {' '.join(DENIED)}\n"
        "http_access deny denied\n"
        "http_access allow staff\n"
        f"dns_nameservers {GATEWAY}\n"
        # never rotated, to count the lines
        "access_log daemon:/var/spool/squid/every.log squid\n"
        "shutdown_lifetime 1 seconds\n",
    )
    proxy.run("squid", "-k", "parse")
    proxy.start("squid", "--foreground", "-sYC")
    started(proxy, 3128)


def kerberos(proxy: Machine, key: bytes) -> str:
    """Store the proxy's key; return the settings of its helper."""
    path = "/etc/squid/proxy.keytab"
    proxy.path(path).write_bytes(key)
    proxy.run("chown", "proxy", path)
    proxy.run("chmod", "400", path)
    joins_domain(proxy)
    return (
        f"auth_param negotiate program /usr/lib/squid/negotiate_kerberos_auth -k {path} "
        f"-s HTTP/{PROXY_NAME}@{REALM}\nauth_param negotiate children 5\n"
    )


def kea(dhcp: Machine) -> None:
    """Start Kea for the buildings whose routers relay to it."""
    nets = [one for one in BUILDINGS if one.code != "CE"]
    settings = {
        "Dhcp4": {
            "interfaces-config": {"interfaces": ["eth0"], "dhcp-socket-type": "udp"},
            "lease-database": {
                **json.loads(guide.block('"lfc-interval"')),
                "persist": True,
                "name": "/var/lib/kea/kea-leases4.csv",
            },
            "valid-lifetime": 600,
            "renew-timer": 240,
            "rebind-timer": 400,
            "subnet4": [
                {
                    "id": number,
                    "subnet": f"{one.net}.0/24",
                    "user-context": {"comment": f"{one.name} staff wifi"},
                    "pools": [{"pool": f"{one.net}.100 - {one.net}.199"}],
                    "option-data": [
                        {"name": "routers", "data": f"{one.net}.1"},
                        {"name": "domain-name-servers", "data": GATEWAY},
                    ],
                }
                for number, one in enumerate(nets, 1)
            ],
            "loggers": [
                {
                    "name": "kea-dhcp4",
                    "severity": "INFO",
                    "output_options": [{"output": "/var/log/kea/kea-dhcp4.log"}],
                }
            ],
        }
    }
    dhcp.write("/etc/kea/kea-dhcp4.conf", json.dumps(settings, indent=2))
    dhcp.run(
        "install", "-d", "-m", "750", "/run/kea", "/var/lib/kea", "/run/lock/kea", "/var/log/kea"
    )
    dhcp.run("kea-dhcp4", "-t", "/etc/kea/kea-dhcp4.conf")
    start_kea(dhcp)


def start_kea(dhcp: Machine) -> None:
    """Start Kea."""
    dhcp.start("kea-dhcp4", "-c", "/etc/kea/kea-dhcp4.conf")
    started(dhcp, 67, "udp")


def relay(router: Machine) -> None:
    """Start the relay from a building's network to Kea."""
    router.start("dhcrelay", "-4", "-d", "-id", "lan", "-iu", "wan", DHCP)
    started(router, 67, "udp")


def dhcpd(router: Machine, net: str, name: str) -> None:
    """Start ISC's server on a building's router, with its log in syslog."""
    facility = guide.line(r"log-facility local7;")
    router.write(
        "/etc/dhcp/dhcpd.conf",
        f"{facility}\ndefault-lease-time 600;\nmax-lease-time 1200;\nauthoritative;\n"
        f"# {name} staff wifi\nsubnet {net}.0 netmask 255.255.255.0 {{\n"
        f"  range {net}.100 {net}.199;\n  option routers {net}.1;\n"
        f"  option domain-name-servers {net}.1;\n}}\n",
    )
    # what dhcpd writes before it reads its facility is not forwarded, so it is counted apart
    own = "local7.* -/var/log/local7.log\nlocal6.* -/var/log/local6.log\n"
    syslog(
        router,
        own
        + guide.forward("local7.*", SCHOOL_PORTS["dhcp"], SCHOOL_LOGHOST)
        + guide.forward("local6.*", SCHOOL_PORTS["dns"], SCHOOL_LOGHOST),
    )
    router.run("touch", "/var/lib/dhcp/dhcpd.leases")
    router.start("dhcpd", "-4", "-f", "-cf", "/etc/dhcp/dhcpd.conf", "-pf", "/run/dhcpd.pid", "lan")
    started(router, 67, "udp")


def radius(server: Machine) -> None:
    """Start FreeRADIUS with every account, and the access points as clients."""
    folder = "/etc/freeradius/3.0"
    people = "".join(f'{name} Cleartext-Password := "{PASSWORD}"\n' for name in ACCOUNTS)
    server.write(f"{folder}/mods-config/files/authorize", people, append=True)
    server.write(
        f"{folder}/clients.conf",
        "".join(
            f"client {one.access_point} {{\n"
            f"  ipaddr = 10.20.255.{number}\n  secret = {SECRET}\n}}\n"
            for number, one in enumerate(BUILDINGS, 11)
        ),
        mode=0o640,
    )
    main = server.path(f"{folder}/radiusd.conf")
    settings = main.read_text(encoding="utf-8")
    for wanted in guide.block("destination = syslog").splitlines():
        if " = " not in wanted:
            continue
        key = wanted.split("=")[0].strip()
        settings, count = re.subn(
            rf"(?m)^(\s*){key} = .*$", rf"\1{wanted.strip()}", settings, count=1
        )
        if not count:
            raise LabError(f"radiusd.conf has no setting {key}")
    main.write_text(settings, encoding="utf-8")
    syslog(server, guide.forward("auth,authpriv.*;daemon.*", PORTS["radius"], LOGHOST))
    server.run("chown", "-R", "freerad:freerad", folder)
    server.run("install", "-d", "-o", "freerad", "-g", "freerad", "/run/freeradius")
    server.run("freeradius", "-Cx", "-l", "stdout")
    start_radius(server)


def start_radius(server: Machine) -> None:
    """Start FreeRADIUS."""
    server.start("freeradius", "-f")
    started(server, 1812, "udp")


def unbound(gateway: Machine) -> None:
    """Start the district's resolver, which logs replies."""
    said = guide.block("log-tag-queryreply")
    gateway.run("rm", "-f", "/etc/unbound/unbound.conf.d/root-auto-trust-anchor-file.conf")
    gateway.write(
        "/etc/unbound/unbound.conf.d/lab.conf",
        f"{said}\n  interface: {GATEWAY}\n  access-control: 10.0.0.0/8 allow\n"
        '  module-config: "iterator"\n  do-not-query-localhost: no\n'
        f'forward-zone:\n  name: "example."\n  forward-addr: {SITES_ROUTER}\n',
    )
    gateway.run("unbound-checkconf")
    start_unbound(gateway)


def start_unbound(gateway: Machine) -> None:
    """Start Unbound."""
    gateway.start("unbound", "-d", "-p")
    started(gateway, 53, "udp")


def local_users(machine: Machine) -> None:
    """Add every account to the machine's own users, for PAM."""
    hashed = machine.run("openssl", "passwd", "-6", PASSWORD).strip()
    users = "".join(
        f"{name}:x:{number}:{number}::/:/bin/sh\n" for number, name in enumerate(ACCOUNTS, 5_001)
    )
    machine.write("/etc/passwd", users, append=True)
    shadow = "".join(f"{name}:{hashed}:20000:0:99999:7:::\n" for name in ACCOUNTS)
    machine.write("/etc/shadow", shadow, append=True, mode=0o640)


def sshd(server: Machine) -> None:
    """Start OpenSSH with PAM."""
    local_users(server)
    syslog(server, guide.forward("auth,authpriv.*;daemon.*", PORTS["logins"], LOGHOST))
    server.run("ssh-keygen", "-A")
    server.run("mkdir", "-p", "/run/sshd")
    server.start("/usr/sbin/sshd", "-D", name="sshd")
    started(server, 22)


def openvpn(gateway: Machine) -> str:
    """Start OpenVPN with logins by PAM; return its authority's certificate."""
    local_users(gateway)
    gateway.write("/etc/pam.d/openvpn", "@include common-auth\n@include common-account\n")
    folder = "/etc/openvpn"
    gateway.run("mkdir", "-p", folder)
    gateway.run(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-days", "2", "-subj", "/CN=vpn.school.example"),
        *("-addext", "extendedKeyUsage=serverAuth", "-addext", "keyUsage=digitalSignature"),
        *("-keyout", f"{folder}/server.key", "-out", f"{folder}/server.pem"),
    )
    plugin = "/usr/lib/openvpn/openvpn-plugin-auth-pam.so"
    said = guide.block("username-as-common-name")
    gateway.write(
        f"{folder}/server.conf",
        f"port 1194\nproto udp\ndev tun\ntopology subnet\nserver {TUNNELS}.0 255.255.255.0\n"
        f"ca {folder}/server.pem\ncert {folder}/server.pem\nkey {folder}/server.key\ndh none\n"
        f"verify-client-cert none\nplugin {plugin} openvpn\nkeepalive 10 60\n"
        f'push "route {SERVERS}.0 255.255.255.0"\n{said}',
    )
    # as Debian's unit, but not in the background
    gateway.start("openvpn", "--syslog", "ovpn-server", "--cd", folder, "--config", "server.conf")
    started(gateway, 1194, "udp")
    return gateway.path(f"{folder}/server.pem").read_text()


def firewall_log(gateway: Machine) -> None:
    """Write what the firewall's rules log to syslog.

    The kernel's own log belongs to the real machine, so packets go through NFLOG.
    """
    gateway.write(
        "/etc/ulogd.conf",
        '[global]\nlogfile="/run/ulogd.log"\n'
        "stack=log1:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,print1:PRINTPKT,sys1:SYSLOG\n"
        "[log1]\ngroup=1\n[sys1]\nfacility=LOG_DAEMON\nlevel=LOG_INFO\n",
    )
    gateway.start("ulogd", "-c", "/etc/ulogd.conf", "-p", "/run/ulogd.pid")


def suricata(gateway: Machine) -> None:
    """Start Suricata on the network between the buildings and the servers."""
    gateway.run("mkdir", "-p", "/var/log/suricata", "/run/suricata")
    gateway.start(
        *("suricata", "-c", "/etc/suricata/suricata.yaml", "-i", "transit"),
        *("--pidfile", "/run/suricata.pid"),
    )
    log = gateway.path("/var/log/suricata/suricata.log")

    def is_up() -> bool:
        gateway.check()
        return log.is_file() and "Engine started" in log.read_text()

    wait_for(is_up, "Suricata", 90)


def tunnel(home: Machine, account: str, authority: str) -> None:
    """Open a tunnel from a home."""
    home.write("/run/vpn.pem", authority)
    home.write("/run/login", f"{account}\n{PASSWORD}\n", mode=0o600)
    home.start(
        *("openvpn", "--client", "--dev", "tun", "--proto", "udp", "--nobind"),
        *("--remote", DISTRICT_OUTSIDE, "1194", "--auth-user-pass", "/run/login"),
        *("--ca", "/run/vpn.pem", "--remote-cert-tls", "server", "--verb", "3"),
        *("--explicit-exit-notify", "1"),
    )


def joins(router: Machine, access_point: str, mac: str, account: str, password: str) -> bool:
    """Send a device's 802.1X login; return whether the server accepted it."""
    name = mac.replace(":", "")
    router.write(
        f"/run/eap-{name}",
        'network={\n ssid="staff"\n key_mgmt=WPA-EAP\n eap=PEAP\n'
        f' identity="{account}"\n password="{password}"\n phase2="auth=MSCHAPV2"\n}}\n',
        mode=0o600,
    )
    said = router.run(
        *("eapol_test", "-c", f"/run/eap-{name}", "-a", RADIUS, "-s", SECRET, "-M", mac),
        *("-N", f"32:s:{access_point}", "-t", "8", "-r", "0"),
        may_fail=True,
    )
    return said.strip().endswith("SUCCESS")


def accounting(router: Machine, access_point: str, status: str, row: Mapping[str, str]) -> None:
    """Send an accounting packet for a device that is in the network."""
    pairs = {
        "Acct-Status-Type": status,
        "Acct-Session-Id": row["mac"].replace(":", ""),
        "User-Name": row["account"],
        "Calling-Station-Id": row["mac"].replace(":", "-").upper(),
        "Framed-IP-Address": row["ip"],
        "NAS-Identifier": access_point,
        "NAS-Port-Type": "Wireless-802.11",
    }
    text = ", ".join(f'{key} = "{value}"' for key, value in pairs.items())
    router.run("radclient", "-t", "3", f"{RADIUS}:1813", "acct", SECRET, text=text + "\n")


def resolver(gateway: Machine) -> None:
    """Start a resolver without a log, where its log is not under test."""
    gateway.start(
        *("dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null"),
        *("--user=root", "--pid-file=/run/dnsmasq.pid", "--log-facility=/run/dnsmasq.log"),
        f"--server=/example/{SITES_ROUTER}",
    )
    started(gateway, 53, "udp")
