"""Prints what can be looked up of a stack: its outputs and parameters, and its functions with their environment.
usage: described.py STACK
"""

import json
import sys

import boto3

stack = sys.argv[1]
[described] = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
print("stack", json.dumps(described, default=str))
for page in boto3.client("lambda").get_paginator("list_functions").paginate():
    for function in page["Functions"]:
        print("function", json.dumps(function, default=str))
