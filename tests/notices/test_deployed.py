"""What the template says about notices is what the code rests on."""

import json
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from chalicelib.notices import mailbox, table
from chalicelib.notices.detail import SOURCE
from chalicelib.notices.rules import RULES
from local.resources import TEMPLATE

RESOURCES: dict[str, Any] = json.loads(TEMPLATE.read_text())["Resources"]


def test_the_rule_lets_through_what_may_be_worth_a_mail() -> None:
    pattern = RESOURCES["MailsRule"]["Properties"]["EventPattern"]
    assert pattern == {"source": [SOURCE], "detail-type": list(RULES)}


@pytest.mark.parametrize(
    "function",
    [
        "AnnounceWallets",
        "AnnounceBudgets",
        "AnnouncePayments",
        "AnnounceAutoPay",
        "AnnounceSubscriptions",
        "AnnounceInvoices",
        "AnnounceRepeats",
        "AnnounceFindings",
    ],
)
def test_a_record_that_cannot_be_told_ends_where_somebody_sees_it(function: str) -> None:
    (source,) = (event["Properties"] for event in RESOURCES[function]["Properties"]["Events"].values())
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BisectBatchOnFunctionError"] is True
    assert source["StartingPosition"] == "TRIM_HORIZON"
    assert 3600 < source["MaximumRecordAgeInSeconds"] < 24 * 3600
    assert source["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["NoticeFailuresQueue", "Arn"]}


def test_a_stream_has_no_more_readers_than_it_takes() -> None:
    """Two of a shard: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html."""
    sources = (event["Properties"] for each in RESOURCES.values() for event in _events(each))
    readers = Counter(source["Stream"]["Fn::GetAtt"][0] for source in sources if "Stream" in source)
    assert readers["SubscriptionsTable"] == readers["CardsTable"] == 2
    assert max(readers.values()) <= 2


def _events(resource: dict[str, Any]) -> list[dict[str, Any]]:
    return list(resource.get("Properties", {}).get("Events", {}).values())


def test_a_claim_outlasts_its_function_and_lapses_before_its_message_comes_again() -> None:
    lease = table.LEASE_MS / 1000
    assert RESOURCES["SendMails"]["Properties"]["Timeout"] < lease
    assert lease < RESOURCES["MailsQueue"]["Properties"]["VisibilityTimeout"]


def test_a_mark_outlives_a_dead_letter() -> None:
    kept_seconds = RESOURCES["MailsDeadLetterQueue"]["Properties"]["MessageRetentionPeriod"]
    assert 2 * kept_seconds < table.KEPT_SECONDS


@pytest.mark.usefixtures("stack")
def test_no_mail_is_repeated_by_the_library() -> None:
    assert mailbox.client().meta.config.retries["total_max_attempts"] == 1


@pytest.mark.usefixtures("processes")
def test_only_the_mail_function_loads_babel() -> None:
    program = "import app, sys; sys.exit('babel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=TEMPLATE.parents[1], check=False).returncode == 0
