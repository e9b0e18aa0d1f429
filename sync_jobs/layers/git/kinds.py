"""What a file is by its name and its first bytes. Pure."""

from __future__ import annotations

import posixpath
import re

_DOCS = {".md", ".markdown", ".rst", ".adoc", ".txt"}
_TERRAFORM = {".tf", ".tfvars", ".hcl"}
_CONFIG = {".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".env", ".properties"}
_POLICY_FOLDERS = {"policies", "policy"}
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$")
_UNDERLINE = re.compile(r"^(=+|-+)\s*$")
_NO_HEADING = {"", "-", "*", "+", ">", "|", "#"}  # how an empty line, a list, a quote or a table begins


def kind_of(path: str) -> str:
    """doc, terraform, policy, config or other."""
    *folders, name = path.lower().split("/")
    suffix = posixpath.splitext(name)[1]
    if suffix in _TERRAFORM or name.endswith((".tf.json", ".tfvars.json")):
        return "terraform"
    if suffix == ".rego" or (suffix not in _DOCS and not _POLICY_FOLDERS.isdisjoint(folders)):
        return "policy"
    if suffix in _DOCS or name in {"readme", "license", "changelog"}:
        return "doc"
    if suffix in _CONFIG or name in {"dockerfile", "makefile", "codeowners", ".gitignore"}:
        return "config"
    return "other"


def headings(text: str) -> list[str]:
    """The headings of a document in their order: `# Title`, or a line underlined with = or -. Code does not count."""
    found: list[str] = []
    previous, fenced = "", False
    for line in text.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced:
            heading = _HEADING.match(line) if line.startswith("#") else None
            if heading:
                found.append(heading.group(1)[:200])
            elif (
                line[:1] in {"=", "-"} and _UNDERLINE.match(line) and previous.strip()[:1] not in _NO_HEADING
            ):
                found.append(previous.strip()[:200])
        previous = line
    return found


def text_of(content: bytes | None) -> str | None:
    """The text, or None for what is not text in UTF-8."""
    if content is None or b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def image_type(path: str, content: bytes) -> str | None:
    """The media type of an image that documents may show, by its content; None for anything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if path.lower().endswith(".svg") and b"<svg" in content[:4096] and text_of(content) is not None:
        return "image/svg+xml"
    return None
