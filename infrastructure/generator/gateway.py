"""API Gateway: limits, access log, its own answers, and the domain. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from infrastructure.generator import encryption
from infrastructure.generator.names import Document, attribute, ref, sub
from infrastructure.generator.tables import KEEP

STAGE_NAME: Final = "api"
LOG_DAYS: Final = 90
COMPRESSED_BYTES: Final = 1000
"""docs/decisions/0033-answers-are-compressed.md"""

ACCESS_LOG: Final[Mapping[str, str]] = {
    "time_ms": "$context.requestTimeEpoch",
    "api_request_id": "$context.requestId",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "function_ms": "$context.integrationLatency",
    "answer_bytes": "$context.responseLength",
    "gateway_error": "$context.error.responseType",
}
"""The fields of a line. Neither address nor browser of a person; the route as it is declared, for a path may hold a
secret, such as an invitation's. `api_request_id` is on every line that the API's function logs for the request."""

REPEAT: Final = "The outcome is unknown: repeat the request with the same Idempotency-Key."
ANSWERS: Final[Mapping[str, tuple[int, str, str | None]]] = {
    "ACCESS_DENIED": (403, "Forbidden", None),
    "API_CONFIGURATION_ERROR": (500, "Internal Server Error", None),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "Internal Server Error", None),
    "AUTHORIZER_FAILURE": (500, "Internal Server Error", None),
    "BAD_REQUEST_BODY": (400, "Bad Request", None),
    "BAD_REQUEST_PARAMETERS": (400, "Bad Request", None),
    "EXPIRED_TOKEN": (403, "Forbidden", None),
    "INTEGRATION_FAILURE": (502, "Bad Gateway", REPEAT),
    "INTEGRATION_TIMEOUT": (504, "Gateway Timeout", REPEAT),
    "INVALID_API_KEY": (403, "Forbidden", None),
    "INVALID_SIGNATURE": (403, "Forbidden", None),
    "MISSING_AUTHENTICATION_TOKEN": (404, "Not Found", "No such path or method."),
    "QUOTA_EXCEEDED": (429, "Too Many Requests", "Slow down and try again."),
    "REQUEST_TOO_LARGE": (413, "Content Too Large", "A request body holds at most 10 MB."),
    "RESOURCE_NOT_FOUND": (404, "Not Found", "No such path or method."),
    "THROTTLED": (429, "Too Many Requests", "Slow down and try again."),
    "UNAUTHORIZED": (401, "Unauthorized", None),
    "UNSUPPORTED_MEDIA_TYPE": (415, "Unsupported Media Type", None),
    "WAF_FILTERED": (403, "Forbidden", None),
}
"""Status, title and detail of every kind of answer that API Gateway gives by itself
(docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html). A path that does not exist
is to it one without a token."""
DEFAULTS: Final = {"DEFAULT_4XX": "The request was refused", "DEFAULT_5XX": "The server failed"}
"""Kinds that may be added later: their status is theirs."""


def gateway() -> Iterator[tuple[str, Document]]:
    """Yield the overlay over Chalice's API, and what belongs to it, by logical id."""
    yield "RestAPI", {"Properties": _api()}
    yield "ApiAccessLogGroup", _access_log_group()
    yield from _account()
    yield from _domain()


def _api() -> Document:
    lines = json.dumps(ACCESS_LOG, separators=(",", ":"))
    limits = {
        "HttpMethod": "*",
        "ResourcePath": "/*",
        "ThrottlingRateLimit": ref("ApiRateLimit"),
        "ThrottlingBurstLimit": ref("ApiBurstLimit"),
        "MetricsEnabled": {"Fn::If": ["HasDetailedMetrics", True, False]},
    }
    return {
        # CloudWatch tells APIs apart by their name alone: two stacks of an account must not share one.
        "Name": ref("AWS::StackName"),
        "DefinitionBody": {"info": {"title": sub("${AWS::StackName}")}},
        # A trace of API Gateway has the address and the browser of a person, and the path with the secrets in it. The
        # function's own trace has none of them.
        "TracingEnabled": False,
        "MinimumCompressionSize": COMPRESSED_BYTES,
        "AccessLogSetting": {"DestinationArn": attribute("ApiAccessLogGroup"), "Format": lines},
        "MethodSettings": [limits],
        "GatewayResponses": {kind: _answer(kind) for kind in (*DEFAULTS, *ANSWERS)},
    }


def _answer(kind: str) -> Document:
    status, title, detail = ANSWERS.get(kind, (None, DEFAULTS.get(kind), None))
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    text = {name: value for name, value in body.items() if value is not None}
    return {
        **({"StatusCode": status} if status else {}),
        "ResponseParameters": {
            "Headers": {"Content-Type": "'application/problem+json'", "Cache-Control": "'no-store'"}
        },
        "ResponseTemplates": {"application/json": json.dumps({**text, "request_id": "$context.requestId"})},
    }


def _access_log_group() -> Document:
    properties = {
        "LogGroupName": sub("/aws/apigateway/${AWS::StackName}-access"),
        "RetentionInDays": LOG_DAYS,
        "KmsKeyId": encryption.of_setting(),
    }
    # A stage can have an access log only once API Gateway has the role, if the stack makes it. `DependsOn` cannot name
    # what exists under a condition only: the stage waits for this group, and the group for what its metadata refers to.
    after = {"Fn::If": ["MakesLogsRole", ref("ApiGatewayAccount"), ref("AWS::NoValue")]}
    return {"Type": "AWS::Logs::LogGroup", "Metadata": {"After": after}, "Properties": properties}


def _account() -> Iterator[tuple[str, Document]]:
    """Yield the role by which API Gateway writes logs: one for all APIs of an account and region.

    Both outlive the stack, for other APIs write with them, too.
    """
    trust = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    managed = sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs")
    role = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "ManagedPolicyArns": [managed],
    }
    condition = {"Condition": "MakesLogsRole"}
    yield "ApiGatewayLogsRole", {"Type": "AWS::IAM::Role", **condition, **KEEP, "Properties": role}
    account = {"CloudWatchRoleArn": attribute("ApiGatewayLogsRole")}
    yield "ApiGatewayAccount", {"Type": "AWS::ApiGateway::Account", **condition, **KEEP, "Properties": account}


def _domain() -> Iterator[tuple[str, Document]]:
    domain = {
        "DomainName": ref("DomainName"),
        "RegionalCertificateArn": ref("CertificateArn"),
        "EndpointConfiguration": {"Types": ["REGIONAL"]},
        "SecurityPolicy": "TLS_1_2",
    }
    mapping = {"DomainName": ref("ApiDomain"), "RestApiId": ref("RestAPI"), "Stage": ref("RestAPI.Stage")}
    condition = {"Condition": "HasDomain"}
    yield "ApiDomain", {"Type": "AWS::ApiGateway::DomainName", **condition, "Properties": domain}
    # The whole domain is the stage: links there need not name it.
    yield "ApiDomainMapping", {"Type": "AWS::ApiGateway::BasePathMapping", **condition, "Properties": mapping}
