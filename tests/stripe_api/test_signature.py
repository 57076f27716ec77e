import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe import WebhookSignature

from chalicelib.stripe_api.signature import InvalidSignature, check

NOW_MS = 1_790_000_000_000
SECRET = "whsec_of_stripe"


@given(body=st.text(max_size=200), secret=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1))
def test_what_stripes_own_library_signs_is_accepted(body: str, secret: str) -> None:
    header = WebhookSignature.generate_signature_header(body, secret, timestamp=NOW_MS // 1000)
    check(body.encode(), header, [secret], NOW_MS)


@given(header=st.text(max_size=100))
def test_no_text_passes_as_a_signature(header: str) -> None:
    with pytest.raises(InvalidSignature):
        check(b"{}", header, [SECRET], NOW_MS)


@pytest.mark.parametrize("secret", ["", " ", "\n"])
def test_an_empty_secret_is_a_closed_door(secret: str) -> None:
    header = WebhookSignature.generate_signature_header("{}", secret, timestamp=NOW_MS // 1000)
    with pytest.raises(InvalidSignature, match="no secret"):
        check(b"{}", header, [secret], NOW_MS)


def test_a_second_timestamp_cannot_make_an_old_signature_new() -> None:
    old = WebhookSignature.generate_signature_header("{}", SECRET, timestamp=NOW_MS // 1000 - 3600)
    with pytest.raises(InvalidSignature):
        check(b"{}", f"{old},t={NOW_MS // 1000}", SECRET, NOW_MS)
