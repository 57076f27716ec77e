"""The computed parts of docs/capacity.md: tables and sentences, made of the model. Pure."""

from collections.abc import Callable, Iterable

from benchmarks.capacity_model import (
    CLIENTS_PER_COMMIT,
    COMMIT_MS,
    CPU_FACTOR,
    LARGE_COMMIT_MS,
    PARTITION_UNITS,
    READ_MS,
    SHARDS,
    STRIPE_SECONDS,
    Load,
    Measured,
    Spent,
    audit_month,
    batch_seconds,
    stored_gb,
    total_dollars,
    usage_month,
    usage_units_per_second,
)
from benchmarks.capacity_prices import MONTH_SECONDS, PRICES, READ, dollars
from benchmarks.capacity_renewals import (
    STRIPE_CALLS_PER_SECOND,
    Deployed,
    charge_seconds,
    charges_per_second,
    hours,
    idle_month,
    renewal_seconds,
    renewals_month,
    renewals_per_second,
    stripe_dollars,
)
from benchmarks.capacity_tables import Rows, bill, money, number, table

MILLION_A_DAY = 1_000_000 / 86_400
BILLION_A_MONTH = 1_000_000_000 / MONTH_SECONDS
ACCOUNTS_OF_MILLION = 1_000
ACCOUNTS_OF_BILLION = 10_000
HOT = 5_000.0
CLIENTS = 1_000
RENEWED = 1_000_000
PLAN_DOLLARS = 49.0
CHARGERS = (5, 15, 35)
LONG_WINDOW = 300.0

Part = Callable[[Measured, Deployed], Iterable[str]]


def prices(_measured: Measured, _deployed: Deployed) -> Rows:
    """Yield the price list."""
    yield f"us-east-1, list prices without free tiers, of {READ}."
    yield ""
    rows = [
        (each.what, f"${each.dollars:g}" + (f" / {each.per:,.0f}" if each.per > 1 else ""), each.source)
        for each in PRICES.values()
    ]
    yield from table(("what", "price", "source"), rows)


def inputs(measured: Measured, _deployed: Deployed) -> Rows:
    """Yield what was measured and what is assumed."""
    sizes = " / ".join(f"{held:,.0f}" for held in measured.page_bytes_by_batch.values())
    yield from table(
        ("measured (`make bench`)", "figure"),
        [
            ("processor time of an event in a large batch", f"{1e6 / measured.events_per_second_per_core:.1f} µs"),
            (
                "the same, charged to a client and its workspace",
                f"{1e6 / measured.rebilled_events_per_second_per_core:.1f} µs",
            ),
            (
                "processor time of a wallet's commit, in a batch of 100 wallets",
                f"{measured.batch_of_100_wallets_cpu_ms / 100:.1f} ms",
            ),
            (f"bytes of a page with {' / '.join(measured.page_bytes_by_batch)} events", sizes),
            (
                "processor time of a hundred changes of wallets in `refill_wallets`, in `announce_wallets`",
                ", ".join(f"{each['100']:g}" for each in measured.wallet_records_cpu_ms.values()) + " ms",
            ),
            (
                "write units, read units of a renewal, without indexes",
                f"{measured.renewals_write_units_each:g}, {measured.renewals_read_units_each:g}",
            ),
            ("processor time of a renewal in all functions", f"{measured.renewals_cpu_ms_each:g} ms"),
        ],
    )
    yield ""
    yield from table(
        ("assumed: no benchmark on one machine can say it", "figure"),
        [
            ("a processor of Lambda takes longer than a core of the machine that measured", f"{CPU_FACTOR:g} times"),
            (
                "a read of DynamoDB; a transaction of a few items; of nearly a hundred",
                f"{READ_MS:g}, {COMMIT_MS:g}, {LARGE_COMMIT_MS:g} ms",
            ),
            ("Stripe confirms a payment", f"{STRIPE_SECONDS:g} s"),
            ("shards of the stream of wallets", f"{SHARDS}"),
            ("usage arrives evenly; all wallets of a scenario are equally busy", ""),
        ],
    )


def _load(rate: float, wallets: int, window: float = 2.0, together: int = 1) -> Load:
    return Load(events_per_second=rate, wallets=wallets, window_seconds=window, events_per_message=together)


def _usage_bill(load: Load, measured: Measured) -> Spent:
    held = stored_gb(load, measured)
    return usage_month(load, measured) + audit_month(load) + Spent({"table_gb": held, "backup_gb": held})


def million_a_day(measured: Measured, _deployed: Deployed) -> Rows:
    """Yield the bill of a million events a day."""
    load = _load(MILLION_A_DAY, ACCOUNTS_OF_MILLION)
    yield _sentence(load, measured)
    yield ""
    yield from bill(_usage_bill(load, measured))


def billion_a_month(measured: Measured, _deployed: Deployed) -> Rows:
    """Yield the bill of a billion events a month."""
    load = _load(BILLION_A_MONTH, ACCOUNTS_OF_BILLION)
    yield _sentence(load, measured)
    yield ""
    yield from bill(_usage_bill(load, measured))


def _sentence(load: Load, measured: Measured) -> str:
    seconds = batch_seconds(load, measured)
    return (
        f"{load.wallets:,} accounts, {number(load.events_per_second)} events a second. In {load.window_seconds:g} "
        f"seconds each of the five pollers gathers {number(load.events_per_batch)} events of "
        f"{number(load.wallets_per_batch)} "
        f"accounts: {load.events_per_page:.2f} events share a commit of "
        f"{number(measured.commit_units(load.events_per_page))} write units. A batch takes {seconds * 1000:,.0f} ms, "
        f"and {number(load.batches_per_second * seconds)} functions are busy on average. The tables are billed as "
        "after a year."
    )


def windows(measured: Measured, _deployed: Deployed) -> Rows:
    """Yield what a billion events cost by the window, and by how many accounts they are spread over."""
    yield from table(
        ("a billion events a month, of", "`UsageBatchWindow` 2 s", "30 s", "300 s", "2 s, and 10 events in a message"),
        [
            (
                f"{accounts:,} accounts",
                *(
                    _cost(_load(BILLION_A_MONTH, accounts, window, together), measured)
                    for window, together in ((2.0, 1), (30.0, 1), (LONG_WINDOW, 1), (2.0, 10))
                ),
            )
            for accounts in (100, 1_000, 10_000)
        ],
    )
    longest = _load(BILLION_A_MONTH, ACCOUNTS_OF_BILLION, LONG_WINDOW)
    plain = _load(BILLION_A_MONTH, ACCOUNTS_OF_BILLION)
    yield ""
    yield (
        f"The longest batch, of {number(longest.wallets_per_batch)} accounts in {LONG_WINDOW:g} seconds, takes "
        f"{batch_seconds(longest, measured):.0f} s. At 2 seconds the load is "
        f"{number(usage_units_per_second(plain, measured))} write units a second, in three tables."
    )


def _cost(load: Load, measured: Measured) -> str:
    return f"{money(total_dollars(usage_month(load, measured)))} ({load.events_per_page:.1f} a commit)"


def wallet(measured: Measured, _deployed: Deployed) -> Rows:
    """Yield what one hot wallet takes of what there is."""
    load = _load(HOT, 1)
    units = load.batches_per_second * measured.page_units(load.events_per_page)
    most = HOT * PARTITION_UNITS / units
    seconds = batch_seconds(load, measured)
    serial = 1000 / (READ_MS + COMMIT_MS)
    yield from table(
        ("of one wallet with 5,000 events a second", "takes", "there is"),
        [
            (
                "events in a batch (five pollers, two seconds)",
                number(load.events_per_batch),
                "10,000 messages, or 6 MB: about 5,200 of this size",
            ),
            (
                "commits a second",
                number(load.batches_per_second),
                f"{serial:.0f}: one after the other, {READ_MS + COMMIT_MS:g} ms each",
            ),
            (
                "functions that are busy",
                number(load.batches_per_second * seconds),
                "10 (`concurrency` of `record_usage`)",
            ),
            ("write units a second in the wallet's partition of `transactions`", number(units), f"{PARTITION_UNITS:,}"),
            (
                "write units a second of the wallet's row, and of the day's",
                number(load.batches_per_second * 2),
                f"{PARTITION_UNITS:,} each",
            ),
            ("stored in a day", f"{stored_gb(load, measured, 86_400 / MONTH_SECONDS):.1f} GB", "no limit"),
        ],
    )
    yield ""
    yield f"So the pages' partition is full first, at about {round(most, -3):,.0f} events a second in such batches."
    yield ""
    yield from bill(usage_month(load, measured))
    packed = usage_month(_load(HOT, 1, together=100), measured)
    stored = stored_gb(load, measured, 1)
    yield ""
    kept = money(dollars("table_gb", stored) + dollars("backup_gb", stored))
    yield (
        f"With 100 events in a message it is {money(total_dollars(packed))}. Each month adds {stored:,.0f} GB of "
        f"pages, {kept} a month with their backup."
    )


def agency(measured: Measured, _deployed: Deployed) -> Rows:
    """Yield what a workspace with a thousand clients takes, by rate and window."""
    rows = []
    for rate, window in ((10.0, 2.0), (100.0, 2.0), (100.0, 60.0), (1_000.0, 2.0), (1_000.0, 30.0)):
        load = Load(events_per_second=rate, wallets=CLIENTS, window_seconds=window, clients_of_one=True)
        rows.append(
            (
                f"{rate:g}",
                f"{window:g} s",
                number(load.wallets_per_batch),
                number(load.batches_per_second * load.commits_per_batch),
                f"{batch_seconds(load, measured):.2f} s",
                f"{usage_units_per_second(load, measured) / rate:.2f}",
                money(total_dollars(usage_month(load, measured))),
            )
        )
    yield from table(
        (
            "events a second",
            "`UsageBatchWindow`",
            "clients in a batch",
            "commits a second at the workspace's wallet",
            "a batch takes",
            "write units an event",
            "a month",
        ),
        rows,
    )
    yield ""
    most = 1000 / LARGE_COMMIT_MS
    yield (
        f"One wallet takes about {most:.0f} such commits a second, one after the other ({LARGE_COMMIT_MS:g} ms each): "
        f"{most * CLIENTS_PER_COMMIT:.0f} clients a second."
    )


def renewals(measured: Measured, deployed: Deployed) -> Rows:
    """Yield the bill of a million renewals, and how long they take by what is concurrent."""
    yield from bill(renewals_month(RENEWED, measured, deployed))
    yield ""
    yield (
        f"Stripe keeps 2.9 % and $0.30 of each charge of a US card: of a million charges of {money(PLAN_DOLLARS)}, "
        f"{money(stripe_dollars(RENEWED, PLAN_DOLLARS))}."
    )
    yield ""
    rows = [
        (
            f"{chargers}" + (" (as deployed)" if chargers == deployed.chargers else ""),
            number(charges_per_second(measured, chargers)),
            f"{hours(RENEWED, measured, deployed.renewers, chargers):.1f} hours",
        )
        for chargers in CHARGERS
    ]
    yield from table(("`concurrency` of `charge_payments`", "charges a second", "a million take"), rows)
    yield ""
    yield (
        f"`renew_subscriptions` takes {renewal_seconds(measured) * 1000:.0f} ms for a message, so its "
        f"{deployed.renewers} functions advance {renewals_per_second(measured, deployed.renewers):.0f} subscriptions a "
        f"second; `charge_payments` takes {charge_seconds(measured):.1f} s, nearly all of it Stripe's. Stripe takes "
        f"{STRIPE_CALLS_PER_SECOND} of these calls a second: "
        f"{RENEWED / STRIPE_CALLS_PER_SECOND / 3600:.1f} hours at least."
    )


def idle(_measured: Measured, deployed: Deployed) -> Rows:
    """Yield what a stack costs that nobody uses."""
    yield from bill(idle_month(deployed))


PARTS: dict[str, Part] = {
    each.__name__: each
    for each in (prices, inputs, million_a_day, billion_a_month, windows, wallet, agency, renewals, idle)
}
