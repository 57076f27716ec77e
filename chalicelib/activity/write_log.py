"""Write the entries of a stream's records. A record that is delivered again writes nothing new."""

from collections.abc import Mapping, Sequence
from typing import Final

from botocore.exceptions import BotoCoreError
from pynamodb.exceptions import PynamoDBException

from chalicelib.activity import table
from chalicelib.activity.sources import Source
from chalicelib.batches import each_record
from chalicelib.log import log
from chalicelib.notices import dead_letters
from chalicelib.settings import settings
from chalicelib.streams import MalformedRecord, Record

UNREACHABLE: Final = (PynamoDBException, BotoCoreError)
"""DynamoDB could not be reached: the record itself is fine, and is delivered again."""


def write_log(records: Sequence[Record], sources: Mapping[str, Source]) -> list[str]:
    """Write the entries of records; return the sequence numbers of those to deliver again.

    A record that no entry can be made of, for whatever reason, is parked, and holds up nothing.
    """
    by_table = {getattr(settings(), setting): source for setting, source in sources.items()}

    def write(record: Record) -> None:
        try:
            for entry in _source_of(record, by_table).entries_of(record):
                if table.put_new(entry):
                    log().info("a change was logged", account_id=entry.account_id, entry_id=entry.entry_id)
        except UNREACHABLE:
            raise
        except Exception as error:  # noqa: BLE001 - what cannot be read now never will be: parked, with an alarm
            log().exception("a change cannot be logged", keys=record["dynamodb"].get("Keys"))
            reason = f"{type(error).__name__}: {error}"
            dead_letters.put(record, reason, queue_url=settings().log_failures_queue_url)

    return each_record(records, write, message="a change could not be logged or parked")


def _source_of(record: Record, by_table: Mapping[str, Source]) -> Source:
    """Return the source of a record, by the table that its stream's ARN names. Raises MalformedRecord."""
    name = str(record.get("eventSourceARN")).partition(":table/")[2].partition("/")[0]
    if name not in by_table:
        raise MalformedRecord(f"no changes of the table {name!r} are logged")
    return by_table[name]
