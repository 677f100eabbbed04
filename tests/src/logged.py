"""Prints everything that functions have logged, and every dead letter, which is taken from its queue.
usage: logged.py STACK
"""

import json
import sys

import boto3

stack = sys.argv[1]
logs = boto3.client("logs")
for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/aws/"):
    for group in page["logGroups"]:
        name = group["logGroupName"]
        for events in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
            for event in events["events"]:
                for line in event["message"].splitlines():
                    print(name, line)
sqs = boto3.client("sqs")
queue = sqs.get_queue_url(QueueName=f"{stack}-dead-letters")["QueueUrl"]
for _ in range(1000):
    messages = sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageAttributeNames=["All"]
    ).get("Messages", [])
    for message in messages:
        print("dead letter", message["Body"], json.dumps(message.get("MessageAttributes", {}), default=str))
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    if not messages:
        break
