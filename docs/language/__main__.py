"""Lint the language of code and documents: python -m docs.language [PATH ...]."""

import sys
from pathlib import Path

from docs.language.lint import findings

FOLDERS = ("pipelines", "sql", "docs", "deploy", "tests", "README.md", "CONTRIBUTING.md")

if __name__ == "__main__":
    found = list(findings(Path(one) for one in sys.argv[1:] or FOLDERS))
    sys.stdout.writelines(f"{one}\n" for one in found)
    sys.exit(f"{len(found)} phrases to rewrite" if found else 0)
