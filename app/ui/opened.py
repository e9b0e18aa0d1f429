"""One row of a table, opened in a dialog at the side: it is in the address, so that a link opens it too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Opened:
    """What the parameter `name` of the address opens."""

    name: str

    def generation(self) -> int:
        """Part of the key of the table: when the dialog is closed, its row can be selected again."""
        return int(st.session_state.get(f"{self.name}-generation", 0))

    def select(self, key: str, values: Sequence[str], *, rerun: bool = False) -> None:
        """For tables: put the selected row into the address. `rerun`: of a table that redraws itself alone."""
        for index in st.session_state[key]["selection"]["rows"]:
            st.query_params[self.name] = values[index]
            if rerun:
                st.rerun("app")
            return

    def close(self) -> None:
        """Take it out of the address, and the selection from the table."""
        st.query_params.pop(self.name, None)
        st.session_state[f"{self.name}-generation"] = self.generation() + 1

    def dialog(self, title: str, show: Callable[[str], None]) -> None:
        """Show what is open, if anything is."""
        value = st.query_params.get(self.name)
        if value:
            st.dialog(title, width="medium", position="right", on_dismiss=self.close)(show)(value)
