"""The secrets of one machine: generated on the first run, kept in a file that only its owner can read."""

import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import jwt

TOKEN_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True)
class Keys:
    """What the deployed system keeps in Secrets Manager, under the same names."""

    token_secret: str
    stripe_secret_key: str
    stripe_publishable_key: str
    stripe_webhook_secret: str
    stripe_connect_webhook_secret: str

    @classmethod
    def generate(cls) -> "Keys":
        """Return new keys. The Stripe keys have the form that Stripe's test keys have."""
        return cls(
            token_secret=secrets.token_urlsafe(48),
            stripe_secret_key=f"sk_test_{secrets.token_hex(16)}",
            stripe_publishable_key=f"pk_test_{secrets.token_hex(16)}",
            stripe_webhook_secret=f"whsec_{secrets.token_hex(16)}",
            stripe_connect_webhook_secret=f"whsec_{secrets.token_hex(16)}",
        )

    @classmethod
    def load(cls, path: Path) -> "Keys":
        """Return the keys in a file; those that it does not have, which may be all, are made and written first."""
        kept = json.loads(path.read_text()) if path.exists() else {}
        keys = cls(**asdict(cls.generate()) | kept)
        if asdict(keys) != kept:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_private(path, json.dumps(asdict(keys), indent=2))
        return keys

    @property
    def secret(self) -> Mapping[str, str]:
        """Return the keys as the JSON object that the deployed secret holds."""
        return asdict(self)

    def token(self, account_id: str, role: str, seconds: int = TOKEN_SECONDS) -> str:
        """Return a bearer token like those that the platform signs for its users."""
        claims = {"account_id": account_id, "role": role, "exp": int(time.time()) + seconds}
        return jwt.encode(claims, self.token_secret, algorithm="HS256")


def write_private(path: Path, text: str) -> None:
    """Write a file atomically, readable only by its owner."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text + "\n")
    draft.replace(path)
