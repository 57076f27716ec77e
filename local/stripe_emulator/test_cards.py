"""The test cards: what each card number, `pm_card_...` and `tok_...` does.

https://docs.stripe.com/testing. The cards whose names begin with `pm_emulator_` are not Stripe's: payments of two of
them settle later, which none of Stripe's test cards do, and the others are saved through a wallet.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Authentication(Enum):
    """When a card requires 3-D Secure."""

    NEVER = "never"
    WHEN_REQUESTED = "when requested"
    UNLESS_SET_UP = "unless set up"
    ON_SESSION_ONLY = "on session only"
    ALWAYS = "always"


class Sequel(Enum):
    """What happens automatically after a charge or a refund of the card."""

    NONE = "none"
    FRAUDULENT_DISPUTE = "fraudulent"
    NOT_RECEIVED_DISPUTE = "product_not_received"
    INQUIRY = "inquiry"
    EARLY_FRAUD_WARNING = "early fraud warning"
    REFUND_PENDING = "refund pending"
    REFUND_FAILS = "refund fails"
    SETTLES = "settles"
    FAILS_TO_SETTLE = "fails to settle"


@dataclass(frozen=True)
class Decline:
    """Why a card is declined, as the error states it."""

    code: str
    decline_code: str
    message: str


DECLINED = "Your card was declined."
GENERIC = Decline("card_declined", "generic_decline", DECLINED)
INSUFFICIENT_FUNDS = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
LOST = Decline("card_declined", "lost_card", DECLINED)
STOLEN = Decline("card_declined", "stolen_card", DECLINED)
FRAUDULENT = Decline("card_declined", "fraudulent", DECLINED)
EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.")
INCORRECT_CVC = Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")
PROCESSING_ERROR = Decline(
    "processing_error", "processing_error", "An error occurred while processing your card. Try again in a little bit."
)
VELOCITY = Decline(
    "card_declined",
    "card_velocity_exceeded",
    "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
)
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)


@dataclass(frozen=True)
class Card:
    """One test card. `names` are its ids without `pm_card_` or `tok_`; a name with a prefix of its own keeps it."""

    number: str
    names: tuple[str, ...]
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: Decline | None = None
    attaches: bool = True
    authentication: Authentication = Authentication.NEVER
    sequel: Sequel = Sequel.NONE
    cvc_check: str = "pass"
    wallet: str | None = None

    @property
    def last4(self) -> str:
        """The last four digits of the number."""
        return self.number[-4:]


def _declining(number: str, decline: Decline, *names: str, cvc_check: str = "pass") -> Card:
    return Card(number, names, decline=decline, attaches=False, cvc_check=cvc_check)


CARDS = (
    Card("4242424242424242", ("visa", "us")),
    Card("4000056655665556", ("visa_debit",), funding="debit"),
    Card("5555555555554444", ("mastercard",), brand="mastercard"),
    Card("2223003122003222", ("mastercard_2_series",), brand="mastercard"),
    Card("5200828282828210", ("mastercard_debit",), brand="mastercard", funding="debit"),
    Card("5105105105105100", ("mastercard_prepaid",), brand="mastercard", funding="prepaid"),
    Card("378282246310005", ("amex",), brand="amex"),
    Card("371449635398431", ("amex_two",), brand="amex"),
    Card("6011111111111117", ("discover",), brand="discover"),
    Card("3056930009020004", ("diners",), brand="diners"),
    Card("3566002020360505", ("jcb",), brand="jcb"),
    Card("6200000000000005", ("unionpay",), brand="unionpay"),
    Card("4000000760000002", ("br",), country="BR"),
    Card("4000001240000000", ("ca",), country="CA"),
    Card("4000002760000016", ("de",), country="DE"),
    Card("4000008260000000", ("gb",), country="GB"),
    _declining("4000000000000002", GENERIC, "visa_chargeDeclined", "chargeDeclined"),
    _declining(
        "4000000000009995",
        INSUFFICIENT_FUNDS,
        "visa_chargeDeclinedInsufficientFunds",
        "chargeDeclinedInsufficientFunds",
    ),
    _declining("4000000000009987", LOST, "visa_chargeDeclinedLostCard", "chargeDeclinedLostCard"),
    _declining("4000000000009979", STOLEN, "visa_chargeDeclinedStolenCard", "chargeDeclinedStolenCard"),
    _declining("4000000000000069", EXPIRED, "chargeDeclinedExpiredCard"),
    _declining("4000000000000127", INCORRECT_CVC, "chargeDeclinedIncorrectCvc", cvc_check="fail"),
    _declining("4000000000000119", PROCESSING_ERROR, "chargeDeclinedProcessingError"),
    _declining("4000000000006975", VELOCITY, "visa_chargeDeclinedVelocityLimitExceeded"),
    _declining("4100000000000019", FRAUDULENT, "radarBlock", "chargeDeclinedFraudulent"),
    Card("4000000000000341", ("chargeCustomerFail",), decline=GENERIC),
    Card("4000000000000101", ("cvcCheckFail",), cvc_check="fail"),
    Card("4000002500003155", ("authenticationRequiredOnSetup",), authentication=Authentication.UNLESS_SET_UP),
    Card("4000002760003184", ("authenticationRequired",), authentication=Authentication.ALWAYS),
    Card(
        "4000003800000446",
        ("authenticationRequiredSetupForOffSession",),
        authentication=Authentication.ON_SESSION_ONLY,
    ),
    Card(
        "4000008260003178",
        ("authenticationRequiredChargeDeclinedInsufficientFunds",),
        authentication=Authentication.ON_SESSION_ONLY,
        decline=INSUFFICIENT_FUNDS,
    ),
    Card("4000000000003220", ("threeDSecure2Required",), authentication=Authentication.ALWAYS),
    Card("4000000000003063", ("threeDSecureRequired",), authentication=Authentication.ALWAYS),
    Card(
        "4000008400001629",
        ("threeDSecureRequiredChargeDeclined",),
        authentication=Authentication.ALWAYS,
        decline=GENERIC,
    ),
    Card("4000000000003055", ("threeDSecureOptional",), authentication=Authentication.WHEN_REQUESTED),
    Card("4000000000000259", ("createDispute",), sequel=Sequel.FRAUDULENT_DISPUTE),
    Card("4000000000002685", ("createDisputeProductNotReceived",), sequel=Sequel.NOT_RECEIVED_DISPUTE),
    Card("4000000000001976", ("createDisputeInquiry",), sequel=Sequel.INQUIRY),
    Card("4000000000005423", ("createIssuerFraudRecord",), sequel=Sequel.EARLY_FRAUD_WARNING),
    Card("4000000000007726", ("pendingRefund",), sequel=Sequel.REFUND_PENDING),
    Card("4000000000005126", ("refundFail",), sequel=Sequel.REFUND_FAILS),
    Card("4000000000100034", ("pm_emulator_applePay",), wallet="apple_pay"),
    Card("5555555555100040", ("pm_emulator_googlePay",), brand="mastercard", wallet="google_pay"),
    Card("4000000000100059", ("pm_emulator_link",), wallet="link"),
    Card("4000000000100018", ("pm_emulator_processingSuccess",), sequel=Sequel.SETTLES),
    Card("4000000000100026", ("pm_emulator_processingFail",), sequel=Sequel.FAILS_TO_SETTLE),
)

BY_NUMBER = {card.number: card for card in CARDS}
BY_NAME = {name: card for card in CARDS for name in card.names}


def by_method_id(identifier: str) -> Card | None:
    """Return the card of a test payment method id, such as `pm_card_visa`."""
    return BY_NAME.get(identifier) or BY_NAME.get(identifier.removeprefix("pm_card_"))


def by_token(token: str) -> Card | None:
    """Return the card of a test token, such as `tok_visa`."""
    return BY_NAME.get(token.removeprefix("tok_"))


def is_valid_number(number: str) -> bool:
    """Tell whether the number has the right length and check digit (Luhn)."""
    if not (number.isdigit() and 12 <= len(number) <= 19):
        return False
    doubled = [int(digit) * (2 if index % 2 else 1) for index, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
