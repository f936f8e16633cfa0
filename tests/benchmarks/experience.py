"""Prints what the weekly report is held to, and what was measured; fails nothing.

    python -m tests.benchmarks.experience [--weeks 52] [--home HOME] [--pictures FOLDER]

With `--home` (a district home with a snapshot, such as the demo's) the time, the
memory and the numbers in SQL are those of that home's newest week as well. What
needs a browser is left out, and said so, where no Chromium is installed.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import experience_browser, experience_home, experience_pages
from tests.benchmarks.figures import Figure
from tests.browser.looking import CHROMIUM


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--pictures", type=Path)
    asked = parser.parse_args()
    missed = [one.what for one in figures(asked) if not say(one)]
    print(f"\n{len(missed)} goals missed" + "".join(f"\n  {one}" for one in missed))


def figures(asked: argparse.Namespace) -> Iterator[Figure]:
    """Yield every figure, as soon as it is known."""
    with tempfile.TemporaryDirectory() as folder:
        weeks = Path(folder) / "weeks"
        yield from experience_pages.figures(asked.weeks, weeks)
        if CHROMIUM:
            pictures = asked.pictures or Path(folder) / "pictures"
            yield from experience_browser.figures(weeks, Path(folder), pictures)
        else:
            print("No Chromium: the figures that need one are left out.")
        if asked.home:
            yield from experience_home.figures(asked.home)


def say(one: Figure) -> bool:
    """Print a figure; whether its goal is met."""
    mark = "ok    " if one.is_met else "MISSED"
    print(f"{mark} {one.what:<44} {one.measured:>34}   goal {one.goal}", flush=True)
    return one.is_met


if __name__ == "__main__":
    main()
