"""Bearer tokens, which identify the caller: JWTs that the platform signs with a shared secret (HS256)."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from chalicelib import clock
from chalicelib.errors import Refusal
from chalicelib.system_names import NAMES_OF_THE_SYSTEM, WORKSPACE
from chalicelib.text import Line
from chalicelib.typed import convert

ALGORITHM: Final = "HS256"

LATEST: Final = 253_402_300_800
"""The year 10000, in seconds since 1970: times in a token must be before it."""

Role = Literal["operator", "producer", "owner", "viewer"]
"""The platform's staff, the platform's services that send usage, and an account's customers."""

CLOCKS_DIFFER_MS: Final = 30_000
"""How far the platform's clock may be ahead of ours: RFC 7519 section 4.1.5 allows for some leeway."""

OF_THE_PLATFORM: Final = frozenset[Role]({"operator", "producer"})
"""The roles that belong to no account and see all of them."""


class Unauthorized(Refusal):
    """No token, or none that can be trusted. RFC 6750 section 3 asks for the WWW-Authenticate header."""

    status = 401
    type = "unauthorized"
    title = "A valid bearer token is needed"

    @property
    def headers(self) -> dict[str, str]:
        """Say how to authenticate."""
        return {"WWW-Authenticate": "Bearer"}


class SignedByAnother(Unauthorized):
    """None of the secrets has signed the token; one that is newer may have."""


class Caller(msgspec.Struct, frozen=True):
    """Who calls. A token of the platform itself has no account. `subject` names the person, if the token does.

    `is_guest` is a person of a client's workspace on the client's own pages.
    """

    role: Role
    account_id: str | None = None
    subject: str | None = None
    is_guest: bool = False

    @property
    def is_of_the_platform(self) -> bool:
        """Tell whether the caller belongs to no account and sees all of them."""
        return self.role in OF_THE_PLATFORM

    def actor_on(self, account_id: str) -> str:
        """Return the caller's name for what it does to an account; it tells whose person it is (`accounts.actor`).

        A person's name never looks like one of the system's.
        """
        if self.is_of_the_platform:
            return f"{self.role}:{self.subject}" if self.subject else self.role
        is_reserved = (self.subject or "").partition(":")[0].strip().casefold() in NAMES_OF_THE_SYSTEM
        name = self.subject if self.subject and not is_reserved else f"{self.role}:{self.subject or self.account_id}"
        return f"{WORKSPACE}:{name}" if self.is_guest or self.account_id != account_id else name


class _Claims(msgspec.Struct):
    role: Role
    exp: Annotated[float, Meta(ge=0, lt=LATEST)]
    nbf: Annotated[float, Meta(ge=0, lt=LATEST)] = 0
    account_id: str | None = None
    sub: Line | None = None


def read_token(authorization: str, *secrets: str) -> Caller:
    """Read an Authorization header, whose token one of the secrets has signed.

    Raises Unauthorized, with the reason but never with the token; SignedByAnother is one.
    """
    import jwt  # noqa: PLC0415 - only who reads or signs one needs it

    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("send the header Authorization: Bearer <token>")
    try:
        claims = convert(_decode(token.strip(), secrets), _Claims)
    except jwt.InvalidSignatureError as error:
        raise SignedByAnother(f"the token is not valid: {error}") from None
    except (jwt.InvalidTokenError, msgspec.ValidationError) as error:
        raise Unauthorized(f"the token is not valid: {error}") from None
    except RecursionError:
        # The header is JSON that is read before the signature is checked: anyone may have sent it.
        raise Unauthorized("the token is not valid: its header is nested too deeply") from None
    if claims.exp * 1000 <= clock.now_ms():
        raise Unauthorized("the token has expired; ask the platform for a new one")
    if claims.nbf * 1000 > clock.now_ms() + CLOCKS_DIFFER_MS:
        raise Unauthorized("the token does not hold yet; compare its nbf with the time")
    caller = Caller(claims.role, claims.account_id, claims.sub)
    if not (caller.is_of_the_platform or caller.account_id):
        raise Unauthorized("the token names no account_id")
    return caller


def _decode(token: str, secrets: Sequence[str]) -> object:
    """Return the claims of a token that one of the secrets has signed. Raises jwt.InvalidTokenError."""
    import jwt  # noqa: PLC0415 - see above

    # The times are checked later, against our own clock.
    options = {"require": ["exp"], "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    wrong = jwt.InvalidSignatureError("there is no secret")
    for secret in secrets:
        try:
            return jwt.decode(token, secret, algorithms=[ALGORITHM], options=options)  # type: ignore[arg-type]
        except jwt.InvalidSignatureError as error:
            wrong = error
    raise wrong


def sign_token(
    secret: str, *, role: Role, account_id: str | None, expires_at_ms: int, subject: str | None = None
) -> str:
    """Sign a token, as the platform does."""
    import jwt  # noqa: PLC0415 - only who reads or signs one needs it

    claims = {"role": role, "account_id": account_id, "sub": subject, "exp": expires_at_ms // 1000}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, secret, algorithm=ALGORITHM)
