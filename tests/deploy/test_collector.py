"""The written collector, run for real: what devices send is in the lake, whatever breaks."""

import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.district import open_outlined
from pipelines.errors import SettingsError
from pipelines.landing.receiving import Receiver
from pipelines.operations.collector import FILTER, RSYSLOG, collector_files
from pipelines.registry.new_home import create
from pipelines.settings.toml_reader import load_settings
from pipelines.state import ledger
from tests.journey.commands import schoolbell

PROGRAM = shutil.which("rsyslogd", path="/usr/sbin:/sbin:/usr/bin:/bin")
NFT = shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin:/bin")
GNUTLS_DRIVER = [*Path("/usr/lib").glob("*/rsyslog/lmnsd_gtls.so")]
PATIENCE = 60.0
rsyslog = pytest.mark.skipif(PROGRAM is None, reason="rsyslog is not installed")


def is_possible(*words: str) -> bool:
    """Return whether a command may be run here: containers forbid some of root's."""
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


mounting = pytest.mark.skipif(
    not is_possible("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"),
    reason="no small disk can be mounted here",
)


def line(number: int) -> bytes:
    """Return a line of Squid, each different."""
    return (
        b"1793606400.%03d %6d 192.0.2.44 TCP_MISS/200 1234 GET http://www.example.org/%d - "
        b"HIER_DIRECT/203.0.113.5 text/html" % (number % 1000, number % 900, number)
    )


def lines(count: int, first: int = 0) -> list[bytes]:
    return [line(number) for number in range(first, first + count)]


def free_port(kind=socket.SOCK_STREAM) -> int:
    with socket.socket(type=kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Collector:
    """A collector for one source, and the landing folder that it fills."""

    def __init__(self, folder: Path, receive: str, more: str = "", queue_mb: int = 1_000) -> None:
        self.home = create(folder / "home", zone="America/Chicago")
        queue = folder / "queue"
        queue.mkdir()
        settings = self.home.settings_file
        text = settings.read_text(encoding="utf-8").replace("\n[collector]\n", "\n")
        tables = (
            f'[collector]\nqueue = "{queue}"\nqueue_mb = {queue_mb}\n{more}\n'
            f"[collector.receive.proxy]\n{receive}\n"
        )
        settings.write_text(f"{text}\n{tables}", encoding="utf-8")
        self.landing = self.home.landing / "proxy"
        self.config = folder / "rsyslog.conf"
        program = Path(sys.executable).parent / "schoolbell"
        files = collector_files(self.home, load_settings(self.home), program)
        # tests do not wait for a minute until a full disk is tried again
        self.config.write_text(
            files[RSYSLOG].replace('resumeInterval="5"', 'resumeInterval="1"')
            .replace('resumeIntervalMax="60"', 'resumeIntervalMax="1"'),
            encoding="utf-8",
        )  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [str(PROGRAM), "-n", "-iNONE", "-f", str(self.config)]
        subprocess.run([command[0], "-N1", *command[3:]], check=True, capture_output=True)
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def stop(self, how: int = signal.SIGTERM) -> None:
        assert self.process
        self.process.send_signal(how)
        self.process.wait(timeout=PATIENCE)

    def landed(self) -> list[bytes]:
        files = sorted(self.landing.glob("*.log"))
        return b"".join(path.read_bytes() for path in files).splitlines()

    def wait_for(self, count: int) -> list[bytes]:
        until = time.monotonic() + PATIENCE
        while len(found := self.landed()) < count:
            assert time.monotonic() < until, f"{len(found)} of {count} lines landed"
            time.sleep(0.1)
        return found


@contextmanager
def running(*words, **values):
    one = Collector(*words, **values)
    one.start()
    try:
        yield one
    finally:
        if one.process and one.process.poll() is None:
            one.stop()


def connected(port: int, source: str = "127.0.0.1") -> socket.socket:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), source_address=(source, 0))
        except ConnectionRefusedError:
            assert time.monotonic() < until, "the collector does not listen"
            time.sleep(0.05)


def send(port: int, sent: list[bytes]) -> None:
    """Send lines, and wait until rsyslog has read them all: what is in its socket can be lost."""
    with connected(port) as stream:
        stream.settimeout(PATIENCE)
        stream.sendall(b"".join(one + b"\n" for one in sent))
        stream.shutdown(socket.SHUT_WR)
        assert stream.recv(1) == b""


def receive(port: int, by: str = "tcp") -> str:
    return f'port = {port}\nsenders = ["127.0.0.1"]\nby = "{by}"\noctet_counted = false'


def read_into_the_lake(collector: Collector) -> int:
    """Return how many lines an ingest parsed; it must have rejected none."""
    done = schoolbell("ingest", "--home", collector.home.path)
    assert done.code == 0, done.err
    with open_outlined(collector.home.path) as district:
        (row,) = ledger.account(district.store)
    assert (row["rejects"], row["duplicates"], row["pending_lines"]) == (0, 0, 0)
    return int(row["events"])


@rsyslog
def test_lines_of_a_device_are_written_byte_for_byte_and_taken_in(tmp_path):
    port = free_port()
    sent = lines(3_000)
    with running(tmp_path, receive(port)) as collector:
        send(port, sent)
        assert collector.wait_for(3_000) == sent
    assert read_into_the_lake(collector) == 3_000


@rsyslog
def test_a_device_cannot_send_a_word_of_the_protocol(tmp_path):
    port = free_port()
    sent = [line(0), b"COMMIT TRANSACTION", b"BEGIN TRANSACTION", b">OK", b"OK", line(1)]
    with running(tmp_path, receive(port)) as collector:
        send(port, sent)
        assert collector.wait_for(len(sent)) == sent


@rsyslog
def test_datagrams_land_and_an_end_of_line_in_one_makes_no_second_line(tmp_path):
    port = free_port(socket.SOCK_DGRAM)
    with (
        running(tmp_path, receive(port, "udp")) as collector,
        socket.socket(type=socket.SOCK_DGRAM) as datagram,
    ):
        until = time.monotonic() + PATIENCE
        while not collector.landed():  # it listens from now on
            datagram.sendto(line(0), ("127.0.0.1", port))
            assert time.monotonic() < until
            time.sleep(0.2)
        before = len(collector.landed())
        datagram.sendto(line(1) + b"\n" + line(2), ("127.0.0.1", port))
        found = collector.wait_for(before + 1)
    assert found[before:] == [line(1) + b"#012" + line(2)]


@rsyslog
def test_another_sender_is_refused(tmp_path):
    port = free_port()
    with running(tmp_path, receive(port)) as collector:
        send(port, lines(1))
        collector.wait_for(1)
        with connected(port, "127.0.0.2") as stranger:
            stranger.settimeout(PATIENCE)
            assert stranger.recv(1) == b""  # closed by the collector
        send(port, lines(1, first=1))
        assert collector.wait_for(2) == lines(2)


@rsyslog
@mounting
def test_a_full_landing_disk_and_a_kill_lose_no_line_and_repeat_none(tmp_path):
    port = free_port()
    sent = lines(40_000)
    collector = Collector(tmp_path, receive(port))
    collector.landing.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(collector.landing)], check=True
    )
    try:
        collector.start()
        send(port, sent)
        until = time.monotonic() + PATIENCE
        while (
            len(collector.landed()) < 5_000 or shutil.disk_usage(collector.landing).free > 200_000
        ):
            assert time.monotonic() < until
            time.sleep(0.1)
        time.sleep(2)
        whole = collector.landed()
        assert whole == sent[: len(whole)]
        assert len(whole) < len(sent)
        collector.stop(signal.SIGKILL)
        subprocess.run(["mount", "-o", "remount,size=60m", str(collector.landing)], check=True)
        collector.start()
        found = collector.wait_for(len(sent))
        time.sleep(2)
        collector.stop()
        assert Counter(collector.landed()) == Counter(sent), len(found)
        assert read_into_the_lake(collector) == len(sent)
    finally:
        if collector.process and collector.process.poll() is None:
            collector.stop(signal.SIGKILL)
        subprocess.run(["umount", "-l", str(collector.landing)], check=True)


def writer(collector: Collector, how: str) -> None:
    subprocess.run(["pkill", f"-{how}", "-f", f"receive --to {collector.landing}"], check=True)


@rsyslog
def test_kills_of_the_collector_and_of_its_writer_lose_no_line_and_repeat_none(tmp_path):
    port = free_port()
    sent = lines(30_000)
    with running(tmp_path, receive(port)) as collector:
        send(port, sent[:10_000])
        collector.wait_for(10_000)
        writer(collector, "KILL")  # rsyslog starts it again
        send(port, sent[10_000:20_000])
        collector.wait_for(20_000)
        writer(collector, "STOP")  # from now on, lines are in the queue alone
        send(port, sent[20_000:])
        time.sleep(1)
        collector.stop(signal.SIGKILL)
        writer(collector, "KILL")
        collector.start()
        collector.wait_for(len(sent))
        time.sleep(1)
    assert Counter(collector.landed()) == Counter(sent)


def test_half_a_line_of_a_crash_is_cut_off_and_its_transaction_written_once(tmp_path):
    whole = [line(number) + b"\n" for number in range(4)]
    Receiver(tmp_path).write(whole[:1])
    (path,) = tmp_path.glob("*.log")
    with path.open("ab") as file:
        file.write(whole[1] + whole[2][:20])
    Receiver(tmp_path).write(whole[1:])
    assert path.read_bytes() == b"".join(whole)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority, and certificates of the collector, a device and a stranger."""
    folder = tmp_path_factory.mktemp("tls")
    new = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
           "-nodes", "-days", "2")  # fmt: skip

    def make(name: str, subject: str, *more: str) -> None:
        files = ("-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem")
        alt = () if name == "ca" else ("-addext", f"subjectAltName=DNS:{subject}")
        done = subprocess.run(
            [*new, "-subj", f"/CN={subject}", *alt, *more, *files], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr

    make("ca", "Example authority")
    by_ca = ("-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key", "-addext",
             "basicConstraints=critical,CA:FALSE")  # fmt: skip
    for name, subject in (
        ("collector", "logs.school.example"),
        ("device", "fw1.school.example"),
        ("stranger", "printer.school.example"),
    ):
        make(name, subject, *by_ca)
    return folder


def over_tls(certificates: Path, port: int, name: str | None, sent: list[bytes]) -> None:
    context = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
    if name:
        context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
    with context.wrap_socket(connected(port), server_hostname="logs.school.example") as stream:
        stream.sendall(b"".join(one + b"\n" for one in sent))
        time.sleep(1)  # rsyslog drops what it has not read when a session ends abruptly


@rsyslog
@pytest.mark.skipif(not GNUTLS_DRIVER, reason="rsyslog-gnutls is not installed")
def test_by_tls_only_a_device_with_a_certificate_of_its_name_is_heard(tmp_path, certificates):
    port = free_port()
    more = "\n".join(
        f'{key} = "{certificates / name}"'
        for key, name in (
            ("authority", "ca.pem"),
            ("certificate", "collector.pem"),
            ("key", "collector.key"),
        )
    )
    peers = 'peers = ["fw1.school.example"]'
    with running(tmp_path, f"{receive(port, 'tls')}\n{peers}", more) as collector:
        over_tls(certificates, port, "device", lines(500))
        collector.wait_for(500)
        for name in ("stranger", None):
            try:
                over_tls(certificates, port, name, lines(10, first=900))
            except OSError:
                continue  # refused while it was sending
        with connected(port) as plain:
            plain.sendall(line(950) + b"\n")
        over_tls(certificates, port, "device", lines(1, first=500))
        collector.wait_for(501)
    assert collector.landed() == lines(501)


def settings_of(tmp_path, *tables: str):
    home = create(tmp_path / "home", zone="America/Chicago")
    text = home.settings_file.read_text(encoding="utf-8").replace("\n[collector]\n", "\n")
    text = text.replace("\n[sources.proxy]\n", "\n")
    home.settings_file.write_text("\n".join([text, *tables, ""]), encoding="utf-8")
    return home, load_settings(home)


FIREWALL = '[collector.receive.firewall]\nport = 5514\nsenders = ["192.0.2.1", "2001:db8::/32"]'


def test_nothing_is_written_if_nothing_is_received(tmp_path):
    assert collector_files(*settings_of(tmp_path), Path("schoolbell")) == {}


@pytest.mark.skipif(
    NFT is None or not is_possible("unshare", "--net", str(NFT), "list", "tables"),
    reason="nft cannot be run here",
)
def test_the_packet_filter_can_be_loaded_twice(tmp_path):
    files = collector_files(*settings_of(tmp_path, FIREWALL), Path("schoolbell"))
    path = tmp_path / "filter.nft"
    path.write_text(files[FILTER], encoding="utf-8")
    load = f"{NFT} -f {path} && {NFT} -f {path} && {NFT} list table inet schoolbell_collector"
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", load], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "tcp dport 5514 ip saddr 192.0.2.1 accept" in done.stdout
    assert "tcp dport 5514 ip6 saddr 2001:db8::/32 accept" in done.stdout
    assert done.stdout.count("tcp dport 5514 drop") == 1


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ((FIREWALL, FIREWALL.replace("firewall", "vpn")), "port 5514 is that of firewall already"),
        (
            (f'{FIREWALL}\nby = "tls"\npeers = ["fw1.school.example"]',),
            "TLS needs certificates",
        ),
        (
            (FIREWALL, '[sources.firewall]\npath = "s3://logs.example/firewall"'),
            "the collector writes into folders of this machine",
        ),
        ((f'{FIREWALL}\nby = "tls"',), "peers"),
        ((f"{FIREWALL}\nport = 514".replace("port = 5514\n", ""),), "port"),
        ((FIREWALL.replace("192.0.2.1", "192.0.2.1/24"),), "senders"),
    ],
)
def test_what_cannot_be_received_is_refused_with_its_place(tmp_path, tables, words):
    with pytest.raises(SettingsError, match=r"district\.toml") as refused:
        collector_files(*settings_of(tmp_path, *tables), Path("schoolbell"))
    assert words in str(refused.value) + str(refused.value.remedy)
