"""The lab's run, inside its namespaces."""

import csv
import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.conftest import REPO_ROOT
from tests.lab import guide, judge, machines, network, programs, registry
from tests.lab.acts import STREAMED, People
from tests.lab.district import BY_CODE, BY_NAME, HOMES, LOGHOST, SITES
from tests.lab.machines import LabError
from tests.lab.network import Network
from tests.lab.plan import DRIFT_AT, PAIRS, Pair, plan


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


DISK_REPORT = re.compile(r"Free space or repair the disk.*Nothing is lost\.")
CLOCK_REPORT = re.compile(r"filter: its clock differs[^\n]*")


class Fault(NamedTuple):
    """A fault, and what Schoolbell reported."""

    name: str
    seen: str
    is_as_expected: bool


class Lab:
    """The district, its programs and its Schoolbell."""

    def __init__(self, root: Path, zone: str, *, is_small: bool, minutes: float) -> None:
        self.root, self.zone, self.is_small, self.minutes = root, zone, is_small, minutes
        self.pairs: tuple[Pair, ...] = tuple(one for one in PAIRS if one.is_small or not is_small)
        self.steps = plan(self.pairs, minutes)
        machines.prepare(root)
        devices = {step.device for step in self.steps}
        self.net = network.build(root, zone, devices, is_small=is_small)
        self.rounds: list[str] = []
        self.faults: list[Fault] = []

    @property
    def home(self) -> Path:
        return self.net["loghost"].stored(programs.HOME)

    def start(self) -> None:
        """Start every program."""
        net = self.net
        self.authority = programs.sites(net["web"])
        self.vpn_authority = ""
        programs.collector(net["loghost"])
        key = b""
        if self.is_small:
            programs.resolver(net["gateway"])
        else:
            programs.school_collector(net["loghost-ce"])
            self._gateway()
            key = programs.samba(net["dc"])
            programs.content_filter(net["filter"])
        programs.squid(net["proxy"], key)
        programs.kea(net["dhcp"])
        for code, router in net.routers.items():
            if code in ("BH", "DO"):
                programs.relay(router)
        if not self.is_small:
            school = BY_CODE["CE"]
            programs.dhcpd(net.routers["CE"], school.net, school.name)
            programs.bind(net.routers["CE"], school.net)
            programs.sshd(net["files"])
            net["web"].write("/run/stream.py", STREAMED)
            server = SITES["nl3.tunnel.example"]
            net["web"].start("/usr/bin/python3", "/run/stream.py", "serve", server, name="stream")
        programs.radius(net["radius"])
        for name in sorted({step.device for step in self.steps}):
            if BY_NAME.get(name) and BY_NAME[name].place not in HOMES:
                network.lease(net[name])

    def _gateway(self) -> None:
        gateway = self.net["gateway"]
        ports = guide.forward("daemon.*", programs.PORTS["gateway"], LOGHOST)
        programs.syslog(gateway, ports)
        programs.unbound(gateway)
        self.vpn_authority = programs.openvpn(gateway)
        programs.firewall_log(gateway)
        programs.suricata(gateway)

    def prepare_home(self) -> None:
        """Create the home and fill the registry from exports."""
        self.schoolbell(
            "init", programs.HOME, "--yes", "--name", "Lab Schools", "--zone", self.zone
        )
        folder = self.root / "exports"
        registry.exports(
            folder, self.home / "registry", self.net, datetime.now(ZoneInfo(self.zone))
        )
        say(self.schoolbell("setup", "--from", str(folder), "--write"))
        say(self.schoolbell("check"))

    def schoolbell(self, *words: str, codes: tuple[int, ...] = (0, 1)) -> str:
        """Run a command on the collector's machine."""
        code, said = self.attempt(*words)
        if code not in codes:
            raise LabError(f"schoolbell {shlex.join(words)}\n{said}")
        return said

    def attempt(self, *words: str) -> tuple[int, str]:
        """Run a command on the collector's machine; return its code and output."""
        loghost = self.net["loghost"]
        environment = {
            **loghost.environment,
            "PYTHONPATH": str(REPO_ROOT),
            "SCHOOLBELL_HOME": programs.HOME,
            "DAGSTER_DISABLE_TELEMETRY": "1",
        }
        done = subprocess.run(
            [
                *loghost.enter,
                "nice",
                sys.executable,
                "-c",
                "from pipelines.cli import main; main()",
                *words,
            ],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def copy(self) -> None:
        """Copy files as the guide's hourly rsync does."""
        said = guide.line(r"rsync --archive --include='access\.log\*' --exclude='\*'")
        proxy = shlex.split(said)
        plain = ["rsync", "--archive"]
        for words, machine, folder, source in (
            (proxy, "proxy", "/var/log/squid/", "proxy"),
            (proxy, "filter", "/var/log/e2guardian/", "filter"),
            (
                [*plain, "--include=auth_audit.json*", "--exclude=*"],
                "dc",
                "/var/log/samba/",
                "directory",
            ),
            (plain, "loghost-ce", f"{programs.HOME}/landing/", ""),
            ([*plain, "--include=kea-leases4.csv", "--exclude=*"], "dhcp", "/var/lib/kea/", "kea"),
            (
                [*plain, "--include=eve.json*", "--exclude=*"],
                "gateway",
                "/var/log/suricata/",
                "suricata",
            ),
            (plain, "radius", "/var/log/freeradius/radacct/", "accounting"),
        ):
            origin = self.stored(machine, folder)
            if origin.is_dir() and any(origin.iterdir()):
                target = self.home / "landing" / source
                target.mkdir(parents=True, exist_ok=True)
                machines.run(*words, f"{origin}/", f"{target}/")

    def live(self) -> None:
        """Run the plan of the people, while logs are copied, rotated and read."""
        people = self.people = People(self.net, self.authority, self.vpn_authority, self.minutes)
        threads = people.start(self.steps)
        began = time.monotonic()
        due: list[tuple[float, str, Callable[[], object]]] = []
        minute = 0.6 if self.is_small else 2.0
        at = minute
        while at < self.minutes:
            due.append((at, "copy", self.copy))
            at += minute
        runs = (0.35, 0.7) if self.is_small else (0.2, 0.4, 0.55, 0.7, 0.85)
        due += [(self.minutes * part, "run", self.reads) for part in runs]
        due += [(self.minutes * part, "rotate", self.rotate) for part in (0.4, 0.6, 0.8)]
        if not self.is_small:
            due += self.planned_faults()
        for at, what, act in sorted(due, key=lambda one: one[0]):
            time.sleep(max(0.0, began + at * 60 - time.monotonic()))
            say(f"minute {at:.1f}: {what}")
            act()
            for machine in self.net.machines.values():
                machine.check()
        for thread in threads:
            thread.join(self.minutes * 60 + 120)
        people.write(self.root / "plan.csv")
        write_leases(self.net, self.root / "leases.csv")

    def planned_faults(self) -> list[tuple[float, str, Callable[[], object]]]:
        """Return what fails and when, in minutes."""
        parts: list[tuple[float, str, Callable[[], object]]] = [
            (0.28, "the collector dies", lambda: self.net["loghost"].kill("rsyslogd")),
            (0.34, "the collector restarts", self.collector_returns),
            (0.44, "the school's collector dies", self.school_collector_dies),
            (0.49, "the school's collector restarts", self.school_collector_returns),
            (DRIFT_AT, "the filter's clock drifts", self.clock_drifts),
            (0.60, "two disks are full", self.disks_are_full),
            (0.75, "servers restart", self.servers_restart),
        ]
        return [(self.minutes * part, what, act) for part, what, act in parts]

    def note(self, name: str, found: re.Match[str] | None) -> None:
        """Note what Schoolbell reported about a fault."""
        self.faults.append(Fault(name, found[0] if found else "not reported", found is not None))

    def collector_returns(self) -> None:
        """Start the central collector again."""
        programs.start_syslog(self.net["loghost"])

    def school_collector_dies(self) -> None:
        self.net["loghost-ce"].kill("syslog-ng")

    def school_collector_returns(self) -> None:
        """Start the school's collector again."""
        programs.start_school_collector(self.net["loghost-ce"])

    def clock_drifts(self) -> None:
        """Put the filter's clock ahead; its time is written next to the plan."""
        self.net["filter"].write(programs.CLOCK, f"+{judge.DRIFT.total_seconds():.0f}\n")
        (self.root / "drift").write_text(f"{time.time()}\n", encoding="utf-8")

    def disks_are_full(self) -> None:
        """Fill the disks of Schoolbell's home and of the school's collector for half a minute."""
        ballasts = [
            machines.fill(self.net[name].stored("/srv")) for name in ("loghost", "loghost-ce")
        ]
        self.copy()
        said = self.attempt("run", "--quiet", "--settle-seconds", "0")[1]
        time.sleep(20)
        for ballast in ballasts:
            ballast.unlink()
        self.note("the disk of the home is full", DISK_REPORT.search(said))

    def servers_restart(self) -> None:
        """Restart servers as an update would."""
        net = self.net
        for name, program, begin in (
            ("radius", "freeradius", programs.start_radius),
            ("dhcp", "kea-dhcp4", programs.start_kea),
            ("gateway", "unbound", programs.start_unbound),
            ("dc", "samba", programs.start_samba),
        ):
            net[name].stop(program)
            begin(net[name])
        self.rotate_filter()

    def rotate_filter(self) -> None:
        """Rotate e2guardian's log as its package does, which stops the program for it."""
        machine = self.net["filter"]
        machine.stop("e2guardian")
        machine.run("logrotate", "-f", "/etc/logrotate.d/e2guardian", may_fail=True)
        programs.start_content_filter(machine)

    def end(self) -> None:
        """Stop what writes without people, and read all that is left.

        Suricata then writes its open flows. Devices renew no lease, none expires, and the domain
        controller logs in to itself no more.
        """
        for machine in self.net.machines.values():
            for program in {"udhcpc", "kea-dhcp4", "samba", "suricata"} & machine.programs.keys():
                machine.stop(program)
        time.sleep(2)
        self.copy()
        self.reads()

    def keep(self, folder: Path) -> None:
        """Copy logs, home and plan out of the lab."""
        shutil.copytree(self.home, folder / "home", dirs_exist_ok=True, symlinks=True)
        shutil.copytree(self.root / "exports", folder / "exports", dirs_exist_ok=True)
        for name in ("plan.csv", "leases.csv", "drift"):
            if (self.root / name).exists():
                shutil.copy(self.root / name, folder)
        for name, machine in self.net.machines.items():
            for place in (
                "/var/log",
                "/var/lib/kea",
                "/var/spool/squid",
                "/srv/schoolbell/landing",
            ):
                if name == "loghost" and place.startswith("/srv"):
                    continue
                if (source := machine.stored(place)).is_dir():
                    target = folder / "machines" / name / place.strip("/")
                    shutil.copytree(source, target, dirs_exist_ok=True, symlinks=True)

    def stored(self, machine: str, place: str) -> Path:
        """Return where a machine's folder is stored, whether or not it is in this lab."""
        machines = self.net.machines
        return machines[machine].stored(place) if machine in machines else self.root / "absent"

    def rotate(self) -> None:
        """Rotate Squid's log as its package does every night."""
        say(self.net["proxy"].run("logrotate", "-f", "/etc/logrotate.d/squid", may_fail=True))

    def reads(self) -> None:
        say(self.schoolbell("run", "--quiet", "--settle-seconds", "0"))


def write_leases(net: Network, path: Path) -> None:
    """Write what each DHCP client noted."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["device", "at", "ip", "seconds"])
        for name in sorted(set(net.machines) & set(BY_NAME)):
            noted = net[name].path("/run/leases")
            for line in noted.read_text().splitlines() if noted.is_file() else ():
                at, _, ip, seconds = line.split()
                rows.writerow([name, at, ip, seconds])


VERSIONS = {
    "Squid": ("proxy", "squid -v"),
    "Kea": ("dhcp", "kea-dhcp4 -v"),
    "ISC dhcpd": ("dhcp", "dhcpd --version"),
    "FreeRADIUS": ("radius", "freeradius -v"),
    "OpenVPN": ("gateway", "openvpn --version"),
    "Unbound": ("gateway", "unbound -V"),
    "Suricata": ("gateway", "suricata -V"),
    "ulogd": ("gateway", "ulogd -V"),
    "rsyslog": ("loghost", "rsyslogd -v"),
    "OpenSSH": ("files", "ssh -V"),
    "logrotate": ("proxy", "logrotate --version"),
    "nginx": ("web", "nginx -v"),
    "Samba": ("dc", "samba --version"),
    "e2guardian": ("filter", "e2guardian -v"),
    "BIND": ("r-ce", "named -v"),
    "syslog-ng": ("loghost-ce", "syslog-ng --version"),
    "Chromium": ("web", "chromium --version"),
    "curl": ("web", "curl --version"),
}


def versions(net: Network) -> dict[str, str]:
    """Return the version of each program."""
    found = {}
    for program, (machine, command) in VERSIONS.items():
        if machine not in net.machines:
            continue
        said = net[machine].run("sh", "-c", f"{command} 2>&1", may_fail=True)
        number = re.search(r"\d+\.\d+[0-9a-zA-Z.-]*", said)
        if number:
            found[program] = number[0]
    return found


def main() -> None:
    """Run the lab; its settings are the only argument, as JSON."""
    wanted = json.loads(sys.argv[1])
    minutes = wanted["minutes"]
    lab = Lab(Path(wanted["root"]), wanted["zone"], is_small=wanted["small"], minutes=minutes)
    say("machines run")
    lab.start()
    say("programs run")
    lab.prepare_home()
    lab.live()
    lab.end()
    if wanted["keep"]:
        lab.keep(Path(wanted["keep"]))
    text, is_well = judge.report(
        lab.root,
        judge.Home(lab.home),
        lab.pairs,
        lab.stored,
    )
    print(text)
    status = lab.attempt("status")[1]
    if not lab.is_small:
        lab.note("the filter's clock is off", CLOCK_REPORT.search(status))
    for fault in lab.faults:
        print(f"- {fault.name}: {fault.seen}")
    is_well = is_well and all(one.is_as_expected for one in lab.faults)
    print(status)
    print("Versions:", ", ".join(f"{name} {number}" for name, number in versions(lab.net).items()))
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()
