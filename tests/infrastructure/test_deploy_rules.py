"""What a deployment shows, asks for and refuses."""

import json
from dataclasses import replace
from typing import Any

import pytest

from infrastructure.aliases import call_by_alias
from infrastructure.deploy.adopt import adopted_part, inherited
from infrastructure.deploy.changes import Change, group, read_change, refused
from infrastructure.deploy.parameters import (
    UNKNOWN_BASE_URL,
    WrongParameters,
    choose,
    effective,
    mark,
    protected_later,
    read_given,
    unprotected,
)
from infrastructure.deploy.releases import Release, live_release, release_before
from infrastructure.deploy.stacks import Resource
from infrastructure.deploy.stages import FILE, Stage, WrongStage, find_stage, read_stages
from infrastructure.deploy.versions import deployed_versions, differing
from infrastructure.generator.__main__ import generate

STAGE = Stage("dev", "billing-dev", parameters={"Stage": "dev"}, ask=("MailFrom",))
DECLARED: dict[str, Any] = {
    "Stage": {"Default": "production"},
    "MailFrom": {"Default": "", "Description": "Whom mails come from", "AllowedPattern": "(.*@.*)?"},
    "PortalBaseUrl": {"Description": "Where browsers reach it"},
    "Connect": {"Default": "", "AllowedValues": ["", "on"]},
}
TABLE = Change("Modify", "AWS::DynamoDB::Table", "WalletsTable", replaces=True)


def test_the_stages_that_come_with_it_set_parameters_that_the_template_has() -> None:
    declared = json.loads(generate()["infrastructure/resources.json"])["Parameters"]
    stages = read_stages(FILE.read_text())
    assert {"dev", "prod"} <= stages.keys()
    for stage in stages.values():
        assert (stage.parameters.keys() | set(stage.ask)) <= declared.keys()
    assert stages["dev"].disposable
    assert not stages["prod"].disposable
    assert len({stage.stack for stage in stages.values()}) == len(stages)


@pytest.mark.parametrize(
    "text",
    [
        "[x]\ndisposable = true",
        '[x]\nstack = "a"\ncolour = "red"',
        '[x]\nstack = "a"\n[x.parameters]\nA = 1',
        '[x]\nstack = "a"\ndisposable = "false"',
        '[x]\nstack = "a"\n[y]\nstack = "a"\ndisposable = true',
    ],
)
def test_a_stage_that_is_described_wrongly_is_refused(text: str) -> None:
    with pytest.raises(WrongStage):
        read_stages(text)


def test_an_unknown_stage_is_told_which_there_are() -> None:
    with pytest.raises(WrongStage, match="dev"):
        find_stage("staging")


def test_everything_that_is_missing_is_asked_for_once() -> None:
    asked = []

    def ask(name: str, description: str, default: str | None) -> str:
        asked.append(name)
        return {"MailFrom": "a@example.com"}.get(name, "")

    chosen = choose(DECLARED, STAGE, {}, frozenset(), ask)
    assert asked == ["MailFrom", "PortalBaseUrl"]
    assert {each["ParameterKey"]: each["ParameterValue"] for each in chosen} == {
        "Stage": "dev",
        "MailFrom": "a@example.com",
        "PortalBaseUrl": UNKNOWN_BASE_URL,
    }


def test_what_the_stack_remembers_is_not_asked_for_again() -> None:
    chosen = choose(DECLARED, STAGE, {"Connect": "on"}, frozenset(DECLARED), None)
    assert {each["ParameterKey"] for each in chosen if each.get("UsePreviousValue")} == {"MailFrom", "PortalBaseUrl"}
    assert {"ParameterKey": "Connect", "ParameterValue": "on"} in chosen


def test_without_anybody_to_ask_all_that_is_missing_is_named_at_once() -> None:
    declared = {**DECLARED, "One": {"Description": "the first"}, "Two": {"Description": "the second"}}
    with pytest.raises(WrongParameters, match=r"(?s)One: the first.*Two: the second"):
        choose(declared, STAGE, {}, frozenset(), None)


@pytest.mark.parametrize("given", [{"Nonsense": "1"}, {"MailFrom": "nobody"}, {"Connect": "off"}])
def test_wrong_parameters_are_refused_before_anything_is_uploaded(given: dict[str, str]) -> None:
    with pytest.raises(WrongParameters, match=next(iter(given))):
        choose(DECLARED, STAGE, given, frozenset(), None)


def test_given_parameters_are_names_and_values() -> None:
    assert read_given(["A=1", "B=x=y"]) == {"A": "1", "B": "x=y"}
    with pytest.raises(WrongParameters, match="oops"):
        read_given(["A=1", "oops"])


def test_another_value_of_a_parameter_publishes_versions() -> None:
    """SAM hashes the template: without the mark, the live version would keep its old environment."""
    template: dict[str, Any] = {"Globals": {"Function": {"AutoPublishAlias": "live"}}}
    before = effective(DECLARED, [{"ParameterKey": "Stage", "ParameterValue": "dev"}], {"MailFrom": "a@x.example"})
    assert before == {"Stage": "dev", "MailFrom": "a@x.example", "Connect": ""}
    after = {**before, "MailFrom": "b@x.example"}
    assert mark(template, before) == mark(template, dict(before))
    assert mark(template, before) != mark(template, after)
    assert "Description" not in template["Globals"]["Function"]


def test_a_stack_is_created_without_protection_and_gets_it_when_it_is_there() -> None:
    declared = {**DECLARED, "DeletionProtection": {"Default": "true"}}
    assert protected_later(declared, []) == {"DeletionProtection": "true"}
    assert unprotected({"DeletionProtection": "true"}) == [
        {"ParameterKey": "DeletionProtection", "ParameterValue": "false"}
    ]
    assert protected_later(declared, [{"ParameterKey": "DeletionProtection", "ParameterValue": "false"}]) == {}
    assert protected_later(DECLARED, []) == {}


@pytest.mark.parametrize(
    ("change", "verb", "lost"),
    [
        (TABLE, "REPLACE", True),
        (replace(TABLE, replaces=None), "may REPLACE", True),
        (replace(TABLE, replaces=False), "change", False),
        (Change("Remove", "AWS::DynamoDB::Table", "T", keeps=True), "leave", True),
        (Change("Remove", "AWS::S3::Bucket", "B"), "DELETE", True),
        (Change("Remove", "AWS::SQS::Queue", "Q"), "DELETE", True),
        (Change("Modify", "AWS::SQS::Queue", "Q", replaces=None), "may REPLACE", True),
        (Change("Remove", "AWS::Events::EventBus", "B"), "DELETE", False),
        (Change("Add", "AWS::DynamoDB::Table", "T"), "add", False),
        (Change("Import", "AWS::DynamoDB::Table", "T"), "adopt", False),
    ],
)
def test_tables_buckets_and_queues_that_would_be_lost_are_refused(change: Change, verb: str, lost: bool) -> None:
    assert change.verb == verb
    assert [each.logical_id for each in refused([change], frozenset())] == ([change.logical_id] if lost else [])
    assert list(refused([change], frozenset({change.logical_id}))) == []


def test_what_loses_something_comes_first_and_what_is_renewed_is_not_loud() -> None:
    versions = [Change("Remove", "AWS::Lambda::Version", f"V{number}", keeps=True) for number in range(3)]
    found = group([Change("Add", "AWS::SQS::Queue", "A"), *versions, TABLE])
    assert [(each.verb, each.names, each.is_loud) for each in found] == [
        ("REPLACE", ("WalletsTable",), True),
        ("add", ("A",), False),
        ("leave", ("V0", "V1", "V2"), False),
    ]


def test_a_change_is_read_as_cloudformation_describes_it() -> None:
    described = {
        "Action": "Modify",
        "ResourceType": "AWS::SQS::Queue",
        "LogicalResourceId": "Q",
        "Replacement": "Conditional",
        "Details": [{"Target": {"Attribute": "Properties", "Name": "QueueName"}}, {"Target": {"Attribute": "Tags"}}],
    }
    change = read_change({"ResourceChange": described})
    assert (change.replaces, change.what) == (None, ("QueueName", "Tags"))


def test_a_roll_back_goes_to_what_was_deployed_together() -> None:
    """One version back each would give `b` its first version, which never ran with the second of `a`."""
    deployed = ({"a": "3", "b": "2"}, {"a": "2", "b": "2"}, {"a": "1", "b": "1"})
    releases = [Release(3 - place, "", versions) for place, versions in enumerate(deployed)]
    live = {"a": "3", "b": "2"}
    assert live_release(releases, live) == releases[0]
    assert release_before(releases, live) == releases[1]
    assert differing(live, releases[1].versions) == {"a": ("3", "2")}
    assert release_before(releases, releases[2].versions) is None


@pytest.mark.parametrize(
    ("mixed", "target"),
    [
        ({"a": "2", "b": "1"}, 1),  # from 2 to 1, cut off: not forward to 3, which may be what is wrong
        ({"a": "3", "b": "1"}, 2),
        ({"a": "4", "b": "2"}, 3),  # a deployment that was cut off before it was written down
    ],
)
def test_a_roll_back_that_was_cut_off_goes_on_when_it_is_repeated(mixed: dict[str, str], target: int) -> None:
    deployed = ({"a": "3", "b": "2"}, {"a": "2", "b": "2"}, {"a": "1", "b": "1"})
    releases = [Release(3 - place, "", versions) for place, versions in enumerate(deployed)]
    assert live_release(releases, mixed) is None
    found = release_before(releases, mixed)
    assert found is not None
    assert found.number == target


def test_the_deployed_versions_are_those_of_the_stacks_resources() -> None:
    arn = "arn:aws:lambda:us-east-1:1:function:billing-Api-1"
    found = [
        Resource("ApiVersion1", "AWS::Lambda::Version", f"{arn}:1", "DELETE_SKIPPED"),
        Resource("ApiVersion2", "AWS::Lambda::Version", f"{arn}:2", "CREATE_COMPLETE"),
        Resource("Api", "AWS::Lambda::Function", "billing-Api-1", "UPDATE_COMPLETE"),
    ]
    assert deployed_versions(found) == {"billing-Api-1": "2"}


def test_a_stack_that_adopts_has_the_parameters_of_the_deleted_one() -> None:
    before = {"Stage": "old", "MailFrom": "a@example.com", "PortalBaseUrl": "https://billing.example.com", "Gone": "1"}
    kept = {"MailFrom": "a@example.com", "PortalBaseUrl": "https://billing.example.com"}
    assert inherited(before, DECLARED, STAGE) == kept


def test_the_address_that_went_with_a_deleted_api_is_not_kept() -> None:
    before = {"MailFrom": "", "PortalBaseUrl": "https://de01e445.execute-api.us-east-1.amazonaws.com/api"}
    assert inherited(before, DECLARED, STAGE) == {"MailFrom": ""}


def test_an_import_has_the_adopted_resources_alone() -> None:
    template: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {"Stage": {}},
        "Conditions": {},
        "Resources": {"T": {"Type": "AWS::DynamoDB::Table"}, "F": {"Type": "AWS::Serverless::Function"}},
        "Outputs": {"O": {}},
    }
    part = adopted_part(template, ["T"])
    assert part.keys() == {"AWSTemplateFormatVersion", "Parameters", "Conditions", "Resources"}
    assert part["Resources"].keys() == {"T"}


def test_the_routes_and_their_permission_name_the_alias() -> None:
    uri = "arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${APIHandler.Arn}/invocations"
    template: dict[str, Any] = {
        "Resources": {
            "RestAPI": {"Properties": {"DefinitionBody": {"uri": {"Fn::Sub": uri}}}},
            "APIHandlerInvokePermission": {"Properties": {"FunctionName": {"Ref": "APIHandler"}}},
        }
    }
    changed = call_by_alias(template)
    resources = changed["Resources"]
    assert "${APIHandler.Alias}" in resources["RestAPI"]["Properties"]["DefinitionBody"]["uri"]["Fn::Sub"]
    assert resources["APIHandlerInvokePermission"]["Properties"]["FunctionName"] == {"Ref": "APIHandler.Alias"}
    assert call_by_alias(changed) == changed
