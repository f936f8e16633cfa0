"""Prints how a folder of Sigma rules does: how many run, and fire on logs made for them.

    python -m tests.benchmarks.sigma_set FOLDER [--home HOME --days 2026-11-02..2026-11-13]

For each rule that runs, lines are made which fulfill its condition, written as JSON of Zeek
and of a Windows forwarder, read by the product, and the rule is applied to all of them. With
a home, the rules are applied to its ordinary days too, where none should fire.
"""

import argparse
import json
import tempfile
import warnings
from collections import Counter
from datetime import date
from pathlib import Path

import yaml
from hypothesis import strategies
from hypothesis.errors import NonInteractiveExampleWarning
from sigma.collection import SigmaCollection
from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT
from sigma.exceptions import SigmaError
from sigma.types import (
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SpecialChars,
)

from pipelines.cli.options import days_of
from pipelines.district import open_district
from pipelines.findings import sigma
from pipelines.settings.home import DistrictHome
from tests.faults.home import Home

EPOCH = 1_772_460_000
MANY = SpecialChars.WILDCARD_MULTI
DAYS = (date(2026, 3, 1), date(2026, 3, 3))
NEUTRAL = (None, "x9", "203.0.113.9")
"""Values of a field that a rule only excludes."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--days", type=days_of)
    chosen = parser.parse_args()
    asked, refused = sigma.read_rules(chosen.folder)
    kinds = {one.path: _kind(chosen.folder / one.path) for one in (*asked, *refused)}
    run = Counter(kinds[one.path] for one in asked)
    whole = run + Counter(kinds[one.path] for one in refused)
    fired = _fired(chosen.folder, asked)
    by_kind = Counter(kinds[path] for path in fired)
    print(f"{sum(whole.values()):,} rules, {len(asked)} run, {len(fired)} fire on lines made")
    for kind in sorted(run, key=str):
        print(f"  {kind}: {whole[kind]} rules, {run[kind]} run, {by_kind[kind]} fire")
    for one in asked:
        if one.path not in fired:
            print(f"  not fired: {one.path}")
    if chosen.home:
        with open_district(chosen.home) as district:
            found = list(sigma.leads(district.store, district.home, asked, chosen.days))
        print(f"{len({lead.rule for lead in found})} fire in {chosen.home}:")
        for name, lines in sorted(_counted(found).items()):
            print(f"  {name}: {lines:,} lines")


def _counted(found):
    lines = Counter()
    for lead in found:
        lines[lead.rule] += lead.lines
    return lines


def _kind(path):
    """Return the log that a file's first rule is about."""
    try:
        (first, *_) = SigmaCollection.from_yaml(path.read_text(encoding="utf-8")).rules
        log = first.logsource
    except (SigmaError, yaml.YAMLError, *sigma.ODD):
        return "not readable"
    return ", ".join(filter(None, (log.category, log.product, log.service)))


def _fired(folder, asked):
    """Return the paths of the rules that fire on lines which were made for each."""
    files = {"web": [], "names": [], "flows": [], "windows": []}
    for one in asked:
        for rule in SigmaCollection.from_yaml((folder / one.path).read_text("utf-8")).rules:
            for fields in _lines_for(rule):
                kind, line = _written(rule, fields, sum(map(len, files.values())))
                files[kind].append(line)
    with tempfile.TemporaryDirectory() as place:
        home = Home(Path(place), fmt=None)
        for name, lines in files.items():
            home.put(f"{name}.json", _joined(lines))
        home.run()
        return {
            one.path
            for one in asked
            if list(sigma.leads(home.store, DistrictHome(home.folder), [one], DAYS))
        }


def _joined(lines):
    """Return lines of JSON without spaces, as the programs write them."""
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()


def _lines_for(rule):
    """Yield the fields of lines that should fulfill the condition, one way after another."""
    tree = rule.detection.parsed_condition[0].parsed
    for constraints in _ways(tree, wanted=True):
        fields = {}
        for field, values in constraints.items():
            fields[field] = _value(values)
        excluded = {field for field in _fields_of(tree) if field not in fields}
        for neutral in NEUTRAL:
            yield fields | dict.fromkeys(excluded if neutral else (), neutral)


def _fields_of(node):
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return {node.field}
    return {field for one in getattr(node, "args", ()) for field in _fields_of(one)}


def _ways(node, *, wanted):
    """Return sets of constraints, at most a few: each fulfills the node."""
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return [{node.field: [node.value]}] if wanted else [{}]
    if isinstance(node, ConditionNOT):
        return _ways(node.args[0], wanted=not wanted)
    if isinstance(node, ConditionAND) == wanted:
        joined = [{}]
        for one in node.args:
            joined = [
                {key: left.get(key, []) + right.get(key, []) for key in (*left, *right)}
                for left in joined
                for right in _ways(one, wanted=wanted)[:2]
            ][:4]
        return joined
    return [way for one in node.args for way in _ways(one, wanted=wanted)][:4]


def _value(values):
    """Return one value that fulfills every constraint of a field, if that is easy."""
    last = values[-1]
    if not isinstance(last, SigmaString):
        found = _other_than_text(last)
        return _value(values[:-1]) + found if values[1:] and isinstance(found, str) else found
    prefix, middle, suffix = "", "", ""
    for parts in (list(value.s) for value in values if isinstance(value, SigmaString)):
        text = "".join(one if isinstance(one, str) else "x" for one in parts if one != MANY)
        starts, ends = parts[:1] == [MANY], parts[-1:] == [MANY]
        if not starts and not ends:
            return text
        prefix += text if ends and not starts else ""
        middle += text if ends and starts else ""
        suffix += text if starts and not ends else ""
    if middle.startswith(" "):
        prefix = prefix or "x9"
    if middle.endswith("."):
        suffix = suffix or "x9"
    return prefix + middle + suffix


def _other_than_text(value):
    if isinstance(value, SigmaNumber):
        return value.number
    if isinstance(value, SigmaCompareExpression):
        return value.number.number + (1 if "GT" in value.op.name else -1)
    if isinstance(value, SigmaCIDRExpression):
        return str(value.network.network_address + 1)
    if isinstance(value, SigmaRegularExpression):
        return _of_pattern(str(value.regexp))
    return "x9" if getattr(value, "exists", False) else None


def _of_pattern(pattern):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NonInteractiveExampleWarning)
        alphabet = strategies.characters(min_codepoint=33, max_codepoint=126)
        return strategies.from_regex(pattern, alphabet=alphabet).example()


def _written(rule, fields, number):
    """Return a file's name, and the line as Zeek or a forwarder of Windows writes it."""
    stamp = EPOCH + number / 10
    get = fields.get
    head = {
        "ts": stamp, "uid": f"C{number:08}", "id.orig_p": get("src_port") or 50112,
        "id.orig_h": get("c-ip") or get("src_ip") or "10.20.4.17",
        "id.resp_h": get("dst_ip") or "203.0.113.7", "id.resp_p": get("dst_port") or 80,
    }  # fmt: skip
    log = rule.logsource
    if log.category == "proxy":
        return "web", head | _request(fields)
    if log.category == "dns":
        name = get("query") or get("QueryName") or "x9.example"
        kind = get("record_type") or "A"
        answers = get("answer") or get("QueryResults")
        return "names", head | {
            "proto": "udp", "trans_id": number, "query": name, "qtype_name": kind,
            "rcode_name": "NOERROR",
            "rejected": False, "AA": False, **({"answers": [answers]} if answers else {}),
        }  # fmt: skip
    if log.category == "firewall":
        return "flows", head | {
            "proto": get("protocol") or "tcp", "orig_bytes": get("bytes_out") or 10,
            "resp_bytes": get("bytes_in") or 10, "conn_state": "SF", "history": "ShADadFf",
        }  # fmt: skip
    data = {name: str(value) for name, value in fields.items() if value is not None}
    code, computer = data.pop("EventID", "4624"), data.pop("Computer", "DC1.example.org")
    usual = {
        "TargetUserName": "x9", "LogonType": "3", "IpAddress": "192.0.2.60",
        "TargetLogonId": "0x8f2c1", "Status": "0xc000006d", "SubStatus": "0xc000006a",
    }  # fmt: skip
    return "windows", {
        "@timestamp": f"2026-03-02T14:{number // 60 % 60:02}:{number % 60:02}.000000Z",
        "winlog": {
            "channel": "Security", "computer_name": computer, "event_data": usual | data,
            "event_id": code, "provider_name": "Microsoft-Windows-Security-Auditing",
            "record_id": str(number),
        },
    }  # fmt: skip


def _request(fields):
    get = fields.get
    url = next((str(fields[name]) for name in ("c-uri", "cs-uri") if get(name)), "")
    stem, query = get("cs-uri-stem") or get("c-uri-stem"), get("c-uri-query") or get("cs-uri-query")
    ending = get("c-uri-extension")
    host = str(get("cs-host") or get("r-dns") or "x9.example")
    if "://" in url and not url.startswith("/"):
        host, _, url = url.split("://", 1)[1].partition("/")
    path = stem or url or (f"/x.{ending}" if ending else "/")
    path = path if path.startswith("/") else f"/{path}"
    agent = get("c-useragent")
    return {
        "trans_depth": 1, "method": get("cs-method") or "GET",
        "host": f"x9{host}" if host.startswith(".") else host,
        "uri": f"{path}?{query}" if query else path,
        "status_code": get("sc-status") or 200, "request_body_len": get("cs-bytes") or 0,
        "response_body_len": get("sc-bytes") or 10,
        **({"user_agent": agent} if agent is not None else {}),
    }  # fmt: skip


if __name__ == "__main__":
    main()
