"""Sigma rules on a district's lake: leads cite lines, and name no one."""

import json

from pipelines.district import open_district
from tests.journey import small as made
from tests.journey.commands import schoolbell

CALLED = """
title: Asked for a host of example.com
level: low
tags: [attack.command-and-control]
logsource: {category: proxy}
detection:
    selection:
        cs-host|endswith: .example
        c-ip|cidr: 10.0.0.0/8
    other:
        cs-method: POST
    condition: selection and not other
"""
REFUSALS = """
title: Refused
name: refused
logsource: {product: windows, service: security}
detection:
    selection: {EventID: 4625}
    condition: selection
---
title: Refused twice in an hour from one address
level: medium
tags: [attack.credential-access]
correlation:
    type: event_count
    rules: [refused]
    group-by: [Computer]
    timespan: 1h
    condition: {gte: 2}
"""
PROCESS = """
title: A process
logsource: {category: process_creation, product: windows}
detection:
    selection: {Image: x}
    condition: selection
"""


def test_rules_of_the_home_are_asked_and_nobody_is_named(tmp_path, tmp_path_factory):
    home = made.small(tmp_path_factory.getbasetemp()).copy(tmp_path)
    none = schoolbell("sigma", "check", "--home", home)
    assert none.code == 2
    assert "Sigma rules does not exist" in none.err
    folder = home / "sigma"
    folder.mkdir()
    for name, text in (("a", CALLED), ("b", REFUSALS), ("c", PROCESS)):
        (folder / f"{name}.yml").write_text(text)
    told = schoolbell("sigma", "check", "--home", home, "--json")
    assert told.code == 0, told.err
    rows = [json.loads(line) for line in told.out.splitlines()]
    assert [row["title"] for row in rows if "reason" not in row] == [
        "Asked for a host of example.com",
        "Refused twice in an hour from one address",
    ]
    assert ["process_creation" in row["reason"] for row in rows if "reason" in row]
    days = "2026-10-19..2026-10-23"
    done = schoolbell("sigma", "leads", "--home", home, "--days", days, "--json")
    assert done.code == 0, done.err
    leads = [json.loads(line) for line in done.out.splitlines()]
    called = [one for one in leads if one["clause"] == "cl.5"]
    assert called
    assert all(one["lines"] > 0 and one["places"] for one in called)
    with open_district(home) as district:
        named = set(district.registry.frames["accounts"]["account"])
        named |= set(district.registry.people_names.values())
    assert not [one for one in named if one and len(one) > 4 and one in done.out]
    acts = schoolbell("audit", "show", "--home", home, "--json", "--last", 200).out
    assert "sigma leads" in {json.loads(one)["action"] for one in acts.splitlines()}
