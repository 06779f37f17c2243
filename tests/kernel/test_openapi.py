"""The OpenAPI description says what the endpoints really do."""

from typing import Any

import pytest
from flask import Flask

from app.kernel import openapi
from app.kernel.api import operation_of

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def described(panel_app: Flask) -> dict[str, Any]:
    """The description of the whole panel."""
    return openapi.build(panel_app)


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, one) for path, methods in described["paths"].items() for method, one in methods.items()]


def walk(value: Any) -> Any:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)


def test_it_is_served_to_everybody_and_kept_by_browsers(client):
    answer = client.get("/api/v1/openapi.json")

    assert answer.status_code == 200
    assert answer.json["openapi"] == "3.1.0"
    assert "max-age" in answer.headers["Cache-Control"]
    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_every_endpoint_for_programs_is_in_it(panel_app, described):
    paths = {path.replace("{", "<").replace("}", ">") for path in described["paths"]}
    for rule in panel_app.url_map.iter_rules():
        if not rule.rule.startswith("/api/"):
            continue
        assert operation_of(panel_app.view_functions[rule.endpoint]) is not None, f"{rule.rule} is no ApiRoutes view"
        plain = "/".join("<" + part.partition(":")[2] if ":" in part else part for part in rule.rule.split("/"))
        assert plain in paths


def test_every_reference_leads_somewhere(described):
    for part in walk(described):
        target = part.get("$ref") if isinstance(part, dict) else None
        if not isinstance(target, str):
            continue
        found: Any = described
        for name in target.removeprefix("#/").split("/"):
            found = found[name]


def test_each_operation_has_a_name_of_its_own_and_says_its_refusals(described):
    names = [one["operationId"] for _, _, one in operations(described)]
    assert len(names) == len(set(names))
    for path, method, one in operations(described):
        assert method in METHODS
        assert one["summary"], path
        assert "429" in one["responses"], path
        if one["security"]:
            assert {"401", "403"} <= set(one["responses"]), path
        if "requestBody" in one:
            assert {"400", "413", "415", "422"} <= set(one["responses"]), path
        in_path = {parameter["name"] for parameter in one.get("parameters", ()) if parameter["in"] == "path"}
        assert in_path == {part[1:-1] for part in path.split("/") if part.startswith("{")}


def test_an_account_is_described_as_it_is_taken(described):
    one = described["paths"]["/api/marketing-api/accounts/create"]["post"]

    assert one["security"] == [{"key": []}]
    assert one["x-limits"] == ["10/minute"]
    assert "Idempotency-Key" in [parameter["name"] for parameter in one["parameters"]]
    assert "409" in one["responses"]
    name = one["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    schema = described["components"]["schemas"][name]
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"email", "firstName", "lastName", "planId", "billingCycle"}
    answer = one["responses"]["201"]["content"]["application/json"]["schema"]
    assert answer["required"] == ["success", "data"]


def test_no_secret_and_no_server_name_is_in_it(described):
    assert described["servers"] == [{"url": "/"}]
