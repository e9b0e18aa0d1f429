"""How long a search over 2,000 documents takes: the query, the snippets of the files found, all that the page waits for.

The documents are invented, made into a Git repository and synced as any other. The floor is DuckDB over the same index
file: the words looked up and their weights summed, nothing else.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.measure import ROOT, Figure, percentile, portal, timed

DOCUMENTS, WORDS_EACH, VOCABULARY = 2_000, 600, 12_000
SEARCHES = 300
_PARTS = (
    "net",
    "sub",
    "fire",
    "pro",
    "bud",
    "role",
    "log",
    "key",
    "zone",
    "gate",
    "plan",
    "stage",
    "pol",
    "dns",
    "nat",
)


def measure(folder: Path) -> list[Figure]:
    """p95 of a search in a process that has answered before, in milliseconds, and against the floor."""
    home, repository = folder / "search-home", folder / "search-repository"
    words = vocabulary()
    write(repository, words)
    portal(
        home,
        "run",
        "git",
        "--json",
        PORTAL_GIT_URL=repository.as_uri(),
        PORTAL_GIT_PUBLISH_ROOT=str(folder / "search-published"),
    )
    environment = {
        **os.environ,
        "PORTAL_HOME": str(home),
        "PORTAL_LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(ROOT),
    }
    found = timed([sys.executable, "-m", "bench.search"], environment).output
    p95, floor = percentile(found["searches"], 0.95) * 1000, percentile(found["floor"], 0.95) * 1000
    note = f"p50 {percentile(found['searches'], 0.5) * 1000:.1f} ms, {found['documents']:,} documents, {found['terms']:,} index rows"
    return [
        Figure(f"search over {DOCUMENTS:,} documents, p95", p95, "ms", 100, note=note),
        Figure(
            "the same against a bare look-up in the index, p95", p95 / floor, "F", 8, note=f"F {floor:.1f} ms"
        ),
    ]


def vocabulary() -> list[str]:
    """Invented words, the common ones first."""
    rnd = random.Random(5)
    made: dict[str, None] = {}
    while len(made) < VOCABULARY:
        made["".join(rnd.choices(_PARTS, k=rnd.randint(1, 4)))] = None
    return list(made)


def write(folder: Path, words: list[str]) -> None:
    """A repository of documents whose words are as unevenly spread as those of a language."""
    rnd = random.Random(7)
    weights = [1 / (rank + 3) for rank in range(len(words))]
    for number in range(DOCUMENTS):
        path = folder / "docs" / f"{number % 40:02}" / f"{number:04}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn = rnd.choices(words, weights, k=WORDS_EACH)
        lines = [" ".join(drawn[at : at + 15]) for at in range(0, WORDS_EACH, 15)]
        path.write_text(f"# {' '.join(drawn[:4])}\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    who = ["-c", "user.name=bench", "-c", "user.email=bench@lz.test", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-q", "-m", "Documents"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)


def searches() -> list[str]:
    """What people type: one to three words, the last one often cut short; some common, some rare."""
    rnd = random.Random(11)
    words = vocabulary()
    typed = []
    for _ in range(SEARCHES):
        chosen = [words[min(int(rnd.paretovariate(0.6)), 3000)] for _ in range(rnd.randint(1, 3))]
        if rnd.random() < 0.5:
            chosen[-1] = chosen[-1][: rnd.randint(2, 5)]
        typed.append(" ".join(chosen))
    return typed


def main() -> None:
    """In the process that is measured: every search and every look-up of the floor, in seconds, as JSON."""
    import duckdb

    from app import manifest, queries
    from app.settings import load_settings
    from app.ui import snippets

    def search(typed: str) -> None:
        asked = snippets.query(typed)
        assert asked is not None
        params = {"words": list(asked.words), "prefix": asked.prefix, "kinds": []}
        for row in queries.arrow("pages/landing_zone/search", **params).to_pylist():
            snippets.highlighted(row["title"] or row["path"], asked)
            snippets.snippet(row["text"], asked)

    home = load_settings().home.absolute()
    files = [str(home / manifest.CACHE_FOLDER / file) for file in manifest.read(home).files("git_terms")]
    bare = duckdb.connect(config={"threads": load_settings().threads or os.cpu_count() or 1})

    def look_up(typed: str) -> None:
        last = typed.rsplit(maxsplit=1)[-1]
        bare.execute(
            "SELECT path, sum(weight) FROM read_parquet($files) WHERE list_contains($words, term) OR starts_with(term, $last)"
            " GROUP BY path ORDER BY 2 DESC LIMIT 10",
            {"files": files, "words": typed.split(), "last": last},
        ).fetchall()

    counts = "SELECT (SELECT COUNT(*) FROM git_files WHERE status = 'synced') AS d, (SELECT COUNT(*) FROM git_terms) AS t"
    known = queries.adhoc(counts).to_pylist()[0]
    found = {"searches": _each(search), "floor": _each(look_up), "documents": known["d"], "terms": known["t"]}
    print(json.dumps(found))


def _each(run: Callable[[str], None]) -> list[float]:
    typed = searches()
    run(typed[0])  # reads and translates the SQL file, as the first person of the day does
    times = []
    for one in typed:
        begin = time.perf_counter()
        run(one)
        times.append(time.perf_counter() - begin)
    return times


if __name__ == "__main__":
    main()
