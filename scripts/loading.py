"""Measures loading a day's export, and recomputing that day, in a local cloud that has a stack.

usage: loading.py STACK BINARIES [ROWS]. Prints lines of name, value and unit with tabs between them:
etl.load_rows_per_s, rows (100,000 by 60,000 buyers) per second from the event to etl's answer;
rollup.day_100k_purchases_client_cpu_s, CPU time of the whole process of rollup, none of the buyers known before.
The binaries of etl and rollup run here, with the environment of the deployed functions; the runtime API is a
local stand-in. On standard error: what each took.
"""

import json
import os
import random
import resource
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3

DAY = "2021-03-21"
# What an import and a day may take, as in the template.
TIMEOUT = 900


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


def environment(function, port, changed):
    """The deployed function's own environment, some of it changed, and where the local cloud is."""
    configuration = boto3.client("lambda").get_function_configuration(FunctionName=function)
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_") or name == "PATH"}
    return aws | configuration["Environment"]["Variables"] | changed | {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}", "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]), "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "WARN",
    }


def invoke(binary, function, event, changed):
    """One invocation in a fresh process: seconds from the event to the answer, and the process's CPU seconds."""
    times, answered, over = {}, threading.Event(), threading.Event()

    class RuntimeApi(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if "began" in times:
                over.wait()
                return
            times["began"] = time.perf_counter()
            body = json.dumps(event).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Lambda-Runtime-Aws-Request-Id", "bench")
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + TIMEOUT) * 1000)))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", f"arn:aws:lambda:us-east-1:0:function:{function}")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            times["answered"] = time.perf_counter()
            times["answer"] = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            times["failed"] = self.path.endswith("/error")
            answered.set()
            over.wait()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen([binary], env=environment(function, server.server_port, changed), stdout=sys.stderr)
    in_time = answered.wait(timeout=TIMEOUT)
    process.kill()
    process.wait()
    over.set()
    server.shutdown()
    if not in_time or times["failed"]:
        sys.exit(f"{function} failed: {times.get('answer', b'no answer in time').decode()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return times["answered"] - times["began"], cpu


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
    seconds, cpu = invoke(f"{binaries}/etl", etl, event, {"ROLLUP_FUNCTION": "nobody"})
    print("etl.load_rows_per_s", round(rows / seconds), "rows/s", sep="\t", flush=True)
    print(f"etl: {rows} rows in {seconds:.1f} s, {cpu:.2f} s of CPU", file=sys.stderr)

    seconds, cpu = invoke(f"{binaries}/rollup", rollup, {"day": DAY}, {})
    trend = boto3.client("dynamodb").get_item(
        TableName=f"{stack}-history", Key={"pk": {"S": f"TREND#{DAY[:7]}"}, "sk": {"S": DAY}}
    ).get("Item", {})
    found = [trend.get(name, {}).get("N") for name in ("quantity", "new_buyers")]
    if found != [str(rows), str(rows * 6 // 10)]:
        sys.exit(f"the day's trend is not that of {rows} purchases by so many new buyers: {trend}")
    print("rollup.day_100k_purchases_client_cpu_s", f"{cpu:.2f}", "s", sep="\t")
    print(f"rollup: {seconds:.1f} s, {cpu:.2f} s of CPU", file=sys.stderr)


main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 100_000)
