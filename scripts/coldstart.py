"""Starts a function's binary and measures the time until it asks the Lambda runtime API for work.

usage: coldstart.py BINARY [RUNS]. Prints the median in ms; the runtime API is a local stand-in.
"""

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
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
}


def cold_start(binary):
    """Milliseconds from starting the process to its first request."""
    asked = threading.Event()

    class RuntimeApi(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked_at = time.perf_counter()
            asked.set()
            self.server.released.wait()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
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
    return (server.asked_at - began) * 1000


runs = int(sys.argv[2]) if len(sys.argv) > 2 else 20
print(f"{statistics.median(cold_start(sys.argv[1]) for _ in range(runs)):.1f}")
