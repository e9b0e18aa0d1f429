"""One dead letter in full, and what an operator does about it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import sidecar
from app.errors import PortalError
from app.ui import frames, page, raw_bytes, text
from app.ui.opened import Opened

SQL = "pages/dead_letters"
DONE = "dead-letters-done"
OPENED = Opened("letter")


def show(letter: str) -> None:
    """One in full."""
    with page.guard("This dead letter cannot be shown."):
        row = frames.first(f"{SQL}/one", dead_letter_id=letter)
        if not row:
            page.empty_state("No such dead letter", "The link is wrong, or it is not kept any more.")
            return
        st.markdown(f"**{text.plain(row['reason'])}**")
        facts = {
            "Status": row["status"], "Layer": row["layer"], "Received": text.when(row["received_at"]),
            "Source": row["source"], "Position": row["position"], "Bytes": text.count(row["size_bytes"]),
            "Run": row["run_id"], "Id": row["dead_letter_id"],
        }  # fmt: skip
        if row["resolved_at"]:
            facts |= {
                "By": row["resolved_by"],
                "When": text.when(row["resolved_at"]),
                "How": row["resolution"],
            }
        frames.facts(facts, "Facts of the dead letter")
        raw_bytes.show(row["raw"], int(row["size_bytes"]), letter)
        if row["status"] == "open":
            actions(letter, {"ids": [letter]})


def actions(key: str, chosen: dict[str, Any]) -> None:
    """Replay, or discard with a reason; in the name of who is asked for."""
    who = (
        st.text_input("Your name", key=f"who-{key}", max_chars=100, placeholder="Noted with what you do")
        or "operator"
    )
    if st.button("Read again", icon=":material/replay:", key=f"replay-{key}"):
        act("replay", {**chosen, "who": who})
    why = st.text_input(
        "Why discard", key=f"why-{key}", max_chars=500, placeholder="Such as: a test of the publisher"
    )
    if st.button("Discard", icon=":material/delete:", key=f"discard-{key}", disabled=len(why or "") < 3):
        act("discard", {**chosen, "who": who, "why": why})


def act(what: str, body: dict[str, Any]) -> None:
    """Ask the sidecar, and say what became of it."""
    try:
        answer = sidecar.dead_letters(what, body)
    except PortalError as error:
        page.error_state(error, "Nothing was changed.")
        return
    still = answer["still_open"]
    if what == "replay" and still:
        st.warning(f"Not understood again: {text.plain(still[0]['reason'])}", icon=":material/warning:")
        if not answer["replayed"]:
            return
    count = answer["replayed"] if what == "replay" else answer["discarded"]
    more = f" {answer['left']:,} more are left: do it again." if answer["left"] else ""
    st.session_state[DONE] = (
        f"{text.plural(count, 'dead letter')} {'replayed' if what == 'replay' else 'discarded'}.{more}"
    )
    OPENED.close()
    st.rerun("app")
