"""The dead letters of usage, taken out of their queue."""

from chalicelib.queues import client
from chalicelib.usage.dead_letters import DeadLetter
from local.resources import Deployment


def take_dead_letters(stack: Deployment) -> list[DeadLetter]:
    """Take all dead letters that are there."""
    url, found = stack.environment["USAGE_DEAD_LETTERS_QUEUE_URL"], []
    while True:
        answer = client().receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        for message in answer.get("Messages", []):
            told = {name: each["StringValue"] for name, each in message.get("MessageAttributes", {}).items()}
            found.append(DeadLetter(body=message["Body"], **told))
            client().delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        if not answer.get("Messages"):
            return found
