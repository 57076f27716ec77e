"""Look again at what differed before today: a payment by itself, whenever its day was."""

from collections.abc import Callable, Collection

from chalicelib import clock
from chalicelib.batches import Failure, each
from chalicelib.checks import findings_table
from chalicelib.checks.at_stripe import retrieve
from chalicelib.checks.compare_batch import Batch, Compared, compare_batch
from chalicelib.checks.finding import Finding
from chalicelib.clock import DAY_MS, Deadline
from chalicelib.stripe_api.errors import StripeUnavailable
from chalicelib.stripe_api.stripe_account import StripeAccount

Key = tuple[str, str]
"""An account and the id of one of its findings."""

Keep = Callable[[Compared], None]


def recheck(open_ids: Collection[Key], keep: Keep, deadline: Deadline) -> list[Failure[Key]]:
    """Compare again what each open difference is about, as far as there is time; return those that failed.

    What was seen today is left out, and so are wallets, which are verified by themselves. A Stripe account that cannot
    be read leaves its differences open.
    """

    def check(key: Key) -> None:
        if deadline.is_over:
            return
        found = findings_table.find(*key)
        now_ms = clock.now_ms()
        if found and found.is_open and found.kind != "wallet" and found.seen_at_ms < now_ms - now_ms % DAY_MS:
            keep(compare_again(found, now_ms))

    return each(
        sorted(open_ids),
        check,
        message="a difference could not be compared again",
        about=lambda key: {"account_id": key[0], "finding_id": key[1]},
    )


def confirmed(compared: Compared, open_ids: Collection[Key]) -> Compared:
    """Compare again what differs and is not open yet: it may have changed since it was listed, and its row since then.

    What cannot be read now differs still.
    """
    result = Compared([], compared.agreed, compared.unread)
    for finding in compared.findings:
        if (finding.account_id, finding.finding_id) in open_ids:
            result.findings.append(finding)
            continue
        again = compare_again(finding, clock.now_ms())
        result.findings += [finding] if again.unread else again.findings
        result.agreed += again.agreed
    return result


def compare_again(found: Finding, now_ms: int) -> Compared:
    """Compare what a difference is about. What is nowhere any more, or is not ours, agrees."""
    if found.kind == "wallet" or found.object_id is None:
        return Compared([], [], [])
    stripe_account = StripeAccount(found.stripe_account)
    try:
        there = [retrieve(found.kind, stripe_account, each_id) for each_id in found.stripe_ids]
        payment_keys = [(found.owner_id, found.payment_id)] if found.owner_id and found.payment_id else []
        compared = compare_batch(
            Batch(
                found.kind,
                stripe_account,
                [body for body in there if body is not None],
                payment_keys,
                object_ids={found.object_id},
            ),
            now_ms,
        )
    except StripeUnavailable:
        return Compared([], [], [str(found.object_id)])
    mine = (found.account_id, found.finding_id)
    if not compared.unread and mine not in {(each.account_id, each.finding_id) for each in compared.findings}:
        compared.agreed.append(mine)
    return compared
