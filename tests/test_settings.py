import os

import pytest

from chalicelib.settings import MissingSettings, settings
from local.resources import Deployment
from tests.environment import use


def test_every_missing_variable_is_named_at_once(stack: Deployment) -> None:
    with use(stack.environment):
        for name in ("WALLETS_TABLE", "PORTAL_BASE_URL"):
            del os.environ[name]
        os.environ["SECRET_ID"] = " "
        settings.cache_clear()
        with pytest.raises(MissingSettings) as missing:
            settings()
        assert "WALLETS_TABLE, SECRET_ID, PORTAL_BASE_URL" in str(missing.value)
