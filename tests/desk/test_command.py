"""`schoolbell desk` as people start it: a process that shows where it is, and ends."""

import http.client
import re
import signal
import socket
import subprocess
import sys

from tests.desk.test_signin import free_port, wait_for
from tests.journey.commands import schoolbell


def test_it_serves_until_it_is_stopped(district, sockets, tmp_path):
    home, port = district.copy(tmp_path), free_port()
    path = sockets / "command"
    program = [sys.executable, "-c", "from pipelines.cli import main; main()"]
    words = ["desk", "--home", home, "--port", str(port), "--socket", path]
    with subprocess.Popen(
        [*program, *map(str, words)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            said = process.stdout.readline()
            assert re.match(rf"http://127\.0\.0\.1:{port}/ \(press Ctrl\+C to stop\)", said)
            wait_for(port)
            asked = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            asked.request("GET", "/")
            answer = asked.getresponse()
            assert answer.status == 200
            assert answer.getheader("server") is None
            assert b"all roles" in answer.read()
            asked.close()
            with socket.socket(socket.AF_UNIX) as one:
                one.connect(str(path))
            taken = schoolbell("desk", "--home", home, "--port", port)
            assert taken.code == 2
            assert "is in use" in taken.err
            process.send_signal(signal.SIGINT)
            process.wait(20)
        finally:
            process.kill()
    assert not path.exists()


def test_a_home_that_is_not_there_is_told(tmp_path):
    done = schoolbell("desk", "--home", tmp_path / "nowhere", "--port", free_port())
    assert done.code == 2
    assert "nowhere" in done.err


def test_help_imports_no_server():
    code = (
        "import sys\nfrom pipelines.cli import main\n"
        "sys.argv = ['schoolbell', 'desk', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('uvicorn', 'starlette', 'argon2', 'authlib')"
        " if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
