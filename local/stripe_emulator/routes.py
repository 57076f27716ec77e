"""The calls that the emulator answers: path, parameters, and the function that runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.stripe_emulator import (
    account_links,
    accounts,
    application_fees,
    balance,
    charges,
    customers,
    disputes,
    event_log,
    intent_search,
    payment_intents,
    payment_method_domains,
    payment_methods,
    refunds,
    setup_intents,
    webhook_endpoints,
)
from local.stripe_emulator.errors import unrecognized_url

ALL = "all"


@dataclass(frozen=True)
class Route:
    """One call. `handled` are the parameters that the emulator acts on; Stripe's others are refused, not ignored."""

    method: str
    path: str
    params: str
    run: Callable[..., Any]
    handled: tuple[str, ...] | str = ALL
    publishable: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """The path as a regular expression whose groups are the ids in it."""
        return re.compile(self.path.replace("{id}", r"([A-Za-z0-9_]+)"))


ROUTES = (
    Route("POST", "/v1/customers", "CustomerCreateParams", customers.create, customers.CREATE),
    Route("GET", "/v1/customers", "CustomerListParams", customers.list_all),
    Route("GET", "/v1/customers/{id}", "CustomerRetrieveParams", customers.retrieve),
    Route("POST", "/v1/customers/{id}", "CustomerUpdateParams", customers.update, customers.UPDATE),
    Route("DELETE", "/v1/customers/{id}", "CustomerDeleteParams", customers.delete),
    Route(
        "GET", "/v1/customers/{id}/payment_methods", "CustomerPaymentMethodListParams", payment_methods.list_of_customer
    ),
    Route(
        "GET",
        "/v1/customers/{id}/payment_methods/{id}",
        "CustomerPaymentMethodRetrieveParams",
        payment_methods.retrieve_of_customer,
    ),
    Route(
        "POST",
        "/v1/payment_methods",
        "PaymentMethodCreateParams",
        payment_methods.create,
        payment_methods.CREATE,
        publishable=True,
    ),
    Route("GET", "/v1/payment_methods", "PaymentMethodListParams", payment_methods.list_all),
    Route("GET", "/v1/payment_methods/{id}", "PaymentMethodRetrieveParams", payment_methods.retrieve),
    Route(
        "POST",
        "/v1/payment_methods/{id}",
        "PaymentMethodUpdateParams",
        payment_methods.update,
        payment_methods.UPDATE,
    ),
    Route(
        "POST",
        "/v1/payment_methods/{id}/attach",
        "PaymentMethodAttachParams",
        payment_methods.attach_by_url,
        ("customer",),
    ),
    Route("POST", "/v1/payment_methods/{id}/detach", "PaymentMethodDetachParams", payment_methods.detach),
    Route("POST", "/v1/setup_intents", "SetupIntentCreateParams", setup_intents.create, setup_intents.CREATE),
    Route("GET", "/v1/setup_intents", "SetupIntentListParams", setup_intents.list_all),
    Route("GET", "/v1/setup_intents/{id}", "SetupIntentRetrieveParams", setup_intents.retrieve, publishable=True),
    Route("POST", "/v1/setup_intents/{id}", "SetupIntentUpdateParams", setup_intents.update, setup_intents.UPDATE),
    Route(
        "POST",
        "/v1/setup_intents/{id}/confirm",
        "SetupIntentConfirmParams",
        setup_intents.confirm,
        setup_intents.CONFIRM,
        publishable=True,
    ),
    Route("POST", "/v1/setup_intents/{id}/cancel", "SetupIntentCancelParams", setup_intents.cancel),
    Route("POST", "/v1/payment_intents", "PaymentIntentCreateParams", payment_intents.create, payment_intents.CREATE),
    Route("GET", "/v1/payment_intents", "PaymentIntentListParams", payment_intents.list_all),
    Route("GET", "/v1/payment_intents/search", "PaymentIntentSearchParams", intent_search.search),
    Route("GET", "/v1/payment_intents/{id}", "PaymentIntentRetrieveParams", payment_intents.retrieve, publishable=True),
    Route(
        "POST",
        "/v1/payment_intents/{id}",
        "PaymentIntentUpdateParams",
        payment_intents.update,
        payment_intents.UPDATE,
    ),
    Route(
        "POST",
        "/v1/payment_intents/{id}/confirm",
        "PaymentIntentConfirmParams",
        payment_intents.confirm,
        payment_intents.CONFIRM,
        publishable=True,
    ),
    Route("POST", "/v1/payment_intents/{id}/cancel", "PaymentIntentCancelParams", payment_intents.cancel),
    Route("GET", "/v1/charges", "ChargeListParams", charges.list_all),
    Route("GET", "/v1/charges/{id}", "ChargeRetrieveParams", charges.retrieve),
    Route("GET", "/v1/charges/{id}/refunds", "ChargeListRefundsParams", refunds.list_of_charge),
    Route("POST", "/v1/refunds", "RefundCreateParams", refunds.create, refunds.CREATE),
    Route("GET", "/v1/refunds", "RefundListParams", refunds.list_all),
    Route("GET", "/v1/refunds/{id}", "RefundRetrieveParams", refunds.retrieve),
    Route("POST", "/v1/refunds/{id}", "RefundUpdateParams", refunds.update),
    Route("GET", "/v1/disputes", "DisputeListParams", disputes.list_all),
    Route("GET", "/v1/disputes/{id}", "DisputeRetrieveParams", disputes.retrieve),
    Route("POST", "/v1/disputes/{id}", "DisputeUpdateParams", disputes.update, disputes.UPDATE),
    Route("POST", "/v1/disputes/{id}/close", "DisputeCloseParams", disputes.close),
    Route("GET", "/v1/balance_transactions", "BalanceTransactionListParams", balance.list_all),
    Route("GET", "/v1/balance_transactions/{id}", "BalanceTransactionRetrieveParams", balance.retrieve),
    Route("GET", "/v1/account", "AccountRetrieveCurrentParams", accounts.retrieve_own),
    Route("GET", "/v1/accounts", "AccountListParams", accounts.list_all),
    Route("POST", "/v1/accounts", "AccountCreateParams", accounts.create, accounts.CREATE),
    Route("GET", "/v1/accounts/{id}", "AccountRetrieveParams", accounts.retrieve),
    Route("POST", "/v1/accounts/{id}", "AccountUpdateParams", accounts.update, accounts.UPDATE),
    Route("DELETE", "/v1/accounts/{id}", "AccountDeleteParams", accounts.delete),
    Route("POST", "/v1/account_links", "AccountLinkCreateParams", account_links.create, account_links.CREATE),
    Route("GET", "/v1/application_fees", "ApplicationFeeListParams", application_fees.list_all),
    Route("GET", "/v1/application_fees/{id}", "ApplicationFeeRetrieveParams", application_fees.retrieve),
    Route(
        "POST",
        "/v1/application_fees/{id}/refunds",
        "ApplicationFeeRefundCreateParams",
        application_fees.refund,
        application_fees.REFUND,
    ),
    Route("GET", "/v1/application_fees/{id}/refunds", "ApplicationFeeRefundListParams", application_fees.list_refunds),
    Route(
        "GET",
        "/v1/application_fees/{id}/refunds/{id}",
        "ApplicationFeeRefundRetrieveParams",
        application_fees.retrieve_refund,
    ),
    Route(
        "POST",
        "/v1/payment_method_domains",
        "PaymentMethodDomainCreateParams",
        payment_method_domains.create,
    ),
    Route("GET", "/v1/payment_method_domains", "PaymentMethodDomainListParams", payment_method_domains.list_all),
    Route(
        "GET",
        "/v1/payment_method_domains/{id}",
        "PaymentMethodDomainRetrieveParams",
        payment_method_domains.retrieve,
    ),
    Route(
        "POST",
        "/v1/payment_method_domains/{id}",
        "PaymentMethodDomainUpdateParams",
        payment_method_domains.update,
    ),
    Route("POST", "/v1/webhook_endpoints", "WebhookEndpointCreateParams", webhook_endpoints.create),
    Route("GET", "/v1/webhook_endpoints", "WebhookEndpointListParams", webhook_endpoints.list_all),
    Route("GET", "/v1/webhook_endpoints/{id}", "WebhookEndpointRetrieveParams", webhook_endpoints.retrieve),
    Route("POST", "/v1/webhook_endpoints/{id}", "WebhookEndpointUpdateParams", webhook_endpoints.update),
    Route("DELETE", "/v1/webhook_endpoints/{id}", "WebhookEndpointDeleteParams", webhook_endpoints.delete),
    Route("GET", "/v1/events", "EventListParams", event_log.list_all),
    Route("GET", "/v1/events/{id}", "EventRetrieveParams", event_log.retrieve),
)
COMPILED = tuple((route, route.pattern) for route in ROUTES)


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """Return the route of a call and the ids in its path, or refuse as Stripe does."""
    for route, pattern in COMPILED:
        match = pattern.fullmatch(path)
        if match and route.method == method:
            return route, match.groups()
    raise unrecognized_url(method, path)
