"""Markdown of the landing zone, for people: read, taken apart, and written anew with only what is harmless.

Every text is escaped and every element is written by us, so nothing of a document reaches the page as HTML, as a
directive of Streamlit, or as an address that the reader's browser would load by itself.
"""
