"""Say of a client's usage, to its workspace, that it is one charge in two wallets: what each paid, and what is kept."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.history.pair import Outcome, Pair, Split
from chalicelib.history.read_pairs import read_pairs
from chalicelib.i18n.texts import mark
from chalicelib.ledger.transaction import Transaction
from chalicelib.portal.words import Words

SENTENCES: Final[dict[Outcome, str]] = {
    "earned": mark(
        "You paid %(cost)s, %(client)s paid %(price)s, you keep %(margin)s. It's one charge, shown in both wallets."
    ),
    "at_cost": mark(
        "You paid %(cost)s, %(client)s paid %(price)s, you keep nothing. It's one charge, shown in both wallets."
    ),
    "below_cost": mark(
        "You paid %(cost)s, %(client)s paid %(price)s, you lose %(margin)s. It's one charge, shown in both wallets."
    ),
    "not_charged": mark("You paid %(cost)s for %(client)s, which was not charged for it."),
}

BRIEFS: Final[dict[Outcome, str]] = {
    "earned": mark("%(client)s paid %(price)s, you keep %(margin)s"),
    "at_cost": mark("%(client)s paid %(price)s, you keep nothing"),
    "below_cost": mark("%(client)s paid %(price)s, you lose %(margin)s"),
    "not_charged": mark("%(client)s, not charged"),
}


class ShownPair(msgspec.Struct, frozen=True):
    """The client's name, what to say of the whole on a page of its own and in a list, and of each of its lines.

    A client that was moved to another workspace `is_former`, and has the name of then.
    """

    client: str
    is_former: bool
    sentence: str
    brief: str
    line_briefs: tuple[str, ...]
    has_other: bool


def show_pairs(words: Words, transactions: Iterable[Transaction]) -> dict[str, ShownPair]:
    """Return what to say of those transactions that are a client's usage, by transaction id, in two calls at most."""
    transactions = list(transactions)
    pairs = read_pairs(transactions)
    clients = accounts.find_readable({pair.client_id for pair in pairs.values()})
    workspace_id = transactions[0].account_id if transactions else ""
    currency = transactions[0].currency if transactions else ""
    return {
        transaction_id: show_pair(words, pair, clients.get(pair.client_id), workspace_id, currency)
        for transaction_id, pair in pairs.items()
    }


def show_pair(words: Words, pair: Pair, account: Account | None, workspace_id: str, currency: str) -> ShownPair:
    """Return what to say of a pair, to the workspace; `account` is the client's."""
    client = (account.name_known_to(workspace_id) if account else None) or pair.client_id

    def say(texts: Mapping[Outcome, str], split: Split) -> str:
        return words.say(
            texts[split.outcome],
            client=client,
            cost=words.amount(split.cost_micros, currency),
            price=words.amount(split.price_micros or 0, currency),
            margin=words.amount(abs(split.margin_micros), currency),
        )

    return ShownPair(
        client=client,
        is_former=account is None or account.workspace_id != workspace_id,
        sentence=say(SENTENCES, pair.whole),
        brief=say(BRIEFS, pair.whole),
        line_briefs=tuple(say(BRIEFS, each) for each in pair.priced_lines),
        has_other=pair.other is not None,
    )
