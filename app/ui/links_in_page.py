"""Links of a document that stay on the page: a click on one is told to the page instead of opening a new tab.

The script is ours and the same for everybody. Documents give it nothing but addresses that the page wrote itself,
and it hands those back as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

import streamlit as st

KEY = "links-in-page"
CONTAINER = "document"  # key of the container whose headings can be scrolled to
_GENERATION = "links-generation"
_SCRIPT = """
let arrived;
const plain = (text) => text.replace(/\\s*↗/g, "").trim().toLowerCase()
  .replace(/[^\\p{L}\\p{N}_\\- ]/gu, "").replace(/ /g, "-");
const headings = (page) => [...page.querySelectorAll(
  ["h1", "h2", "h3", "h4", "h5", "h6"].map((tag) => `.st-key-document ${tag}`).join(","))];
const arrive = (page, { slug, nth }, attempts) => {
  const box = page.querySelector(".st-key-document");
  const same = headings(page).filter((one) =>
    plain((one.querySelector("[data-heading-text]") ?? one).textContent) === slug);
  const found = slug ? same[Math.min(nth, same.length - 1)] : box;
  const top = found?.getBoundingClientRect().top ?? 0;
  const seen = !slug && top >= 0 && top < 0.8 * page.defaultView.innerHeight;
  if (found && !seen) {
    found.style.scrollMarginTop = "4rem";
    found.scrollIntoView({ block: "start" });
  }
  if ((!found || attempts > 8) && attempts > 0) setTimeout(() => arrive(page, { slug, nth }, attempts - 1), 250);
};
export default function ({ parentElement, data, setTriggerValue }) {
  const page = parentElement.ownerDocument;
  const listen = (event) => {
    const link = event.target.closest?.("a");
    const address = link?.getAttribute("href") ?? "";
    if (!address.startsWith("?doc=") || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    setTriggerValue("opened", address);
  };
  page.addEventListener("click", listen);
  if (data.place !== arrived) {
    if (data.slug || data.asked || arrived !== undefined) arrive(page, data, 12);
    arrived = data.place;
  }
  return () => page.removeEventListener("click", listen);
}
"""


def watch(
    on_opened: Callable[[dict[str, str]], None],
    place: str,
    slug: str = "",
    nth: int = 0,
    *,
    asked: bool = True,
) -> None:
    """Call `on_opened` with doc, at and line of a link when one is clicked. Scrolls once to each new `place`.

    `slug` is the heading to scroll to, the one after `nth` others of the same slug; without it the document's start,
    where it is out of sight and somebody `asked` for the document.
    """

    def opened() -> None:
        found = getattr(st.session_state.get(KEY), "opened", None)
        if isinstance(found, str) and found.startswith("?doc="):
            st.session_state[_GENERATION] = generation() + 1
            on_opened(dict(parse_qsl(found[1:])))

    component = st.components.v2.component("lzp_links_in_page", js=_SCRIPT, isolate_styles=False)
    component(
        key=KEY,
        data={"place": f"{place} {generation()}", "slug": slug, "nth": nth, "asked": asked},
        on_opened_change=opened,
        height=1,
    )


def generation() -> int:
    """How many links were followed so far; part of the keys of what must start anew then."""
    return int(st.session_state.get(_GENERATION, 0))
