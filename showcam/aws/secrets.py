"""Reads what AWS Secrets Manager holds for showcam, once at the start: the roots of its keys, and secret settings.

No error's text holds a secret or a piece of one.
"""

import json

from net.text import JsonObject
from showcam.aws import boto


class SecretUnreadable(Exception):
    """The secret is missing, can't be read, or has the wrong form; the text names it and says what to do."""


def read(secret: str) -> JsonObject:
    """The JSON object under that name or ARN. Raises SecretUnreadable."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = boto.client("secretsmanager", _region(secret)).get_secret_value(SecretId=secret)
    except ClientError as error:
        raise SecretUnreadable(f"the secret {secret} can't be read: {_why(error.response)}") from None
    except BotoCoreError as error:  # its text holds the service's address at most
        raise SecretUnreadable(f"the secret {secret} can't be read: {error}") from None
    try:
        content = json.loads(answer["SecretString"])
    except (KeyError, ValueError, RecursionError):
        raise SecretUnreadable(f"the secret {secret} holds no JSON") from None
    if not isinstance(content, dict):
        raise SecretUnreadable(f"the secret {secret} holds JSON that is no object")
    return content


def _region(secret: str) -> str:
    """The region in an ARN; "" for a name, which means this process's own region."""
    return secret.split(":")[3] if secret.startswith("arn:") and secret.count(":") >= 6 else ""


def _why(response: JsonObject) -> str:
    code = str(response.get("Error", {}).get("Code", ""))
    mend = {
        "ResourceNotFoundException": "there is none of that name in this region",
        "AccessDeniedException": "this role or user may not (secretsmanager:GetSecretValue, kms:Decrypt)",
        "DecryptionFailure": "its KMS key can't be used (kms:Decrypt)",
        "InvalidRequestException": "it is about to be deleted, or has no value",
    }.get(code)
    return f"{mend} ({code})" if mend else code
