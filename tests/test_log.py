"""What an operator reads, and what nobody should."""

import json

import pytest

from chalicelib.log import log


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
