"""One way to Stripe: whoever asks Stripe for anything goes through `ask`, and names the Stripe account."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from chalicelib.errors import Refusal
from chalicelib.stripe_api import errors as stripe_errors
from chalicelib.stripe_api.client import ask, or_none
from chalicelib.stripe_api.meanings import Call
from chalicelib.stripe_api.stripe_account import PLATFORM, StripeAccount
from local.stripe_emulator.client import Emulator

ROOT = Path(__file__).parents[2]
DOOR = ROOT / "chalicelib" / "stripe_api" / "client.py"
FILES = [ROOT / "app.py", *sorted((ROOT / "chalicelib").rglob("*.py")), *sorted((ROOT / "ops").rglob("*.py"))]
ASKING = {"ask", "ask_as_browser", "ask_oauth", "or_none", "find_intent"}


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs: not what is imported for types alone."""
    for child in ast.iter_child_nodes(tree):
        if not is_for_types(child):
            yield child
            yield from nodes(child)


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [str(node.module)] if isinstance(node, ast.ImportFrom) else []


def test_only_the_door_has_the_library_and_nobody_takes_its_client() -> None:
    knowing = {
        path
        for path in FILES
        for node in nodes(ast.parse(path.read_text()))
        for name in imported(node)
        if name.partition(".")[0] == "stripe"
    }
    assert knowing == {DOOR}
    assert [
        path
        for path in FILES
        if path != DOOR and re.search(r"\b_client\b", path.read_text()) and "stripe_api.client" in path.read_text()
    ] == []


def test_every_call_of_the_table_is_made_and_no_other() -> None:
    made: set[str] = set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ASKING:
                named = [*node.args[:1], *(each.value for each in node.keywords if each.arg == "call")]
                made |= {each.value for each in named if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    defaults = {"find_intent"}
    assert made | defaults == set(get_args(Call))


@pytest.mark.parametrize("name", [name for name in vars(stripe_errors) if name[0].isupper()])
def test_whatever_stripe_says_no_to_is_a_refusal_with_a_status_of_its_own(name: str) -> None:
    found = vars(stripe_errors)[name]
    if isinstance(found, type) and issubclass(found, Exception) and found is not Refusal:
        assert issubclass(found, Refusal)
        assert found.status in {402, 409, 422, 503}
        assert found.type != Refusal.type


def test_a_request_is_made_on_the_stripe_account_that_it_names_with_all_pages_of_a_list(emulator: Emulator) -> None:
    connected = StripeAccount(emulator.connect_account()["id"])

    def customers_of(stripe_account: StripeAccount) -> set[str]:
        listed = ask("find", stripe_account, lambda v1: v1.customers.list({"limit": 1}))
        return {each.id for each in listed.auto_paging_iter()}

    made = {ask("create_customer", connected, lambda v1: v1.customers.create()).id for _ in range(2)}
    assert customers_of(connected) == made
    assert customers_of(PLATFORM) == set()
    customer_id = made.pop()
    assert or_none("account_of_customer", connected, lambda v1: v1.customers.retrieve(customer_id).to_dict())
    assert or_none("account_of_customer", PLATFORM, lambda v1: v1.customers.retrieve(customer_id).to_dict()) is None
