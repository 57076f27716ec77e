"""Forget what the process knows of its environment: settings and the clients made from them."""

from chalicelib.auto_pay import queue as charges
from chalicelib.invoices import archive
from chalicelib.notices import bus, mailbox, parking
from chalicelib.settings import settings
from chalicelib.tables import connection
from chalicelib.usage import queue as usage


def forget() -> None:
    """Forget everything that was made for another system's settings."""
    doors = (charges.client, usage.client, archive.client, bus.client, mailbox.client, parking.client)
    for made in (settings, connection, *doors):
        made.cache_clear()
