"""An account's auto-pay: what was asked for, and what has come of it. Values only. Pure."""

from typing import Final, Literal

import msgspec

from chalicelib.errors import Busy

SuspendedReason = Literal["declines", "authentication", "card_unusable"]

HOUR_MS: Final = 60 * 60 * 1000


LIMIT_REACHED: Final = "monthly_limit_reached"
OUTDATED: Final = "outdated"
NOT_SENT: Final = frozenset({LIMIT_REACHED, OUTDATED})
"""Why a refill that was decided on was never sent to Stripe: codes of its payment's failure."""


class AutoPayBusy(Busy):
    """Too many changes of one account's auto-pay at once."""

    type = "auto-pay-busy"
    title = "Auto-pay is being changed by others"


class LastRefusal(msgspec.Struct, frozen=True):
    """Why a refill was refused last, and when for the first time in a row. The codes are Stripe's, for a payment's."""

    reason: str
    at_ms: int
    code: str | None = None
    decline_code: str | None = None


class ChargedCard(msgspec.Struct, frozen=True):
    """The card that was charged last. Another card has another fingerprint, even if it is saved anew."""

    payment_method_id: str
    fingerprint: str


AT_ONCE_MS: Final = 0
"""Due whatever a clock says."""


class AutoPay(msgspec.Struct, frozen=True, kw_only=True):
    """The settings, and the state that follows from payments.

    `failures` counts the attempts in a row that came to nothing; the last of them ended at `failed_at_ms`, and
    until `next_attempt_at_ms` there is no other. `due_at_ms` is when to look at the account even if nothing happens.
    `objections` are the disputes and warnings of fraud known so far, of which `held_by` hold it; `refunded_micros` is
    what was refunded of late, on top of `refunds_known_micros`. None: what there is at the next look does not matter.
    Every change counts `version` up, and is written on condition that it still is what was read.
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
    due_at_ms: int | None = None
    objections: tuple[str, ...] | None = None
    held_by: tuple[str, ...] = ()
    refunds_known_micros: int | None = None
    refunded_micros: int = 0
    refunded_at_ms: int | None = None
    version: int = 0

    @property
    def at_rest(self) -> bool:
        """Tell whether it is off, and nothing that was begun before is left to be finished."""
        return not self.enabled and self.in_flight_payment_id is None and self.due_at_ms is None

    def cleared(self) -> "AutoPay":
        """Return it with a clean slate: nothing has failed, and nothing is held back."""
        return msgspec.structs.replace(
            self, failures=0, failed_at_ms=None, suspended_reason=None, next_attempt_at_ms=None, last_refusal=None
        )

    @property
    def suspended(self) -> bool:
        """Tell whether a person has to switch it on again, or to mend what suspends it."""
        return self.suspended_reason is not None or bool(self.held_by)

    def switched_on(self) -> "AutoPay":
        """Return it as a person begins it anew, who knows of every dispute so far."""
        return msgspec.structs.replace(self.cleared(), objections=None, held_by=())
