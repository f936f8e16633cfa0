"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path,
    typer.Option(
        "--home",
        envvar="SCHOOLBELL_HOME",
        help="The district's home folder.",
        show_default=False,
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print JSON, one object per line.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
