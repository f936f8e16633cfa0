"""`make demo`: a synthetic district, from nothing to a published report.

It takes the path of any district: make a home, put registry and logs into it,
run. Only the truth at the end is the demo's own. A second run finds the same
files and adds nothing.
"""

import argparse
import sys
import time
from pathlib import Path

from pipelines.district import open_district
from pipelines.errors import SchoolbellError, safe
from pipelines.registry.new_home import create
from pipelines.run.console import console, table, watching
from pipelines.run.run import run
from pipelines.run.summary import account_table, told
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, DISTRICT_NAME, generate
from pipelines.synthetic.habits import WORLDS, Habits
from pipelines.synthetic.quality import missed_rows, quality
from pipelines.synthetic.trial import Trial, judge_trial


def main() -> int:
    """Make, run and score the demo district; the exit code."""
    chosen = _arguments()
    home: Path = chosen.home.resolve()
    screen = console()
    try:
        if not (home / "truth" / "planted.csv").is_file():
            _make(home, chosen.seed, chosen.people, chosen.weeks, WORLDS[chosen.world])
        with watching(screen, _landed(home)) as watchers:
            done = run(home, watchers=watchers)
        for line in told(done):
            _say(line)
        with open_district(home) as district:
            screen.print(account_table(district))
    except SchoolbellError as error:
        sys.stderr.write("\n".join(map(safe, str(error).splitlines())) + "\n")
        return error.exit_code
    trial = judge_trial(home, seed=chosen.seed, people=chosen.people,
                        weeks=chosen.weeks, has_violations=True)  # fmt: skip
    screen.print(table("Findings against planted truth", *_scored(trial)))
    for line in _judged(trial):
        _say(line)
    _say(f"Report: {home / 'reports' / 'index.html'}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="pipelines.synthetic", description=__doc__)
    parser.add_argument("--home", type=Path, default=Path("demo-district"))
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--people", type=int, default=240)
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--world", choices=tuple(WORLDS), default="windows")
    return parser.parse_args()


def _make(home: Path, seed: int, people: int, weeks: int, habits: Habits) -> None:
    """The home and its settings, then registry, logs and truth."""
    began = time.monotonic()
    create(home, name=DISTRICT_NAME, account_domains=ACCOUNT_DOMAINS)
    truth = generate(home, seed, people=people, weeks=weeks, habits=habits)
    seconds = time.monotonic() - began
    _say(
        f"{DISTRICT_NAME}: {truth.people} people, {truth.weeks} school weeks, "
        f"{sum(truth.lines.values()):,} log lines written in {seconds:.1f} s."
    )


def _landed(home: Path) -> int:
    landing = home / "landing"
    return sum(file.stat().st_size for file in landing.rglob("*") if file.is_file())


def _scored(trial: Trial) -> tuple[list[str], list[list[object]]]:
    rows = []
    for row in quality([trial])["by_rule"]:
        recall, precision = row["recall"], row["precision"]
        counts = (recall["of"], recall["count"], precision["of"], precision["count"])
        rows.append([row["rule"], *counts])
    return ["rule", "planted", "found", "findings", "true"], rows


def _judged(trial: Trial) -> list[str]:
    false = trial.findings.filter(~trial.findings["is_true"])
    lines = [f"Findings about nothing planted: {false.height}."]
    return lines + [
        f"Missed: {row['case_id']} {row['expected_rule']} {row['note']}"
        for row in missed_rows([trial])
    ]


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
