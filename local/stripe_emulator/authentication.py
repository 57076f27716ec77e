"""3-D Secure: when a card requires it, and what an intent shows while it waits for it.

https://docs.stripe.com/payments/3d-secure/authentication-flow
"""

from __future__ import annotations

from urllib.parse import urlencode

from local.stripe_emulator.errors import Json, invalid, unsupported
from local.stripe_emulator.test_cards import Authentication, Card
from local.stripe_emulator.work import Work

REDIRECTS_NEED_URL = (
    "This {noun} is configured to accept payment methods enabled in your Dashboard. Because some of these payment "
    "methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to "
    "accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and "
    "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents."
)


def needed(card: Card, method: Json, *, off_session: bool, requested: str) -> bool:
    """Tell whether this payment must be authenticated. `requested` is `request_three_d_secure`."""
    match card.authentication:
        case Authentication.NEVER:
            return False
        case Authentication.WHEN_REQUESTED:
            return requested in ("any", "challenge")
        case Authentication.UNLESS_SET_UP:
            return not (off_session and method["_set_up"])
        case Authentication.ON_SESSION_ONLY:
            return not off_session
        case Authentication.ALWAYS:
            return True


def requested_by(params: Json) -> str | None:
    """Return `payment_method_options[card][request_three_d_secure]`; refuse the options that are not emulated."""
    options = params.get("payment_method_options", {})
    for name, settings in options.items():
        for setting in settings if isinstance(settings, dict) else ():
            if (name, setting) != ("card", "request_three_d_secure"):
                raise unsupported(f"payment_method_options[{name}][{setting}]")
    requested: str | None = options.get("card", {}).get("request_three_d_secure")
    return requested


def ask(work: Work, intent: Json, *, in_page: bool, method: str) -> None:
    """Put an intent into `requires_action`. `in_page` is for Stripe.js; without it the customer is redirected."""
    page = f"{work.around.url}/_stripe/challenge/{intent['id']}?{urlencode({'secret': intent['client_secret']})}"
    in_page = in_page or not intent["_return_url"]
    intent |= {"status": "requires_action", "_challenge": {"method": method, "in_page": in_page}}
    if in_page:
        intent["next_action"] = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": page},
        }
    else:
        redirect = {"url": page, "return_url": intent["_return_url"]}
        intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": redirect}


def check_return_url(intent: Json, params: Json, noun: str) -> None:
    """Refuse a confirmation without a `return_url` where methods that redirect are accepted."""
    intent["_return_url"] = params.get("return_url", intent["_return_url"])
    automatic = intent["automatic_payment_methods"]
    redirects = automatic is not None and automatic["allow_redirects"] == "always"
    if redirects and not intent["_return_url"] and not params.get("use_stripe_sdk"):
        raise invalid(REDIRECTS_NEED_URL.format(noun=noun), code="payment_intent_invalid_parameter")
