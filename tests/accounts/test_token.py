import base64
import json
import time

import jwt
import pytest

from chalicelib.accounts.account import Account
from chalicelib.accounts.permission import Right, can_see, may
from chalicelib.token import Caller, Unauthorized, read_token, sign_token

SECRET = "a secret that is long enough for every algorithm of the HMAC family"
LATER = int(time.time()) + 3600


def claims(**changes: object) -> dict[str, object]:
    fields = {"account_id": "acme", "role": "owner", "exp": LATER, **changes}
    return {name: value for name, value in fields.items() if value is not ...}


def header(secret: str = SECRET, algorithm: str = "HS256", **changes: object) -> str:
    return "Bearer " + jwt.encode(claims(**changes), secret, algorithm=algorithm)


def test_a_token_names_the_caller() -> None:
    assert read_token(header(sub="jane@acme.example"), SECRET) == Caller("owner", "acme", "jane@acme.example")
    for role in ("operator", "producer"):
        assert read_token(header(role=role, account_id=...), SECRET) == Caller(role)


def test_a_token_holds_from_its_time_on_however_the_clocks_differ() -> None:
    assert read_token(header(nbf=int(time.time()) + 1, iat=int(time.time()) + 1), SECRET).role == "owner"


def test_what_sign_makes_read_takes() -> None:
    token = sign_token(SECRET, role="viewer", account_id="acme", expires_at_ms=LATER * 1000)
    assert read_token(f"bearer {token}", SECRET) == Caller("viewer", "acme")


def unsigned(**changes: object) -> str:
    parts = [{"alg": "none", "typ": "JWT"}, claims(**changes)]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return "Bearer " + ".".join([*encoded, ""])


def nested(depth: int) -> str:
    """Return a token that anybody can write, for its header is read before its signature."""
    return "Bearer " + ".".join([base64.urlsafe_b64encode(b"[" * depth).decode().rstrip("="), "e30", "AAAA"])


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Basic YTpi",
        header().removeprefix("Bearer "),
        header(secret="another secret, also long enough for every algorithm of the HMAC family"),
        header(algorithm="HS512"),
        unsigned(),
        unsigned(role="operator"),
        header(exp=int(time.time()) - 1),
        header(exp=...),
        header(exp="tomorrow"),
        header(exp=float("inf")),
        header(exp=float("nan")),
        header(exp=1e30),
        header(exp=True),
        header(nbf=int(time.time()) + 3600),
        header(nbf="tomorrow"),
        header(sub="a\nb"),
        header(sub="\u202eadmin"),
        header(sub="x" * 201),
        header(nbf=float("nan")),
        nested(1_000),
        nested(6_000),
        "Bearer €",
        "Bearer \x00",
        "Bearer a.b.c",
        header(role=...),
        header(role="admin"),
        header(account_id=...),
        header(account_id=17),
        header()[:-4] + "AAAA",
    ],
)
def test_what_cannot_be_trusted_is_refused(authorization: str) -> None:
    with pytest.raises(Unauthorized):
        read_token(authorization, SECRET)


WORKSPACE = Account("acme", "workspace", None, "Acme", "a@b.c", "usd", "en", None, None, 0)
CLIENT = Account("bob", "client", "acme", "Bob", "a@b.c", "usd", "en", None, None, 0)


@pytest.mark.parametrize(
    ("caller", "knows_workspace", "knows_client"),
    [
        (Caller("operator"), True, True),
        (Caller("producer"), True, True),
        (Caller("owner", "acme"), True, True),
        (Caller("viewer", "acme"), True, True),
        (Caller("owner", "bob"), False, True),
        (Caller("viewer", "bob"), False, True),
        (Caller("owner", "eve"), False, False),
    ],
)
def test_a_caller_knows_its_own_account_and_its_clients(
    caller: Caller, knows_workspace: bool, knows_client: bool
) -> None:
    assert can_see(caller, WORKSPACE) is knows_workspace
    assert can_see(caller, CLIENT) is knows_client


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        ("operator", set(Right)),
        ("producer", {Right.METER, Right.ASK}),
        ("owner", {Right.READ, Right.ACT, Right.ASK}),
        ("viewer", {Right.READ, Right.ASK}),
    ],
)
def test_a_role_includes_its_rights(role: str, rights: set[Right]) -> None:
    assert {right for right in Right if may(Caller(role, "acme"), right)} == rights  # type: ignore[arg-type]
