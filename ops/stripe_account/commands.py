"""`ops stripe setup` and `ops stripe check`."""

import sys
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import click

from chalicelib.catalog.catalog import catalog
from chalicelib.settings import settings
from chalicelib.stripe_api.client import API_VERSION, library_version
from chalicelib.stripe_api.errors import StripeRefused, StripeUnavailable
from ops import secret_store
from ops.console import UNREAD, WRONG
from ops.first_day.commands import first_day
from ops.stripe_account import gateway, set_up
from ops.stripe_account.account import BY_HAND, Facts, Finding, account_findings, can_show_wallets, key_findings
from ops.stripe_account.endpoints import Plan

MARKS = {"wrong": "WRONG", "note": "note "}
Unreachable = (StripeUnavailable, StripeRefused, secret_store.SecretStoreError)


@click.group("stripe")
def stripe_account() -> None:
    """Set up this deployment's Stripe account, and compare it again."""


stripe_account.add_command(first_day)


@stripe_account.command("setup")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--rotate", is_flag=True, help="Make new endpoints with new secrets, beside those that there are.")
@click.option("--retire", is_flag=True, help="Delete what has been replaced, with its secrets.")
def setup(*, dry_run: bool, rotate: bool, retire: bool) -> None:
    """Make the webhook endpoints, keep their secrets, and say what the account lacks. Safe to repeat.

    Exits with 1 if something is wrong that only a person can mend, with 2 if Stripe or the secret cannot be reached.
    """
    try:
        values = _read_keys()
        for each in set_up.read_plans(values, rotate=rotate):
            _say_plan(each)
            if not dry_run:
                set_up.carry_out(each, retire=retire, say=_say)
        _register_portal(dry_run=dry_run)
        findings = _read_findings(values, will_register=dry_run)
    except Unreachable as error:
        _unread(error)
    click.echo("To be looked at in the dashboard, since the API does not tell:")
    click.echo(BY_HAND)
    _end(findings)


@stripe_account.command("check")
def check() -> None:
    """Compare the account and its endpoints with what this deployment needs. Changes nothing.

    Exits with 1 if anything differs or is wrong, with 2 if Stripe or the secret cannot be reached.
    """
    try:
        values = _read_keys()
        plans, findings = set_up.read_plans(values), _read_findings(values)
    except Unreachable as error:
        _unread(error)
    for each in plans:
        _say_plan(each)
    _end([*findings, *_difference(plans)])


def _difference(plans: Iterable[Plan]) -> list[Finding]:
    """Return what is to be run where endpoints differ."""
    undone = [each for each in plans if not each.is_done]
    if not undone:
        return []
    is_retiring = not any(each.create or each.update for each in undone)
    return [Finding("wrong", f"Run `ops stripe setup{' --retire' if is_retiring else ''}`.")]


def _read_keys() -> Mapping[str, Any]:
    """Return the values of the secret. With wrong keys this is the end: nothing is asked of Stripe, or made there."""
    values = secret_store.load(settings().secret_id)
    found = _findings_of_keys(values)
    if any(each.level == "wrong" for each in found):
        _end(found)
    return values


def _findings_of_keys(values: Mapping[str, Any]) -> list[Finding]:
    return key_findings(
        secret_key=str(values.get("stripe_secret_key", "")),
        publishable_key=str(values.get("stripe_publishable_key", "")),
        deployment=settings().deployment,
        portal_base_url=settings().portal_base_url,
    )


def _read_findings(values: Mapping[str, Any], *, will_register: bool = False) -> list[Finding]:
    host, publishable_key = gateway.portal_host(), str(values["stripe_publishable_key"])
    facts = Facts(
        secret_key=str(values["stripe_secret_key"]),
        account=gateway.read_account(),
        currencies=frozenset(catalog().currencies),
        has_client_id=bool(settings().stripe_connect_client_id),
        offers_onboarding=bool(settings().stripe_connect_onboarding),
        portal_host=host,
        domain_is_registered=will_register or (can_show_wallets(host) and gateway.find_domain(host)),
        client_id_problem=gateway.client_id_problem() if settings().stripe_connect_client_id else None,
        publishable_key_problem=gateway.publishable_key_problem(publishable_key),
        missing_permissions=tuple(gateway.missing_permissions()),
        pinned_version=API_VERSION,
        library_version=library_version(),
    )
    return [*_findings_of_keys(values), *account_findings(facts)]


def _register_portal(*, dry_run: bool) -> None:
    host = gateway.portal_host()
    if not can_show_wallets(host) or gateway.find_domain(host):
        return
    if dry_run:
        click.echo(f"{host} is to be registered for Apple Pay and Google Pay.")
        return
    gateway.register_domain(host)
    _say(f"registered {host} for Apple Pay and Google Pay")


def _say_plan(planned: Plan) -> None:
    for sentence in set_up.describe(planned):
        click.echo(sentence)


def _say(text: str) -> None:
    click.echo(f"  {text}")


def _end(findings: Iterable[Finding]) -> NoReturn:
    told = list(findings)
    for each in told:
        click.echo(f"{MARKS[each.level]} {each.text}")
    wrong = sum(each.level == "wrong" for each in told)
    click.echo(f"{wrong} to be mended" if wrong else "Nothing is wrong.")
    sys.exit(WRONG if wrong else 0)


def _unread(error: Exception) -> NoReturn:
    reason = error.reason if isinstance(error, (StripeUnavailable, StripeRefused)) else str(error)
    click.echo(f"Stripe or the secret could not be reached: {reason}", err=True)
    sys.exit(UNREAD)
