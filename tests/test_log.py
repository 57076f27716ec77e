"""What an operator reads, and what nobody should."""

import json

import pytest
from chalice.app import Request
from chalice.local import LambdaContext

from chalicelib.log import log
from chalicelib.request_context import request_context
from tests.environment import use
from tests.log_lines import wrong_lines

EVENT = {
    "headers": {},
    "multiValueQueryStringParameters": None,
    "pathParameters": {"account_id": "acme"},
    "requestContext": {"httpMethod": "GET", "resourcePath": "/v1/accounts/{account_id}", "requestId": "gateway-1"},
    "body": None,
    "isBase64Encoded": False,
    "stageVariables": {},
}


class Refused(Exception):
    """What a library says, with what a customer typed in it."""


def test_an_e_mail_address_does_not_reach_the_log_through_an_exception(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise Refused("Invalid email address: 'kim.o-neil+x@acme.example'; <jörg@müller.example>, a@b.example")
    except Refused as error:
        log().exception("not sent", reason=str(error), event_id="msg@mail.example", url="https://acme.example/?a=@b")
    logged = json.loads(capsys.readouterr().out)
    assert logged["reason"] == "Invalid email address: '<e-mail>'; <<e-mail>>, <e-mail>"
    assert "Refused: Invalid email address: '<e-mail>'" in logged["exception"]
    assert (logged["event_id"], logged["url"]) == ("msg@mail.example", "https://acme.example/?a=@b")


def test_keys_and_tokens_do_not_reach_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoib3BlcmF0b3IifQ.c2lnbmF0dXJl"
    log().error(
        "refused",
        reason=f"sk_live_51Habc rk_test_9xyz whsec_AbC+/= {token}",
        payment_id="pi_1_secret_abcdefgh123",
        nested={"header": f"Bearer {token}", "of": ["a@b.example", ("c@d.example",)]},
        attempts=3,
    )
    logged = json.loads(capsys.readouterr().out)
    assert logged["reason"] == "<secret> <secret> <secret> <secret>"
    assert logged["payment_id"] == "pi_1<secret>"
    assert logged["nested"] == {"header": "Bearer <secret>", "of": ["<e-mail>", ["<e-mail>"]]}
    assert logged["attempts"] == 3


def test_what_opens_an_invitation_or_a_page_does_not_reach_the_log_with_its_path(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log().exception("unexpected error", account_id="acme", number="3", secret="q9Zf-Kd0", token="p2Xw_81")
    written = capsys.readouterr().out
    assert "q9Zf-Kd0" not in written
    assert "p2Xw_81" not in written
    assert json.loads(written)["number"] == "3"


def test_the_lines_of_a_request_have_its_ids(capsys: pytest.CaptureFixture[str]) -> None:
    """Lambda's id, API Gateway's, the trace and the account: what an answer's header and the access log also have."""
    request = Request(EVENT, LambdaContext("api", 512, 1000))
    trace = {"_X_AMZN_TRACE_ID": "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1"}
    with use(trace), request_context(request, {"account_id": "acme"}):
        log().info("something happened")
    log().info("something else happened")
    inside, outside = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert inside["api_request_id"] == "gateway-1"
    assert inside["request_id"]
    assert (inside["function"], inside["account_id"]) == ("api", "acme")
    assert inside["xray"] == "1-67891233-abcdef012345678912345678"
    assert not {"api_request_id", "account_id"} & outside.keys()


@pytest.mark.parametrize(
    "fields",
    [
        {"reason": "kim@acme.example"},
        {"detail": {"name": "Kim"}},
        {"reason": "4242424242424242"},
        {"keys": [{"value": "whsec_abcdef"}]},
        {"record": {"dynamodb": {"NewImage": {"email": {"S": "x"}}}}},
    ],
)
def test_every_tests_lines_are_held_to_rules(fields: dict[str, object]) -> None:
    line = json.dumps({"event": "e", "level": "info", "timestamp": "t", **fields})
    assert list(wrong_lines(f"not JSON\n{line}\n"))
    assert not list(wrong_lines('{"event": "e", "level": "info", "timestamp": "t", "event_id": "m@mail.example"}'))
