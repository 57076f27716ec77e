"""What AWS asks for each unit, in us-east-1: list prices without free tiers and without discounts."""

from collections.abc import Mapping
from typing import Final, NamedTuple

READ: Final = "December 2025"
"""When the pages below were last read."""

MONTH_SECONDS: Final = 365.25 * 86_400 / 12


class Price(NamedTuple):
    """Dollars for each `per` units of something."""

    what: str
    dollars: float
    per: float
    source: str


DYNAMODB: Final = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
LAMBDA: Final = "https://aws.amazon.com/lambda/pricing/"
SQS: Final = "https://aws.amazon.com/sqs/pricing/"
S3: Final = "https://aws.amazon.com/s3/pricing/"
CLOUDWATCH: Final = "https://aws.amazon.com/cloudwatch/pricing/"

PRICES: Final[Mapping[str, Price]] = {
    "write_units": Price("DynamoDB write units, on demand", 0.625, 1e6, DYNAMODB),
    "read_units": Price("DynamoDB read units, on demand", 0.125, 1e6, DYNAMODB),
    "table_gb": Price("GB in tables, a month", 0.25, 1, DYNAMODB),
    "backup_gb": Price("GB of point-in-time recovery, a month", 0.20, 1, DYNAMODB),
    "queue_requests": Price("requests to SQS, each started 64 KB", 0.40, 1e6, SQS),
    "invocations": Price("invocations of Lambda", 0.20, 1e6, LAMBDA),
    "gb_seconds": Price("GB-seconds of Lambda, x86", 16.6667, 1e6, LAMBDA),
    "bus_events": Price("events put on the bus", 1.00, 1e6, "https://aws.amazon.com/eventbridge/pricing/"),
    "api_requests": Price("requests to the REST API", 3.50, 1e6, "https://aws.amazon.com/api-gateway/pricing/"),
    "mails": Price("mails", 0.10, 1e3, "https://aws.amazon.com/ses/pricing/"),
    "object_puts": Price("objects put into S3", 5.00, 1e6, S3),
    "object_gets": Price("objects got from S3", 0.40, 1e6, S3),
    "object_gb": Price("GB in S3, a month", 0.023, 1, S3),
    "log_gb": Price("GB of log lines taken in", 0.50, 1, CLOUDWATCH),
    "kept_log_gb": Price("GB of log lines kept, a month", 0.03, 1, CLOUDWATCH),
    "alarms": Price("alarms, a month", 0.10, 1, CLOUDWATCH),
    "metrics": Price("metrics of one's own, a month", 0.30, 1, CLOUDWATCH),
    "dashboards": Price("dashboards, a month", 3.00, 1, CLOUDWATCH),
    "traces": Price("traces of X-Ray", 5.00, 1e6, "https://aws.amazon.com/xray/pricing/"),
    "secrets": Price("secrets, a month", 0.40, 1, "https://aws.amazon.com/secrets-manager/pricing/"),
}

STRIPE_SHARE: Final = 0.029
STRIPE_FIXED_DOLLARS: Final = 0.30
"""Of a charge of a US card: https://stripe.com/pricing. It is Stripe's, and in no other figure of the page."""


def dollars(name: str, quantity: float) -> float:
    """Return what a quantity costs."""
    price = PRICES[name]
    return quantity * price.dollars / price.per
