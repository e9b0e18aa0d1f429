"""Serves the pages: `streamlit run`, with the first page's code and data being made ready beside its start.

Without it the first visitor waits for the imports, the translation of the SQL files and the first look at the cache.
"""

from __future__ import annotations

import runpy
import threading

import structlog

FIRST_PAGE = "pages/sync_status"


def main() -> None:
    """Entry point; the arguments are those of `streamlit`."""
    # Whole, before there is a second thread: two that import parts of one package at once can see it half made.
    import duckdb  # noqa: F401
    import numpy  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow  # noqa: F401
    import streamlit  # noqa: F401

    threading.Thread(target=_make_ready, name="make-ready", daemon=True).start()
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def _make_ready() -> None:
    from app import queries, sql_files
    from app.errors import PortalError
    from app.ui import charts, layers, status  # noqa: F401  what the first page imports

    for key in sql_files.keys(FIRST_PAGE):
        file = sql_files.get(key)
        try:
            file.duckdb  # noqa: B018  translated once per process
            if not any(param.required for param in file.params):
                queries.run(key)
        except PortalError as error:  # the page shows it, with its hint
            structlog.get_logger("app.serve_pages").debug("not_ready", query=key, error=str(error))


if __name__ == "__main__":
    main()
