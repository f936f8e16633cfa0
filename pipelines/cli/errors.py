"""Errors that people read: one message, the right exit code, no traceback."""

import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise, takewhile
from pathlib import Path

from pipelines.errors import SchoolbellError, safe

MAX_LETTERS = 300
_WORD = re.compile("[a-z]+(-[a-z]+)*")


@contextmanager
def readable_errors() -> Iterator[None]:
    """Print an error that people can act on, and leave with its exit code.

    That is every Schoolbell error, and what the system refuses: a full disk, a
    missing permission, a folder that is a file. An unforeseen error takes one line too.
    `SCHOOLBELL_DEBUG=1` lets the traceback through.
    """
    try:
        yield
    except Exception as error:
        if os.environ.get("SCHOOLBELL_DEBUG"):
            raise
        message = _as_message(error)
        for line in _with_command(message, sys.argv[1:]).splitlines():
            sys.stderr.write(safe(line) + "\n")
        raise SystemExit(message.exit_code) from None


def _with_command(error: SchoolbellError, args: Sequence[str]) -> str:
    """Return the message; if it names no command, with one that helps."""
    text = str(error)
    if "schoolbell " in text:
        return text
    helps = error.command or f"schoolbell {' '.join(_words(args))}".rstrip() + " --help"
    home = "" if helps.endswith("--help") else named_home(args)
    return f"{text}\n  Next: {helps}" + (f" --home {shlex.quote(home)}" if home else "")


def _words(args: Sequence[str]) -> list[str]:
    """Return the command and its subcommand, without what is given to them."""
    rest = args[2:] if args[:1] == ["at"] else args
    return list(takewhile(_WORD.fullmatch, rest[:2]))


def named_home(args: Sequence[str]) -> str:
    """Return the home that arguments or the environment name; empty for none."""
    home = os.environ.get("SCHOOLBELL_HOME", "")
    for name, value in pairwise((*args, "")):
        if name == "--home":
            home = value
        elif name.startswith("--home="):
            home = name.removeprefix("--home=")
    return home


def _as_owner() -> str:
    """Return how to run the command as the owner of the named home, if known."""
    try:
        return f"sudo -u {Path(named_home(sys.argv) or '.').owner()} schoolbell ..."
    except (OSError, KeyError):
        return "sudo -u ACCOUNT schoolbell ..."


def _as_message(error: Exception) -> SchoolbellError:
    if isinstance(error, SchoolbellError):
        return error
    if isinstance(error, OSError):
        return _refused(error)
    said = (str(error).strip().splitlines() or [""])[0]
    return SchoolbellError(
        f"unexpected {type(error).__name__}: {said[:MAX_LETTERS]}",
        remedy="Nothing that was committed is lost. Run schoolbell doctor, which "
        "finds damaged files.\n  If it finds none, this is a bug in Schoolbell: "
        "report it with the output of the same command under SCHOOLBELL_DEBUG=1.",
    )


def _refused(error: OSError) -> SchoolbellError:
    if isinstance(error, PermissionError) and error.filename:
        return SchoolbellError(
            f"{error.strerror} for this account",
            where=str(error.filename),
            remedy=f"Run it as the account that owns the home: {_as_owner()}\n"
            "  If the owner is wrong, as root: schoolbell protect --take-from OWNER",
        )
    refused = SchoolbellError(
        error.strerror or str(error) or type(error).__name__,
        where=str(error.filename or ""),
        remedy="Check the path, its permissions and free disk space.",
    )
    refused.command = "schoolbell doctor"
    return refused
