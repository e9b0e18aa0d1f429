"""The read side: a SQL file and its parameters in, a table out. All pages, the API and the command line ask here.

Engines are made when first used and shared by the process.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from app import sql_files
from app.engines.base import Engine
from app.errors import SettingsError
from app.settings import Settings, load_settings

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_engines: dict[str, Engine] = {}
_lock = threading.Lock()


def engine(name: str | None = None) -> Engine:
    """The shared engine called `name`, by default the one PORTAL_ENGINE names."""
    settings = load_settings()
    wanted = name or settings.engine
    with _lock:
        if wanted not in _engines:
            _engines[wanted] = _make(wanted, settings)
        return _engines[wanted]


def arrow(key: str, **params: object) -> pa.Table:
    """The rows of `sql/<key>.sql`. Raises SqlFileError for wrong parameters, QueryError when the engine fails."""
    return engine().query(sql_files.get(key), params)


def run(key: str, **params: object) -> pd.DataFrame:
    """The same as a frame: timestamps in UTC, lists as Python lists."""
    frame: pd.DataFrame = arrow(key, **params).to_pandas()
    return frame


def adhoc(sql: str, params: Mapping[str, object] | None = None, *, limit: int | None = None) -> pa.Table:
    """The rows of any one SELECT in BigQuery's dialect."""
    question = sql_files.adhoc(sql, params or {})
    return engine().query(question, dict(params or {}), limit=limit)


def close() -> None:
    """Close all engines; the next question opens them again with the settings of then."""
    with _lock:
        for made in _engines.values():
            made.close()
        _engines.clear()


def _make(name: str, settings: Settings) -> Engine:
    if name == "local":
        from app.engines.local import LocalEngine

        return LocalEngine(settings)
    if name == "bigquery":
        from app.engines.bigquery import BigQueryEngine

        return BigQueryEngine(settings)
    raise SettingsError(f"There is no engine {name!r}.", "Known engines: local, bigquery.")
