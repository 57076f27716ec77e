"""Metrics: what alarms and the dashboard count. One line of the log each, in CloudWatch's Embedded Metric Format.

`METRICS` says of each what it counts: code counts by these names, `infrastructure/functions.toml` names them for
alarms, and `docs/operating/alarms.md` explains them. A metric has ids as fields of its line, never as dimensions: each
value of a dimension is a metric of its own, with a price.

Counts are not books. A process that ends between a write and its line counts nothing, and what is delivered again may
be counted again: each description says which. The ledger is what proves amounts.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from chalicelib import clock
from chalicelib.log import write_line
from chalicelib.settings import settings

Name = Literal[
    "payments_succeeded",
    "payments_failed",
    "auto_pay_suspended",
    "webhooks_received",
    "webhooks_refused",
    "webhooks_unsigned",
    "webhooks_parked",
    "usage_posted",
    "usage_refused",
    "sweeper_resolved",
    "repeats_found",
    "verify_differences",
    "verify_failures",
    "reconcile_differences",
    "reconcile_failures",
]


class Metric(NamedTuple):
    """What a metric counts, and the one field, if any, by whose few values it is counted apart, too."""

    counts: str
    dimension: str | None = None


METRICS: Final[Mapping[Name, Metric]] = {
    "payments_succeeded": Metric("payments whose success was posted; each once"),
    "payments_failed": Metric("1 for each payment that failed, 0 for one that succeeded; each once", "reason"),
    "auto_pay_suspended": Metric("auto-pays that were suspended after failed charges; each once"),
    "webhooks_received": Metric("genuine webhooks of Stripe; each delivery"),
    "webhooks_refused": Metric("webhooks of the wrong mode or API version; each delivery"),
    "webhooks_unsigned": Metric("1 for a delivery whose signature is wrong, Stripe's or not, 0 for a genuine one"),
    "webhooks_parked": Metric("webhooks whose processing failed; each delivery"),
    "usage_posted": Metric("usage events that were posted; each once"),
    "usage_refused": Metric("usage events that were refused for good; each delivery", "reason"),
    "sweeper_resolved": Metric("payments that Stripe had taken, and the sweeper found first; each once"),
    "repeats_found": Metric("usage events that were charged again with another time; each once"),
    "verify_differences": Metric("accounts whose ledger does not add up; each run"),
    "verify_failures": Metric("accounts that could not be verified; each run"),
    "reconcile_differences": Metric("differences between Stripe and the ledger; each run"),
    "reconcile_failures": Metric("accounts or objects that could not be compared with Stripe; each run"),
}


def count(name: Name, value: int = 1, **fields: object) -> None:
    """Write a metric's line; 0 is written, too: averages count it. Without a namespace it is a log line."""
    namespace = settings().metrics_namespace
    write_line("info", "metric", {**fields, **(_embedded(name, namespace, fields) if namespace else {}), name: value})


def _embedded(name: Name, namespace: str, fields: Mapping[str, object]) -> Mapping[str, object]:
    dimension = METRICS[name].dimension
    sets = [[], [dimension]] if dimension in fields else [[]]
    metric = {"Namespace": namespace, "Dimensions": sets, "Metrics": [{"Name": name, "Unit": "Count"}]}
    return {"_aws": {"Timestamp": clock.now_ms(), "CloudWatchMetrics": [metric]}}
