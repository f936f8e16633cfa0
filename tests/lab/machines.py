"""Machines of the lab: each has its own network, name, `/etc`, `/var` and `/run`.

Everything happens inside the namespaces that `tests.lab.__main__` opens: when their first
process ends, the kernel removes every process, mount and interface of the lab.
"""

import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 30.0

OPEN = """
set -e
hostname {name}
for part in etc var; do
  mkdir -p {disk}/$part/upper {disk}/$part/work
  mount -t overlay overlay -o \
    lowerdir={software}/$part:/$part,upperdir={disk}/$part/upper,workdir={disk}/$part/work /$part
done
test {software} = {nothing} || mount -t overlay overlay -o lowerdir={software}/usr:/usr /usr
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p {disk}/srv && mount --rbind {disk}/srv /srv
mount -t tmpfs -o mode=755 tmpfs /dev
mkdir /dev/net /dev/pts /dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts
mknod -m 666 /dev/null c 1 3
mknod -m 666 /dev/zero c 1 5
mknod -m 666 /dev/full c 1 7
mknod -m 666 /dev/random c 1 8
mknod -m 666 /dev/urandom c 1 9
mknod -m 666 /dev/tty c 5 0
mknod -m 600 /dev/net/tun c 10 200
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
chmod 1777 /dev/shm
rm -rf /var/run && ln -s /run /var/run
ip link set lo up
printf '127.0.0.1 localhost\\n127.0.1.1 {name}\\n' > /etc/hosts
echo {name} > /etc/hostname
ln -sf /usr/share/zoneinfo/{zone} /etc/localtime && echo {zone} > /etc/timezone
echo ready
exec sleep infinity
"""


class LabError(Exception):
    """A part of the lab did not start."""


def prepare(root: Path) -> None:
    """Mount the lab's disk, in the lab's mount namespace."""
    run("mount", "-t", "tmpfs", "-o", "mode=755,size=3g", "tmpfs", str(root))
    run("ip", "link", "set", "lo", "up")


def run(*words: str, text: str | None = None) -> str:
    """Run a program and return its output; raise `LabError` if it fails."""
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"{shlex.join(words)}\n{done.stdout}{done.stderr}")
    return done.stdout


@dataclass
class Machine:
    """A machine, whose namespaces a sleeping process keeps.

    Attributes:
        pid: Of the sleeping process.
        disk: Where what it writes to `/etc` and `/var` is stored.
        programs: Running programs by name.
    """

    name: str
    pid: int
    disk: Path
    zone: str
    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def enter(self) -> list[str]:
        return ["nsenter", "-t", str(self.pid), "-n", "-m", "-u", "-w/"]

    @property
    def environment(self) -> Mapping[str, str]:
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {
            "PATH": path,
            "TZ": f":{self.zone}",
            "LC_ALL": "C.UTF-8",
            "HOME": "/run",
            "KRB5CCNAME": "FILE:/run/tickets",
        }

    def run(self, *words: str, text: str | None = None, may_fail: bool = False) -> str:
        """Run a program on the machine; return its output and errors."""
        done = subprocess.run(
            [*self.enter, *words],
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=self.environment,
            check=False,
        )
        if done.returncode and not may_fail:
            raise LabError(f"{self.name}: {shlex.join(words)}\n{done.stdout}")
        return done.stdout

    def start(self, *words: str, name: str = "", more: Mapping[str, str] | None = None) -> None:
        """Start a program that keeps running; its own output goes to a file.

        Args:
            more: Added to its environment.
        """
        name = name or Path(words[0]).name
        log = self.disk / f"{name}.out"
        with log.open("ab") as output:
            self.programs[name] = subprocess.Popen(
                [*self.enter, *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**self.environment, **(more or {})},
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """End a program as a crash or a power cut would."""
        process = self.programs.pop(name)
        process.kill()
        process.wait()

    def stop(self, name: str) -> None:
        """Stop a program in the way an administrator would."""
        process = self.programs.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def path(self, place: str) -> Path:
        """Return the path by which the lab reaches a file of the machine."""
        return Path(f"/proc/{self.pid}/root{place}")

    def stored(self, place: str) -> Path:
        """Return where a file below `/var` or `/srv` is stored, for programs that copy."""
        top, _, rest = place.strip("/").partition("/")
        return self.disk / ("srv" if top == "srv" else f"{top}/upper") / rest

    def write(self, place: str, text: str, *, append: bool = False, mode: int = 0o644) -> None:
        """Write a file of the machine."""
        path = self.path(place)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if append else "w", encoding="utf-8") as file:
            file.write(text)
        path.chmod(mode)

    def check(self) -> None:
        """Raise `LabError` if a program has ended."""
        for name, process in self.programs.items():
            if process.poll() is not None:
                output = (self.disk / f"{name}.out").read_text(errors="replace")
                raise LabError(f"{self.name}: {name} ended: {output[-2_000:]}")


def boot(
    root: Path,
    name: str,
    zone: str,
    *,
    software: Path | None = None,
    disks: Mapping[str, int] | None = None,
) -> Machine:
    """Open the namespaces of a machine.

    Args:
        software: Folder with an unpacked package that only this machine has.
        disks: Folders in `/srv` that are disks, with their size in megabytes.
    """
    disk, nothing = root / "disks" / name, root / "nothing"
    disk.mkdir(parents=True)
    for part in ("etc", "var"):
        (nothing / part).mkdir(parents=True, exist_ok=True)
    for folder, megabytes in (disks or {}).items():
        place = disk / folder
        place.mkdir(parents=True, exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", f"mode=755,size={megabytes}m", "tmpfs", str(place))
    script = OPEN.format(
        name=name, disk=disk, zone=zone, software=software or nothing, nothing=nothing
    )
    holder = subprocess.Popen(
        ["unshare", "--net", "--mount", "--uts", "sh", "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert holder.stdout
    said = holder.stdout.readline()
    if said.strip() != "ready":
        raise LabError(f"{name} did not open: {said}{holder.stdout.read()}")
    return Machine(name, holder.pid, disk, zone)


def cable(one: Machine, port: str, other: Machine, other_port: str) -> None:
    """Connect two machines."""
    run(
        *("ip", "link", "add", port, "netns", str(one.pid), "type", "veth"),
        *("peer", "name", other_port, "netns", str(other.pid)),
    )
    for machine, name in ((one, port), (other, other_port)):
        # packets as on a wire: a sensor does not count what is larger than its buffer
        machine.run("ip", "link", "set", name, "gso_max_segs", "1", "up")


def switch(machine: Machine, name: str, address: str) -> None:
    """Make a bridge with an address."""
    machine.run("ip", "link", "add", name, "type", "bridge", "forward_delay", "0")
    machine.run("ip", "addr", "add", address, "dev", name)
    machine.run("ip", "link", "set", name, "up")


def plug(machine: Machine, port: str, into: Machine, bridge: str, mac: str = "") -> None:
    """Connect a machine's port to a bridge."""
    other = f"p-{machine.name}"[:15]
    cable(machine, port, into, other)
    into.run("ip", "link", "set", other, "master", bridge)
    if mac:
        machine.run("ip", "link", "set", port, "address", mac)


def wait_for(done: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Wait until something holds; raise `LabError` if it does not."""
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise LabError(f"{what}: not within {seconds:.0f} seconds")
        time.sleep(0.1)


def fill(disk: Path) -> Path:
    """Fill a disk until no byte fits; return the file to remove."""
    ballast = disk / "ballast"
    run("sh", "-c", f"cat /dev/zero > {shlex.quote(str(ballast))} 2>/dev/null || true")
    return ballast


def started(machine: Machine, port: int, protocol: str = "tcp") -> None:
    """Wait until a program of the machine listens at a port."""
    try:
        wait_for(listens(machine, port, protocol), f"{machine.name}, port {port}")
    except LabError as error:
        machine.check()
        outputs = [path.read_text(errors="replace")[-1_000:] for path in machine.disk.glob("*.out")]
        raise LabError("\n".join([str(error), *outputs])) from error


def listens(machine: Machine, port: int, protocol: str = "tcp") -> Callable[[], bool]:
    """Return a test of whether a program of the machine listens at a port."""
    flag = {"tcp": "-tln", "udp": "-uln"}[protocol]
    return lambda: f":{port} " in machine.run("ss", flag)
