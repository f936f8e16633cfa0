"""Compare `descriptions.yaml` with a description file of a vendor.

    python -m tests.fetch.compare okta management-minimal.yaml
    python -m tests.fetch.compare google admin.reports_v1.json
    python -m tests.fetch.compare microsoft cleanMetadata.xml
    python -m tests.fetch.compare meraki spec3.json

It reads OpenAPI 3 (YAML or JSON), a discovery document of Google, or the metadata of Graph, and
prints each difference. Exit code 1: there are some.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

from tests.fetch.vendors import DESCRIPTIONS

Described = tuple[dict[str, dict[str, Any]], dict[str, str]]
"""Parameters by name, and the types of an event's fields."""
EDM = {"Edm.String": "string", "Edm.Boolean": "boolean", "Edm.DateTimeOffset": "string"}
LIMITS = ("minimum", "maximum", "default")


def differences(service: str, path: Path, *names: str) -> Iterator[str]:
    """Yield what a vendor's description says otherwise.

    Args:
        names: Logs and lists that the file describes; all, if none is named.
    """
    for name, log in DESCRIPTIONS[service].items():
        if not isinstance(log, dict) or "path" not in log or name not in (names or (name,)):
            continue
        try:
            parameters, fields = described(path, log)
        except KeyError as error:
            yield f"{name}: the description has no {error}"
            continue
        yield from (f"{name}: {words}" for words in _parameters(log, parameters))
        for key, kind in log.get("fields", {}).items():
            if fields and fields.get(key) != kind:
                yield f"{name}: field {key} is {fields.get(key, 'absent')}, not {kind}"


def _parameters(log: dict[str, Any], theirs: dict[str, dict[str, Any]]) -> Iterator[str]:
    for key, rule in log["parameters"].items():
        if key.startswith("$"):
            continue  # options of OData that all lists have
        if key not in theirs:
            yield f"no parameter {key}"
            continue
        for limit in LIMITS:
            value = theirs[key].get(limit)
            if limit in rule and value is not None and str(value) != str(rule[limit]):
                yield f"{key} {limit} is {value}, not {rule[limit]}"
        allowed = theirs[key].get("enum")
        if allowed and not set(rule.get("enum", allowed)) <= set(allowed):
            yield f"{key} is one of {allowed}"


def described(path: Path, log: dict[str, Any]) -> Described:
    """Return what the file says about one log."""
    if path.suffix == ".xml":
        return _metadata(path, log)
    text = path.read_text(encoding="utf-8")
    value = json.loads(text) if path.suffix == ".json" else yaml.load(text, yaml.CSafeLoader)
    return _discovery(value, log) if "resources" in value else _openapi(value, log)


def _openapi(value: dict[str, Any], log: dict[str, Any]) -> Described:
    short = log["path"].removeprefix("/api/v1")
    paths = value["paths"]
    operation = paths[log["path"]] if log["path"] in paths else paths[short]
    given = [*operation.get("parameters", []), *operation["get"].get("parameters", [])]
    parameters = {}
    for one in (_resolved(value, reference) for reference in given):
        schema = one.get("schema", one)
        limits = dict(schema)
        if found := re.fullmatch(r"Integer between (\d+) and (\d+)", schema.get("format", "")):
            limits |= {"minimum": found[1], "maximum": found[2]}
        parameters[one["name"]] = limits
    schema = value.get("components", {}).get("schemas", {}).get(log.get("schema", ""))
    if schema is None and log.get("answer"):
        answer = operation["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        schema = answer["properties"]["events"]["items"]
    fields = (schema or {}).get("properties", {})
    return parameters, {key: _kind(_resolved(value, one)) for key, one in fields.items()}


def _resolved(value: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in one:
        return one
    for part in one["$ref"].removeprefix("#/").split("/"):
        value = value[part]
    return value


def _kind(schema: dict[str, Any]) -> str:
    return schema.get("type") or ("object" if "properties" in schema else "string")


def _discovery(value: dict[str, Any], log: dict[str, Any]) -> Described:
    methods = {f"/{one['path']}": one for one in _methods(value)}
    path = log["path"].replace("/my_customer/", "/{customerId}/")
    method = methods[path]
    parameters = {}
    for key, one in method["parameters"].items():
        names = re.findall(r"\((\w+)\)", one.get("pattern", "")) if key == "applicationName" else []
        parameters[key] = {**one, **({"enum": names} if names else {})}
    schema = value["schemas"][log["schema"]]["properties"]
    return parameters, {key: one.get("type", "object") for key, one in schema.items()}


def _methods(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every method that gets a list, of resources within resources too."""
    for one in value.get("resources", {}).values():
        yield from (method for name, method in one.get("methods", {}).items() if name == "list")
        yield from _methods(one)


def _metadata(path: Path, log: dict[str, Any]) -> Described:
    spaces = {"e": "http://docs.oasis-open.org/odata/ns/edm"}
    root = ElementTree.parse(path).getroot()
    kind = root.find(f".//e:EntityType[@Name='{log['schema']}']", spaces)
    place = log["path"].rpartition("/")[2]
    if kind is None:
        raise KeyError(log["schema"])
    holders = "e:NavigationProperty", ".//e:EntitySet"
    if all(
        root.find(f".//{one.removeprefix('.//')}[@Name='{place}']", spaces) is None
        for one in holders
    ):
        raise KeyError(log["path"])
    fields = {"id": "string"}  # of every entity
    for one in kind.findall("e:Property", spaces):
        name, edm = one.get("Name", ""), one.get("Type", "")
        fields[name] = EDM.get(edm, "array" if edm.startswith("Collection") else "object")
        if (
            edm.startswith("graph.")
            and root.find(f".//e:EnumType[@Name='{edm[6:]}']", spaces) is not None
        ):
            fields[name] = "string"
    return {}, fields


if __name__ == "__main__":
    found = list(differences(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
    print("\n".join(found) or "no difference")
    sys.exit(bool(found))
