"""The usual implementation, for comparison: a row, a marker and the balance in one transaction per event.

It is a handler with Powertools' batch processor, written with plain boto3 and none of our code.
"""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

processor = BatchProcessor(event_type=EventType.SQS)
UNIT_PRICE = Decimal("0.05")


class Naive:
    """The handler, with its table: rows, markers and balances by key."""

    def __init__(self, table: str) -> None:
        self.client = boto3.client("dynamodb")
        self.table = table

    def create(self) -> None:
        """Create the table."""
        self.client.create_table(
            TableName=self.table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )

    def handle(self, event: dict[str, Any]) -> Any:
        """Handle a batch of messages."""
        return process_partial_response(event=event, record_handler=self.charge, processor=processor, context=None)

    def charge(self, record: SQSRecord) -> None:
        """Charge one message."""
        event = json.loads(record.body)
        account, moment = event["subject"], datetime.fromisoformat(event["time"])
        amount = UNIT_PRICE * Decimal(event["data"]["quantity"])
        row = {
            "pk": {"S": f"ACCOUNT#{account}"},
            "sk": {"S": f"TX#{moment.isoformat()}#{event['id']}"},
            "amount": {"N": str(amount)},
            "meter": {"S": event["type"]},
            "url": {"S": event["data"]["url"]},
            "description": {"S": event["data"]["description"]},
        }
        marker = {"pk": {"S": f"EVENT#{account}"}, "sk": {"S": f"{event['source']}#{event['id']}"}}
        self.client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": self.table, "Item": row}},
                {"Put": {"TableName": self.table, "Item": marker, "ConditionExpression": "attribute_not_exists(pk)"}},
                {
                    "Update": {
                        "TableName": self.table,
                        "Key": {"pk": {"S": f"ACCOUNT#{account}"}, "sk": {"S": "BALANCE"}},
                        "UpdateExpression": "ADD balance :amount",
                        "ExpressionAttributeValues": {":amount": {"N": str(-amount)}},
                    }
                },
            ]
        )
