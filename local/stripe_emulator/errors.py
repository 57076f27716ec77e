"""The refusals of the API, each with the status and body that Stripe returns (https://docs.stripe.com/api/errors)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """A refusal that is returned to the caller.

    `keeps_changes` is for errors that are themselves an outcome: a declined card leaves a failed charge.
    `begun` tells whether the endpoint had begun to execute; only then does an idempotency key save the error.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        begun: bool = True,
        keeps_changes: bool = False,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type
        self.code = code
        self.param = param
        self.begun = begun
        self.keeps_changes = keeps_changes
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})

    def body(self) -> Json:
        """Return the JSON body, without `code` and `param` if they are None."""
        error: Json = {"type": self.type, "message": self.message}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://docs.stripe.com/error-codes/{self.code.replace('_', '-')}"
        if self.param is not None:
            error["param"] = self.param
        return {"error": error | self.extra}


class OAuthError(Exception):
    """A refusal in OAuth's format: `{"error": ..., "error_description": ...}`."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


def invalid(message: str, *, param: str | None = None, code: str | None = None, **extra: Any) -> ApiError:
    """Return a 400 for an error that was found during execution."""
    return ApiError(400, message, param=param, code=code, extra=extra)


def malformed(message: str, *, param: str | None = None, code: str | None = None) -> ApiError:
    """Return a 400 for the form of the request: nothing was executed, and no idempotency key saves it."""
    return ApiError(400, message, param=param, code=code, begun=False)


def unknown_parameters(names: list[str]) -> ApiError:
    """Return the refusal of parameters that Stripe does not have."""
    plural = "s" if len(names) > 1 else ""
    return malformed(
        f"Received unknown parameter{plural}: {', '.join(names)}", param=names[0], code="parameter_unknown"
    )


def missing_parameter(name: str) -> ApiError:
    """Return the refusal of a request that leaves out a required parameter."""
    return malformed(f"Missing required param: {name}.", param=name, code="parameter_missing")


def unsupported(name: str, why: str = "") -> ApiError:
    """Return the refusal of something that Stripe supports and this emulator does not."""
    message = f"Stripe accepts this, but the Stripe emulator does not do it: {name}."
    return ApiError(400, f"{message} {why}".strip(), param=name, code="emulator_unsupported", begun=False)


def no_access(masked_key: str, account: str) -> ApiError:
    """Return the refusal to work on an account that is not connected: not yet, no longer, or it does not exist."""
    message = (
        f"The provided key '{masked_key}' does not have access to account '{account}' (or that account does not "
        "exist). Application access may have been revoked."
    )
    return ApiError(403, message, code="account_invalid", begun=False)


def no_such(noun: str, identifier: str, *, param: str | None) -> ApiError:
    """Return Stripe's "No such ...": 404 for the object in the URL, 400 for one named by a parameter."""
    status = 404 if param in (None, "id") else 400
    return ApiError(status, f"No such {noun}: '{identifier}'", param=param or "id", code="resource_missing")


def unrecognized_url(method: str, path: str) -> ApiError:
    """Return the answer to a path that is not part of the API."""
    message = (
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at "
        "https://support.stripe.com/."
    )
    return ApiError(404, message, begun=False)


def rate_limited(code: str = "rate_limit") -> ApiError:
    """Return a 429. Stripe's libraries retry it only when `Stripe-Should-Retry` says so."""
    messages = {
        "rate_limit": "Request rate limit exceeded. You can learn more about rate limits here "
        "https://docs.stripe.com/rate-limits.",
        "lock_timeout": "This object cannot be accessed right now because another API request or Stripe process is "
        "currently accessing it. If you see this error intermittently, retry the request.",
    }
    retry = "true" if code == "lock_timeout" else "false"
    headers = {"Stripe-Should-Retry": retry, "Stripe-Rate-Limited-Reason": "endpoint-rate"}
    return ApiError(429, messages[code], code=code, begun=False, headers=headers)


def server_error(status: int = 500, *, begun: bool) -> ApiError:
    """Return Stripe's own failure. One that is saved must not be retried with the same key: it would be replayed."""
    headers = {"Stripe-Should-Retry": "false"} if begun else {}
    message = "An unknown error occurred. Please contact Stripe at https://support.stripe.com/."
    return ApiError(status, message, type="api_error", begun=begun, headers=headers)
