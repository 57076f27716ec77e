"""The bundles that were asked for last, in the table `invoices`: a row for each year."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.invoices.bundle import Bundle
from chalicelib.tables import Table, TableMeta


class BundleRow(Table):
    """The bundle of a year."""

    class Meta(metaclass=TableMeta):
        setting = "invoices_table"

    account_id = UnicodeAttribute(hash_key=True)
    document = UnicodeAttribute(range_key=True)
    index_hash = UnicodeAttribute()
    documents = NumberAttribute()
    asked_at_ms = NumberAttribute()


def find(account_id: str, year: int) -> Bundle | None:
    """Read a year's bundle, strongly consistent; None if nobody has asked for one."""
    try:
        row = BundleRow.get(account_id, _key(year), consistent_read=True)
    except BundleRow.DoesNotExist:
        return None
    return Bundle(account_id, year, row.index_hash, int(row.documents), int(row.asked_at_ms))


def put(bundle: Bundle) -> None:
    """Write what a year's bundle is now."""
    BundleRow(
        bundle.account_id,
        _key(bundle.year),
        index_hash=bundle.index_hash,
        documents=bundle.documents,
        asked_at_ms=bundle.asked_at_ms,
    ).save()


def _key(year: int) -> str:
    return f"bundle#{year}"
