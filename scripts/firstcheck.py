"""Measures what a fresh process of ping costs: until its first answer, and on its first check.

usage: firstcheck.py PING [RUNS]. Prints two lines, name, value and unit with tabs between them:
coldstart.ping_ms, from process start to the answer to the first invocation, of a shard that is empty;
coldstart.first_check_ms, how much longer the first check of a fresh process takes than the second.
Runtime API, DynamoDB and the target are stand-ins on one loopback port.
"""

import asyncio
import json
import re
import statistics
import sys
import time


def monitor(port):
    """One monitor, as DynamoDB holds it."""
    check = {"kind": {"S": "http"}, "url": {"S": f"http://127.0.0.1:{port}/shop"}, "method": {"S": "auto"}}
    return {
        "pk": {"S": "SHARD#s0"}, "sk": {"S": "MONITOR#s0-aaaaaa"}, "v": {"N": "1"}, "id": {"S": "s0-aaaaaa"},
        "name": {"S": "Shop"}, "check": {"M": check}, "interval_minutes": {"N": "1"}, "public": {"BOOL": True},
        "regions": {"L": [{"S": "us-east-1"}]}, "version": {"N": "1"},
    }


class StandIn:
    """Hands out invocations, answers tables, and notes what is put and when answers come."""

    def __init__(self, events, items):
        self.events, self.items = list(events), items
        self.blocks, self.answered = [], []
        self.done = asyncio.Event()
        self.port = 0

    async def serve(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = re.search(rb"(?i)content-length: *(\d+)", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                answer = await self.answer(head.decode(), body)
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, head, body):
        line = head.split("\r\n", 1)[0]
        if "/invocation/next" in line:
            if not self.events:
                self.done.set()
                await asyncio.sleep(60)
            payload = json.dumps(self.events.pop(0)).encode()
            headers = (
                "Lambda-Runtime-Aws-Request-Id: bench\r\nLambda-Runtime-Deadline-Ms: 9999999999999\r\n"
                "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:0:function:ping\r\n"
            )
            return self.http(payload, headers)
        if "/response" in line or "/error" in line:
            self.answered.append(time.perf_counter())
            if "/error" in line:
                sys.exit(f"ping failed: {body.decode()}")
            return self.http(b"{}")
        target = re.search(r"(?i)x-amz-target: *\S+?\.(\w+)", head)
        if not target:
            return self.http(b"" if line.startswith("HEAD") else b"ok")
        if target[1] == "Query":
            items = self.items if '"SHARD#s0"' in body.decode() and "MONITOR#" in body.decode() else []
            return self.http(json.dumps({"Items": items, "Count": len(items), "ScannedCount": len(items)}).encode())
        if target[1] == "PutItem":
            self.blocks.append(json.loads(body)["Item"]["text"]["S"])
        return self.http(b"{}")

    @staticmethod
    def http(body, headers=""):
        return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def slot(minutes_ago):
    return time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(time.time() - 60 * minutes_ago))


async def run(binary, requests, with_monitor):
    """Runs ping until it has answered every request; the stand-in, and when the process was started."""
    stand_in = StandIn(requests, [])
    server = await asyncio.start_server(stand_in.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    stand_in.items = [monitor(port)] if with_monitor else []
    environment = {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_REGION": "us-east-1", "HOME_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "MONITORS_TABLE": "m", "SIGNALS_TABLE": "s", "INCIDENTS_TABLE": "i",
        "BEATS_TABLE": "b", "SECRETS_TABLE": "c", "ALLOW_PRIVATE_TARGETS": "true",
        "REFERENCE_TARGETS": "", "AWS_LAMBDA_FUNCTION_NAME": "ping", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "WARN",
    }
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(binary, env=environment, stdout=asyncio.subprocess.DEVNULL)
    try:
        await asyncio.wait_for(stand_in.done.wait(), timeout=30)
    finally:
        process.kill()
        await process.wait()
        server.close()
    return stand_in, began


async def main(binary, runs):
    starts, extra = [], []
    for _ in range(runs):
        stand_in, began = await run(binary, [{"shards": ["s9"], "slot": slot(0)}], with_monitor=False)
        starts.append((stand_in.answered[0] - began) * 1000)
        requests = [{"shards": ["s0"], "slot": slot(minutes)} for minutes in (1, 0)]
        stand_in, _ = await run(binary, requests, with_monitor=True)
        first, second = (int(block.split(";")[1].split(",")[6]) for block in stand_in.blocks)
        extra.append(first - second)
    print("coldstart.ping_ms", f"{statistics.median(starts):.1f}", "ms", sep="\t")
    print("coldstart.first_check_ms", f"{statistics.median(extra):.1f}", "ms", sep="\t")


asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20))
