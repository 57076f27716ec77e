"""Keys are created, shown and rotated without ever being printed."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chalicelib.secrets import read_secrets
from local.resources import Deployment
from ops import secret_store
from ops.__main__ import ops
from tests.build import unique

SECRET_KEY, PUBLISHABLE_KEY, SIGNING = "sk_test_of_mine", "pk_test_of_mine", "whsec_of_mine"

pytestmark = pytest.mark.usefixtures("stack")


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(ops, ["secrets", *arguments], input=typed)


@pytest.fixture
def name(stack: Deployment) -> str:
    name = unique("keys")
    done = run("create", name, typed=f"{SECRET_KEY}\n{PUBLISHABLE_KEY}\n")
    assert done.exit_code == 0, done.output
    assert printed_values(done, name) == []
    return name


def printed_values(done: Result, name: str) -> list[str]:
    """Return the values of a secret that a command has printed."""
    values = secret_store.load(name)
    texts = [text for value in values.values() for text in (value if isinstance(value, list) else [value])]
    return [text for text in texts if isinstance(text, str) and text and text in done.output]


def values_of(name: str, key: str) -> Any:
    return secret_store.load(name)[key]


def test_what_is_created_is_complete_and_its_webhooks_are_closed(name: str) -> None:
    known = read_secrets(json.dumps(secret_store.load(name)))
    assert len(known.token_secret) >= 48
    assert (known.stripe_secret_key, known.stripe_publishable_key) == (SECRET_KEY, PUBLISHABLE_KEY)
    assert known.webhook_secrets == known.connect_webhook_secrets == ()


def test_a_secret_that_is_there_is_not_overwritten(name: str) -> None:
    before = secret_store.load(name)
    done = run("create", name, typed=f"{SECRET_KEY}\n{PUBLISHABLE_KEY}\n")
    assert done.exit_code == 1
    assert "already" in done.output
    assert secret_store.load(name) == before


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (f"{PUBLISHABLE_KEY}\n{PUBLISHABLE_KEY}\n", "begins with sk_live_"),
        (f"{SECRET_KEY}\n{SECRET_KEY}\n", "begins with pk_live_"),
        (f"{SECRET_KEY}\npk_live_1\n", "one key is of live mode"),
    ],
)
def test_keys_of_the_wrong_kind_are_not_taken(typed: str, said: str) -> None:
    name = unique("keys")
    done = run("create", name, typed=typed)
    assert done.exit_code == 1
    assert said in done.output
    with pytest.raises(secret_store.SecretStoreError):
        secret_store.load(name)


def test_what_is_shown_tells_them_apart_and_gives_none_away(name: str) -> None:
    done = run("show", "--name", name)
    assert done.exit_code == 0, done.output
    assert "token_secret" in done.output
    assert done.output.count("closed") == 2
    assert printed_values(done, name) == []


def test_a_new_token_secret_comes_first_and_the_old_one_stays_until_it_is_retired(name: str) -> None:
    old = values_of(name, "token_secret")
    done = run("rotate", "token-secret", "--name", name)
    assert done.exit_code == 0, done.output
    new, second = values_of(name, "token_secret")
    assert second == old != new
    assert printed_values(done, name) == []
    assert run("rotate", "token-secret", "--name", name).exit_code == 1, "the older one is to be retired first"
    shown = run("show", "--name", name).output
    assert shown.count("older") == 1
    done = run("retire", "token-secret", "--name", name, typed="y\n")
    assert done.exit_code == 0, done.output
    assert values_of(name, "token_secret") == new
    assert printed_values(done, name) == []
    assert run("retire", "--name", name, "--yes").exit_code == 1, "there is none left"


@pytest.mark.parametrize(
    ("option", "key"), [((), "stripe_webhook_secret"), (("--connect",), "stripe_connect_webhook_secret")]
)
def test_the_first_webhook_secret_opens_the_door_and_the_second_overlaps(
    name: str, option: tuple[str, ...], key: str
) -> None:
    rotate = ("rotate", "webhook-secret", *option, "--name", name)
    assert run(*rotate, typed=f"{SIGNING}\n").exit_code == 0
    assert values_of(name, key) == SIGNING
    assert run(*rotate, typed=f"{SIGNING}\n").exit_code == 1, "it is the same"
    assert run(*rotate, typed="nonsense\n").exit_code == 1
    assert run(*rotate, typed=f"{SIGNING}_2\n").exit_code == 0
    assert values_of(name, key) == [f"{SIGNING}_2", SIGNING]
    assert run("retire", "--name", name, "--yes").exit_code == 0
    assert values_of(name, key) == f"{SIGNING}_2"


def test_stripes_key_is_replaced_by_one_of_the_same_mode(name: str) -> None:
    done = run("rotate", "stripe-key", "--name", name, typed="sk_test_2\n\n")
    assert done.exit_code == 0, done.output
    assert (values_of(name, "stripe_secret_key"), values_of(name, "stripe_publishable_key")) == (
        "sk_test_2",
        PUBLISHABLE_KEY,
    )
    assert run("rotate", "stripe-key", "--name", name, typed="rk_test_3\npk_test_3\n").exit_code == 0
    assert values_of(name, "stripe_publishable_key") == "pk_test_3"
    assert run("rotate", "stripe-key", "--name", name, typed="sk_live_1\npk_live_1\n").exit_code == 1
    assert values_of(name, "stripe_secret_key") == "rk_test_3"


def test_whoever_says_no_retires_nothing(name: str) -> None:
    run("rotate", "token-secret", "--name", name)
    assert run("retire", "--name", name, typed="n\n").exit_code == 1
    assert len(values_of(name, "token_secret")) == 2


def test_a_secret_that_is_not_there_or_not_valid_is_a_sentence(name: str) -> None:
    for command in (("show",), ("rotate", "token-secret"), ("retire",)):
        done = run(*command, "--name", unique("nowhere"))
        assert done.exit_code == 1
        assert done.output.startswith("Error: ")
    secret_store.save(name, {"token_secret": "short"})
    shown = run("show", "--name", name)
    assert shown.exit_code == 1
    assert "stripe_secret_key is missing" in shown.output
