"""An account's auto-pay: its settings, and the state that follows from payments. Pure."""

from typing import Final, Literal

import msgspec

from chalicelib.errors import Busy

SuspendedReason = Literal["declines", "authentication", "card_unusable"]

HOUR_MS: Final = 60 * 60 * 1000

LIMIT_REACHED: Final = "monthly_limit_reached"
OUTDATED: Final = "outdated"
NOT_SENT_CODES: Final = frozenset({LIMIT_REACHED, OUTDATED})
"""Failure codes of refills that were canceled before they were sent to Stripe."""

AT_ONCE_MS: Final = 0
"""A due time that is always in the past."""


class AutoPayBusy(Busy):
    """Too many concurrent changes of one account's auto-pay."""

    type = "auto-pay-busy"
    title = "Auto-pay is being changed by others"


class LastRefusal(msgspec.Struct, frozen=True):
    """Why the last refill was refused, and since when for this reason. For a failed payment it has Stripe's codes."""

    reason: str
    at_ms: int
    code: str | None = None
    decline_code: str | None = None


class ChargedCard(msgspec.Struct, frozen=True):
    """The card that was charged last. The same card saved again has another id and the same fingerprint."""

    payment_method_id: str
    fingerprint: str


class LimitUse(msgspec.Struct, frozen=True, kw_only=True):
    """That a month's charges reached 80 or 100 `percent` of the limit, and what they were then."""

    month: str
    percent: Literal[80, 100]
    limit_micros: int
    charged_micros: int
    currency: str


class AutoPay(msgspec.Struct, frozen=True, kw_only=True):
    """The settings, and the state that follows from payments.

    `failures` counts the failed attempts in a row; the last one ended at `failed_at_ms`, and no other is made before
    `next_attempt_at_ms`. `declined_default` is why the default card was declined, while the refill in flight is the
    same attempt's try of the backup. `due_at_ms` is when to evaluate the account even if nothing happens. `objections`
    are the disputes and fraud warnings known so far, and `held_by` those of them that suspend it. `refunded_micros` was
    refunded since `refunded_at_ms`, on top of `refunds_known_micros`. If `objections` or `refunds_known_micros` is
    None, the next evaluation records what exists then as known. `limit_use` is what of a monthly limit was last
    reached. Every change increments `version`, and is written on condition that the row still has the version that was
    read.
    """

    account_id: str
    enabled: bool
    threshold_micros: int
    amount_micros: int
    monthly_limit_micros: int | None
    actor: str
    updated_at_ms: int
    in_flight_payment_id: str | None = None
    charged_card: ChargedCard | None = None
    failures: int = 0
    failed_at_ms: int | None = None
    suspended_reason: SuspendedReason | None = None
    next_attempt_at_ms: int | None = None
    last_refusal: LastRefusal | None = None
    declined_default: LastRefusal | None = None
    due_at_ms: int | None = None
    objections: tuple[str, ...] | None = None
    held_by: tuple[str, ...] = ()
    refunds_known_micros: int | None = None
    refunded_micros: int = 0
    refunded_at_ms: int | None = None
    limit_use: LimitUse | None = None
    version: int = 0

    @property
    def is_idle(self) -> bool:
        """Tell whether it is off and no earlier refill has to be finished."""
        return not self.enabled and self.in_flight_payment_id is None and self.due_at_ms is None

    def clear_failures(self) -> "AutoPay":
        """Return it as if nothing had failed: no back-off and no suspension."""
        return msgspec.structs.replace(
            self,
            failures=0,
            failed_at_ms=None,
            suspended_reason=None,
            next_attempt_at_ms=None,
            last_refusal=None,
            declined_default=None,
        )

    @property
    def is_suspended(self) -> bool:
        """Tell whether a person has to act before anything is charged."""
        return self.suspended_reason is not None or bool(self.held_by)

    def restart(self) -> "AutoPay":
        """Return it as it is after a person switched it on: no failures, and all disputes so far are accepted."""
        return msgspec.structs.replace(self.clear_failures(), objections=None, held_by=())
