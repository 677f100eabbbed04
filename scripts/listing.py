"""Measures reading a page of many monitors, in a local cloud that has a stack.

usage: listing.py STACK BINARIES URL KEY [MONITORS]. Makes monitors (5,000) over the API, then prints lines of name, value
and unit with tabs between them: api.list_5000_monitors_p95_ms, over HTTP; api.list_5000_monitors_cpu_ms, CPU of the
binary of reader, with the runtime API a stand-in. On standard error: single reads.
"""

import json
import sys
import time
import urllib.request

from invoking import invoke

AT_ONCE = 1_000
TIMES = 101


def ask(url, key, path, body=None):
    """The JSON that a path answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def event_of(path, query, key):
    """The event of a GET."""
    with open("events/http-imports.json") as file:
        event = json.load(file)
    event["rawPath"], event["rawQueryString"] = path, query
    event["headers"]["authorization"] = f"Bearer {key}"
    event["queryStringParameters"] = dict(pair.split("=") for pair in query.split("&") if pair)
    event["pathParameters"]["proxy"] = path[1:]
    event["requestContext"]["http"]["path"] = path
    return event


def main(stack, binaries, url, key, monitors):
    reader = f"{stack}-reader"
    for first in range(0, monitors, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, monitors))
        create = [{"url": f"https://shop.example/{number}", "paused": True} for number in numbers]
        created = ask(url, key, "/api/monitor/bulk", {"create": create})["created"]
        if any("monitor" not in one for one in created):
            sys.exit(f"a monitor was not created: {created[:3]}")
        print(f"{numbers[-1] + 1} of {monitors} monitors", file=sys.stderr)
    page = ask(url, key, "/api/monitor?limit=100")
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        ask(url, key, "/api/monitor?limit=100")
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    print("api.list_5000_monitors_p95_ms", f"{times[TIMES * 95 // 100]:.0f}", "ms", sep="\t", flush=True)
    one = page["monitors"][0]["id"]
    for name, path, query in [
        ("api.list_5000_monitors_cpu_ms", "/api/monitor", "limit=100"),
        ("GET /api/monitor/{id}", f"/api/monitor/{one}", ""),
        ("GET /api/results/{id}/checks", f"/api/results/{one}/checks", ""),
        ("GET /api/results/{id}/latest", f"/api/results/{one}/latest", ""),
        ("GET /api/results/{id}/summary", f"/api/results/{one}/summary", ""),
        ("GET /incidents", "/incidents", ""),
        ("GET /api/maintenance", "/api/maintenance", ""),
    ]:
        answers, _, cpu = invoke(f"{binaries}/reader", reader, event_of(path, query, key), {}, TIMES)
        answer = json.loads(answers[-1])
        if answer["statusCode"] != 200:
            sys.exit(f"{name}: {answer}")
        told = f"{cpu * 1000 / (TIMES - 1):.2f}"
        print(name, told, "ms", sep="\t", file=sys.stdout if name.startswith("api.") else sys.stderr)


main(*sys.argv[1:5], int(sys.argv[5]) if len(sys.argv) > 5 else 5_000)
