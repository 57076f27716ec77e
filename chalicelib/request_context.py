"""The ids of a request on every line that the API logs for it."""

from collections.abc import Mapping
from contextlib import AbstractContextManager

from chalice.app import Request

from chalicelib.log import log_context
from chalicelib.settings import trace_id


def request_context(request: Request, parameters: Mapping[str, str]) -> AbstractContextManager[None]:
    """Add a request's ids to the lines that this thread logs inside the block.

    `api_request_id` is the one in the access log and in the header `x-amzn-RequestId` of the answer; `request_id` is
    Lambda's, as on the lines that Lambda writes itself.
    """
    return log_context(
        function="api",
        request_id=getattr(request.lambda_context, "aws_request_id", None),
        api_request_id=request.context.get("requestId"),
        xray=trace_id(),
        account_id=parameters.get("account_id"),
    )
