"""All settings from the environment, as one frozen object. Only this module reads the environment.

No setting has a default that could hide a mistake: the program stops and names all missing variables at once.
"""

import os
from functools import cache

import msgspec
from msgspec.structs import fields


class MissingSettings(Exception):
    """Environment variables that the program cannot run without."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings; each field is read from the environment variable of the same name in capitals.

    `deployment` is the name on objects at Stripe, where several deployments may share a Stripe account; it must not
    change. `secret_id` is the name or ARN of the secret with all keys (`chalicelib/secrets.py`): none is a setting.
    `portal_base_url` is where browsers reach this API: what a request says about it is not trusted.

    Settings with a default are optional. `stripe_api_base` points the Stripe library at a server other than Stripe's
    own (the emulator). With `stripe_connect_client_id`, workspaces may connect a Stripe account that they have (OAuth);
    with `stripe_connect_onboarding` set to anything, they may open one. Without `mail_from` no mails are sent.
    `portal_url` is where the platform shows an account's billing; without it mails have no link. Only pages of the
    origins in `portal_frame_origins`, separated by spaces, may show the portal in a frame. Without `metrics_namespace`
    metrics are plain log lines, of which CloudWatch counts nothing.
    """

    wallets_table: str
    transactions_table: str
    daily_usage_table: str
    client_usage_table: str
    rebilling_table: str
    allowances_table: str
    moves_table: str
    accounts_table: str
    taxes_table: str
    budgets_table: str
    cards_table: str
    payments_table: str
    reversals_table: str
    idempotency_table: str
    webhook_events_table: str
    connections_table: str
    auto_pay_table: str
    subscriptions_table: str
    invoices_table: str
    usage_queue_url: str
    usage_dead_letters_queue_url: str
    charges_queue_url: str
    renewals_queue_url: str
    bundles_queue_url: str
    event_bus_name: str
    notices_table: str
    notice_failures_queue_url: str
    invoices_bucket: str
    account_log_table: str
    log_failures_queue_url: str
    audits_table: str
    repeats_table: str
    checks_table: str
    findings_table: str
    audit_bucket: str
    portal_sessions_table: str
    invitations_table: str
    secret_id: str
    portal_base_url: str
    deployment: str
    stripe_api_base: str | None = None
    stripe_connect_client_id: str | None = None
    stripe_connect_onboarding: str | None = None
    mail_from: str | None = None
    portal_url: str | None = None
    portal_frame_origins: str | None = None
    metrics_namespace: str | None = None


def trace_id() -> str | None:
    """Return the id of the X-Ray trace of this invocation, which Lambda sets anew for each; None outside Lambda."""
    fields = dict(part.partition("=")[::2] for part in os.environ.get("_X_AMZN_TRACE_ID", "").split(";"))
    return fields.get("Root")


@cache
def settings() -> Settings:
    """Read the settings on first use. Raises MissingSettings naming every variable that is missing or empty."""
    values = {field.name: os.environ.get(field.name.upper(), "").strip() for field in fields(Settings)}
    optional = {field.name for field in fields(Settings) if not field.required}
    missing = [name.upper() for name, value in values.items() if not value and name not in optional]
    if missing:
        raise MissingSettings(f"set these environment variables: {', '.join(missing)}")
    return Settings(**{name: value or None for name, value in values.items()})  # type: ignore[arg-type]
