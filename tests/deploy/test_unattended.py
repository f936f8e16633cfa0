"""From a wheel alone, without a checkout and without a person: from nothing to the uninstallation.

Only servers of services run from the checkout. rsyslog itself is in `test_collector.py`; here its
protocol is spoken to the program that it starts.
"""

import json
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.conftest import REPO_ROOT
from tests.deploy.releases import NEXT_VERSION, Installed, called, next_wheel, wheel_of
from tests.deploy.test_collector import free_port
from tests.fetch.test_faults import answering, served  # noqa: F401
from tests.fetch.test_fetch import every, expected, vendor_of
from tests.fetch.vendors import TOKEN

LINES = 40
PATIENCE = 60.0


def line(time_, number):
    return (
        f"{time_.timestamp():.3f} 80 192.0.2.44 TCP_MISS/200 1234 GET "
        f"http://www.example.org/{number} mbell HIER_DIRECT/203.0.113.5 text/html"
    )


def received(program, folder, lines):
    """Give lines to the program that rsyslog starts, as rsyslog does; each is confirmed."""
    words = ["BEGIN TRANSACTION", *(f">{one}" for one in lines), "COMMIT TRANSACTION"]
    done = subprocess.run(
        [program.venv / "bin" / "schoolbell", "receive", "--to", folder],
        input="".join(f"{word}\n" for word in words),
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) <= {"OK", "DEFER_COMMIT"}
    assert done.stdout.split()[-1] == "OK"


def accounted(home):
    """Return the lines of each source that the state accounts for."""
    with closing(sqlite3.connect(home / "state.db")) as state:
        query = "select source, sum(events), sum(rejects) from source_files group by 1 order by 1"
        return state.execute(query).fetchall()


def first_page(program, home):
    """Return the first page of the desk, while it runs."""
    port = free_port()
    words = [program.venv / "bin" / "schoolbell", "desk", "--home", home, "--port", str(port)]
    desk = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + PATIENCE
        while True:
            assert desk.poll() is None, desk.stdout.read()
            try:
                with urlopen(f"http://127.0.0.1:{port}/") as page:
                    return page.read().decode()
            except URLError:
                assert time.monotonic() < until, "the desk does not answer"
                time.sleep(0.2)
    finally:
        desk.terminate()
        desk.wait(timeout=PATIENCE)
        desk.stdout.close()


def test_from_a_wheel_to_the_uninstallation(tmp_path, served):  # noqa: F811
    program = Installed.new(
        tmp_path / "program", wheel_of(REPO_ROOT, tmp_path / "this"), "desk", "fetch"
    )
    place = program.venv / "bin" / "python"
    origin = "import pipelines; print(pipelines.__file__)"
    assert str(program.venv) in called(place, "-P", "-c", origin).stdout

    home, copies, keys = tmp_path / "home", tmp_path / "copies", tmp_path / "keys"
    program.schoolbell("init", home, "--yes", "--name", "Sample", "--zone", "America/Chicago")
    now = datetime.now(UTC)
    vendor = vendor_of("okta", every(10, 30, now), now=now, page_size=60)
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    service = [
        "[fetch.okta]",
        'service = "okta"',
        f'url = "{served(answering(vendor))}"',
        f"token = {{ file = {json.dumps(str(token))} }}",
    ]
    with (home / "district.toml").open("a") as settings:
        settings.write("\n" + "\n".join(service) + "\n")
    proxy = home / "landing" / "proxy"
    day = now - timedelta(days=1)
    sent = [line(day + timedelta(seconds=one), one) for one in range(LINES)]
    received(program, proxy, sent[:-1])

    program.schoolbell("fetch", "--home", home)
    program.schoolbell("check", "--home", home)
    program.schoolbell("watch", "--home", home, "--quiet")
    program.schoolbell("run", "--home", home, "--quiet", "--settle-seconds", 0)
    counts = [("okta", len(expected(vendor, "okta")), 0), ("proxy", LINES - 1, 0)]
    assert accounted(home) == counts
    received(program, proxy, sent[-1:])
    program.schoolbell("run", "--home", home, "--quiet", "--settle-seconds", 0)
    counts[1] = ("proxy", LINES, 0)
    assert accounted(home) == counts
    assert "Sample" in (home / "reports" / "latest.html").resolve().read_text()
    assert "<main" in first_page(program, home)

    program.schoolbell("backup", "--home", home, "--to", copies, "--keys", keys)
    (copy,) = copies.glob("backup-*")
    new = tmp_path / "elsewhere"
    program.schoolbell("restore", copy, "--to", new, "--keys", keys, "--verify")
    assert accounted(new) == counts

    program.install(next_wheel(tmp_path / "next"), "--no-deps")
    assert program.version() == NEXT_VERSION
    assert "all unchanged" in program.schoolbell("upgrade", "--home", new).stdout
    program.schoolbell("run", "--home", new, "--quiet")
    assert accounted(new) == counts
    assert program.schoolbell("audit", "verify", "--home", new)

    before = set(tmp_path.iterdir())
    shutil.rmtree(program.venv)
    assert before - set(tmp_path.iterdir()) == {Path(program.venv)}
    assert accounted(new) == counts
