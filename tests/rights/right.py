"""A right: an action of AWS on a resource, as a policy grants it and as a call requires it. Pure."""

from typing import NamedTuple


class Right(NamedTuple):
    """What a function may do, or did.

    `resource` is a logical id of the template: `WalletsTable`, `PaymentsTable/index/unresolved`,
    `InvoicesBucket/documents/*`, `ChargesQueue`, `EventBus`, `MailIdentity`.
    """

    function: str
    action: str
    resource: str

    def __str__(self) -> str:
        """Return it as a sentence."""
        return f"{self.function}: {self.action} on {self.resource}"
