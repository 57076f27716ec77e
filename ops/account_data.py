"""Where data about an account is: the one list that `ops export`, `ops forget`, the docs and a test share. Pure.

Every table of `infrastructure/functions.toml` is in it; a test fails for one that is not. So whoever adds a table
decides whether it is exported, and what becomes of it when an account is forgotten.
"""

from typing import Final, Literal

import msgspec

Fate = Literal["cleared", "deleted", "kept"]
"""What becomes of a place when an account is forgotten: personal data in it goes, all of it goes, or it stays."""

BOOKS: Final = "accounting records, kept as long as tax law asks (GDPR art. 17(3)(b))"
CONTRACT: Final = "evidence of what was agreed and charged (GDPR art. 17(3)(e)); no contact data"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A table, or objects of a bucket, and what is done with it.

    `file` is the name of its file in an export; None for what is not exported, and then `not_exported` says why.
    `hidden` are attributes that no export has: secrets, and what only this system needs.
    """

    name: str
    holds: str
    file: str | None = None
    not_exported: str = ""
    fate: Fate
    because: str
    hidden: frozenset[str] = frozenset()


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


DUE: Final = _names("due_shard due_at_ms version")

TABLES: Final = (
    Place(
        name="accounts",
        holds="the account, its contact and billing details",
        file="account",
        fate="cleared",
        because="name, e-mail, country and billing details go; the account stays, archived, for its books",
        hidden=_names("version standing_reason standing_actor changed_by updated_at_ms"),
    ),
    Place(
        name="taxes",
        holds="a workspace's taxes for its clients",
        file="taxes",
        fate="kept",
        because=BOOKS,
        hidden=_names("version"),
    ),
    Place(
        name="connections",
        holds="a workspace's Stripe connection",
        file="connection",
        fate="kept",
        because="payments name the Stripe account that they were made on; disconnected before",
        hidden=_names("version expires_at platform_id"),
    ),
    Place(
        name="budgets",
        holds="budgets, with the names that were given to them",
        file="budgets",
        fate="deleted",
        because="nothing is spent any more",
        hidden=_names("version"),
    ),
    Place(
        name="auto_pay",
        holds="auto-pay's settings and state",
        file="auto_pay",
        fate="kept",
        because=CONTRACT,
        hidden=DUE | _names("charged_card declined_default held_by limit_use objections refunds_known_micros"),
    ),
    Place(
        name="cards",
        holds="the customer at Stripe and the cards on file",
        file="cards",
        fate="cleared",
        because="the customer is deleted at Stripe with its cards, and here",
        hidden=DUE | _names("cards_version card_changed_at_ms written_at_ms fingerprint removed"),
    ),
    Place(
        name="subscriptions",
        holds="the subscription",
        file="subscription",
        fate="kept",
        because=CONTRACT,
        hidden=DUE | _names("charged_card declined_default held in_use reminded_of_ms never_made_attempts attempt"),
    ),
    Place(
        name="payments",
        holds="payments",
        file="payments",
        fate="kept",
        because=BOOKS,
        hidden=_names(
            "version checks check_at unresolved_shard follow_up_shard follow_up_at_ms card_fingerprint attempt "
            "key_exhausted_at_ms intent_open customer_id payment_method_id sent_at_ms intent_at_ms fraud_warning"
        ),
    ),
    Place(
        name="reversals",
        holds="refunds and disputes",
        file="refunds_and_disputes",
        fate="kept",
        because=BOOKS,
        hidden=_names("checks check_at unsettled_shard attempt key_exhausted_at_ms begun"),
    ),
    Place(
        name="wallets",
        holds="the balance",
        file="wallet",
        fate="kept",
        because=BOOKS,
        hidden=_names("head_hash recent_pages older_ms"),
    ),
    Place(
        name="transactions",
        holds="every transaction, in pages that are chained by their hashes",
        file="transactions",
        fate="kept",
        because=f"{BOOKS}; a page that is changed would break the proof of all later ones",
    ),
    Place(name="daily_usage", holds="usage by day and meter", file="daily_usage", fate="kept", because=BOOKS),
    Place(
        name="client_usage",
        holds="a workspace's sums by month and client",
        file="client_usage",
        fate="kept",
        because=f"{BOOKS}; ids and amounts only",
    ),
    Place(
        name="rebilling",
        holds="what a client pays for usage, or a workspace's defaults",
        file="rebilling",
        fate="kept",
        because=CONTRACT,
        hidden=_names("version changed_in"),
    ),
    Place(
        name="allowances",
        holds="a client's allowances by month",
        file="allowances",
        fate="kept",
        because=BOOKS,
        hidden=DUE,
    ),
    Place(
        name="moves",
        holds="the last request to move a client to another workspace",
        file="moves",
        fate="kept",
        because=f"{BOOKS}: it dates who paid for what",
        hidden=DUE | _names("incoming_id"),
    ),
    Place(
        name="notices",
        holds="the choice of mails with their recipients, and a mark for each mail sent",
        file="mails",
        fate="deleted",
        because="no mail is sent any more; marks are deleted after 60 days anyway",
        hidden=_names("version claimed_until_ms expires_at"),
    ),
    Place(
        name="invoices",
        holds="invoices, credit notes, a workspace's brand",
        file="documents",
        fate="kept",
        because="tax law asks for documents as they were issued, for about ten years (GDPR art. 17(3)(b))",
    ),
    Place(
        name="invitations",
        holds="invitations with the addresses that they were sent to",
        file="invitations",
        fate="deleted",
        because="addresses of people who were invited",
        hidden=_names("secret_hash"),
    ),
    Place(
        name="portal_sessions",
        holds="sessions of the portal with the names of people",
        file="sessions",
        fate="deleted",
        because="nobody signs in any more",
        hidden=_names("session_id expires_at attempt plan_attempt credit_attempt mail_attempt"),
    ),
    Place(
        name="account_log",
        holds="who changed what, with the values before and after",
        file="log",
        fate="cleared",
        because="contact data in it goes: names, addresses, e-mails; a workspace's people go from the logs of its "
        "clients, too; what was changed and when stays, and whose people did it",
    ),
    Place(
        name="idempotency",
        holds="keys of requests, and the first answers to them",
        file="requests",
        fate="cleared",
        because="the answers go; the keys stay, so that no payment is ever made again",
        hidden=_names("content_hash answer space is_done"),
    ),
    Place(name="repeats", holds="usage that was charged twice", file="repeats", fate="kept", because=BOOKS),
    Place(
        name="audits",
        holds="how far the audit of repeats has got",
        not_exported="numbers of this system about itself, nothing about a person",
        fate="kept",
        because="no personal data",
    ),
    Place(
        name="checks",
        holds="when the wallet was verified, and how far",
        not_exported="numbers of this system about itself, nothing about a person",
        fate="kept",
        because="no personal data",
    ),
    Place(
        name="findings",
        holds="differences that were found between the wallet, its rows and Stripe",
        not_exported="what this system found out about its own books, nothing about a person",
        fate="kept",
        because=BOOKS,
    ),
    Place(
        name="webhook_events",
        holds="events of Stripe's, by their own ids",
        not_exported="copies of what payments, refunds and cards say; gone 30 days after they were processed",
        fate="kept",
        because="they expire: their content when they are processed, the rest 30 days later",
    ),
)

OBJECTS: Final = (
    Place(
        name="invoices/documents/*",
        holds="invoices and credit notes as PDF",
        file="documents/",
        fate="kept",
        because="tax law asks for documents as they were issued, for about ten years (GDPR art. 17(3)(b))",
    ),
    Place(
        name="invoices/lent/*",
        holds="statements and bundles that were asked for",
        not_exported="made anew from the rest whenever somebody asks; gone after days",
        fate="deleted",
        because="all versions of them, which name the account's contact",
    ),
    Place(
        name="invoices/logos/*",
        holds="logos of workspaces, by their content",
        not_exported="on the documents themselves",
        fate="kept",
        because="documents are drawn with them; the name says nothing about whose it is",
    ),
    Place(
        name="audit/days/*",
        holds="hashes of events by day",
        not_exported="made from transactions, which are exported",
        fate="kept",
        because="no personal data: hashes and places",
    ),
)

PLACES: Final = (*TABLES, *OBJECTS)


def place(name: str) -> Place:
    """Return a place by its name. Raises KeyError."""
    return next(each for each in PLACES if each.name == name)
