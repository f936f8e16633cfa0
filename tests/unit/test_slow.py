"""`slow.txt` lists tests that there are."""

from tests.conftest import REPO_ROOT
from tests.slow_list import LIST, listed


def test_what_is_listed_as_slow_is_there():
    lines = sorted(listed(LIST.read_text()))
    for line in lines:
        path, *names = line.partition("[")[0].split("::")
        text = (REPO_ROOT / path).read_text(encoding="utf-8")
        for name in names:
            known = ("runTest",)  # of a state machine, made by Hypothesis
            assert f"def {name}(" in text or f"{name} =" in text or name in known, line
