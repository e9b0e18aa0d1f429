"""How text is split into the words that a search looks for: the same for documents and for what people type."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 64  # longer ones are hashes and keys that nobody types

# Letters and digits of any script. A letter-digit name such as vpc2 is one word; _ - . / divide: so `subnet_ids` is
# found by `subnet`. Hyphens divide for the same reason.
_WORD = re.compile(r"[^\W_]{2,}")


def terms(text: str) -> list[str]:
    """The words of `text` in their order, lower case, repeated as often as they occur; two characters or longer."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    found = _WORD.findall(plain.lower())
    if max(map(len, found), default=0) <= LONGEST:
        return found
    return [word for word in found if len(word) <= LONGEST]
