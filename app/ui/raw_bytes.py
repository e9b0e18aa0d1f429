"""Bytes that nobody understood, for people: text where they are text, else in hexadecimal. Never as HTML."""

from __future__ import annotations

import streamlit as st

SHOWN_BYTES = 4096
PER_LINE = 16


def show(raw: bytes | None, size: int, name: str) -> None:
    """The first bytes, and all that the table holds as a download."""
    if raw is None:
        st.caption("Its bytes are not in the table.")
        return
    part = bytes(raw[:SHOWN_BYTES])
    st.code(readable(part), language=None, wrap_lines=True)
    if size > len(part):
        st.caption(f"The first {len(part):,} of {size:,} bytes.")
    st.download_button(
        "Bytes",
        bytes(raw),
        f"{name}.bin",
        "application/octet-stream",
        icon=":material/download:",
        key=f"raw-{name}",
    )


def readable(part: bytes) -> str:
    """As text, or as a hexadecimal dump with its offsets."""
    try:
        found = part.decode("utf-8")
    except UnicodeDecodeError:
        found = ""
    if found and all(char.isprintable() or char in "\n\r\t" for char in found):
        return found
    lines = []
    for start in range(0, len(part), PER_LINE):
        line = part[start : start + PER_LINE]
        seen = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in line)
        lines.append(f"{start:08x}  {line.hex(' '):<{3 * PER_LINE}} {seen}")
    return "\n".join(lines)
