"""Each function has a policy of its own, which names what it may do and to what."""

import re
from pathlib import Path

import pytest
from chalice.utils import to_cfn_resource_name

from infrastructure.check_resources import functions
from tests.infrastructure.guarded import API_POLICY, CONFIG, FUNCTIONS, POLICIES, Document, statements

ANYTHING = {"ListStreams", "WriteTraces"}
"""Statements about actions that have no resource to name."""


def test_every_function_has_a_policy_of_its_own_that_nobody_guessed(template: Document) -> None:
    assert CONFIG["autogen_policy"] is False
    assert {"APIHandler", *map(to_cfn_resource_name, FUNCTIONS)} == functions(template)
    assert sorted([API_POLICY, *FUNCTIONS.values()]) == [policy.name for policy in POLICIES]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.stem)
def test_a_policy_names_actions_and_resources_of_this_stack(policy: Path, template: Document) -> None:
    for statement in statements(policy):
        assert statement["Effect"] == "Allow"
        assert not any("*" in action for action in statement["Action"])
        for resource in statement["Resource"]:
            if statement["Sid"] in ANYTHING:
                continue
            assert isinstance(resource, dict), f"{statement['Sid']} allows more than this stack"
            for name in re.findall(r"\$\{(\w+)\.Arn\}", str(resource)) or resource.get("Fn::GetAtt", [])[:1]:
                assert name in template["Resources"]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.stem)
def test_what_makes_payments_may_read_the_taxes_of_a_clients_workspace(policy: Path) -> None:
    allowed = {statement["Sid"]: statement["Action"] for statement in statements(policy)}
    if "dynamodb:PutItem" in allowed.get("UsePaymentsTable", []):
        assert "dynamodb:GetItem" in allowed["UseTaxesTable"]
