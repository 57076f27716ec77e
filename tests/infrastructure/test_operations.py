"""What operators rely on: limits, logs, the domain, alarms that reach somebody and are explained, and the dashboard."""

import json
import re
from typing import Any, get_args

import pytest

from chalicelib import metrics
from infrastructure.check_resources import RESOURCES, event_sources, functions, of_type
from infrastructure.generator.alarms import longest_pause_seconds
from infrastructure.generator.encryption import KEY_ACTIONS
from infrastructure.generator.gateway import ACCESS_LOG, ANSWERS
from infrastructure.generator.specification import SPECIFICATION, Specification, read
from infrastructure.package import ROOT
from tests.infrastructure.guarded import API_POLICY, FUNCTIONS, statements

Template = dict[str, Any]
ALARMS = ROOT / "docs" / "operating" / "alarms.md"
PERSONAL = ("identity", "userAgent", "sourceIp", "$context.path", "authorizer", "requestOverride")


@pytest.fixture(scope="module")
def resources() -> Template:
    """Return what is generated, which `template` has with what Chalice adds."""
    content: Template = json.loads(RESOURCES.read_text())
    return content


@pytest.fixture(scope="module")
def specification() -> Specification:
    return read(SPECIFICATION.read_text())


@pytest.fixture(scope="module")
def page() -> str:
    return ALARMS.read_text()


def test_every_alarm_names_the_section_that_explains_it(resources: Template, page: str) -> None:
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    used = set()
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm"):
        path, _, anchor = alarm["AlarmDescription"]["Fn::Sub"].partition(". See ")[2].partition("#")
        assert path == ALARMS.relative_to(ROOT).as_posix(), name
        assert anchor in anchors, name
        used.add(anchor)
    assert len(used) >= 20


def test_a_section_about_many_functions_or_queues_has_a_row_for_each(specification: Specification, page: str) -> None:
    failed, queues = section(page, "A function failed"), section(page, "Dead letters wait")
    for name in ("api", *specification.functions):
        assert f"| `{name}` |" in failed, name
    for name in specification.queues:
        assert f"| `{name}` |" in queues, name
        assert f"| `{name}` |" in section(page, "Messages wait"), name
    for name in specification.failure_queues:
        assert f"| `{name}` |" in section(page, "Records were given up"), name


def section(page: str, heading: str) -> str:
    return page.partition(f"# {heading}\n")[2].partition("\n#")[0]


def test_no_alarm_tells_nobody(resources: Template) -> None:
    """The topic is the stack's own unless another is given, and in production an address or a topic must be given."""
    topic = {"Fn::If": ["HasAlarmTopic", {"Ref": "AlarmTopicArn"}, {"Ref": "AlarmTopic"}]}
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm"):
        assert alarm["AlarmActions"] == alarm["OKActions"] == [topic], name
    assert resources["Resources"]["AlarmSubscription"]["Properties"]["Endpoint"] == {"Ref": "AlarmEmail"}
    (assertion,) = resources["Rules"]["AlarmsReachSomebody"]["Assertions"]
    assert "AlarmEmail" in str(assertion["Assert"])
    assert "AlarmTopicArn" in str(assertion["Assert"])


def test_a_metric_has_its_name_in_code_alarms_and_dashboard(specification: Specification, resources: Template) -> None:
    names = set(get_args(metrics.Name))
    body = resources["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert {name for name in names if f'["${{AWS::StackName}}","{name}"]' in body} == names
    assert {alarm.metric for alarm in specification.metric_alarms.values()} <= names
    text = "".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.py") if path.name != "metrics.py")
    assert {name for name in names if f'metrics.count("{name}"' in text} == names


def test_the_dashboard_is_json_that_names_resources_of_the_stack(resources: Template) -> None:
    body = resources["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    named = set(re.findall(r"\$\{(\w+)(?:\.\w+)?\}", body))
    assert named <= resources["Resources"].keys() | {"Stage"}
    widgets = json.loads(body)["widgets"]
    assert len(widgets) >= 15
    assert len({(each["x"], each["y"]) for each in widgets}) == len(widgets)


def test_the_access_log_says_what_happened() -> None:
    assert {"api_request_id", "route", "status", "latency_ms"} <= ACCESS_LOG.keys()


def test_the_stage_has_limits_and_an_access_log(translated: Template) -> None:
    ((_, stage),) = of_type(translated, "AWS::ApiGateway::Stage")
    assert stage["AccessLogSetting"]["DestinationArn"] == {"Fn::GetAtt": ["ApiAccessLogGroup", "Arn"]}
    (settings,) = stage["MethodSettings"]
    assert settings["ThrottlingRateLimit"] == {"Ref": "ApiRateLimit"}
    assert settings["ThrottlingBurstLimit"] == {"Ref": "ApiBurstLimit"}
    mapping = translated["Resources"]["ApiDomainMapping"]["Properties"]
    assert "BasePath" not in mapping  # the domain is the stage, so that no link needs to name it
    assert translated["Resources"][mapping["Stage"]["Ref"]]["Type"] == "AWS::ApiGateway::Stage"


def test_every_answer_of_the_gateway_is_a_problem_with_its_status(translated: Template) -> None:
    responses = translated["Resources"]["RestAPI"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    assert set(responses) == {*ANSWERS, "DEFAULT_4XX", "DEFAULT_5XX"}
    for kind, response in responses.items():
        problem = json.loads(response["responseTemplates"]["application/json"])
        assert {"type", "title", "request_id"} <= problem.keys(), kind
        assert str(problem.get("status")) == str(response.get("statusCode")), kind


def test_functions_write_to_the_log_group_that_their_policy_names(template: Template) -> None:
    policies = {"".join(part.title() for part in name.split("_")): policy for name, policy in FUNCTIONS.items()}
    for name in functions(template):
        policy = API_POLICY if name == "APIHandler" else policies[name]
        (logs,) = (each for each in statements(ROOT / ".chalice" / policy) if each["Sid"] == "WriteLogs")
        group = template["Resources"][name]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
        assert logs["Resource"] == [{"Fn::GetAtt": [group, "Arn"]}]
        named = template["Resources"][group]["Properties"]["LogGroupName"]["Fn::Sub"]
        assert named == f"/aws/lambda/${{AWS::StackName}}-{name}"


def test_a_key_of_ones_own_is_used_by_every_function_and_only_with_it(template: Template) -> None:
    policy = template["Resources"]["FunctionsKeyPolicy"]
    assert policy["Condition"] == "HasKmsKey"
    roles = {role["Ref"] for role in policy["Properties"]["Roles"]}
    assert roles == {template["Resources"][name]["Properties"]["Role"]["Fn::GetAtt"][0] for name in functions(template)}
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Resource"] == {"Ref": "KmsKeyArn"}
    assert statement["Action"] == list(KEY_ACTIONS)
    # A function whose role may not use the key yet cannot start: it waits for the policy.
    assert "FunctionsKeyPolicy" in json.dumps(template["Globals"]["Function"]["KmsKeyArn"])


@pytest.mark.parametrize(
    ("rule", "given", "needed"),
    [
        ("DomainHasCertificate", "DomainName", "CertificateArn"),
        ("MailsHaveIdentity", "MailFrom", "MailIdentity"),
        ("ApiStartsInOneWay", "ApiSnapStart", "ApiProvisionedConcurrency"),
    ],
)
def test_parameters_that_do_not_fit_together_are_refused_before_anything_is_changed(
    resources: Template, rule: str, given: str, needed: str
) -> None:
    found = resources["Rules"][rule]
    assert json.dumps({"Ref": given}) in json.dumps(found["RuleCondition"])
    (assertion,) = found["Assertions"]
    assert json.dumps({"Ref": needed}) in json.dumps(assertion["Assert"])
    assert needed in assertion["AssertDescription"]


def test_nothing_depends_on_what_exists_under_a_condition_only(translated: Template) -> None:
    """CloudFormation refuses the whole template where the condition is false."""
    resources = translated["Resources"]
    named = {each for resource in resources.values() for each in _listed(resource.get("DependsOn", []))}
    assert {each for each in named if "Condition" in resources[each]} == set()


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_the_stage_has_its_access_log_only_once_api_gateway_may_write_it(translated: Template) -> None:
    group = translated["Resources"]["ApiAccessLogGroup"]
    assert group["Metadata"]["After"]["Fn::If"][:2] == ["MakesLogsRole", {"Ref": "ApiGatewayAccount"}]
    log = translated["Resources"]["RestAPIapiStage"]["Properties"]["AccessLogSetting"]
    assert log["DestinationArn"] == {"Fn::GetAtt": ["ApiAccessLogGroup", "Arn"]}


def test_nothing_of_a_person_nor_of_a_path_is_in_a_trace_or_the_access_log(translated: Template) -> None:
    stage = translated["Resources"]["RestAPIapiStage"]["Properties"]
    assert stage["TracingEnabled"] is False  # its traces have the address, the browser, and the path with its secrets
    assert not any(each in stage["AccessLogSetting"]["Format"] for each in PERSONAL)


def test_what_a_former_key_has_encrypted_can_still_be_read_and_nothing_more(template: Template) -> None:
    policy = template["Resources"]["FunctionsFormerKeyPolicy"]
    assert policy["Condition"] == "HasFormerKmsKey"
    assert policy["Properties"]["Roles"] == template["Resources"]["FunctionsKeyPolicy"]["Properties"]["Roles"]
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Resource"] == {"Ref": "FormerKmsKeyArn"}
    assert statement["Action"] == ["kms:Decrypt", "kms:DescribeKey"]


@pytest.mark.parametrize("bucket", ["InvoicesBucket", "AuditBucket"])
def test_a_bucket_is_private_versioned_encrypted_and_reached_over_tls_only(resources: Template, bucket: str) -> None:
    properties = resources["Resources"][bucket]["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "KmsKeyArn" in str(properties["BucketEncryption"])
    (refusal,) = resources["Resources"][f"{bucket}Policy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (refusal["Effect"], refusal["Principal"], refusal["Action"]) == ("Deny", "*", "s3:*")
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_charging_can_keep_its_concurrency_from_a_flood_of_requests(template: Template) -> None:
    for name, parameter in (("APIHandler", "ApiConcurrency"), ("ChargePayments", "ChargeConcurrency")):
        reserved = template["Resources"][name]["Properties"]["ReservedConcurrentExecutions"]
        assert reserved == {"Fn::If": [f"Has{parameter}", {"Ref": parameter}, {"Ref": "AWS::NoValue"}]}
        assert template["Parameters"][parameter]["Default"] == 0
    for _, _, source in event_sources(template, "Queue"):
        assert source["ScalingConfig"]["MaximumConcurrency"] >= 2


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [
        ("rate(1 minute)", 1800),
        ("rate(15 minutes)", 2700),
        ("rate(1 hour)", 10_800),
        ("cron(0/15 1-5 * * ? *)", 86_400),
    ],
)
def test_a_schedule_stands_still_after_three_times_its_rate(schedule: str, seconds: int) -> None:
    assert longest_pause_seconds(schedule) == seconds


def test_somebody_hears_of_every_schedule_that_stands_still(resources: Template, specification: Specification) -> None:
    for name, function in specification.functions.items():
        if function.schedule:
            alarm = resources["Resources"]["".join(map(str.title, name.split("_"))) + "IdleAlarm"]["Properties"]
            assert (alarm["MetricName"], alarm["TreatMissingData"]) == ("Invocations", "breaching")


def test_the_pages_figure_of_alarms_is_the_templates(resources: Template, page: str) -> None:
    number = len(list(of_type(resources, "AWS::CloudWatch::Alarm")))
    assert f"{number} alarms" in page
