"""Measures loading a day's export, and recomputing that day, in a local cloud that has a stack.

usage: loading.py STACK BINARIES [ROWS]. Prints lines of name, value and unit with tabs between them:
etl.load_rows_per_s, rows (100,000 by 60,000 buyers) per second from the event to etl's answer;
rollup.day_100k_purchases_client_cpu_s, CPU time of the whole process of rollup, none of the buyers known before.
The binaries of etl and rollup run here, with the environment of the deployed functions; the runtime API is a
local stand-in. On standard error: what each took.
"""

import json
import random
import sys

import boto3

from invoking import invoke

DAY = "2021-03-21"


def export(rows):
    """One day's export in time order: a number of buyers, items and prices as a shop has them."""
    numbers, buyers = random.Random(1), max(1, rows * 6 // 10)
    lines = ["email,item_id,quantity,price,purchase_date"]
    for row in range(rows):
        second = row * 86_400 // rows
        at = f"{DAY}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        price = f"{numbers.randrange(200)}.{numbers.randrange(100):02}"
        lines.append(f"buyer{row % buyers}@shop.example,{numbers.randrange(5_000)},1,{price},{at}")
    return "\n".join(lines).encode()


def main(stack, binaries, rows):
    etl, rollup = f"{stack}-etl", f"{stack}-rollup"
    variables = boto3.client("lambda").get_function_configuration(FunctionName=etl)["Environment"]["Variables"]
    bucket, key, body = variables["UPLOADS_BUCKET"], "purchases/bench.csv", export(rows)
    s3 = boto3.client("s3")
    # The deployed etl stays out of it.
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    put = s3.put_object(Bucket=bucket, Key=key, Body=body)
    with open("events/s3-put.json") as file:
        event = json.load(file)
    uploaded = event["Records"][0]["s3"]
    uploaded["bucket"]["name"] = bucket
    uploaded["object"] |= {
        "key": key, "size": len(body), "eTag": put["ETag"].strip('"'), "versionId": put["VersionId"],
    }
    _, [seconds], cpu = invoke(f"{binaries}/etl", etl, event, {"ROLLUP_FUNCTION": "nobody"})
    print("etl.load_rows_per_s", round(rows / seconds), "rows/s", sep="\t", flush=True)
    print(f"etl: {rows} rows in {seconds:.1f} s, {cpu:.2f} s of CPU", file=sys.stderr)

    _, [seconds], cpu = invoke(f"{binaries}/rollup", rollup, {"day": DAY}, {})
    trend = boto3.client("dynamodb").get_item(
        TableName=f"{stack}-history", Key={"pk": {"S": f"TREND#{DAY[:7]}"}, "sk": {"S": DAY}}
    ).get("Item", {})
    found = [trend.get(name, {}).get("N") for name in ("quantity", "new_buyers")]
    if found != [str(rows), str(rows * 6 // 10)]:
        sys.exit(f"the day's trend is not that of {rows} purchases by so many new buyers: {trend}")
    print("rollup.day_100k_purchases_client_cpu_s", f"{cpu:.2f}", "s", sep="\t")
    print(f"rollup: {seconds:.1f} s, {cpu:.2f} s of CPU", file=sys.stderr)


main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 100_000)
