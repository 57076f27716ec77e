"""Each call's rights are those that AWS asks for."""

from typing import Any

import pytest

from tests.rights.calls import required

TRANSACTION = {
    "TransactItems": [
        {"Put": {"TableName": "pages"}},
        {"Update": {"TableName": "wallets"}},
        {"ConditionCheck": {"TableName": "accounts"}},
        {"Delete": {"TableName": "sessions"}},
    ]
}
KEY = {"Bucket": "invoices", "Key": "documents/acme/1.pdf"}
CALLS: list[tuple[str, str, dict[str, Any], list[tuple[str, str]]]] = [
    ("dynamodb", "GetItem", {"TableName": "wallets"}, [("dynamodb:GetItem", "wallets")]),
    ("dynamodb", "Query", {"TableName": "cards"}, [("dynamodb:Query", "cards")]),
    ("dynamodb", "Query", {"TableName": "cards", "IndexName": "due"}, [("dynamodb:Query", "cards/index/due")]),
    (
        "dynamodb",
        "BatchGetItem",
        {"RequestItems": {"wallets": {}, "cards": {}}},
        [("dynamodb:BatchGetItem", "wallets"), ("dynamodb:BatchGetItem", "cards")],
    ),
    (
        "dynamodb",
        "TransactWriteItems",
        TRANSACTION,
        [
            ("dynamodb:PutItem", "pages"),
            ("dynamodb:UpdateItem", "wallets"),
            ("dynamodb:ConditionCheckItem", "accounts"),
            ("dynamodb:DeleteItem", "sessions"),
        ],
    ),
    ("s3", "HeadObject", KEY, [("s3:GetObject", "invoices/documents/*")]),
    ("s3", "GetObject", {"Bucket": "invoices", "Key": "readme"}, [("s3:GetObject", "invoices/*")]),
    ("s3", "UploadPart", KEY, [("s3:PutObject", "invoices/documents/*")]),
    ("s3", "ListObjectsV2", {"Bucket": "invoices"}, [("s3:ListBucket", "invoices")]),
    ("sqs", "SendMessageBatch", {"QueueUrl": "http://queue"}, [("sqs:SendMessage", "http://queue")]),
    ("sqs", "GetQueueAttributes", {"QueueUrl": "http://queue"}, [("sqs:GetQueueAttributes", "http://queue")]),
    ("eventbridge", "PutEvents", {"Entries": [{"EventBusName": "bus"}] * 2}, [("events:PutEvents", "bus")]),
    ("sesv2", "SendEmail", {"Content": {}}, [("ses:SendEmail", "MailIdentity")]),
    ("secrets-manager", "GetSecretValue", {"SecretId": "keys"}, [("secretsmanager:GetSecretValue", "keys")]),
    ("sns", "Publish", {}, [("sns:Publish", "*")]),
]


@pytest.mark.parametrize(("service", "operation", "parameters", "rights"), CALLS)
def test_a_call_requires(
    service: str, operation: str, parameters: dict[str, Any], rights: list[tuple[str, str]]
) -> None:
    assert [*required(service, operation, parameters)] == rights
