"""What is deployed, read from the template that would deploy it."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.recovery import sweep
from chalicelib.stripe_api import client
from chalicelib.webhooks import receive
from infrastructure.check_resources import (
    findings,
    functions,
    of_type,
    value,
)
from infrastructure.lint_template import lint
from local.resources import Overlay

Template = dict[str, Any]


def log_group_of(template: Template, function: str) -> str:
    """Return the log group that a function writes to."""
    group: str = template["Resources"][function]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
    return group


def test_cfn_lint_finds_nothing_in_the_translated_template(template_file: Path) -> None:
    assert lint(template_file) == ""


def test_cfn_lint_finds_what_is_wrong(processes: None, tmp_path: Path) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Nothing"}}}
    (tmp_path / "sam.json").write_text(json.dumps({"Resources": {"Bucket": bucket}}))
    assert "Nothing" in lint(tmp_path / "sam.json")


def test_the_packaged_template_passes_the_checks_of_its_source(template: Template) -> None:
    assert findings(template) == []


def test_the_overlay_adds_to_functions_that_exist(template: Template) -> None:
    """An overlay of a function that app.py does not have would be a resource without a type."""
    assert [name for name, resource in template["Resources"].items() if "Type" not in resource] == []
    assert {"APIHandler", "RecordUsage", "SweepPayments"} <= functions(template)


def test_every_queue_that_calls_a_function_gets_back_only_what_failed(translated: Template) -> None:
    mappings = dict(of_type(translated, "AWS::Lambda::EventSourceMapping"))
    assert mappings
    for mapping in mappings.values():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_usage_function_takes_the_largest_batches_with_a_window(template: Template) -> None:
    source = template["Resources"]["RecordUsage"]["Properties"]["Events"]["RecordUsageSqsEventSource"]["Properties"]
    assert source["BatchSize"] == 10_000
    assert value(template, source["MaximumBatchingWindowInSeconds"]) == 2
    assert source["Queue"] == {"Fn::Sub": "${UsageQueue.Arn}"}


def test_what_cannot_be_charged_waits_for_a_person_for_two_weeks(template: Template) -> None:
    queues = dict(of_type(template, "AWS::SQS::Queue"))
    assert queues["UsageQueue"]["RedrivePolicy"]["deadLetterTargetArn"] == {
        "Fn::GetAtt": ["UsageDeadLetterQueue", "Arn"]
    }
    assert queues["UsageDeadLetterQueue"]["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_no_secret_is_written_in_the_template(template: Template) -> None:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    secrets = [name for name in variables if "SECRET" in name or name.endswith("_KEY")]
    assert secrets == ["SECRET_ID"]
    assert variables["SECRET_ID"] == {"Ref": "SecretName"}
    assert "{{resolve:" not in json.dumps(template)


def test_the_api_has_one_stage_and_answers_its_own_errors_as_problems(translated: Template) -> None:
    stages = [properties["StageName"] for _, properties in of_type(translated, "AWS::ApiGateway::Stage")]
    assert stages == ["api"]
    responses = translated["Resources"]["RestAPI"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED", "REQUEST_TOO_LARGE"} <= set(responses)
    for response in responses.values():
        content_type = response["responseParameters"]["gatewayresponse.header.Content-Type"]
        assert content_type == "'application/problem+json'"


def test_the_api_compresses_long_answers(translated: Template) -> None:
    api = translated["Resources"]["RestAPI"]["Properties"]
    assert (api["MinimumCompressionSize"], api["Body"].get("x-amazon-apigateway-binary-media-types")) == (1000, [])


def test_lambda_enters_each_function_where_its_entry_says(template: Template) -> None:
    handlers = {name: template["Resources"][name]["Properties"]["Handler"] for name in functions(template)}
    assert handlers == {name: function.handler for name, function in Overlay.read().functions.items()}
    assert handlers["APIHandler"] == "chalicelib.api.app"


def test_the_gateways_limit_is_not_shorter_than_the_apis(template: Template) -> None:
    assert template["Resources"]["APIHandler"]["Properties"]["Timeout"] <= 29


def test_logs_are_kept_for_a_time_that_somebody_chose(template: Template) -> None:
    groups = dict(of_type(template, "AWS::Logs::LogGroup"))
    assert groups.keys() == {log_group_of(template, name) for name in functions(template)} | {"ApiAccessLogGroup"}
    for group in groups.values():
        assert group["RetentionInDays"] == 90
        assert "KmsKeyArn" in str(group["KmsKeyId"])


def test_somebody_hears_of_dead_letters_delays_errors_and_throttles(template: Template) -> None:
    alarms = [alarm for _, alarm in of_type(template, "AWS::CloudWatch::Alarm")]
    watched = {(alarm["MetricName"], str(alarm["Dimensions"][0]["Value"])) for alarm in alarms if "Dimensions" in alarm}
    metrics = {metric for metric, _ in watched}
    assert metrics >= {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage", "Errors", "Throttles"}
    for function in functions(template):
        assert ("Errors", str({"Ref": function})) in watched
        assert ("Throttles", str({"Ref": function})) in watched


def test_somebody_hears_of_a_usage_message_that_failed_unforeseen(template: Template) -> None:
    log_filter = template["Resources"]["UsageUnforeseenFilter"]["Properties"]
    assert log_filter["LogGroupName"]["Ref"] == log_group_of(template, "RecordUsage")
    assert '"usage message failed unforeseen"' in log_filter["FilterPattern"]
    (metric,) = log_filter["MetricTransformations"]
    alarm = template["Resources"]["UsageUnforeseenAlarm"]["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (metric["MetricNamespace"], metric["MetricName"])


@pytest.mark.parametrize(
    ("metric", "event", "groups"),
    [
        ("StripeRefuses", client.REFUSED, {"APIHandler", "SweepPayments", "ChargePayments"}),
        ("StripeUnclear", client.UNCLEAR, {"APIHandler", "SweepPayments", "ChargePayments"}),
        ("WebhooksRefused", receive.REFUSED, {"APIHandler"}),
        ("Parked", sweep.WEBHOOKS_PARKED, {"SweepPayments"}),
        ("Parked", sweep.PAYMENTS_PARKED, {"SweepPayments"}),
    ],
)
def test_somebody_hears_of_what_waits_for_a_person_wherever_it_is_logged(
    template: Template, metric: str, event: str, groups: set[str]
) -> None:
    heard = set()
    for _, log_filter in of_type(template, "AWS::Logs::MetricFilter"):
        (counted,) = log_filter["MetricTransformations"]
        if counted["MetricName"] == metric:
            assert json.dumps(event) in log_filter["FilterPattern"]
            heard.add(log_filter["LogGroupName"]["Ref"])
    assert heard == {log_group_of(template, name) for name in groups}
    alarm = template["Resources"][f"{metric}Alarm"]["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ({"Ref": "AWS::StackName"}, metric)


def test_everything_that_calls_a_function_calls_its_alias(translated: Template) -> None:
    functions_of_stack = dict(of_type(translated, "AWS::Lambda::Function"))
    aliases = {f"{name}Aliaslive" for name in functions_of_stack}
    assert aliases == set(dict(of_type(translated, "AWS::Lambda::Alias")))
    for kind in ("AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission"):
        callers = dict(of_type(translated, kind))
        assert callers
        assert {each["FunctionName"]["Ref"] for each in callers.values()} <= aliases
    body = json.dumps(translated["Resources"]["RestAPI"]["Properties"]["Body"])
    assert "functions/${APIHandlerAliaslive}/invocations" in body
    assert "${APIHandler.Arn}" not in body
