"""The emulator's settings, from its command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import stripe

PLATFORM = "acct_1EmulatorPlatform"
RETRY_DELAYS_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


@dataclass(frozen=True)
class WebhookEndpoint:
    """Where events are sent: its secret signs them, and its API version is theirs. Without a URL nothing is sent."""

    url: str = ""
    secret: str = ""
    api_version: str = stripe.api_version


@dataclass(frozen=True)
class Settings:
    """Everything that can be set when the emulator is started."""

    port: int
    host: str = "127.0.0.1"
    state: Path | None = None
    webhook_url: str = ""
    webhook_secret: str = ""
    webhook_api_version: str = stripe.api_version
    connect_webhook_url: str = ""
    connect_webhook_secret: str = ""
    connect_webhook_api_version: str = stripe.api_version
    webhook_timeout_seconds: float = 10.0
    webhook_retry_delays_seconds: tuple[float, ...] = RETRY_DELAYS_SECONDS
    secret_key: str | None = None
    publishable_key: str | None = None
    client_id: str = "ca_emulator"
    redirect_uris: tuple[str, ...] = ()
    delay_seconds: float = 1.0
    search_lag_seconds: float = 1.0
    rate_limit: int = 0
    platform: str = PLATFORM

    @property
    def url(self) -> str:
        """The base URL of the emulator."""
        return f"http://{self.host}:{self.port}"

    def endpoint_of(self, *, connected: bool) -> WebhookEndpoint:
        """Return the endpoint for events of connected accounts, or the one for events of the platform's own account.

        Neither ever gets what the other is for.
        """
        if connected:
            secret, version = self.connect_webhook_secret, self.connect_webhook_api_version
            return WebhookEndpoint(self.connect_webhook_url, secret, version)
        return WebhookEndpoint(self.webhook_url, self.webhook_secret, self.webhook_api_version)


def read(arguments: Sequence[str] | None = None) -> Settings:
    """Read the command line; refuse a webhook without a secret, since anyone could forge its signature."""
    parser = _parser()
    given = vars(parser.parse_args(arguments))
    given["webhook_retry_delays_seconds"] = tuple(given["webhook_retry_delays_seconds"])
    given["redirect_uris"] = tuple(given["redirect_uris"])
    for name in ("webhook", "connect_webhook"):
        if given[f"{name}_url"] and not given[f"{name}_secret"]:
            parser.error(f"--{name.replace('_', '-')}-secret is required with a webhook URL")
        if given[f"{name}_url"] and not given[f"{name}_url"].startswith(("http://", "https://")):
            parser.error(f"--{name.replace('_', '-')}-url must begin with http:// or https://")
    return Settings(**given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.stripe_emulator", description="A stand-in for Stripe.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--state", type=Path, help="an SQLite file; without it everything is forgotten at the end")
    parser.add_argument("--webhook-url", default="")
    parser.add_argument("--webhook-secret", default="")
    parser.add_argument("--webhook-api-version", default=stripe.api_version)
    parser.add_argument("--connect-webhook-url", default="", help="for events of connected accounts; default: none")
    parser.add_argument("--connect-webhook-secret", default="")
    parser.add_argument("--connect-webhook-api-version", default=stripe.api_version)
    parser.add_argument("--webhook-timeout", type=float, default=10.0, dest="webhook_timeout_seconds")
    parser.add_argument(
        "--webhook-retry-delays",
        type=float,
        nargs="*",
        default=RETRY_DELAYS_SECONDS,
        dest="webhook_retry_delays_seconds",
        help="seconds before each retry",
    )
    parser.add_argument("--secret-key", help="the platform's only secret key; default: any sk_test_...")
    parser.add_argument("--publishable-key", help="the platform's only publishable key; default: any pk_test_...")
    parser.add_argument("--client-id", default="ca_emulator", help="the platform's Connect client id")
    parser.add_argument("--redirect-uri", action="append", default=[], dest="redirect_uris")
    parser.add_argument("--delay", type=float, default=1.0, dest="delay_seconds", help="of what happens by itself")
    parser.add_argument("--search-lag", type=float, default=1.0, dest="search_lag_seconds")
    parser.add_argument("--rate-limit", type=int, default=0, help="calls per second to one endpoint; 0 for no limit")
    return parser
