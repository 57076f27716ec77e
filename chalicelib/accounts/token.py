"""Bearer tokens: JWTs that the platform signs with the shared secret (HS256)."""

from typing import Annotated, Final, Literal

import jwt
import msgspec
from msgspec import Meta

from chalicelib import clock
from chalicelib.errors import Refusal

ALGORITHM: Final = "HS256"

Role = Literal["operator", "owner", "viewer"]


class Unauthorized(Refusal):
    """No token, or none that can be trusted. RFC 6750 section 3 asks for the WWW-Authenticate header."""

    status = 401
    type = "unauthorized"
    title = "A valid bearer token is needed"

    @property
    def headers(self) -> dict[str, str]:
        """Say how to authenticate."""
        return {"WWW-Authenticate": "Bearer"}


class Caller(msgspec.Struct, frozen=True):
    """Who asks. An operator's token needs no account. `subject` names the person, where the platform tells it."""

    role: Role
    account_id: str | None = None
    subject: str | None = None

    @property
    def actor(self) -> str:
        """Return how this caller is named in the ledger."""
        return self.subject or (f"{self.role}:{self.account_id}" if self.account_id else self.role)


class _Claims(msgspec.Struct):
    role: Role
    exp: int | float
    account_id: str | None = None
    sub: Annotated[str, Meta(max_length=200)] | None = None


def read(authorization: str, secret: str) -> Caller:
    """Read an Authorization header. Raises Unauthorized, with the reason but never with the token."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("send the header Authorization: Bearer <token>")
    try:
        # The times are checked below, against our own clock.
        options = {"require": ["exp"], "verify_exp": False, "verify_iat": False, "verify_nbf": False}
        found = jwt.decode(token.strip(), secret, algorithms=[ALGORITHM], options=options)  # type: ignore[arg-type]
        claims = msgspec.convert(found, _Claims)
    except (jwt.InvalidTokenError, msgspec.ValidationError) as error:
        raise Unauthorized(f"the token is not valid: {error}") from None
    if claims.exp * 1000 <= clock.now_ms():
        raise Unauthorized("the token has expired; ask the platform for a new one")
    if claims.role != "operator" and not claims.account_id:
        raise Unauthorized("the token names no account_id")
    return Caller(claims.role, claims.account_id, claims.sub)


def sign(secret: str, *, role: Role, account_id: str | None, expires_at_ms: int, subject: str | None = None) -> str:
    """Make a token, as the platform does."""
    claims = {"role": role, "account_id": account_id, "sub": subject, "exp": expires_at_ms // 1000}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, secret, algorithm=ALGORITHM)
