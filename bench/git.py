"""The git layer beside git itself: the first sync against a shallow clone, a sync without news against `git ls-remote`.

Measured around the layer's code, over https on loopback, on a repository large enough that starting a process counts little:
2,000 documents, Terraform files and policies, and as many files that are not mapped.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.measure import Figure
from tests.fixtures.git_server import serving
from tests.fixtures.layer_context import Bench

MAPPED, OTHERS, BYTES, COMMITS = 2_000, 2_000, 8_000, 30
ROUNDS = 3


def measure(folder: Path) -> list[Figure]:
    """Four figures; the first two are promised."""
    root = folder / "served"
    write(root / "lz.git")
    with serving(root, folder) as server:
        os.environ["SSL_CERT_FILE"] = str(server.certificate)
        url = f"{server.url}/lz.git"
        environment = {**os.environ, "GIT_SSL_CAINFO": str(server.certificate)}
        clones, firsts, wholes, looks, again = [], [], [], [], []
        for number in range(ROUNDS):  # one after the other, so that what else the machine does meets both
            clone = folder / "clone"
            shutil.rmtree(clone, ignore_errors=True)
            clones.append(timed(["git", "clone", "--quiet", "--depth", "1", url, str(clone)], environment))
            home = Bench(folder / f"git-home-{number}", settings={"git_url": url})
            whole, details = synced(home)
            firsts.append(float(details["published_seconds"]))
            wholes.append(whole)
            for _ in range(5):
                looks.append(timed(["git", "ls-remote", url], environment))
                again.append(synced(home)[0])
    # The best of each: what else the machine does only adds.
    clone_seconds, first, whole = min(clones), min(firsts), min(wholes)
    look_seconds, no_news = statistics.median(looks), statistics.median(again)
    scale = f"{MAPPED + OTHERS:,} files, clone {clone_seconds:.2f} s"
    return [
        Figure("first sync until its files are shown, of a shallow clone", first / clone_seconds, "x", 1.3, note=f"{first:.2f} s; {scale}"),
        Figure("sync without news, of git ls-remote", no_news / look_seconds, "x", 1.5, note=f"{no_news * 1000:.0f} ms, ls-remote {look_seconds * 1000:.0f} ms"),
        Figure(
            "first sync with history, search index and Terraform", whole / clone_seconds, "x", 5,
            note=f"{whole:.2f} s; {COMMITS} commits",
        ),
    ]  # fmt: skip


def synced(home: Bench) -> tuple[float, dict[str, Any]]:
    """Seconds of one run of the layer, and its details."""
    from sync_jobs.layers.base import Outcome
    from sync_jobs.layers.git.layer import GitLayer

    start = time.perf_counter()
    outcome = home.run(GitLayer())
    seconds = time.perf_counter() - start
    assert isinstance(outcome, Outcome), outcome
    return seconds, outcome.details


def timed(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def write(path: Path) -> None:
    """A bare repository of the size said above."""
    path.parent.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", path], check=True)
    subprocess.run(["git", "-C", path, "config", "uploadpack.allowFilter", "true"], check=True)
    subprocess.run(["git", "-C", path, "fast-import", "--quiet"], input=b"".join(_stream()), check=True)


def _stream() -> Iterator[bytes]:
    luck = random.Random(1)
    words = ["".join(luck.choices("abcdefghijklmnopqrstuvwxyz", k=luck.randint(3, 9))) for _ in range(3_000)]
    kinds = ("docs/area{a}/page{n}.md", "terraform/{a}-stage/part{n}.tf", "policies/area{a}/rule{n}.yaml")
    mapped = [kinds[n % 3].format(a=n % 12, n=n) for n in range(MAPPED)]
    others = [f"app/module{n % 40}/file{n}.bin" for n in range(OTHERS)]
    for number in range(COMMITS):
        yield b"commit refs/heads/main\ncommitter A <a@lz.example> %d +0000\ndata 4\nedit\n" % (
            1_760_000_000 + number * 3600
        )
        for path in [*mapped, *others] if number == 0 else luck.sample(mapped, 10):
            content = luck.randbytes(BYTES) if path.startswith("app/") else _text(luck, words, path)
            yield b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(content), content)


def _text(luck: random.Random, words: list[str], path: str) -> bytes:
    # Words as in real text: few of them are most of it.
    chosen = [words[int(luck.paretovariate(0.7)) % len(words)] for _ in range(BYTES // 6)]
    lines = [" ".join(chosen[at : at + 12]) for at in range(0, len(chosen), 12)]
    if path.endswith(".md"):
        return "\n".join([f"# {path}", "", *lines]).encode()
    return "\n".join(f"# {line}" for line in lines).encode()
