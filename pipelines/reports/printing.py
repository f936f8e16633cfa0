"""Prints a finished page as PDF with the browser that is installed.

The page is complete without it: a browser that is missing, slow or broken is said
on the page and in the mail, and stops nothing.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from pipelines.settings.home import PLAIN_FILE
from pipelines.settings.model import Report

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_SECONDS = 120
NO_BROWSER = "The PDF is missing: no browser was found on the machine."
FAILED = "The PDF is missing: the browser could not print the page."
SWITCHES = (
    "--headless",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--no-first-run",
    "--no-pdf-header-footer",
    # a page of ours asks for nothing; this makes sure of it
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def browser(settings: Report) -> str | None:
    """The browser that the settings name, or the first one that is installed."""
    if settings.browser:
        return shutil.which(settings.browser)
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def print_page(program: str, page: Path, target: Path) -> bool:
    """Print a page into a file; False if that did not work.

    A file that is there is replaced whole, or left alone.
    """
    with tempfile.TemporaryDirectory(prefix="schoolbell-print-") as folder:
        made = Path(folder) / "page.pdf"
        command = [
            program,
            *SWITCHES,
            *_as_root(),
            f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={made}",
            page.resolve().as_uri(),
        ]
        if not _ran(command, Path(folder)) or not _is_pdf(made):
            return False
        beside = target.with_name(f".{target.name}.part")
        shutil.copyfile(made, beside)
        beside.chmod(PLAIN_FILE)
        beside.replace(target)
    return True


def _as_root() -> tuple[str, ...]:
    """Chromium refuses root its sandbox; in a container root is the usual account."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return ("--no-sandbox",) if is_root else ()


def _ran(command: list[str], folder: Path) -> bool:
    known = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
    try:
        process = subprocess.Popen(  # noqa: S603 - our own switches, no shell
            command,
            env=known | {"HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    try:
        return process.wait(PATIENCE_SECONDS) == 0
    except subprocess.TimeoutExpired:
        # its children too: they would go on in a folder that is gone
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False


def _is_pdf(path: Path) -> bool:
    return path.is_file() and path.read_bytes().startswith(b"%PDF-")
