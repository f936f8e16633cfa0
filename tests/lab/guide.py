"""Configuration as `docs/how-to/forward-*.md` specifies it: the guide is under test."""

import re

from tests.conftest import REPO_ROOT
from tests.docs.documents import FENCE

PAGES = ("logs", "proxies", "firewalls", "windows", "cloud")
GUIDE = "\n".join(
    (REPO_ROOT / "docs" / "how-to" / f"forward-{name}.md").read_text(encoding="utf-8")
    for name in PAGES
)
"""The text of all its pages."""
SIZE = 'global(maxMessageSize="64k")'


def block(words: str) -> str:
    """Return the one block of the guide that contains some words."""
    (found,) = (one[2] for one in FENCE.finditer(GUIDE) if words in one[2])
    return str(found)


def line(pattern: str) -> str:
    """Return the first text of the guide that matches, for settings outside a block."""
    found = re.search(pattern, GUIDE)
    assert found, f"the guide has no {pattern}"
    return found[0]


def collector(kinds: dict[str, int], landing: str) -> str:
    """Return the guide's rsyslog configuration, with one ruleset and port per kind of log."""
    said = block('template(name="as_sent"').replace("/srv/schoolbell/landing", landing)
    head, _, rest = said.partition('template(name="firewall_of_today"')
    per_kind = "\n".join(
        (f'template(name="firewall_of_today"{rest}')
        .replace("firewall", kind)
        .replace("5514", str(port))
        for kind, port in kinds.items()
    )
    return f"{line(re.escape(SIZE))}\n{head}{per_kind}"


def school_collector(kinds: dict[str, int], landing: str) -> str:
    """Return the guide's syslog-ng configuration, with the parts of each kind of log."""
    said = block("flags(no-parse)").replace("/srv/schoolbell/landing", landing)
    head, _, rest = said.partition("source s_firewall")
    per_kind = "\n".join(
        f"source s_firewall{rest}".replace("firewall", kind).replace("5514", str(port))
        for kind, port in kinds.items()
    )
    return f"{head}{per_kind}"


def forward(selector: str, port: int, target: str) -> str:
    """Return the guide's action for a server's rsyslog, with another selector and port."""
    said = block("local7.* action(")
    assert said.count("local7.*") == said.count("192.0.2.5") == said.count('"5514"') == 1
    said = said.replace("local7.*", selector).replace("192.0.2.5", target)
    return said.replace('"5514"', f'"{port}"').replace("to_schoolbell", f"to_schoolbell_{port}")
