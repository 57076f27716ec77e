"""The account and its card on file: values and rules."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.errors import Refusal

Kind = Literal["workspace", "client"]
AccountId = Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", examples=["acme"])]
ShortText = Annotated[str, Meta(min_length=1, max_length=200)]
Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254, examples=["billing@acme.example"])]


class AccountNotFound(Refusal):
    """No such account, or none that the caller may know of: both are told alike."""

    status = 404
    type = "account-not-found"
    title = "No such account"

    def __init__(self, account_id: str) -> None:
        super().__init__(f"there is no account {account_id[:64]!r}", account_id=account_id[:64])


class AccountImmutable(Refusal):
    """Something that is fixed when an account is created was sent with another value."""

    status = 409
    type = "account-immutable"
    title = "This cannot be changed"

    def __init__(self, field: str, current: object) -> None:
        super().__init__(f"{field} was fixed as {current!r} when the account was created", field=field)


class WorkspaceInvalid(Refusal):
    """A client without a workspace that exists, a workspace inside another, or one of another currency."""

    status = 422
    type = "workspace-invalid"
    title = "The workspace does not fit"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, field="workspace_id")


class ClientIdInvalid(Refusal):
    """An id that a workspace's owner cannot give to a client: it may be another's, now or later."""

    status = 422
    type = "client-id-invalid"
    title = "Not an id for a client of this workspace"

    def __init__(self, workspace_id: str) -> None:
        super().__init__(
            f"an owner names a client {workspace_id}.<name>, with no other dot; other ids are the operator's to give",
            field="account_id",
        )


class BillingDetails(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """Whom invoices are made out to."""

    name: ShortText | None = None
    address: Annotated[list[ShortText], Meta(max_length=10)] = []
    tax_id: ShortText | None = None
    email: Email | None = None


class Card(msgspec.Struct, frozen=True):
    """A card on file, as Stripe describes it. `set_up_at_ms` is when its SetupIntent was made: the newest wins."""

    payment_method_id: str
    brand: str
    last_four: str
    expiry_month: int
    expiry_year: int
    fingerprint: str
    set_up_at_ms: int


class Account(msgspec.Struct, frozen=True):
    """A workspace or a client. One currency, one wallet. From `access_until_ms` on its subscription closes access."""

    account_id: str
    kind: Kind
    workspace_id: str | None
    name: str
    email: str
    currency: str
    locale: str
    country: str | None
    billing_details: BillingDetails | None
    created_at_ms: int
    stripe_customer_id: str | None = None
    card: Card | None = None
    access_until_ms: int | None = None
