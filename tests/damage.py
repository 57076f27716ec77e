"""Damage a stored row: an attribute becomes what no version writes, as after a wrong repair by hand."""

from typing import Any

from chalicelib.tables import Table, connection


def damage(row_type: type[Table], keys: dict[str, str], attribute: str, value: Any = None) -> None:
    """Write a text, or another value in DynamoDB's JSON, where a row has something else; it may be missing so far."""
    connection().client.update_item(
        TableName=row_type.Meta.table_name,
        Key={name: {"S": key} for name, key in keys.items()},
        UpdateExpression="SET #a = :bad",
        ExpressionAttributeNames={"#a": attribute},
        ExpressionAttributeValues={":bad": value or {"S": "not a number"}},
    )
