"""An operator works with the dead letters of a real queue."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chalicelib import clock, queues
from chalicelib.settings import settings
from chalicelib.usage.dead_letters import DeadLetter, put
from local.resources import Deployment
from ops.__main__ import ops
from tests.build import event
from tests.environment import use
from tests.wire import cuts

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _empty_queues(stack: Deployment) -> Iterator[None]:
    yield
    for url in (stack.usage_queue_url, stack.dead_letter_queue_url):
        queues.client().purge_queue(QueueUrl=url)


@pytest.fixture
def run() -> Run:
    def invoke(command: str, *options: str, said: str = "") -> Result:
        return CliRunner().invoke(ops, ["dead-letters", command, *options], input=said)

    return invoke


def put_letters(reason: str, account_id: str, *numbers: int) -> None:
    """Put letters as the function does."""
    letters = [
        DeadLetter(
            body=json.dumps(event(account_id, number)),
            reason=reason,
            detail=f"about {number}",
            account_id=account_id,
            source="/messaging",
            event_id=f"event-{number}",
            message_id=f"message-{number}",
        )
        for number in numbers
    ]
    assert put(letters) == []


def leave(body: Any) -> None:
    """Put a letter as SQS does after the last delivery: it brings no attributes."""
    text = body if isinstance(body, str) else json.dumps(body)
    queues.send(settings().usage_dead_letters_queue_url, text)


def receive_all(url: str) -> list[dict[str, Any]]:
    def receive() -> list[dict[str, Any]]:
        answer = queues.client().receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        return list(answer.get("Messages", []))

    return [message for answer in iter(receive, []) for message in answer]


def ids_of(url: str) -> list[str]:
    """Take what can be received at this moment; return the events' ids."""
    return sorted(json.loads(message["Body"])["id"] for message in receive_all(url))


def left() -> list[str]:
    return ids_of(settings().usage_dead_letters_queue_url)


def sent_back() -> list[str]:
    return ids_of(settings().usage_queue_url)


def how_many(url: str) -> int:
    """Return how many messages a queue holds, hidden ones too."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = queues.client().get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(attributes[name]) for name in names)


def test_letters_are_shown_by_reason_and_account_with_an_example_and_stay(run: Run) -> None:
    put_letters("conflict", "acme", 1, 2, 3)
    put_letters("unknown_meter", "acme", 4)
    leave(event("bakery", 5))
    leave("[not json")
    shown = run("show")
    assert shown.exit_code == 0, shown.output
    rows = [line.replace("│", " ").split()[:3] for line in shown.output.splitlines() if "│" in line]
    assert rows == [
        ["3", "conflict", "acme"],
        ["1", "gave_up", "?"],
        ["1", "gave_up", "bakery"],
        ["1", "unknown_meter", "acme"],
    ]
    assert "unknown_meter: message message-4: event event-4 of /messaging: about 4" in shown.output
    assert "6 shown; about 6 in all" in shown.output
    assert len(receive_all(settings().usage_dead_letters_queue_url)) == 6


def test_single_letters_are_written_as_lines_with_their_bodies(run: Run) -> None:
    put_letters("conflict", "acme", 1, 2)
    leave("\ud7ff [not json")
    lines = [json.loads(line) for line in run("show", "--messages").stdout.splitlines()]
    assert sorted(line["reason"] for line in lines) == ["conflict", "conflict", "gave_up"]
    (one,) = [json.loads(line) for line in run("show", "--messages", "--id", "event-2").stdout.splitlines()]
    assert (one["message_id"], one["detail"]) == ("message-2", "about 2")
    assert json.loads(one["body"])["id"] == "event-2"


@pytest.mark.parametrize(
    ("options", "moved"),
    [
        ((), ["event-1", "event-2", "event-3", "event-4"]),
        (("--reason", "conflict"), ["event-1", "event-2"]),
        (("--reason", "conflict", "--reason", "too_old"), ["event-1", "event-2", "event-3"]),
        (("--account", "bakery"), ["event-3", "event-4"]),
        (("--account", "bakery", "--reason", "gave_up"), ["event-4"]),
        (("--source", "/messaging", "--except", "event-4", "--except", "message-1"), ["event-2", "event-3"]),
        (("--id", "message-1", "--id", "event-4"), ["event-1", "event-4"]),
        (("--account", "nobody"), []),
    ],
)
def test_those_that_are_chosen_are_sent_back_and_the_others_can_be_received_at_once(
    run: Run, options: tuple[str, ...], moved: list[str]
) -> None:
    put_letters("conflict", "acme", 1, 2)
    put_letters("too_old", "bakery", 3)
    leave(event("bakery", 4))
    done = run("send-back", *options)
    assert done.exit_code == 0, done.output
    assert f"{len(moved)} sent back" in done.output
    assert sent_back() == moved
    assert left() == sorted({"event-1", "event-2", "event-3", "event-4"} - set(moved))


def test_what_is_sent_back_is_as_it_was_sent_first(run: Run) -> None:
    body = json.dumps(event("acme"), indent=3)
    assert put([DeadLetter(body=body, reason="conflict", detail="", message_id="message-1")]) == []
    run("send-back")
    (message,) = receive_all(settings().usage_queue_url)
    assert message["Body"] == body
    assert "MessageAttributes" not in message


def test_a_message_of_several_events_goes_back_for_one_of_them_and_is_discarded_for_all_only(run: Run) -> None:
    leave([event("acme", 1), event("bakery", 2)])
    kept = run("discard", "--account", "acme", "--yes")
    assert "1 hold events that are not chosen, too, and stay" in kept.output
    assert "0 discarded" in kept.output
    assert "1 sent back" in run("send-back", "--account", "acme").output


def test_letters_are_discarded_for_good_once_somebody_says_yes(run: Run) -> None:
    put_letters("conflict", "acme", 1, 2)
    put_letters("too_old", "acme", 3)
    refused = run("discard", "--reason", "conflict", said="n\n")
    assert refused.exit_code == 1
    assert "2 chosen" in refused.output
    assert left() == ["event-1", "event-2", "event-3"]


def test_only_those_that_are_chosen_are_discarded(run: Run) -> None:
    put_letters("conflict", "acme", 1, 2)
    put_letters("too_old", "acme", 3)
    done = run("discard", "--reason", "conflict", said="y\n")
    assert done.exit_code == 0, done.output
    assert "2 discarded" in done.output
    assert left() == ["event-3"]


def test_all_are_discarded_only_when_all_are_named(run: Run) -> None:
    put_letters("conflict", "acme", 1)
    assert run("discard", "--yes").exit_code == 2
    assert run("discard", "--yes", "--except", "event-7").exit_code == 2
    assert run("discard", "--yes", "--all", "--reason", "conflict").exit_code == 2
    assert how_many(settings().usage_dead_letters_queue_url) == 1
    assert "1 discarded" in run("discard", "--yes", "--all").output
    assert how_many(settings().usage_dead_letters_queue_url) == 0


def test_a_limit_holds_for_what_is_chosen(run: Run) -> None:
    put_letters("conflict", "acme", *range(1, 31))
    put_letters("too_old", "acme", *range(31, 36))
    done = run("send-back", "--reason", "too_old", "--limit", "3").output
    assert "3 sent back" in done
    assert "about 32 left" in done
    assert len(sent_back()) == 3
    assert len(left()) == 32


def test_letters_that_came_after_the_beginning_are_left_alone(run: Run) -> None:
    """What is sent back may be refused again at once: it would be met again and again."""
    put_letters("conflict", "acme", 1)
    with clock.moved_to(clock.now() - timedelta(hours=1)):
        done = run("send-back")
    assert "0 sent back" in done.output
    assert "1 came meanwhile" in done.output
    assert left() == ["event-1"]


@contextmanager
def never_hidden() -> Iterator[None]:
    """Let SQS deliver again at once what it has delivered."""

    def change(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return params | {"VisibilityTimeout": 0}

    events = queues.client().meta.events
    events.register("provide-client-params.sqs.ReceiveMessage", change)
    try:
        yield
    finally:
        events.unregister("provide-client-params.sqs.ReceiveMessage", change)


def test_letters_that_are_delivered_again_and_again_are_met_once(run: Run) -> None:
    put_letters("conflict", "acme", 1, 2, 3)
    with never_hidden():
        assert "3 shown; about 3 in all" in run("show").output


def test_what_cannot_be_sent_stays(run: Run, stack: Deployment) -> None:
    put_letters("conflict", "acme", 1, 2)
    with use({**stack.environment, "USAGE_QUEUE_URL": f"{stack.usage_queue_url}-nowhere"}):
        done = run("send-back")
    assert done.exit_code == 1
    assert "2 could not be sent back" in done.output
    assert left() == ["event-1", "event-2"]


@pytest.mark.parametrize("command", ["send-back", "show"])
def test_a_command_that_is_cut_off_anywhere_loses_no_letter(run: Run, stack: Deployment, command: str) -> None:
    put_letters("conflict", "acme", 1)
    cut_off_calls = list(cuts(lambda: run(command, "--limit", "1")))
    assert len(cut_off_calls) >= 2
    for cut_off in cut_off_calls:
        for url in (stack.usage_queue_url, stack.dead_letter_queue_url):
            queues.client().purge_queue(QueueUrl=url)
        put_letters("conflict", "acme", 1)
        cut_off(lambda: ops(["dead-letters", command, "--limit", "1"], standalone_mode=False))
        assert how_many(stack.usage_queue_url) + how_many(stack.dead_letter_queue_url) >= 1


def test_of_many_letters_the_progress_is_shown_and_none_is_left_out(run: Run) -> None:
    put_letters("conflict", "acme", *range(600))
    put_letters("too_old", "bakery", *range(600, 1200))
    shown = run("show")
    assert "1,200 shown" in shown.output
    assert "Reading" in shown.stderr
    assert "600 sent back" in run("send-back", "--account", "acme").output
    assert "600 discarded" in run("discard", "--reason", "too_old", "--yes").output
    assert how_many(settings().usage_dead_letters_queue_url) == 0
    assert how_many(settings().usage_queue_url) == 600
