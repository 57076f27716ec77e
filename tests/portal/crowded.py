"""Accounts whose texts are as long as they may be, and the addresses of all of their pages."""

from dataclasses import dataclass
from typing import Final

from chalicelib.accounts import table as accounts
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import now_ms
from chalicelib.history.adjust import AdjustmentRequest, adjust
from chalicelib.idempotency import Key
from chalicelib.invoices.issue import issue_for
from chalicelib.ledger.post import post
from chalicelib.ledger.table import WalletRow
from chalicelib.moves.request_move import MoveRequest, request_move
from chalicelib.portal.routes import PAGES
from chalicelib.text import AccountId, Line
from chalicelib.usage.record import record
from tests.build import event, receipt, sqs_record
from tests.portal.agency import newest
from tests.portal.site import Site, today

LONG_ID: Final = ("call-" + "0123456789abcdef" * 16)[:256]
LONG_NAME: Final = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft & Söhne GmbH " * 2
LONG_EMAIL: Final = "buchhaltung-und-rechnungswesen-der-niederlassung-sued@" + "-".join(["verwaltung"] * 5) + ".example"
LARGEST_BALANCE: Final = 10**38 - 1
"""In micros: DynamoDB holds no longer number."""

SUMMED: Final = "/statements"
"""Pages that add transactions up: they refuse the largest balance, which no transactions made."""


@dataclass(frozen=True)
class Crowded:
    """The account, one that has what its transactions have made, and what names in paths are."""

    account_id: str
    summed_id: str
    names: dict[str, str]

    def addresses(self) -> dict[str, list[str]]:
        """Return every page of the portal, by the account that has it."""
        pages = [path.format(**self.names) for method, path, _ in PAGES if method == "GET"]
        summed = [page for page in pages if page.startswith(SUMMED)]
        return {
            self.account_id: [*(page for page in pages if page not in summed), *self._more()],
            self.summed_id: summed,
        }

    def _more(self) -> list[str]:
        """Return pages again that look different with something opened, typed or found."""
        day, transaction = today(1), self.names["transaction_id"]
        return [
            *(f"/history?open={day}.{meter}" for meter in ("sms", "llm_minute")),
            *("/history?meter=ai_call", f"/history/search?q={LONG_ID}x", "/plan/preview?plan=agency"),
            *("/add-balance?attempt=2&ask=1&amount=other&other=1,000", "/add-balance?ask=1&amount=other&other=1O0"),
            *(f"/transactions/{transaction}", f"/invoices?number={LONG_ID[:60]}", "/invoices?purpose=subscription"),
            *("/clients?tab=archived", f"/clients/{self.names['client_id']}/standing?to=archived"),
            *(f"/usage?client={self.names['client_id']}", "/usage?group=client&period=90", "/usage?from=2999-01-01"),
        ]


def make_crowded(site: Site) -> Crowded:
    """Make the account, with something long on every page."""
    long = {"name": LONG_NAME.strip()[:200], "email": LONG_EMAIL}
    account_id = site.account(balance="99", **long)
    client_id = site.client(account_id, balance="9", **long)
    _use(account_id)
    _use(client_id)
    post([receipt(1, account_id, occurred_at_ms=now_ms() - 86_400_000, event_id=LONG_ID)])
    visitor = site.enter(account_id, subject=LONG_EMAIL)
    visitor.post("/plan", {"attempt": "1", "plan": "starter", "add_on_phone_number": "1"})
    visitor.post("/add-balance", {"attempt": "2", "amount": "25.00", "named": "25.00"})
    payment_id = next(each.payment_id for each in site.payments(account_id) if each.kind == "top_up")
    number = issue_for(account_id, payment_id, catalog()).number
    transaction_id = _adjust(account_id)
    visitor.post("/bundles", {"year": today()[:4]})
    for each in (account_id, client_id):
        WalletRow(each).update([WalletRow.balance_micros.set(LARGEST_BALANCE)])
    return Crowded(
        account_id,
        _summed(site, long),
        {
            "year": today()[:4],
            "month": f"{today()[:7]}.csv",
            "payment_id": payment_id,
            "transaction_id": transaction_id,
            "number": number,
            "client_id": client_id,
            "incoming_id": _incoming(site, account_id, long),
        },
    )


def _use(account_id: str) -> None:
    """Record messages with the longest ids, of yesterday."""
    events = [
        event(account_id, place, id=LONG_ID[:-1] + str(place), type=meter, time=f"{today(1)}T12:00:0{place}Z")
        for place, meter in enumerate(("sms", "sms", "email"))
    ]
    assert record([sqs_record(each, each["id"]) for each in events], catalog()) == []


def _adjust(account_id: str) -> str:
    """Credit the largest amount with the longest words; return the transaction."""
    request = AdjustmentRequest("credit", "999999999999.999999", Line(LONG_NAME.strip()[:200]))
    adjust(accounts.get(account_id), request, key=Key("crowded", "operator"), actor=f"operator:{LONG_EMAIL}")
    return newest(account_id)


def _summed(site: Site, long: dict[str, str]) -> str:
    """Make an account that has a statement, with all that its lines can be of."""
    account_id = site.account(balance="999999999999.999999", **long)
    _use(account_id)
    _adjust(account_id)
    site.enter(account_id).post("/plan", {"attempt": "1", "plan": "starter"})
    return account_id


def _incoming(site: Site, account_id: str, long: dict[str, str]) -> str:
    """Make a client of another workspace that is to move to the account."""
    client_id = site.client(site.account(**long), **long)
    request_move(accounts.get(client_id), MoveRequest(AccountId(account_id), "keep"), actor=LONG_EMAIL)
    return client_id
