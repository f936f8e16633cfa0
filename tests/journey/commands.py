"""The command line, run in this process: exit code, standard output and error."""

import contextlib
import io
import os
import sys
from dataclasses import dataclass
from unittest import mock

from pipelines.cli import main

WHY = ("--reason", "notice of a provider")
"""The reason of a question that needs one."""


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def schoolbell(*arguments: object) -> Done:
    """Run one command as the shell would; an exception that escapes is a failure."""
    out, err = io.StringIO(), io.StringIO()
    words = ["schoolbell", *(str(one) for one in arguments)]
    code = 0
    before = os.umask(0)
    os.umask(before)
    with (
        mock.patch.object(sys, "argv", words),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            os.umask(before)  # the command makes it its own process's
    assert "Traceback" not in err.getvalue()
    assert "SCHOOLBELL_DEBUG" not in err.getvalue(), err.getvalue()
    return Done(code, out.getvalue(), err.getvalue())
