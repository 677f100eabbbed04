"""Checks, before a deployment, whose account this is and whether a former stack left something there.

usage: account.py STACK. Exits with 1 and says why when a deployment cannot work.
"""

import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

MISSING = {"ResourceNotFoundException", "ValidationError", "404", "NoSuchBucket"}


def exists(call, **arguments):
    """The answer of a describing call, or None when there is no such thing."""
    try:
        return call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] in MISSING:
            return None
        raise


def left_behind(session, account, stack):
    """Names of the resources that the template would create and that exist already."""
    dynamodb = session.client("dynamodb")
    for table in ("monitors", "secrets", "beats", "incidents", "history", "purchases", "imports", "signals", "sessions"):
        if exists(dynamodb.describe_table, TableName=f"{stack}-{table}"):
            yield f"table {stack}-{table}"
    if exists(session.client("secretsmanager").describe_secret, SecretId=f"{stack}/pii-key"):
        yield f"secret {stack}/pii-key"
    bucket = f"{stack}-uploads-{account}-{session.region_name}"
    if exists(session.client("s3").head_bucket, Bucket=bucket):
        yield f"bucket {bucket}"


def check(stack):
    session = boto3.session.Session()
    if not session.region_name:
        return "no region is set: export AWS_REGION=eu-central-1, for example"
    account = session.client("sts").get_caller_identity()["Account"]
    print(f"    account {account}, region {session.region_name}, stack {stack}", file=sys.stderr)
    if exists(session.client("cloudformation").describe_stacks, StackName=stack):
        return None
    names = list(left_behind(session, account, stack))
    if names:
        return (
            f"there is no stack {stack}, but a former one left these behind:\n  "
            + "\n  ".join(names)
            + "\nThey hold what cannot be made again. docs/OPERATIONS.md says how to import them into a new"
            " stack; or choose another name with --stack."
        )
    return None


try:
    problem = check(sys.argv[1])
except (BotoCoreError, ClientError) as error:
    problem = f"AWS does not let us in: {error}\nSet AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
if problem:
    print(f"error: {problem}", file=sys.stderr)
    sys.exit(1)
