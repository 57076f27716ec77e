"""The door to the table `portal_sessions`: links and sessions, each under the hash of its secret."""

from typing import Any, Final

from msgspec.structs import asdict
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from chalicelib.conflicts import conditional_write
from chalicelib.portal.session import Session
from chalicelib.tables import Table, TableMeta
from chalicelib.typed import convert

DAY_SECONDS: Final = 24 * 60 * 60


class SessionRow(Table):
    """One row per link or session. DynamoDB deletes it at `expires_at`, in seconds, a day after it has ended."""

    class Meta(metaclass=TableMeta):
        setting = "portal_sessions_table"

    session_id = UnicodeAttribute(hash_key=True)
    account_id = UnicodeAttribute()
    role = UnicodeAttribute()
    subject = UnicodeAttribute(null=True)
    return_url = UnicodeAttribute(null=True)
    locale = UnicodeAttribute(null=True)
    page = UnicodeAttribute(null=True)
    created_at_ms = NumberAttribute()
    expires_at_ms = NumberAttribute()
    attempt = NumberAttribute()
    guest_of = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


def put(session: Session) -> None:
    """Write a new link or session."""
    _row(session).save()


def add_session(transaction: TransactWrite, session: Session) -> None:
    """Add a new session to a transaction."""
    transaction.save(_row(session))


def take(link_id: str) -> Session | None:
    """Delete a link and return it, to the first caller only; None when there is none, or it was taken before."""
    deleted = SessionRow._get_connection().delete_item(link_id, return_values="ALL_OLD").get("Attributes")
    return _session(SessionRow.from_raw_data(deleted)) if deleted else None


def find(session_id: str) -> Session | None:
    """Read a session, strongly consistent; None when there is none. It may have expired."""
    try:
        return _session(SessionRow.get(session_id, consistent_read=True))
    except SessionRow.DoesNotExist:
        return None


def extend(session: Session) -> None:
    """Write a session's new expiry."""
    _change(
        session.session_id,
        [
            SessionRow.expires_at_ms.set(session.expires_at_ms),
            SessionRow.expires_at.set(_forgotten_at(session.expires_at_ms)),
        ],
        SessionRow.session_id.exists(),
    )


def finish_attempt(session_id: str, attempt: int) -> None:
    """Give a session the attempt after one that has ended, unless it has a later one already."""
    _change(session_id, [SessionRow.attempt.set(attempt + 1)], SessionRow.attempt <= attempt)


def delete(session_id: str) -> None:
    """End a session."""
    SessionRow(session_id).delete()


def _change(session_id: str, actions: list[Any], condition: Any) -> None:
    """Change a session; a change that the condition refuses is not needed any more."""
    conditional_write(SessionRow(session_id).update, actions, condition=condition)


def _row(session: Session) -> SessionRow:
    return SessionRow(**asdict(session), expires_at=_forgotten_at(session.expires_at_ms))


def _forgotten_at(expires_at_ms: int) -> int:
    return expires_at_ms // 1000 + DAY_SECONDS


def _session(row: SessionRow) -> Session:
    return convert(row.values(), Session)
