"""One process that starts all the others."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Zygote:
    def __init__(self, log: Path, preload: Path | None = None, module: str = "zygote") -> None:
        self.log = log
        more = {"LD_PRELOAD": str(preload)} if preload else {}
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"tests.faults.{module}"],
            cwd=ROOT,
            env=os.environ | more,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.open("w"),
            text=True,
        )

    def run(self, home: Path, how: str = "none", **more: object) -> int:
        """Return the exit code of one process; negative for a signal."""
        self.process.stdin.write(json.dumps({"home": str(home), "how": how, **more}))
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=120)  # a busy machine takes its time

    def said(self) -> str:
        return self.log.read_text()


@pytest.fixture(scope="module")
def zygote(tmp_path_factory):
    zygote = Zygote(tmp_path_factory.mktemp("zygote") / "log")
    yield zygote
    zygote.close()
