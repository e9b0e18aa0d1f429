"""The colours of compared lines, for light and dark: a tint behind the line, its text stays as readable as any other."""

from __future__ import annotations

import streamlit as st

CONTAINER = "difference"  # key of the containers it applies to, and of those that begin with it
# Bluish green and vermilion (after Okabe and Ito) are told apart with every common kind of colour blindness; the marks
# at the beginning of the lines say the same.
_STYLE = """
[class*="st-key-difference"] .token.inserted, [class*="st-key-difference"] .token.inserted * { color: inherit !important; }
[class*="st-key-difference"] .token.deleted, [class*="st-key-difference"] .token.deleted * { color: inherit !important; }
[class*="st-key-difference"] .token.inserted { background: rgba(0, 158, 115, 0.22); }
[class*="st-key-difference"] .token.deleted { background: rgba(213, 94, 0, 0.24); }
[class*="st-key-difference"] .token.unchanged { color: inherit !important; opacity: 0.8; }
"""


def apply() -> None:
    """Once per page that compares lines."""
    component = st.components.v2.component("lzp_diff_colours", css=_STYLE, isolate_styles=False)
    component(key="diff-colours", height=1)
