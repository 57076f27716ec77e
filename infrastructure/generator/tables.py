"""The tables. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from infrastructure.generator import encryption
from infrastructure.generator.names import Document, ref, table_id
from infrastructure.generator.specification import Index, Specification, Table

KEEP: Final = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
"""What others need is kept when its stack deletes or replaces it: books, messages, the role of all APIs. What an
operation itself has created, and what is therefore empty, goes when that operation is rolled back."""


def tables(specification: Specification) -> Iterator[tuple[str, Document]]:
    """Yield each table by its logical id."""
    for name, table in specification.tables.items():
        yield table_id(name), {"Type": "AWS::DynamoDB::Table", **KEEP, "Properties": _properties(table)}


def _properties(table: Table) -> Document:
    properties: Document = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": _attributes(table),
        "KeySchema": _key(table.key),
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "DeletionProtectionEnabled": {"Fn::If": ["IsProtected", True, False]},
        "SSESpecification": encryption.of_table(),
        "Tags": [{"Key": "stage", "Value": ref("Stage")}],
    }
    if table.indexes:
        properties["GlobalSecondaryIndexes"] = [_index(name, index) for name, index in table.indexes.items()]
    if table.stream:
        properties["StreamSpecification"] = {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    if table.expires:
        properties["TimeToLiveSpecification"] = {"AttributeName": table.expires, "Enabled": True}
    return properties


def _attributes(table: Table) -> list[Document]:
    """Define the attributes of all keys: DynamoDB accepts no others."""
    names = dict.fromkeys([*table.key, *(name for index in table.indexes.values() for name in index.key)])
    return [{"AttributeName": name, "AttributeType": "N" if name in table.numbers else "S"} for name in names]


def _key(names: Sequence[str]) -> list[Document]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


def _index(name: str, index: Index) -> Document:
    return {"IndexName": name, "KeySchema": _key(index.key), "Projection": _projection(index)}


def _projection(index: Index) -> Document:
    if index.projects == "all":
        return {"ProjectionType": "ALL"}
    if index.projects:
        return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(index.projects)}
    return {"ProjectionType": "KEYS_ONLY"}
