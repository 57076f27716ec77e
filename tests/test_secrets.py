"""The keys are read once, again when they may be old, and not a moment longer than they may be used."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from chalicelib import clock, secrets
from chalicelib.secrets import (
    CHECK_AGAIN_MS,
    FIRST_AGAIN_MS,
    FRESH_MS,
    KEPT_MS,
    UNREADABLE,
    InvalidSecrets,
    SecretsUnavailable,
    read_secrets,
    with_secrets,
)
from chalicelib.settings import settings

OLD, NEW = "o" * 40, "n" * 40
VALUES: Mapping[str, Any] = {
    "token_secret": OLD,
    "stripe_secret_key": "sk_test_1",
    "stripe_publishable_key": "pk_test_1",
    "stripe_webhook_secret": "whsec_1",
    "stripe_connect_webhook_secret": "whsec_2",
}
SECOND_MS = 1000


class Old(Exception):
    """What a user of the keys raises when they are old."""


@pytest.fixture(autouse=True)
def in_memory(memory: Mapping[str, str]) -> None:
    secrets.forget()
    put(VALUES)


def put(values: Any) -> None:
    text = values if isinstance(values, str) else json.dumps(values)
    secrets.client().put_secret_value(SecretId=settings().secret_id, SecretString=text)


@contextmanager
def counted() -> Iterator[list[str]]:
    """Count the calls to Secrets Manager inside the block."""
    calls: list[str] = []

    def note(**_: Any) -> None:
        calls.append("read")

    events = secrets.client().meta.events
    events.register("before-send.secretsmanager", note)
    yield calls
    events.unregister("before-send.secretsmanager", note)


@contextmanager
def unreadable() -> Iterator[None]:
    """Let Secrets Manager not answer inside the block."""

    def fail(**_: Any) -> None:
        raise NoCredentialsError  # of all errors the one that is not tried again at once

    events = secrets.client().meta.events
    events.register_first("before-send.secretsmanager", fail)
    yield
    events.unregister("before-send.secretsmanager", fail)


@contextmanager
def later(milliseconds: int) -> Iterator[None]:
    with clock.moved_to(clock.now() + timedelta(milliseconds=milliseconds)):
        yield


def needs(token_secret: str) -> str:
    """Use the keys for something that only this token secret is good for."""

    def use(known: secrets.Secrets) -> str:
        if token_secret not in known.token_secrets:
            raise Old
        return known.token_secret

    return with_secrets(use, lambda error: isinstance(error, Old))


def test_they_are_read_once_also_by_many_threads() -> None:
    with counted() as calls:
        threads = [Thread(target=secrets.secrets) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert secrets.secrets().token_secret == OLD
    assert len(calls) == 1


def test_of_two_the_first_signs_and_all_are_known() -> None:
    put({**VALUES, "token_secret": [NEW, OLD], "stripe_webhook_secret": ["whsec_3", "", "whsec_1"]})
    known = secrets.secrets()
    assert (known.token_secret, known.token_secrets) == (NEW, (NEW, OLD))
    assert known.webhook_secrets_of(connect=False) == ("whsec_3", "whsec_1")
    assert known.webhook_secrets_of(connect=True) == ("whsec_2",)


def test_a_key_that_is_removed_is_good_for_five_minutes_at_most() -> None:
    put({**VALUES, "token_secret": [NEW, OLD]})
    assert needs(OLD) == NEW
    put({**VALUES, "token_secret": NEW})
    with later(FRESH_MS - SECOND_MS):
        assert needs(OLD) == NEW
    with later(FRESH_MS), pytest.raises(Old):
        needs(OLD)


def test_a_key_that_is_new_is_good_at_once() -> None:
    assert needs(OLD) == OLD
    put({**VALUES, "token_secret": [NEW, OLD]})
    assert needs(NEW) == NEW


def test_a_flood_of_bad_signatures_is_no_flood_of_reads() -> None:
    secrets.secrets()
    with counted() as calls:
        for _ in range(50):
            with pytest.raises(Old):
                needs("nobody's")
        assert len(calls) == 1
        with later(CHECK_AGAIN_MS - SECOND_MS), pytest.raises(Old):
            needs("nobody's")
        assert len(calls) == 1
        with later(CHECK_AGAIN_MS), pytest.raises(Old):
            needs("nobody's")
        assert len(calls) == 2


def test_another_error_reads_nothing_and_is_passed_on() -> None:
    def fail(_: secrets.Secrets) -> None:
        raise KeyError("of its own")

    secrets.secrets()
    with counted() as calls, pytest.raises(KeyError):
        with_secrets(fail, lambda error: isinstance(error, Old))
    assert calls == []


def test_what_was_known_goes_on_for_an_hour_while_nothing_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    secrets.secrets()
    with unreadable():
        with later(KEPT_MS - SECOND_MS):
            assert secrets.secrets().token_secret == OLD
            with counted() as calls:
                assert secrets.secrets().token_secret == OLD
            assert calls == [], "tried again only after a while"
        assert UNREADABLE in capsys.readouterr().out
        with later(KEPT_MS + CHECK_AGAIN_MS), pytest.raises(SecretsUnavailable):
            secrets.secrets()
    with later(KEPT_MS + CHECK_AGAIN_MS + FIRST_AGAIN_MS):
        assert secrets.secrets().token_secret == OLD


def test_a_process_that_cannot_read_says_so_and_tries_again_soon() -> None:
    with unreadable():
        with pytest.raises(SecretsUnavailable) as refused:
            secrets.secrets()
        assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "5"})
    with counted() as calls, pytest.raises(SecretsUnavailable):
        secrets.secrets()
    assert calls == []
    with later(FIRST_AGAIN_MS):
        assert secrets.secrets().token_secret == OLD


def test_a_slip_in_the_secret_stops_nobody_who_has_the_old_values(capsys: pytest.CaptureFixture[str]) -> None:
    secrets.secrets()
    put('{"token_secret": "hush hush')
    with later(FRESH_MS):
        assert secrets.secrets().token_secret == OLD
    logged = capsys.readouterr().out
    assert UNREADABLE in logged
    assert "hush" not in logged
    put({**VALUES, "token_secret": NEW})
    with later(FRESH_MS + CHECK_AGAIN_MS):
        assert secrets.secrets().token_secret == NEW


def test_a_secret_of_another_name_or_none_is_logged_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    name = settings().secret_id
    with ExitStack() as back:
        secrets.client().delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        back.callback(secrets.client().create_secret, Name=name, SecretString=json.dumps(VALUES))
        with pytest.raises(SecretsUnavailable):
            secrets.secrets()
    assert "ResourceNotFoundException" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '"text"', "[" * 100_000, '{"a": "\\ud800"'])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidSecrets, match="not a JSON object"):
        read_secrets(text)


def test_everything_that_is_wrong_is_named_at_once_and_nothing_quoted() -> None:
    values = {"token_secret": [OLD, "short"], "stripe_secret_key": ["sk_1", "sk_2"], "stripe_publishable_key": " "}
    with pytest.raises(InvalidSecrets) as wrong:
        read_secrets(json.dumps({**values, "stripe_webhook_secret": 7}))
    said = str(wrong.value)
    assert said == (
        "token_secret must have at least 32 bytes, each of several; "
        "stripe_webhook_secret is missing, or neither a text nor a list of texts; "
        "stripe_connect_webhook_secret is missing, or neither a text nor a list of texts; "
        "stripe_secret_key must be one text; stripe_publishable_key is empty"
    )


@pytest.mark.parametrize("empty", ["", " ", [], [""], ["", " "]])
def test_an_endpoint_without_a_secret_has_none(empty: object) -> None:
    assert read_secrets(json.dumps({**VALUES, "stripe_webhook_secret": empty})).webhook_secrets == ()


@pytest.mark.parametrize("wrong", ["", [], [""], "t" * 31, ["t" * 32, ""], [["t" * 32]], {"a": "b"}, None, 32 * [1]])
def test_a_token_secret_is_never_weak(wrong: object) -> None:
    with pytest.raises(InvalidSecrets):
        read_secrets(json.dumps({**VALUES, "token_secret": wrong}))


def test_three_are_as_good_as_two_and_other_keys_are_passed_over() -> None:
    three = [NEW, OLD, "p" * 32]
    assert read_secrets(json.dumps({**VALUES, "token_secret": three, "note": {"a": 1}})).token_secrets == tuple(three)


def test_the_keys_are_not_shown() -> None:
    shown = repr(secrets.secrets()) + str(secrets.secrets())
    assert not [value for value in VALUES.values() if value in shown]
