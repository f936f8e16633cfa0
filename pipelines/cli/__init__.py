"""The operator's way in: `schoolbell …`, one module a group of commands.

`app` collects the commands, `options` holds what several of them take, `output` how
they print, `errors` turns an error into one message and an exit code.

Exit codes: 0 done, 1 nothing could be done, 2 settings or arguments are wrong,
75 another run is at work, 77 whoever asks has no right to it.
"""

from pipelines.cli.app import main

__all__ = ["main"]
