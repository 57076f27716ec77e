"""Who calls AWS, and in which region: what the command lines of `infrastructure.deploy` and `ops` have in common."""

import os
from typing import Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

NO_REGION: Final = "no region: set AWS_REGION or AWS_DEFAULT_REGION, or one in your AWS configuration"
NO_CREDENTIALS: Final = "no credentials for AWS: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_OF_THE_CALLER: Final = (
    *("AccessDenied", "ExpiredToken", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSignature"),
    *("SignatureDoesNotMatch", "UnrecognizedClient"),
)


def use_region() -> None:
    """Make `AWS_REGION` the region of all clients that are made from now on, as AWS's own command line does.

    boto3 reads `AWS_DEFAULT_REGION` alone
    (https://boto3.amazonaws.com/v1/documentation/api/latest/guide/configuration.html): a command that was given another
    region by `AWS_REGION` would work in the region of before without a word.
    """
    if region := os.environ.get("AWS_REGION"):
        os.environ["AWS_DEFAULT_REGION"] = region


def explain(error: Exception) -> str:
    """Return what an error of AWS's says, and in which region; where the environment lacks something, what to set."""
    if isinstance(error, NoRegionError):
        return NO_REGION
    if isinstance(error, NoCredentialsError):
        return NO_CREDENTIALS
    return f"{error} (region {boto3.Session().region_name})"


def is_of_the_caller(error: Exception) -> bool:
    """Tell whether an error is about the caller's credentials, rights, region or network, and not about our code."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "")).startswith(_OF_THE_CALLER)
    return isinstance(error, BotoCoreError)
