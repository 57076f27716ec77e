"""Tags of the API that several packages share: clients that are generated from the API have a class for each tag."""

from typing import Final

ACCOUNTS: Final = ("Accounts", "The workspaces of the platform and their clients, and may they use it now.")
INVOICES: Final = ("Invoices", "The invoices and credit notes of payments, and how they look.")
PAYMENTS: Final = ("Payments", "Money from cards: the card on file, adding balance, and how payments stand.")
