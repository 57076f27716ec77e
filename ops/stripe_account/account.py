"""What the keys, the settings and the Stripe account lack for this deployment, in sentences. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

Mode = Literal["live", "test"]
Level = Literal["wrong", "note"]

SECRET_KEY: Final = re.compile(r"(?:sk|rk)_(live|test)_\w+")
PUBLISHABLE_KEY: Final = re.compile(r"pk_(live|test)_\w+")
NOT_LIVE: Final = re.compile(r"(?<![a-z])(dev|test|stag|demo|local|sandbox)", re.IGNORECASE)
"""Names of deployments that are not for real money."""

LIVE: Final = re.compile(r"(?<![a-z])(prod|live)", re.IGNORECASE)
DESCRIPTORS: Final = (("payments", "statement_descriptor"), ("card_payments", "statement_descriptor_prefix"))
BY_HAND: Final = """
Customer e-mails (Settings > Customer emails): successful payments and refunds. The portal has mails and documents of
  its own; with both, customers get two.
Radar (Radar > Rules): block by CVC and postal code as you wish. Rules that ask for 3-D Secure make charges without the
  customer fail.
Card updates (Settings > Payments): on, so that new expiry dates come as `payment_method.automatically_updated`.
Connected accounts: each that is to offer Apple Pay or Google Pay needs the portal's domain, too.
""".strip()
"""What the API does not tell: to be looked at in the dashboard once."""


class Finding(msgspec.Struct, frozen=True):
    """Something that is wrong, or that is good to know."""

    level: Level
    text: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of a deployment and of its Stripe account."""

    secret_key: str
    account: Mapping[str, Any]
    currencies: frozenset[str]
    has_client_id: bool
    offers_onboarding: bool
    portal_host: str
    domain_is_registered: bool
    client_id_problem: str | None
    publishable_key_problem: str | None
    missing_permissions: tuple[str, ...]
    pinned_version: str
    library_version: str


def mode_of(key: str) -> Mode | None:
    """Return the mode of a secret, restricted or publishable key; None if it is none."""
    found = SECRET_KEY.fullmatch(key) or PUBLISHABLE_KEY.fullmatch(key)
    return None if found is None else "live" if found[1] == "live" else "test"


def key_findings(*, secret_key: str, publishable_key: str, deployment: str, portal_base_url: str) -> list[Finding]:
    """Return what is wrong with the keys, before Stripe is asked."""
    secret, publishable = SECRET_KEY.fullmatch(secret_key), PUBLISHABLE_KEY.fullmatch(publishable_key)
    if secret is None or publishable is None:
        wrong = {"stripe_secret_key": secret is None, "stripe_publishable_key": publishable is None}
        forms = {
            "stripe_secret_key": "sk_ or rk_, then live_ or test_",
            "stripe_publishable_key": "pk_live_ or pk_test_",
        }
        return [
            _wrong(f"{name} is no key of Stripe: it begins with {forms[name]}.")
            for name, is_wrong in wrong.items()
            if is_wrong
        ]
    modes = secret[1], publishable[1]
    found = []
    if modes[0] != modes[1]:
        found.append(_wrong(f"The secret key is of {modes[0]} mode, and the publishable key of {modes[1]} mode."))
    if modes[0] == "live" and NOT_LIVE.search(deployment):
        found.append(
            _wrong(f"The deployment is called {deployment!r}, and has a key of live mode: it charges real cards.")
        )
    if modes[0] == "live" and not portal_base_url.startswith("https://"):
        found.append(_wrong(f"The portal is at {portal_base_url}: Stripe needs https:// in live mode."))
    if modes[0] == "test" and LIVE.search(deployment):
        found.append(_note(f"The deployment is called {deployment!r}, and has a key of test mode: it charges nobody."))
    return found


def account_findings(facts: Facts) -> list[Finding]:
    """Return what the account, as Stripe describes it, lacks."""
    is_live = mode_of(facts.secret_key) == "live"
    return [
        *_version_findings(facts),
        *_charging_findings(facts.account, is_live=is_live),
        *_shown_findings(facts.account, is_live=is_live),
        *_currency_findings(facts.account, facts.currencies),
        *_connect_findings(facts),
        *_portal_findings(facts),
        *(_wrong(f"The key may not read what is needed: {reason}") for reason in facts.missing_permissions),
    ]


def _version_findings(facts: Facts) -> Iterable[Finding]:
    if facts.library_version != facts.pinned_version:
        yield _wrong(
            f"The stripe library is of API version {facts.library_version}, and the code is written for "
            f"{facts.pinned_version}."
        )


def _charging_findings(account: Mapping[str, Any], *, is_live: bool) -> Iterable[Finding]:
    """In test mode an account may charge before Stripe knows its owner, so only live mode makes it wrong."""
    say = _wrong if is_live else _note
    requirements = account.get("requirements") or {}
    if not account.get("charges_enabled"):
        reason = requirements.get("disabled_reason") or "Stripe does not say why"
        yield say(f"The account may not charge: {reason}.")
    if not account.get("payouts_enabled"):
        yield say("Stripe pays nothing out to the account's bank: payouts are not enabled.")
    status = (account.get("capabilities") or {}).get("card_payments", "not requested")
    if status != "active":
        yield say(f"The capability card_payments is {status}: cards cannot be charged.")
    due = requirements.get("currently_due") or []
    if due:
        yield say(f"Stripe still asks for: {', '.join(due)}.")


def _shown_findings(account: Mapping[str, Any], *, is_live: bool) -> Iterable[Finding]:
    """Return what customers would miss on their statements and receipts."""
    settings, profile = account.get("settings") or {}, account.get("business_profile") or {}
    if not any((settings.get(part) or {}).get(name) for part, name in DESCRIPTORS):
        say = _wrong if is_live else _note
        yield say("There is no statement descriptor: customers would not know the charge on their statements.")
    missing = [name for name in ("name", "support_email", "url") if not profile.get(name)]
    if missing:
        yield _note(f"The business profile has no {', '.join(missing)}: Stripe shows them on receipts and in disputes.")


def _currency_findings(account: Mapping[str, Any], currencies: frozenset[str]) -> Iterable[Finding]:
    currency = str(account.get("default_currency") or "")
    yield _note(
        f"The account is in {account.get('country') or 'no country'} and settles in {currency or 'no currency'}."
    )
    if currency not in currencies:
        yield _note(f"Nothing is sold in {currency or 'that currency'} here: Stripe converts every payment, for a fee.")


def _connect_findings(facts: Facts) -> Iterable[Finding]:
    if not (facts.has_client_id or facts.offers_onboarding):
        yield _note("Workspaces cannot connect a Stripe account: neither a client id nor onboarding is set.")
    elif not facts.has_client_id:
        yield _note("Whether the account is a Connect platform cannot be read: `first-day --connect` tries it.")
    if facts.client_id_problem:
        yield _wrong(f"Stripe does not take the Connect client id in this mode: {facts.client_id_problem}")


def _portal_findings(facts: Facts) -> Iterable[Finding]:
    if facts.publishable_key_problem:
        yield _wrong(f"The publishable key is not of the secret key's account: {facts.publishable_key_problem}")
    if not can_show_wallets(facts.portal_host):
        yield _note(f"The portal is at {facts.portal_host}, where wallets (Apple Pay, Google Pay) cannot be offered.")
    elif not facts.domain_is_registered:
        yield _wrong(f"{facts.portal_host} is not registered: Apple Pay and Google Pay are not offered there.")


def can_show_wallets(host: str) -> bool:
    """Tell whether a host has a name that Stripe can register: no address, and not this machine."""
    return "." in host.strip("0123456789.")


def _wrong(text: str) -> Finding:
    return Finding("wrong", text)


def _note(text: str) -> Finding:
    return Finding("note", text)
