"""An account of whom everything is there: a card, a payment with its invoice, a subscription, usage; and its tokens."""

from dataclasses import dataclass
from itertools import count

from chalicelib.accounts import table as accounts
from chalicelib.accounts.create_or_change import AccountRequest, create_or_change
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import month_of, now_ms
from chalicelib.idempotency import Key
from chalicelib.invoices.issue import issue_for
from chalicelib.moves.request_move import MoveRequest, request_move
from chalicelib.payments.payment import Payment
from chalicelib.portal import table as sessions
from chalicelib.portal.session import Session, SessionRole, form_token, id_of
from chalicelib.secrets import secrets
from chalicelib.subscriptions.change import change
from chalicelib.subscriptions.request import SubscriptionRequest
from chalicelib.text import AccountId, Email, Line
from chalicelib.token import Caller, sign_token
from chalicelib.usage.record import record
from local.stripe_emulator.client import Emulator
from tests.build import event, sqs_record
from tests.payments.payer import Payer

HOUR_MS = 3600 * 1000
_numbers = count(1)


@dataclass(frozen=True)
class Tenant:
    """The account, and what names in paths may be."""

    account_id: str
    payment_id: str
    transaction_id: str
    number: str
    client_id: str
    incoming_id: str
    card_id: str

    @property
    def names(self) -> dict[str, str]:
        """Return the names in the API's paths: there, a client's id names one that is to be moved to the account."""
        return {**self.page_names, "client_id": self.incoming_id, "card_id": self.card_id, "budget_id": "month"}

    @property
    def page_names(self) -> dict[str, str]:
        """Return the names in the portal's paths."""
        return {
            "account_id": self.account_id,
            "payment_id": self.payment_id,
            "transaction_id": self.transaction_id,
            "number": self.number,
            "client_id": self.client_id,
            "incoming_id": self.incoming_id,
            "month": month_of(now_ms()),
            "year": month_of(now_ms())[:4],
        }


def new_tenant(emulator: Emulator) -> Tenant:
    """Make an account that has something of everything."""
    account_id = f"tenant-{next(_numbers)}"
    request = AccountRequest(kind="workspace", name=Line("Acme"), email=Email("kim@acme.example"), currency="usd")
    create_or_change(Caller("operator"), account_id, request, catalog())
    client_id = f"{account_id}.client"
    client = AccountRequest(
        kind="client",
        name=Line("Salon"),
        email=Email("bo@salon.example"),
        currency="usd",
        workspace_id=AccountId(account_id),
    )
    create_or_change(Caller("operator"), client_id, client, catalog())
    payer = Payer(account_id, emulator)
    payer.save_card()
    card_id = payer.add_card().payment_method_id
    payment: Payment = payer.top_up().payment
    invoice = issue_for(account_id, payment.payment_id, catalog())
    plan = SubscriptionRequest(plan="agency", add_ons={"phone_number": 1})
    change(payer.load(), plan, key=Key("plan", "customer"), actor="tester", catalog=catalog())
    assert record([sqs_record(event(account_id))], catalog()) == []
    return Tenant(
        account_id=account_id,
        payment_id=payment.payment_id,
        transaction_id=payer.credits[0].id,
        number=invoice.number,
        client_id=client_id,
        incoming_id=_incoming_client(account_id),
        card_id=card_id,
    )


def _incoming_client(workspace_id: str) -> str:
    """Make a client of another workspace that is to be moved to one; return its id."""
    other_id = f"other-{next(_numbers)}"
    client_id = f"{other_id}.client"
    kinds = {other_id: {"kind": "workspace"}, client_id: {"kind": "client", "workspace_id": other_id}}
    for account_id, fields in kinds.items():
        request = AccountRequest(**fields, name=Line("Other"), email=Email("kim@other.example"), currency="usd")  # type: ignore[arg-type]
        create_or_change(Caller("operator"), account_id, request, catalog())
    asked = MoveRequest(AccountId(workspace_id), "keep")
    request_move(accounts.get(client_id), asked, actor="tester")
    return client_id


def operator_token() -> str:
    return sign_token(secrets().token_secret, role="operator", account_id=None, expires_at_ms=now_ms() + HOUR_MS)


@dataclass(frozen=True)
class Visitor:
    """Somebody with a session of the portal."""

    cookie: str
    form_token: str


def enter(account_id: str, role: SessionRole = "owner") -> Visitor:
    """Give somebody a session of an account."""
    secret = f"secret-of-the-{role}-of-{account_id}"
    sessions.put(
        Session(
            session_id=id_of("session", secret),
            account_id=account_id,
            role=role,
            subject=None,
            return_url="https://app.example.com/settings",
            locale=None,
            created_at_ms=now_ms(),
            expires_at_ms=now_ms() + HOUR_MS,
        )
    )
    return Visitor(f"portal_session={secret}", form_token(secret))
