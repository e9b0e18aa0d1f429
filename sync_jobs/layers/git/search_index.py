"""How much each word says about each document: BM25, so that a search is a sum over `git_terms`. Pure."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

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
    numbers: defaultdict[str, int] = defaultdict(itertools.count().__next__)
    paths: list[str] = []
    lengths: list[int] = []
    distinct: list[int] = []
    term_of: list[int] = []
    counts: list[int] = []
    for path, text in documents:
        found = _counted(path, text)
        term_of.extend(map(numbers.__getitem__, found))
        counts.extend(found.values())
        paths.append(path)
        distinct.append(len(found))
        lengths.append(sum(found.values()))
    document_of = np.repeat(np.arange(len(paths)), distinct)
    postings = np.asarray(term_of, dtype=np.int64), document_of, np.asarray(counts, dtype=np.float64)
    return _table(list(numbers), paths, np.asarray(lengths, dtype=np.float64), postings, run_id)


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
    names: list[str], paths: list[str], length: Any, postings: tuple[Any, Any, Any], run_id: str
) -> pa.Table:
    """`names` are the terms, `length` the words of each document, `postings` (term, document, count) by number."""
    term, document, count = postings
    weight = np.empty(0)
    if len(term):
        holding = np.bincount(term, minlength=len(names)).astype(np.float64)
        rare = np.log1p((len(paths) - holding + 0.5) / (holding + 0.5))
        norm = K1 * (1 - B + B * length / length.mean())
        weight = rare[term] * count * (K1 + 1) / (count + norm[document])
    rank = np.empty(len(names), dtype=np.int64)
    rank[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    order = np.lexsort((-weight, rank[term]))
    return pa.table(
        {
            "term": pa.array(names, pa.string()).take(pa.array(term[order])),
            "path": pa.array(paths, pa.string()).take(pa.array(document[order])),
            "weight": pa.array(weight[order], pa.float64()),
            "run_id": pa.repeat(pa.scalar(run_id, pa.string()), len(term)),
        }
    )
