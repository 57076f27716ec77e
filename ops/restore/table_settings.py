"""Give a table that was restored under its own name the settings that DynamoDB leaves out of a restored one."""

from typing import Any, Final

from chalicelib.tables import connection
from infrastructure.generator.specification import SPECIFICATION, read

IMAGES: Final = "NEW_AND_OLD_IMAGES"
WAIT: Final = {"Delay": 1, "MaxAttempts": 600}


def apply_settings(table: str, name: str) -> list[str]:
    """Set the stream, recovery, expiry and deletion protection of the table `name` as the template has them.

    What is set already stays as it is. Returns what was set, in words.
    """
    client: Any = connection().client
    wanted = read(SPECIFICATION.read_text()).tables[table]
    current = client.describe_table(TableName=name)["Table"]
    done: list[str] = []
    if wanted.stream and not current.get("StreamSpecification", {}).get("StreamEnabled"):
        client.update_table(TableName=name, StreamSpecification={"StreamEnabled": True, "StreamViewType": IMAGES})
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig=WAIT)
        done.append("a new stream, which no function reads yet")
    recovery = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    if recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] != "ENABLED":
        client.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        done.append("point-in-time recovery")
    if wanted.expires and not client.describe_time_to_live(TableName=name)["TimeToLiveDescription"].get(
        "AttributeName"
    ):
        expiry = {"AttributeName": wanted.expires, "Enabled": True}
        client.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)
        done.append(f"expiry by {wanted.expires}")
    if not current.get("DeletionProtectionEnabled"):
        client.update_table(TableName=name, DeletionProtectionEnabled=True)
        done.append("deletion protection")
    return done
