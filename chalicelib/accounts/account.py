"""The account: values and rules. Pure."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.errors import Busy, Refusal
from chalicelib.text import Country, Email, Line

Kind = Literal["workspace", "client"]
Standing = Literal["active", "suspended", "archived"]
MOST_ADDRESS_LINES: Final = 10


class AccountNotFound(Refusal):
    """The account does not exist, or the caller may not see it; the answer is the same."""

    status = 404
    type = "account-not-found"
    title = "No such account"

    def __init__(self, account_id: str) -> None:
        super().__init__(f"there is no account {account_id[:64]!r}", account_id=account_id[:64])


class AccountImmutable(Refusal):
    """A request changes what is fixed when the account is created."""

    status = 409
    type = "account-immutable"
    title = "This cannot be changed"

    def __init__(self, field: str, current: object) -> None:
        super().__init__(f"{field} was fixed as {current!r} when the account was created", field=field)


class WorkspaceInvalid(Refusal):
    """A client whose workspace does not exist or has another currency, or a workspace inside another one."""

    status = 422
    type = "workspace-invalid"
    title = "The workspace does not fit"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, field="workspace_id")


class NotAWorkspace(Refusal):
    """What only a workspace has was asked of a client."""

    status = 422
    type = "not-a-workspace"
    title = "The account is not a workspace"

    def __init__(self, account_id: str) -> None:
        super().__init__(f"{account_id!r} is a client; name its workspace", field="account_id", account_id=account_id)


class NotAClient(Refusal):
    """What only a client has was asked of a workspace."""

    status = 409
    type = "not-a-client"
    title = "The account is not a client"

    def __init__(self, account_id: str) -> None:
        super().__init__(f"{account_id!r} is a workspace; name one of its clients", account_id=account_id)


class ClientIdInvalid(Refusal):
    """An id that a workspace's owner may not choose for a client, since it could belong to another account."""

    status = 422
    type = "client-id-invalid"
    title = "Not an id for a client of this workspace"

    def __init__(self, workspace_id: str) -> None:
        super().__init__(
            f"an owner names a client {workspace_id}.<name>, with no other dot; other ids are the operator's to give",
            field="account_id",
        )


class AccountArchived(Refusal):
    """The account is archived: nothing is paid for it any more, and a workspace gets no more clients."""

    status = 409
    type = "account-archived"
    title = "The account is archived"

    def __init__(self, account_id: str) -> None:
        super().__init__(f"account {account_id!r} is archived; make it active first", account_id=account_id)


class AccountForgotten(Refusal):
    """The account's contact data was removed for good: nothing is done for it any more."""

    status = 409
    type = "account-forgotten"
    title = "The account was forgotten"

    def __init__(self, account_id: str) -> None:
        super().__init__(
            f"the contact data of account {account_id!r} was removed for good; its books stay, and a new account is "
            "needed to go on",
            account_id=account_id,
        )


class CurrencyMismatch(Refusal):
    """An amount in a currency other than the account's."""

    status = 422
    type = "currency-mismatch"
    title = "The account has another currency"

    def __init__(self, sent: str, currency: str) -> None:
        super().__init__(f"the account's currency is {currency!r}, not {sent!r}", field="currency", currency=currency)


class AccountBusy(Busy):
    """Too many concurrent changes of one account."""

    type = "account-busy"
    title = "The account is being changed by others"


class BillingDetails(msgspec.Struct, omit_defaults=True, frozen=True):
    """Who invoices are addressed to, as stored. `country` is that of the address."""

    name: str | None = None
    address: list[str] = []
    tax_id: str | None = None
    email: str | None = None
    country: str | None = None


class BillingDetailsRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A change of who invoices are addressed to. Omitted fields stay unchanged; null clears a field.

    Without a `country`, invoices show the account's.
    """

    name: Line | UnsetType | None = UNSET
    address: Annotated[list[Line], Meta(max_length=MOST_ADDRESS_LINES)] | UnsetType | None = UNSET
    tax_id: Line | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    country: Country | UnsetType | None = UNSET

    def apply_to(self, kept: BillingDetails | None) -> BillingDetails | None:
        """Return the stored details with these changes; None if nothing is left."""
        before = kept or BillingDetails()
        details = BillingDetails(
            name=before.name if self.name is UNSET else self.name,
            address=before.address if self.address is UNSET else list(self.address or []),
            tax_id=before.tax_id if self.tax_id is UNSET else self.tax_id,
            email=before.email if self.email is UNSET else self.email,
            country=before.country if self.country is UNSET else self.country,
        )
        return details if details != BillingDetails() else None


class FormerWorkspace(msgspec.Struct, frozen=True):
    """A workspace that a client was moved away from, when, and until which time its usage is charged there.

    `client_name` is what the client was called then; empty for one that was moved before names were kept.
    """

    workspace_id: str
    moved_at_ms: int
    charged_until_ms: int
    client_name: str = ""


class Account(msgspec.Struct, frozen=True):
    """A workspace or a client, with one currency and one wallet.

    At `access_until_ms`, access ends because of an unpaid subscription. `standing` is what the operator, or a client's
    workspace, decided, and `standing_actor` who. `version` counts the changes that people make. `former_workspaces` are
    those of a client that was moved, oldest first. At `forgotten_at_ms` its contact data was removed for good.
    """

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
    access_until_ms: int | None = None
    version: int = 0
    standing: Standing = "active"
    standing_reason: str | None = None
    standing_actor: str | None = None
    standing_changed_at_ms: int | None = None
    former_workspaces: tuple[FormerWorkspace, ...] = ()
    forgotten_at_ms: int | None = None

    @property
    def charged_from_ms(self) -> int:
        """Return from when on usage is charged to its workspace; 0 unless it was moved."""
        return max((each.charged_until_ms for each in self.former_workspaces), default=0)

    def workspace_at(self, time_ms: int) -> str | None:
        """Return the workspace that the account belonged to at a time; None for a workspace."""
        return next(
            (each.workspace_id for each in self.former_workspaces if time_ms < each.moved_at_ms), self.workspace_id
        )

    def name_known_to(self, workspace_id: str) -> str | None:
        """Return a client's name for a workspace: a former one knows the name of then; None for any other workspace."""
        if self.workspace_id == workspace_id:
            return self.name
        known = [each.client_name for each in self.former_workspaces if each.workspace_id == workspace_id]
        return known[-1] or self.account_id if known else None


def check_is_workspace(account: Account) -> None:
    """Check that an account is a workspace, for what a client has not. Raises NotAWorkspace."""
    if account.kind != "workspace":
        raise NotAWorkspace(account.account_id)


def check_is_client(account: Account) -> None:
    """Check that an account is a client, for what a workspace has not. Raises NotAClient."""
    if account.kind != "client":
        raise NotAClient(account.account_id)


def check_not_archived(account: Account) -> None:
    """Check that an account may still pay. Raises AccountArchived."""
    if account.standing == "archived":
        raise AccountArchived(account.account_id)


def check_not_forgotten(account: Account) -> None:
    """Check that an account still has somebody to act for. Raises AccountForgotten."""
    if account.forgotten_at_ms:
        raise AccountForgotten(account.account_id)
