import json
import stat
from pathlib import Path

import jwt
import pytest

from local.keys import Keys, write_private


def test_keys_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    path = tmp_path / "local" / "keys.json"
    first = Keys.load(path)
    assert Keys.load(path) == first
    assert Keys.generate() != first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_that_an_older_file_has_not_is_added_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    older = {name: value for name, value in Keys.load(path).secret.items() if name != "stripe_connect_webhook_secret"}
    write_private(path, json.dumps(older))
    keys = Keys.load(path)
    assert keys.secret == {**older, "stripe_connect_webhook_secret": keys.stripe_connect_webhook_secret}
    assert Keys.load(path) == keys


def test_a_token_says_whose_it_is_and_ends() -> None:
    keys = Keys.generate()
    claims = jwt.decode(keys.token("acme", "owner", seconds=60), keys.token_secret, algorithms=["HS256"])
    assert (claims["account_id"], claims["role"]) == ("acme", "owner")
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(keys.token("acme", "owner", seconds=-1), keys.token_secret, algorithms=["HS256"])
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(keys.token("acme", "owner"), Keys.generate().token_secret, algorithms=["HS256"])


def test_a_private_file_replaces_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text("old and open")
    write_private(path, "new")
    assert path.read_text() == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
