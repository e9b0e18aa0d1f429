"""The emulator fixture itself: other tests stand on it."""

from __future__ import annotations

from tests.fixtures.bqemulator import Emulator


def test_a_fresh_dataset_answers_queries(bq_emulator: Emulator, bq_dataset: str) -> None:
    client = bq_emulator.client(bq_dataset)
    client.query("CREATE TABLE t (a INT64, j JSON)").result()
    client.query("""INSERT INTO t VALUES (1, JSON '{"k": "v"}')""").result()
    rows = list(client.query("SELECT a, JSON_VALUE(j, '$.k') AS k FROM t").result())
    assert [tuple(row.values()) for row in rows] == [(1, "v")]
