"""The door to the table `invitations`: a client's invitations by their number."""

from typing import Final

from msgspec.structs import asdict, replace
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from chalicelib.conflicts import conditional_transaction, conditional_write
from chalicelib.portal import table
from chalicelib.portal.invitation import Invitation
from chalicelib.portal.session import Session
from chalicelib.tables import Table, TableMeta, image_reader
from chalicelib.typed import convert


class InvitationRow(Table):
    """One row for each invitation."""

    class Meta(metaclass=TableMeta):
        setting = "invitations_table"

    account_id = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(range_key=True)
    workspace_id = UnicodeAttribute(null=True)
    secret_hash = UnicodeAttribute()
    sent_to = UnicodeAttribute()
    actor = UnicodeAttribute()
    created_at_ms = NumberAttribute()
    expires_at_ms = NumberAttribute()
    sent_at_ms = NumberAttribute(null=True)
    opened_at_ms = NumberAttribute(null=True)


def newest(account_id: str, *, limit: int, before: int | None = None) -> list[Invitation]:
    """Read a client's invitations, newest first, strongly consistent; `before` is the number that they are below."""
    older = InvitationRow.number < before if before is not None else None
    rows = InvitationRow.query(
        account_id, older, scan_index_forward=False, limit=limit, page_size=limit, consistent_read=True
    )
    return [_invitation(row) for row in rows]


def find(account_id: str, number: int) -> Invitation | None:
    """Read an invitation, strongly consistent; None when there is none."""
    try:
        return _invitation(InvitationRow.get(account_id, number, consistent_read=True))
    except InvitationRow.DoesNotExist:
        return None


def put_new(invitation: Invitation) -> bool:
    """Write a new invitation; False when a concurrent one took its number first."""
    row = InvitationRow(**asdict(invitation))
    return conditional_write(row.save, condition=InvitationRow.number.does_not_exist())


def note_sent(invitation: Invitation, sent_at_ms: int) -> Invitation:
    """Note that SES has taken an invitation's mail; return the invitation."""
    row = InvitationRow(invitation.account_id, invitation.number)
    row.update([InvitationRow.sent_at_ms.set(sent_at_ms)], condition=InvitationRow.number.exists())
    return replace(invitation, sent_at_ms=sent_at_ms)


def open_once(invitation: Invitation, session: Session) -> bool:
    """Open an invitation and write its session, both or neither; False when it was opened before."""

    def add_writes(transaction: TransactWrite) -> None:
        row = InvitationRow(invitation.account_id, invitation.number)
        unopened = InvitationRow.number.exists() & InvitationRow.opened_at_ms.does_not_exist()
        opened = InvitationRow.opened_at_ms.set(session.created_at_ms)
        transaction.update(row, actions=[opened], condition=unopened)
        table.add_session(transaction, session)

    return conditional_transaction(add_writes)


def _invitation(row: InvitationRow) -> Invitation:
    return convert(row.values(), Invitation)


read_image: Final = image_reader(InvitationRow, _invitation)
