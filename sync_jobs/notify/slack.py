"""A message to Slack for each sync of the repository that changed something or failed.

It is sent by a thread of its own, within five seconds in all. Whatever goes wrong with it is logged and counted.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Mapping
from typing import Any

import orjson
import structlog

from app.settings import Settings
from sync_jobs.notify.channels import NotTaken
from sync_jobs.notify.http_post import post
from sync_jobs.tallies import slack_messages

LIMIT_SECONDS = 5.0
TEXT_LIMIT = 2900  # Slack takes 3,000 characters in a block
LAYERS = {"git"}
KINDS = ("added", "changed", "deleted")

log = structlog.get_logger("sync_jobs.slack")
_under_way: dict[threading.Thread, float] = {}
_lock = threading.Lock()


def after_run(settings: Settings, row: Mapping[str, Any]) -> None:
    """Tell of a finished run, if there is something to tell and somebody to tell it to. Returns at once."""
    if settings.slack_webhook is None or row["layer"] not in LAYERS or row["trigger"] == "sample":
        return
    try:
        text = words(row)
    except Exception:  # a message must never fail the run it is about
        log.exception("slack_message_not_made")
        slack_messages.add("failed")
        return
    if text is None:
        return
    url = settings.slack_webhook.get_secret_value()
    thread = threading.Thread(target=_send, args=[url, text], name="slack", daemon=True)
    atexit.unregister(drain)
    atexit.register(drain)  # once
    with _lock:
        _under_way[thread] = time.monotonic() + LIMIT_SECONDS
    thread.start()


def words(row: Mapping[str, Any]) -> str | None:
    """The message about a run, in Slack's markup with everything from outside escaped; None: nothing to tell."""
    details, source = row.get("details") or {}, escaped(str(row.get("source") or "the landing zone"))
    if row["status"] == "failed":
        reasons = " ".join(str(text) for text in row.get("error_messages") or ["The reason is not known."])
        lines = [f":x: *Sync of the landing zone failed.* {source}", escaped(reasons)]
        if row.get("hint"):
            lines.append(f"_{escaped(str(row['hint']))}_")
        return _cut("\n".join(lines))
    counts = {kind: _count(details.get(kind)) for kind in KINDS}
    if not any(counts.values()):
        return None
    told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
    commit = escaped(str(details.get("commit") or "")[:10])
    lines = [f":white_check_mark: *The landing zone was synced: {told}.* {source}"]
    lines.append(f"Branch {escaped(str(details.get('branch') or '?'))}, commit {commit or '?'}.")
    if row["status"] == "partial":
        lines[0] = lines[0].replace(":white_check_mark:", ":warning:")
        lines.append(
            "Not all of it: " + escaped(" ".join(str(text) for text in row.get("error_messages") or []))
        )
    return _cut("\n".join(lines))


def escaped(text: str) -> str:
    """`text` as Slack shows it, without mentions, links or markup that it could start."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        plain = plain.replace(char, entity)
    return plain


def drain() -> None:
    """Let messages under way be sent before the process ends, within their time."""
    with _lock:
        listed = dict(_under_way)
    for thread, until in listed.items():
        thread.join(max(0.0, until - time.monotonic()))


def _send(url: str, text: str) -> None:
    """Wait for the end of it, but not longer than the limit: Slack may answer by drops, or a name not be resolved."""
    ended: list[str | None] = []
    sender = threading.Thread(target=lambda: ended.append(_post(url, text)), name="slack-post", daemon=True)
    sender.start()
    sender.join(LIMIT_SECONDS)
    problem = ended[0] if ended else f"no answer within {LIMIT_SECONDS:.0f} s"
    slack_messages.add("sent" if problem is None else "failed")
    if problem is not None:
        log.warning(
            "slack_not_told", problem=problem, hint="Check PORTAL_SLACK_WEBHOOK and the network from here."
        )
    with _lock:
        _under_way.pop(threading.current_thread(), None)


def _post(url: str, text: str) -> str | None:
    """None when Slack took it, else what went wrong."""
    block = {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
    body = {"text": text, "blocks": [block], "unfurl_links": False, "unfurl_media": False}
    try:
        post(url, orjson.dumps(body))
    except NotTaken as problem:
        return str(problem)
    except Exception as error:  # noqa: BLE001  whatever it is, the caller tells it; its text may hold the address
        return type(error).__name__
    return None


def _count(value: object) -> int:
    """A number of files, given as such or as their list."""
    if isinstance(value, int):
        return value
    return len(value) if isinstance(value, list | tuple) else 0


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT].rpartition(" ")[0] + " …"
