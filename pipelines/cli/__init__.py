"""Command line for operators: `schoolbell …`, one module per group of commands.

`app` collects the commands, `options` contains shared options, `output` prints,
`errors` turns an error into one message and an exit code.

Exit codes: 0 done, 1 nothing could be done, 2 wrong settings or arguments,
75 another run is in progress, 77 the user has no right to it.
"""

from pipelines.cli.app import main

__all__ = ["main"]
