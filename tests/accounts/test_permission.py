"""Who decides what only a workspace decides, about itself and about its clients."""

from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.accounts import table
from chalicelib.accounts.account import Account, AccountNotFound, NotAWorkspace, check_is_workspace
from chalicelib.accounts.permission import Forbidden, Right, allow_above, allow_workspace, is_clients_own
from chalicelib.token import Caller, Role

WORKSPACE = Account("acme", "workspace", None, "Acme", "a@b.c", "usd", "en", None, None, 0)
CLIENT = Account("bob", "client", "acme", "Bob", "a@b.c", "usd", "en", None, None, 0)


@dataclass
class AnyCall:
    """A request of a caller; nothing else of it is read."""

    caller: Caller


@pytest.fixture(scope="module", autouse=True)
def accounts(memory: None) -> None:
    table.create(WORKSPACE)
    table.create(CLIENT)


def outcome(role: Role, account_id: str | None, asked: str, right: Right) -> Any:
    call: Any = AnyCall(Caller(role, account_id))
    try:
        return allow_workspace(call, asked, right).account.account_id
    except (Forbidden, AccountNotFound) as refusal:
        return type(refusal)


@pytest.mark.parametrize(
    ("role", "account_id", "reads", "acts"),
    [
        ("operator", None, "bob", "bob"),
        ("producer", None, Forbidden, Forbidden),
        ("owner", "acme", "bob", "bob"),
        ("viewer", "acme", "bob", Forbidden),
        ("owner", "bob", Forbidden, Forbidden),
        ("viewer", "bob", Forbidden, Forbidden),
        ("owner", "eve", AccountNotFound, AccountNotFound),
    ],
)
def test_a_client_never_decides_what_its_workspace_does(
    role: Role, account_id: str | None, reads: Any, acts: Any
) -> None:
    assert outcome(role, account_id, "bob", Right.READ) == reads
    assert outcome(role, account_id, "bob", Right.ACT) == acts


def test_a_workspace_decides_about_itself_and_its_clients_do_not_see_it() -> None:
    assert outcome("owner", "acme", "acme", Right.ACT) == "acme"
    assert outcome("owner", "bob", "acme", Right.READ) is AccountNotFound


@pytest.mark.parametrize(
    ("caller", "on_client", "on_workspace"),
    [
        (Caller("operator"), True, True),
        (Caller("owner", "acme"), True, False),
        (Caller("viewer", "acme"), False, False),
        (Caller("owner", "bob"), False, False),
        (Caller("producer"), False, False),
    ],
)
def test_the_operator_is_above_all_and_a_workspace_above_its_clients(
    caller: Caller, on_client: bool, on_workspace: bool
) -> None:
    call: Any = AnyCall(caller)
    for account_id, may in (("bob", on_client), ("acme", on_workspace)):
        try:
            assert allow_above(call, account_id).account.account_id == account_id
            allowed = True
        except (Forbidden, AccountNotFound):
            allowed = False
        assert allowed is may


def test_only_a_clients_own_token_sees_only_its_own_world() -> None:
    assert is_clients_own(Caller("viewer", "bob"), CLIENT)
    assert not is_clients_own(Caller("owner", "acme"), CLIENT)
    assert not is_clients_own(Caller("operator", "bob"), CLIENT)
    assert not is_clients_own(Caller("owner", "acme"), WORKSPACE)


def test_a_client_is_no_workspace() -> None:
    check_is_workspace(WORKSPACE)
    with pytest.raises(NotAWorkspace, match="name its workspace"):
        check_is_workspace(CLIENT)
