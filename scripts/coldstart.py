"""Starts a function's binary and measures the time until it asks the Lambda runtime API for work; with an event, until its
first answer.

usage: coldstart.py BINARY [EVENT]. Prints the median of 20 in ms; the runtime API is a local stand-in.
"""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Whatever the functions ask for at start; nothing is called before there is work.
ENVIRONMENT = {
    "STACK_NAME": "bench", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
    "MONITORS_TABLE": "m", "SIGNALS_TABLE": "s", "PURCHASES_TABLE": "p", "IMPORTS_TABLE": "i", "SESSIONS_TABLE": "k",
    "INCIDENTS_TABLE": "n", "HISTORY_TABLE": "h", "BEATS_TABLE": "b", "DEAD_LETTERS_URL": "http://127.0.0.1/q",
    "PING_FUNCTION": "ping", "ALLOW_PRIVATE_TARGETS": "false", "UPLOADS_BUCKET": "u", "PII_SECRET": "x",
    "PII_METHOD": "hmac", "ROLLUP_FUNCTION": "rollup", "CSV_COLUMNS": "{}", "CSV_DELIMITER": "auto",
    "SHOP_TIME_ZONE": "UTC", "MAX_REJECTED_PERCENT": "50", "ANALYTICS_BUCKET": "a", "PUBLIC_TRENDS": "false",
    "PAGE_TITLE": "Shop", "AWS_LAMBDA_FUNCTION_NAME": "bench", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "ACCOUNTS_TABLE": "c", "AUDIT_TABLE": "d", "SECRETS_TABLE": "e",
    "SIGN_UP": "invitation",
}
RUNS = 20


def cold_start(binary, event):
    """Milliseconds from starting the process to its first request, or to its answer to the event."""
    asked = threading.Event()

    class RuntimeApi(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if event and not self.server.handed_out:
                self.server.handed_out = True
                self.send_response(200)
                self.send_header("Content-Length", str(len(event)))
                self.send_header("Lambda-Runtime-Aws-Request-Id", "bench")
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + 10) * 1000)))
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:0:function:bench")
                self.end_headers()
                self.wfile.write(event)
                return
            self.took()

        def do_POST(self):
            self.server.answer = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.took()

        def took(self):
            self.server.asked_at = time.perf_counter()
            asked.set()
            self.server.released.wait()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
    server.handed_out, server.answer = False, b"{}"
    server.released = threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = ENVIRONMENT | {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}", "PATH": os.environ["PATH"],
    }
    began = time.perf_counter()
    process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if not asked.wait(timeout=10):
        process.kill()
        sys.exit(f"{binary} asked for no work within 10 s: {process.communicate()[1].decode()}")
    process.kill()
    process.wait()
    server.released.set()
    server.shutdown()
    # What is answered without a look at a table.
    if event and json.loads(server.answer).get("statusCode") not in (200, 401):
        sys.exit(f"{binary} answered {server.answer.decode()}")
    return (server.asked_at - began) * 1000


event = None
if len(sys.argv) > 2:
    with open(sys.argv[2], "rb") as file:
        event = file.read()
print(f"{statistics.median(cold_start(sys.argv[1], event) for _ in range(RUNS)):.1f}")
