"""The lab's run, inside its namespaces."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.conftest import REPO_ROOT
from tests.lab import guide, machines, network, programs, registry
from tests.lab.acts import People
from tests.lab.district import LOGHOST
from tests.lab.machines import LabError
from tests.lab.network import Network
from tests.lab.plan import PAIRS, Pair, plan

SMALL_MINUTES, FULL_MINUTES = 2.2, 20.0


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


class Lab:
    """The district, its programs and its Schoolbell."""

    def __init__(self, root: Path, zone: str, *, is_small: bool, minutes: float) -> None:
        self.root, self.zone, self.is_small, self.minutes = root, zone, is_small, minutes
        self.pairs: tuple[Pair, ...] = tuple(one for one in PAIRS if one.is_small or not is_small)
        self.steps = plan(self.pairs, minutes)
        machines.prepare(root)
        self.net = network.build(root, zone, {step.device for step in self.steps})
        self.rounds: list[str] = []
        self.copies: dict[str, tuple[str, str, str, list[str]]] = {}

    @property
    def home(self) -> Path:
        return self.net["loghost"].stored(programs.HOME)

    def start(self) -> None:
        """Start every program."""
        net = self.net
        self.authority = programs.sites(net["web"])
        self.vpn_authority = ""
        programs.collector(net["loghost"])
        programs.unbound_quiet(net["gateway"]) if self.is_small else self._gateway()
        programs.squid(net["proxy"])
        programs.kea(net["dhcp"])
        for code, router in net.routers.items():
            if code in ("BH", "DO") or (code == "CE" and self.is_small):
                programs.relay(router)
        if not self.is_small:
            programs.dhcpd(net.routers["CE"], "10.22.0", "Cedar Elementary School")
            programs.sshd(net["files"])
            net["web"].write("/run/stream.py", acts_stream())
            net["web"].start("/usr/bin/python3", "/run/stream.py", "serve", name="stream")
        programs.radius(net["radius"])
        for name in sorted({step.device for step in self.steps}):
            if name.startswith(("nb-", "phone", "scan")):
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
        self.schoolbell("init", programs.HOME, "--yes", "--name", "Lab Schools", "--zone", self.zone)
        folder = self.root / "exports"
        registry.exports(folder, self.home / "registry", self.net, datetime.now(ZoneInfo(self.zone)))
        say(self.schoolbell("setup", "--from", str(folder), "--write"))
        say(self.schoolbell("check"))

    def schoolbell(self, *words: str, codes: tuple[int, ...] = (0, 1)) -> str:
        """Run a command on the collector's machine."""
        loghost = self.net["loghost"]
        environment = {
            **loghost.environment,
            "PYTHONPATH": str(REPO_ROOT),
            "SCHOOLBELL_HOME": programs.HOME,
            "DAGSTER_DISABLE_TELEMETRY": "1",
        }
        done = subprocess.run(
            [*loghost.enter, "nice", sys.executable, "-c", "from pipelines.cli import main; main()", *words],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        if done.returncode not in codes:
            raise LabError(f"schoolbell {shlex.join(words)}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def copy(self) -> None:
        """Copy files as the guide's hourly rsync does."""
        said = guide.line(r"rsync --archive --include='access\.log\*' --exclude='\*'")
        proxy = shlex.split(said)
        plain = ["rsync", "--archive"]
        net = self.net
        for words, machine, folder, source in (
            (proxy, "proxy", "/var/log/squid/", "proxy"),
            ([*plain, "--include=kea-leases4.csv", "--exclude=*"], "dhcp", "/var/lib/kea/", "kea"),
            ([*plain, "--include=eve.json*", "--exclude=*"], "gateway", "/var/log/suricata/", "suricata"),
            (plain, "radius", "/var/log/freeradius/radacct/", "accounting"),
        ):
            origin = net[machine].stored(folder)
            if origin.is_dir() and any(origin.iterdir()):
                target = self.home / "landing" / source
                target.mkdir(parents=True, exist_ok=True)
                machines.run(*words, f"{origin}/", f"{target}/")

    def live(self) -> None:
        """Let the people do their plan, while logs are copied, rotated and read."""
        people = self.people = People(self.net, self.authority, self.vpn_authority, self.minutes)
        threads = people.start(self.steps)
        began = time.monotonic()
        due: list[tuple[float, str, Callable[[], object]]] = []
        minute = 0.6 if self.is_small else 2.0
        at = minute
        while at < self.minutes:
            due.append((at, "copy", self.copy))
            at += minute
        due += [(self.minutes * part, "run", self.reads) for part in (0.35, 0.7)]
        due += [(self.minutes * part, "rotate", self.rotate) for part in (0.4, 0.6, 0.8)]
        for at, what, act in sorted(due, key=lambda one: one[0]):
            time.sleep(max(0.0, began + at * 60 - time.monotonic()))
            say(f"minute {at:.1f}: {what}")
            act()
            for machine in self.net.machines.values():
                machine.check()
        for thread in threads:
            thread.join(self.minutes * 60 + 120)
        people.write(self.root / "plan.csv")

    def rotate(self) -> None:
        """Rotate Squid's log as its package does every night."""
        say(self.net["proxy"].run("logrotate", "-f", "/etc/logrotate.d/squid", may_fail=True))

    def reads(self) -> None:
        say(self.schoolbell("run", "--quiet", "--settle-seconds", "0"))


def acts_stream() -> str:
    from tests.lab.acts import STREAMED

    return STREAMED


def main() -> None:
    """Run the lab; its settings are the only argument, as JSON."""
    wanted = json.loads(sys.argv[1])
    lab = Lab(Path(wanted["root"]), wanted["zone"], is_small=wanted["small"], minutes=wanted["minutes"])
    say("machines")
    lab.start()
    say("programs")
    lab.prepare_home()
    lab.live()
    say("\n".join(lab.people.problems))
    time.sleep(3)
    lab.copy()
    lab.reads()
    if wanted.get("keep"):
        keep = Path(wanted["keep"])
        shutil.copytree(lab.home, keep / "home", dirs_exist_ok=True, symlinks=True)
        shutil.copy(lab.root / "plan.csv", keep / "plan.csv")
        shutil.copytree(lab.root / "exports", keep / "exports", dirs_exist_ok=True)
        for name, machine in lab.net.machines.items():
            for place in ("/var/log", "/var/lib/kea"):
                if machine.path(place).is_dir() and name in ("proxy","radius","gateway","dhcp","files","r-ce"):
                    shutil.copytree(machine.path(place), keep / "origin" / name / place[1:], dirs_exist_ok=True, symlinks=True)
    print(lab.schoolbell("status"))
    print(lab.schoolbell("findings", "list"))


if __name__ == "__main__":
    main()
