"""Who asks: everybody there is, and the accounts that they belong to."""

from typing import Final

from chalicelib import api
from chalicelib.accounts.create_or_change import AccountRequest, create_or_change
from chalicelib.catalog.catalog import catalog
from chalicelib.secrets import secrets
from chalicelib.text import Email, Line
from chalicelib.token import Caller, sign_token
from local.stripe_emulator.client import Emulator
from tests.payments.payer import CLIENT_ID

IN_2096_MS: Final = 4_000_000_000_000
WORKSPACE, CLIENT = "north", "north.salon"
SIBLING, STRANGER = "north.bakery", "south"

CALLERS: Final[dict[str, Caller | None]] = {
    "operator": Caller("operator"),
    "producer": Caller("producer"),
    "workspace's owner": Caller("owner", WORKSPACE),
    "workspace's viewer": Caller("viewer", WORKSPACE),
    "client's owner": Caller("owner", CLIENT),
    "client's viewer": Caller("viewer", CLIENT),
    "another client's owner": Caller("owner", SIBLING),
    "another workspace's owner": Caller("owner", STRANGER),
    "nobody": None,
}
OPERATIONS: Final = [each for blueprint in api.BLUEPRINTS for each in blueprint.operations]


def make_accounts() -> None:
    """Make two workspaces and two clients of the first."""
    for account_id in (WORKSPACE, STRANGER, CLIENT, SIBLING):
        workspace_id = account_id.rpartition(".")[0] or None
        create_or_change(
            Caller("operator"),
            account_id,
            AccountRequest(
                kind="client" if workspace_id else "workspace",
                name=Line(f"{account_id.title()} Agency"),
                email=Email("kim@north.example"),
                currency="usd",
                workspace_id=workspace_id,  # type: ignore[arg-type]
            ),
            catalog(),
        )


def bearer(caller: Caller) -> str:
    who = {"role": caller.role, "account_id": caller.account_id, "subject": caller.subject}
    token = sign_token(secrets().token_secret, expires_at_ms=IN_2096_MS, **who)  # type: ignore[arg-type]
    return f"Bearer {token}"


def stripe_environment(emulator: Emulator) -> dict[str, str]:
    return {
        "STRIPE_API_BASE": emulator.url,
        "STRIPE_CONNECT_CLIENT_ID": CLIENT_ID,
        "MAIL_FROM": "",  # a mail would not be sent: the right to ask for it is known before
    }
