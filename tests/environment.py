"""Forget what the process knows of its environment: settings and the clients made from them."""

from chalicelib import queues
from chalicelib.invoices import archive
from chalicelib.notices import bus, mailbox
from chalicelib.settings import settings
from chalicelib.tables import connection


def forget() -> None:
    """Forget everything that was made for another system's settings."""
    doors = (queues.client, archive.client, archive.keep_logo, bus.client, mailbox.client)
    for made in (settings, connection, *doors):
        made.cache_clear()
