"""What AWS Secrets Manager holds for showcam: the root of its keys, and the secret settings. Read at the start, once.

No text of an error holds a value, nor a part of one.
"""

import json

from net.incoming import JsonObject
from showcam.aws import boto


class SecretUnreadable(Exception):
    """The secret is missing, can't be had, or is not what is wanted; the text names it and says what to do."""


def read(secret: str) -> JsonObject:
    """The JSON object under that name or ARN. Raises SecretUnreadable."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = boto.client("secretsmanager", _region(secret)).get_secret_value(SecretId=secret)
    except ClientError as error:
        raise SecretUnreadable(f"the secret {secret} can't be read: {_why(error.response)}") from None
    except BotoCoreError as error:  # its text holds addresses of the service at most
        raise SecretUnreadable(f"the secret {secret} can't be read: {error}") from None
    try:
        found = json.loads(answer["SecretString"])
    except (KeyError, ValueError, RecursionError):
        raise SecretUnreadable(f"the secret {secret} holds no JSON") from None
    if not isinstance(found, dict):
        raise SecretUnreadable(f"the secret {secret} holds JSON that is no object")
    return found


def _region(secret: str) -> str:
    """An ARN says where its secret is; a name is looked for in this process's own region."""
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
