import os

import pytest

from chalicelib.settings import MissingSettings, settings
from local.resources import Deployment
from tests.environment import use


def test_every_missing_variable_is_named_at_once(stack: Deployment) -> None:
    with use(stack.environment):
        for name in ("TOKEN_SECRET", "STRIPE_SECRET_KEY"):
            del os.environ[name]
        os.environ["STRIPE_WEBHOOK_SECRET"] = " "
        settings.cache_clear()
        with pytest.raises(MissingSettings) as missing:
            settings()
        assert "TOKEN_SECRET, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET" in str(missing.value)


def test_a_secret_that_is_too_short_is_none(stack: Deployment) -> None:
    with use(stack.environment):
        os.environ["TOKEN_SECRET"] = "short"
        settings.cache_clear()
        with pytest.raises(MissingSettings):
            settings()
