"""One bad message of a queue among good ones: they are done, and it alone comes back, whatever is wrong with it."""

import pytest

from local.resources import Deployment
from tests.function_records import QUEUES, deliver, logged

BODIES = {
    "too deep": "[" * 1500,
    "too deep in a field": '{"detail": ' + "[" * 5000,
    "too deep beside what is read": '{"x": ' + "[" * 5000 + "]" * 5000 + ', "account_id": "", "detail": {}}',
    "not JSON": "hello",
    "empty": "",
    "half": '{"account_id": "ac',
    "base64 of nothing": "/////w==",
    "nothing": "null",
    "another type": "[1, 2]",
    "without its fields": "{}",
    "fields of other types": '{"account_id": 5, "payment_id": [], "detail": "x", "detail-type": 7}',
    "half a character": '{"account_id": "\\ud800", "payment_id": "\\udfff", "detail-type": "\\ud800"}',
    "an account without a name": '{"account_id": "", "payment_id": "", "detail": {"account_id": "", "payment_id": ""}}',
    "no text at all": None,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("function", QUEUES)
def test_of_a_queues_batch_only_the_poisoned_message_comes_back(
    stack: Deployment, capsys: pytest.CaptureFixture[str], function: str, body: str | None
) -> None:
    (first, first_done), (second, second_done) = QUEUES[function](), QUEUES[function]()
    poisoned = {"messageId": "poisoned", "body": body}
    records = [{**first, "messageId": "first"}, poisoned, {**second, "messageId": "second"}]
    assert deliver(function, *records) == ["poisoned"]
    assert first_done()
    assert second_done()
    (line,) = [line for line in logged(capsys) if line.get("message_id") == "poisoned"]
    assert "Traceback" in line["exception"]


@pytest.mark.parametrize("function", QUEUES)
def test_a_message_without_a_body_comes_back_alone(stack: Deployment, function: str) -> None:
    good, done = QUEUES[function]()
    assert deliver(function, {"messageId": "poisoned"}, good) == ["poisoned"]
    assert done()
