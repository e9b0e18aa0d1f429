"""The tab Configuration of the Landing zone page: pmo.yaml and the rules, as tables."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import streamlit as st

from app.ui import documents, frames, landing_documents, page, text, yaml_tables

SQL = "pages/landing_zone"
SUFFIXES = (".yaml", ".yml")
FIRST = "pmo.yaml"


def show() -> None:
    """The tab: one file chosen, its values as tables, its text."""
    rows = frames.rows(f"{SQL}/files", kinds=["policy", "config"], statuses=["synced"])
    paths = [row["path"] for row in rows if row["path"].endswith(SUFFIXES)]
    paths.sort(key=lambda path: (path != FIRST, not path.startswith("policies/"), path))
    asked = st.query_params.get("config")
    if not paths and not asked:
        page.empty_state(
            "No configuration is synced",
            "`pmo.yaml` and the YAML files below `policies` are shown here. The landing zone has none of them.",
            ":material/rule:",
        )
        return
    options = [*paths, *([asked] if asked and asked not in paths else [])]  # a link stays what it says
    path = st.selectbox("File", options, key="config", bind="query-params")
    with page.guard("This file cannot be shown."):
        one(path)


def one(path: str) -> None:
    """One file: tables where it is YAML, its text in any case."""
    row = frames.first(f"{SQL}/file", path=path)
    if not row or row["text"] is None:
        landing_documents.absent(path, row)
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(
            f"{text.size(row['size_bytes'])} · as of commit `{row['commit_sha'][:8]}`", width="content"
        )
        st.button(
            "Open the file", icon=":material/description:", key="open-config", type="tertiary",
            on_click=landing_documents.open_file, args=({"doc": path},),
        )  # fmt: skip
    try:
        found = yaml_tables.read(row["text"])
    except yaml_tables.YamlProblem as problem:
        st.warning(
            f"**The values of this file cannot be shown.** {text.plain(problem.message)}",
            icon=":material/data_object:",
        )
        documents.lines(row["text"], path, None)
        return
    if not found:
        page.empty_state("No values", "The file holds nothing but comments.", ":material/rule:")
    for number, node in enumerate(found):
        if len(found) > 1:
            st.subheader(f"Document {number + 1} of {len(found)}", anchor=False)
        as_tables(node, number)
    download(path, [value for node in found for value in yaml_tables.values(node)])
    with st.expander("The file as it is", icon=":material/code:"):
        documents.lines(row["text"], path, None)


def as_tables(node: Any, number: int) -> None:
    """Single values first, then a table for each list of mappings."""
    tables, values = yaml_tables.tables(node)
    if values:
        st.dataframe(
            [{"Path": value.path, "Value": value.text} for value in values],
            hide_index=True,
            placeholder=text.NOTHING,
            height=page.table_height(len(values)),
            column_config={
                "Path": st.column_config.TextColumn(width="medium"),
                "Value": st.column_config.TextColumn(width="large"),
            },
            key=f"values-{number}",
            alt="Values, by path",
        )
    for at, table in enumerate(tables):
        if table.title:
            st.markdown(
                f"**{text.escaped(table.title)}** · {text.plural(len(table.rows), 'entry', 'entries')}"
            )
        st.dataframe(
            [{column: row.get(column) for column in table.columns} for row in table.rows],
            hide_index=True,
            placeholder=text.NOTHING,
            height=page.table_height(len(table.rows)),
            column_config={column: st.column_config.TextColumn(column) for column in table.columns},
            key=f"table-{number}-{at}",
            alt=f"Entries of {table.title or 'the file'}",
        )


def download(path: str, values: list[yaml_tables.Value]) -> None:
    """All values with their paths."""
    table = pa.table(
        {
            "path": pa.array([one.path for one in values], pa.string()),
            "value": pa.array([one.text for one in values], pa.string()),
        }
    )
    st.download_button(
        f"Download CSV ({text.plural(len(values), 'row')})",
        data=io.BytesIO(frames.csv_of(table)),
        file_name=f"{path.rpartition('/')[2]}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="download-config",
        disabled=not values,
    )
