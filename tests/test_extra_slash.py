"""A slash at the end of an address changes nothing: API Gateway finds the route without it, and so does `make run`."""

import pytest

from tests.api import Api


@pytest.mark.parametrize(
    "path", ["/health", "/openapi.json", "/v1/accounts/slashed", "/v1/accounts/slashed/payments", "/portal"]
)
def test_a_slash_at_the_end_of_an_address_changes_nothing(api: Api, path: str) -> None:
    api.make_account("slashed")
    one, other = api.get(path), api.get(f"{path}/")
    assert (one.status_code, one.content) == (other.status_code, other.content)
    assert one.status_code == 200
