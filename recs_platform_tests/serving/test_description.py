"""The OpenAPI description is true: every route says every status that it may answer, with an example, and what is
answered has the form that is described."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from recs_platform.serving.answers import Health, Live, Readiness, RecommendationList
from recs_platform_tests.serving.made_up import client, made_up
from recs_platform_tests.serving.test_problems import with_a_body

pytestmark = pytest.mark.anyio


def described() -> dict[str, Any]:
    return with_a_body(made_up()[0]).openapi()


def test_every_route_says_every_status_with_an_example() -> None:
    for path, operations in described()["paths"].items():
        if path == "/sums":  # the tests' own
            continue
        for method, operation in operations.items():
            told = operation["responses"]
            anywhere = {"400", "403", "405", "408", "413", "431", "500", "503"}
            assert anywhere <= told.keys(), (method, path)
            if not path.startswith("/health"):
                assert operation["security"], path
            if operation["security"]:
                assert "401" in told, path
            for status, response in told.items():
                assert response["description"] != "Successful Response" or status == "200"
                if status >= "400":
                    problem = response["content"]["application/problem+json"]
                    assert problem["example"]["status"] == int(status)
            assert operation["summary"]


def test_parameters_have_examples_or_limits() -> None:
    for path, operations in described()["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                schema = parameter["schema"]
                assert parameter["description"], path
                assert schema.get("examples") or "minimum" in schema or "enum" in schema, (path, parameter["name"])


@pytest.mark.parametrize(
    ("address", "model"),
    [
        ("/recommendations/acme/c1", RecommendationList),
        ("/weekly-recommendations/c1?company=concord", RecommendationList),
        ("/health/live", Live),
        ("/health/ready", Readiness),
        ("/health", Health),
    ],
)
async def test_answers_have_the_form_that_is_described(address: str, model: type) -> None:
    async with client(made_up()[0]) as asking:
        answer = await asking.get(address)
    told = TypeAdapter(model).validate_json(answer.content)
    assert told.model_dump(mode="json", exclude_unset=True).keys() == answer.json().keys()
