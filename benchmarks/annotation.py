"""Measure the request queue against the local provider; print Markdown for docs/background/benchmarks.md.

python benchmarks/annotation.py pace      1,000 requests a minute, 2 s latency: the share of the limit that is used, 429s
python benchmarks/annotation.py overhead  CPU per request above the bare SDK, same requests, same run
python benchmarks/annotation.py memory    20,000 and 200,000 requests, provider in this process
python benchmarks/annotation.py peers     2,000 requests at 200 ms (or --latency), 32 in flight; --peer NAME=PYTHON is a peer
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT / "scripts"), str(PROJECT / "tests")]

from fake_provider import KEY  # noqa: E402

from gradus.study.config.teachers import OpenAITeacher  # noqa: E402
from gradus.teachers.clients.chat import wire_body  # noqa: E402
from gradus.teachers.registry import make_client  # noqa: E402
from gradus.teachers.requests.chat_request import ChatRequest  # noqa: E402
from gradus.teachers.requests.journal import Journal, Response  # noqa: E402
from gradus.teachers.requests.queue import RequestQueue  # noqa: E402

WORDS = "A train leaves the station with forty people and nine of them get off at the next stop. "


@contextmanager
def provider(*options: str) -> Iterator[int]:
    """The local provider in a process of its own; its port."""
    command = [sys.executable, str(PROJECT / "tests" / "fake_provider.py"), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def control(port: int, **values: Any) -> dict[str, Any]:
    data = json.dumps(values).encode() if values else None
    request = urllib.request.Request(f"http://127.0.0.1:{port}/control", data=data, method="POST" if values else "GET")
    with urllib.request.urlopen(request) as answer:
        shown: dict[str, Any] = json.loads(answer.read())
        return shown


def teacher(port: int, **policy: Any) -> OpenAITeacher:
    address = f"http://127.0.0.1:{port}/v1"
    entry = {"provider": "openai", "model": "m", "base_url": address, "timeout_seconds": 60.0, "max_output_tokens": 512}
    return OpenAITeacher.model_validate({**entry, **policy})


def requests(count: int) -> Iterator[ChatRequest]:
    for number in range(count):
        prompt = f"{WORDS * 8}Question {number}?\nThe correct answer is: {number}\n"
        yield ChatRequest(wire_body("compatible", "m", "You are a teacher.", prompt, {"max_tokens": 512}), 0)


def fetched(count: int, entry: OpenAITeacher) -> tuple[float, float]:
    """Wall and CPU seconds of requests into a new journal; imports are nobody's time, here as for the peers."""
    import openai  # noqa: F401

    with tempfile.TemporaryDirectory() as folder, Journal(folder) as journal:
        queue = RequestQueue(lambda: make_client(entry), journal, entry, None)
        wall, cpu = time.monotonic(), time.process_time()
        queue.fetch(requests(count), count, "benchmark")
        return time.monotonic() - wall, time.process_time() - cpu


def pace(count: int) -> None:
    """Two minutes at the limit; the first ten seconds count as warm-up."""
    with provider("--latency", "2.0", "--rpm", "1000") as port:
        fetched(count, teacher(port, requests_per_minute=1000.0, max_concurrency=200))
        seen = control(port)
        times = sorted(seen["times"])
        steady = [when for when in times if when >= times[0] + 10]
        rate = 60 * (len(steady) - 1) / (steady[-1] - steady[0])
        print(
            f"| pace | {rate:.0f} of 1,000 requests a minute sustained ({rate / 10:.1f} %), "
            f"{seen['throttled']} answers were 429 |"
        )


async def bare(count: int, entry: OpenAITeacher, concurrency: int) -> None:
    """The SDK alone, as a user's script would call it."""
    import openai

    client = openai.AsyncOpenAI(api_key=KEY, base_url=entry.base_url, max_retries=0)
    gate = asyncio.Semaphore(concurrency)

    async def one(body: dict[str, Any]) -> None:
        async with gate:
            await client.chat.completions.create(**body)

    await asyncio.gather(*(one(request.body) for request in requests(count)))
    await client.close()


def overhead(count: int) -> None:
    """In turns, so that a noisy machine disturbs both alike."""
    with provider("--latency", "0.05") as port:
        entry = teacher(port, max_concurrency=32)
        ours, sdk = [], []
        for _ in range(4):
            start = time.process_time()
            asyncio.run(bare(count, entry, 32))
            sdk.append((time.process_time() - start) / count * 1000)
            ours.append(fetched(count, entry)[1] / count * 1000)
        print(
            f"| CPU per request | ours {min(ours):.2f} ms, bare SDK {min(sdk):.2f} ms, above it {min(ours) - min(sdk):+.2f} ms |"
        )


class InProcess:
    """A provider without a network: what is left is ours."""

    version = "none"

    async def send(self, body: dict[str, Any]) -> Response:
        await asyncio.sleep(0)
        return Response("An explanation of some length. " * 12, "stop", "m", {"input_tokens": 200, "output_tokens": 90})

    async def close(self) -> None:
        pass


def memory() -> None:
    """Peak memory of processes of their own, because a peak never goes down."""
    peaks = {}
    for count in (20_000, 200_000):
        code = f"import sys; sys.path.insert(0, {str(PROJECT / 'benchmarks')!r}); import annotation; annotation.fill({count})"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        peaks[count] = int(done.stdout.split()[-1])
    grown = (peaks[200_000] - peaks[20_000]) * 1024 / 180_000
    print(
        f"| memory | {peaks[20_000] / 1024:.0f} MiB at 20,000 requests, {peaks[200_000] / 1024:.0f} MiB at 200,000: "
        f"{grown:.0f} bytes a request |"
    )


def fill(count: int) -> None:
    """Fetch from nobody; prints the peak in KiB."""
    with tempfile.TemporaryDirectory() as folder, Journal(folder) as journal:
        RequestQueue(InProcess, journal, teacher(1), None).fetch(requests(count), count, "memory")
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def peers(others: list[str], count: int, latency: float) -> None:
    """Wall clock for the same load on the same server, one after another."""
    ideal = count * latency / 32
    with provider("--latency", str(latency)) as port:
        entry = teacher(port, max_concurrency=32)
        wall, _ = fetched(count, entry)
        print(f"| gradus | {wall:.1f} s | {wall / ideal:.2f} x ideal |")
        start = time.monotonic()
        asyncio.run(bare(count, entry, 32))
        print(
            f"| bare SDK, semaphore of 32 | {time.monotonic() - start:.1f} s | {(time.monotonic() - start) / ideal:.2f} x ideal |"
        )
        for peer in others:
            name, _, python = peer.partition("=")
            script = str(PROJECT / "benchmarks" / "annotation_peers.py")
            environment = {**os.environ, "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": str(entry.base_url)}
            with tempfile.TemporaryDirectory() as folder:
                environment |= {"HOME": folder, "CURATOR_CACHE_DIR": folder}  # nothing from an earlier run
                command = [python, script, name, str(entry.base_url), str(count), "32"]
                done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, timeout=900)
            if done.returncode != 0:
                print(f"| {name} | failed | {(done.stderr or done.stdout).strip().splitlines()[-1][:200]} |")
                continue
            took = float(done.stdout.strip().splitlines()[-1])
            print(f"| {name} | {took:.1f} s | {took / ideal:.2f} x ideal, {took / wall:.2f} x gradus |")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=["pace", "overhead", "memory", "peers"])
    options.add_argument("--peer", action="append", default=[], help="NAME=PYTHON, a peer in its own environment")
    options.add_argument(
        "--requests", type=int, help="instead of 2,000 (overhead: 1,500); fewer only show that it runs"
    )
    options.add_argument(
        "--latency",
        type=float,
        default=0.2,
        help="peers: seconds of an answer; below 0.05 everybody is as fast as its own work",
    )
    given = options.parse_args()
    os.environ["OPENAI_API_KEY"] = KEY
    if given.what == "peers":
        peers(given.peer, given.requests or 2000, given.latency)
    elif given.what == "memory":
        memory()
    elif given.what == "pace":
        pace(given.requests or 2000)
    else:
        overhead(given.requests or 1500)


if __name__ == "__main__":
    main()
