"""Runs a function's binary here, with the environment of the deployed function; the runtime API is a stand-in."""

import json
import os
import resource
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3

# What an invocation may take at most, as in the template.
TIMEOUT = 900


def environment(function, port, changed):
    """The deployed function's own environment, some of it changed, and where the local cloud is."""
    configuration = boto3.client("lambda").get_function_configuration(FunctionName=function)
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_") or name == "PATH"}
    return aws | configuration["Environment"]["Variables"] | changed | {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}", "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]), "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "WARN",
    }


def invoke(binary, function, event, changed, times=1):
    """So many invocations, one after the other, in a fresh process: the answers, the seconds that each took, and the CPU
    seconds: of the whole process for one invocation, of those behind the first one for several."""
    began, took, answers, cpu = [], [], [], []
    answered, over = threading.Event(), threading.Event()

    class RuntimeApi(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if len(began) == times:
                over.wait()
                return
            began.append(time.perf_counter())
            body = json.dumps(event).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Lambda-Runtime-Aws-Request-Id", "bench")
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + TIMEOUT) * 1000)))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", f"arn:aws:lambda:us-east-1:0:function:{function}")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            took.append(time.perf_counter() - began[-1])
            answers.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            cpu.append(cpu_of(process.pid))
            if self.path.endswith("/error"):
                answers[-1] = None
            if len(took) == times or answers[-1] is None:
                answered.set()
                over.wait()
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
    server.daemon_threads = True
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen([binary], env=environment(function, server.server_port, changed), stdout=sys.stderr)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    in_time = answered.wait(timeout=TIMEOUT)
    process.kill()
    process.wait()
    over.set()
    server.shutdown()
    if not in_time or None in answers:
        sys.exit(f"{function} failed: {answers}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    whole = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return answers, took, whole if times == 1 else cpu[-1] - cpu[0]


def cpu_of(pid):
    """CPU seconds of a process so far."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
