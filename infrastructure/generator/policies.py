"""The policy of each function: the rights of its entry, what its source requires, logs and traces. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from infrastructure.generator.names import Document, attribute, bucket_id, camel, log_group_id, queue_id, sub, table_id
from infrastructure.generator.rights import AllRights, all_rights
from infrastructure.generator.specification import Api, Function, Specification

TABLE_ACTIONS: Final = {
    "get": "dynamodb:GetItem",
    "batch_get": "dynamodb:BatchGetItem",
    "put": "dynamodb:PutItem",
    "update": "dynamodb:UpdateItem",
    "delete": "dynamodb:DeleteItem",
    "query": "dynamodb:Query",
    "scan": "dynamodb:Scan",
    "check": "dynamodb:ConditionCheckItem",
}
"""A transaction has no action of its own: it requires those of its parts."""
BUCKET_ACTIONS: Final = {"get": "s3:GetObject", "put": "s3:PutObject", "list": "s3:ListBucket"}
READ_QUEUE: Final = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
READ_STREAM: Final = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
SECRET: Final = "secret:${SecretName}-??????"  # noqa: S105 - the name of one
"""Secrets Manager adds a hyphen and six random characters to the name; a wider pattern would fit other secrets, too."""

ARN: Final = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:"


def policy(name: str, function: Api, specification: Specification) -> Document:
    """Return the policy of a function."""
    statements = [
        *(_source(function) if isinstance(function, Function) else ()),
        *_rights(all_rights(function, specification)),
        *_logs_and_traces(name),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _source(function: Function) -> Iterator[Document]:
    if function.queue:
        yield _allow("ReadQueue", READ_QUEUE, attribute(queue_id(function.queue.name)))
    if function.stream:
        streams = (attribute(table_id(table), "StreamArn") for table in function.stream.tables)
        yield _allow("ReadStream", READ_STREAM, *streams)
        # Lambda requires it, and it is about no single stream: IAM has no resource for it.
        yield _allow("ListStreams", ["dynamodb:ListStreams"], "*")
        yield _allow("PutAsideWhatFails", ["sqs:SendMessage"], attribute(queue_id(function.stream.on_failure)))


def _rights(rights: AllRights) -> Iterator[Document]:
    for table, table_verbs in rights.tables.items():
        yield _allow(f"Use{_spelled(table)}Table", (TABLE_ACTIONS[verb] for verb in table_verbs), _table_arn(table))
    for bucket, bucket_verbs in rights.buckets.items():
        yield _allow(
            f"Use{_spelled(bucket)}Bucket", (BUCKET_ACTIONS[verb] for verb in bucket_verbs), _bucket_arn(bucket)
        )
    if rights.sends:
        yield _allow("SendMessages", ["sqs:SendMessage"], *(attribute(queue_id(queue)) for queue in rights.sends))
    if rights.counts:
        counted = (attribute(queue_id(queue)) for queue in rights.counts)
        yield _allow("CountMessages", ["sqs:GetQueueAttributes"], *counted)
    if rights.publishes:
        yield _allow("PublishEvents", ["events:PutEvents"], attribute("EventBus"))
    if rights.mails:
        ses = ARN % "ses"
        yield _allow(
            "SendMails", ["ses:SendEmail"], sub(ses + "identity/${MailIdentity}"), sub(ses + "configuration-set/*")
        )
    if rights.secrets:
        yield _allow("ReadSecret", ["secretsmanager:GetSecretValue"], sub(ARN % "secretsmanager" + SECRET))


def _logs_and_traces(name: str) -> Iterator[Document]:
    yield _allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], attribute(log_group_id(name)))
    yield _allow("WriteTraces", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*")


def _table_arn(name: str) -> Document:
    table, _, index = name.partition("/")
    return sub(f"${{{table_id(table)}.Arn}}/index/{index}") if index else attribute(table_id(table))


def _bucket_arn(name: str) -> Document:
    bucket, _, objects = name.partition("/")
    return sub(f"${{{bucket_id(bucket)}.Arn}}/{objects}") if objects else attribute(bucket_id(bucket))


def _spelled(path: str) -> str:
    """Return a path in letters and digits, the only characters that a statement's id may have."""
    return "".join("Objects" if part == "*" else camel(part) for part in path.split("/"))


def _allow(sid: str, actions: Iterable[str], *resources: Document | str) -> Document:
    listed: Sequence[Document | str] = resources
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": list(listed)}
