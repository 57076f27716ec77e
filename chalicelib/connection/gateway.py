"""The door to Stripe for connections: OAuth, new accounts, links to their onboarding, and what Stripe says of them."""

from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from chalicelib.accounts.account import Account
from chalicelib.connection.connection import AccountFacts
from chalicelib.idempotency import content_hash
from chalicelib.secrets import SecretsUnavailable, secrets
from chalicelib.settings import settings
from chalicelib.stripe_api.client import CHARGE_SECONDS, ask, ask_oauth, idempotency_options, unrepeated
from chalicelib.stripe_api.deployment import metadata
from chalicelib.stripe_api.errors import StripeRefused, StripeUnavailable
from chalicelib.stripe_api.stripe_account import PLATFORM, StripeAccount
from chalicelib.text import WrongText, ascii_email

if TYPE_CHECKING:
    from stripe.params import AccountCreateParams

AUTHORIZE = "{base}/oauth/authorize?{query}"
CONNECT_BASE = "https://connect.stripe.com"


class Grant(msgspec.Struct, frozen=True):
    """Access that a person has granted to a Stripe account."""

    stripe_account_id: str
    livemode: bool


class AccountLink(msgspec.Struct, frozen=True):
    """A link into Stripe's onboarding of an account. It opens once, until it expires."""

    url: str
    expires_at_ms: int


def authorize_url(state: str, redirect_uri: str) -> str:
    """Return Stripe's page on which a person connects an account. It asks Stripe nothing."""
    sent = {"response_type": "code", "client_id": str(settings().stripe_connect_client_id), "scope": "read_write"}
    query = urlencode({**sent, "redirect_uri": redirect_uri, "state": state})
    return AUTHORIZE.format(base=settings().stripe_api_base or CONNECT_BASE, query=query)


def exchange_code(code: str) -> Grant:
    """Exchange the code of a callback for access. Raises NotAtStripe, StripeUnavailable.

    It is sent once: Stripe takes the access away again if a code comes twice.
    """
    found = ask_oauth(
        "exchange_code", lambda oauth: oauth.token({"grant_type": "authorization_code", "code": code}, unrepeated())
    )
    return Grant(str(found.stripe_user_id), bool(found.livemode))


def deauthorize(stripe_account_id: str) -> None:
    """Give up the access to a connected account. Raises NotAtStripe if there is none, StripeUnavailable."""
    client_id = str(settings().stripe_connect_client_id)
    ask_oauth(
        "deauthorize", lambda oauth: oauth.deauthorize({"client_id": client_id, "stripe_user_id": stripe_account_id})
    )


def create_account(workspace: Account, attempt: str) -> str:
    """Create a Stripe account for a workspace, which is responsible for it, and return its id.

    The same `attempt` returns the account that was made for it. Raises DetailsRefused, StripeUnavailable.
    """
    params: AccountCreateParams = {
        # The account is the workspace's own: Stripe asks it for details, takes its fees from it and bears its losses.
        # https://docs.stripe.com/connect/migrate-to-controller-properties
        "controller": {
            "fees": {"payer": "account"},
            "losses": {"payments": "stripe"},
            "requirement_collection": "stripe",
            "stripe_dashboard": {"type": "full"},
        },
        "metadata": metadata(account_id=workspace.account_id),
    }
    if workspace.country:
        params["country"] = workspace.country
    email = _email(workspace)
    if email:
        params["email"] = email
    options = idempotency_options(f"account-{content_hash([params, attempt])}")
    return ask("create_account", PLATFORM, lambda v1: str(v1.accounts.create(params, options).id), CHARGE_SECONDS)


def _email(workspace: Account) -> str | None:
    """Return the address as Stripe accepts it, or none: the person may give another one to Stripe."""
    try:
        return ascii_email(workspace.email)
    except WrongText:
        return None


def create_account_link(stripe_account_id: str, *, return_url: str, refresh_url: str) -> AccountLink:
    """Make a link into the onboarding of an account. Raises StripeUnavailable, StripeRefused."""
    found = ask(
        "create_account_link",
        PLATFORM,
        lambda v1: v1.account_links.create(
            {
                "account": stripe_account_id,
                "type": "account_onboarding",
                "return_url": return_url,
                "refresh_url": refresh_url,
            }
        ),
    )
    return AccountLink(str(found.url), int(found.expires_at) * 1000)


def find_platform_id() -> str | None:
    """Return the id of the platform's own Stripe account, which the key belongs to; None if Stripe does not say."""
    try:
        return _platform_id(secrets().stripe_secret_key, settings().stripe_api_base)
    except (SecretsUnavailable, StripeUnavailable, StripeRefused):
        return None


@cache
def _platform_id(_secret_key: str, _api_base: str | None) -> str:
    return ask("find_account", PLATFORM, lambda v1: str(v1.accounts.retrieve_current().id))


def find_facts(stripe_account_id: str) -> AccountFacts:
    """Return what Stripe says of a connected account. Raises AccessGone, StripeUnavailable."""
    stripe_account = StripeAccount(stripe_account_id)
    found = ask("find_account", stripe_account, lambda v1: v1.accounts.retrieve_current().to_dict())
    return AccountFacts(
        charges_enabled=bool(found.get("charges_enabled")),
        details_submitted=bool(found.get("details_submitted")),
        disabled_reason=(found.get("requirements") or {}).get("disabled_reason"),
    )
