"""`slow.txt` lists tests that there are."""

from tests.conftest import REPO_ROOT, SLOW


def test_what_is_listed_as_slow_is_there():
    lines = [line for line in SLOW.read_text().splitlines() if line[:1] != "#"]
    assert lines == sorted(set(lines))
    for line in lines:
        path, *names = line.partition("[")[0].split("::")
        text = (REPO_ROOT / path).read_text(encoding="utf-8")
        for name in names:
            known = ("runTest",)  # of a state machine, made by Hypothesis
            assert f"def {name}(" in text or f"{name} =" in text or name in known, line
