"""How much each word says about each document: BM25, so that a search is a sum over `git_terms`. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from app.search_terms import terms
from sync_jobs.layers.git.kinds import headings

K1, B = 1.2, 0.75
TITLE, HEADING = (
    5,
    2,
)  # a word in the title or in another heading counts so many times more than one in the text


def weights(documents: Iterable[tuple[str, str]], run_id: str) -> pa.Table:
    """Rows of `git_terms` in the order of their terms, from (path, text) pairs."""
    numbers: dict[str, int] = {}
    paths: list[str] = []
    lengths: list[int] = []
    term_of: list[int] = []
    document_of: list[int] = []
    counts: list[int] = []
    for path, text in documents:
        found = _counted(path, text)
        for term, count in found.items():
            term_of.append(numbers.setdefault(term, len(numbers)))
            counts.append(count)
        document_of.extend([len(paths)] * len(found))
        paths.append(path)
        lengths.append(sum(found.values()))
    return _table(list(numbers), paths, lengths, (term_of, document_of, counts), run_id)


def _counted(path: str, text: str) -> Counter[str]:
    """How often each word occurs, those of the name and the headings counted more."""
    found = Counter(terms(text))
    for number, heading in enumerate(headings(text) if path.lower().endswith((".md", ".markdown")) else []):
        for term in terms(heading):
            found[term] += HEADING if number else TITLE
    for term in terms(path):
        found[term] += HEADING
    return found


def _table(
    names: list[str],
    paths: list[str],
    lengths: list[int],
    postings: tuple[list[int], list[int], list[int]],
    run_id: str,
) -> pa.Table:
    term, document, count = (np.asarray(values, dtype=np.int64) for values in postings)
    length = np.asarray(lengths, dtype=np.float64)
    holding = np.bincount(term, minlength=len(names)).astype(np.float64)
    rare = np.log1p((len(paths) - holding + 0.5) / (holding + 0.5))
    average = length.mean() if len(paths) else 1.0
    norm = K1 * (1 - B + B * length / average)
    weight = rare[term] * count * (K1 + 1) / (count + norm[document]) if len(term) else np.empty(0)
    table = pa.table(
        {
            "term": pa.array(names, pa.string()).take(pa.array(term)),
            "path": pa.array(paths, pa.string()).take(pa.array(document)),
            "weight": pa.array(weight, pa.float64()),
            "run_id": pa.repeat(pa.scalar(run_id, pa.string()), len(term)),
        }
    )
    return table.sort_by([("term", "ascending"), ("weight", "descending")])
