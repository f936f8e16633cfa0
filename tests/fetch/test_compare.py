"""The comparison with a vendor's description finds what differs."""

import json

from tests.fetch.compare import differences


def spec(**limit):
    size = {"name": "limit", "schema": {"minimum": 0, "maximum": 1000, "default": 100} | limit}
    names = ("since", "until", "after", "filter", "q", "sortOrder")
    parameters = [size, *({"name": name, "schema": {}} for name in names)]
    return {"paths": {"/api/v1/logs": {"get": {"parameters": parameters}}}, "components": {}}


def test_a_limit_that_the_vendor_changed_is_found(tmp_path):
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(spec()))
    assert list(differences("okta", path, "logs")) == []
    path.write_text(json.dumps(spec(maximum=500)))
    assert list(differences("okta", path, "logs")) == ["logs: limit maximum is 500, not 1000"]


def test_a_path_and_a_parameter_that_are_gone_are_found(tmp_path):
    path = tmp_path / "spec.json"
    value = spec()
    value["paths"]["/api/v1/logs"]["get"]["parameters"].pop()
    path.write_text(json.dumps(value))
    assert list(differences("okta", path, "logs")) == ["logs: no parameter sortOrder"]
    path.write_text('{"paths": {}}')
    assert list(differences("okta", path, "logs")) == ["logs: the description has no '/logs'"]
