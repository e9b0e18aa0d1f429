"""Logs: where they go, in which form, and that no secret is ever in them."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator

import pytest
import structlog

from app import logs
from app.settings import load_settings

CANARIES = {"PORTAL_API_TOKEN": 'canary"one\\/+x', "PORTAL_WEBHOOK_SECRET": "canary-two"}


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hidden = list(root.handlers), root.level, set(logs._hidden)
    yield
    root.handlers, root.level = handlers, level
    logs._hidden.clear()
    logs._hidden.update(hidden)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def configure(form: str = "json", level: str = "INFO") -> None:
    environ = {"PORTAL_CONFIG": os.devnull, "PORTAL_LOG_FORMAT": form, "PORTAL_LOG_LEVEL": level, **CANARIES}
    logs.configure(load_settings(environ))


def test_json_lines_on_standard_error_only(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    structlog.get_logger("x").bind(layer="git").info("done", items=3, took=0.5, name="Ü")
    out, err = capsys.readouterr()
    line = json.loads(err)
    assert out == ""
    assert (line["event"], line["level"], line["layer"], line["items"]) == ("done", "info", "git", 3)
    assert line["timestamp"].endswith("Z")
    assert "Ü" in err


def test_below_the_level_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    configure(level="WARNING")
    structlog.get_logger().info("quiet")
    logging.getLogger("lib").info("quiet")
    structlog.get_logger().warning("loud")
    assert "quiet" not in (text := capsys.readouterr().err)
    assert "loud" in text


def test_auto_is_json_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    configure("auto")
    structlog.get_logger().info("x")
    assert json.loads(capsys.readouterr().err)


def test_configuring_twice_logs_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    configure()
    logging.getLogger("lib").warning("once")
    assert capsys.readouterr().err.count("once") == 1


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_in_any_line(capsys: pytest.CaptureFixture[str], form: str) -> None:
    configure(form)
    log = structlog.get_logger("x")
    one, two = CANARIES.values()
    log.info(
        f"message {one}",
        text=one,
        nested={"deep": [two]},
        raw=two.encode(),
        error=ValueError(two),
        text_repr=repr(one),
    )
    log.info(
        "keys",
        token="canary-k",
        api_token="canary-k",
        Authorization="canary-k",
        headers={"X-Hub-Signature-256": "canary-k"},
    )
    log.info(
        "urls",
        url="https://me:canary-pw@host.test/x?access_token=canary-q",
        text="Authorization: Bearer canary-h-123456",
    )
    log.info("header dump", dump=str({"authorization": "Basic canary-b-123456", "accept": "x"}))
    try:
        raise ValueError(f"at https://u:canary-pw@host.test with {one}") from RuntimeError(two)
    except ValueError:
        log.exception("failed")
        logging.getLogger("google.lib").exception("failed %s", two)
    warnings.warn(two, stacklevel=1)
    text = capsys.readouterr().err
    assert "canary" not in text
    assert text.count("***") > 12
    if form == "json":
        lines = [json.loads(line) for line in text.splitlines()]
        assert lines[0]["nested"] == {"deep": ["***"]}
        assert "ValueError" in lines[4]["exception"]


def test_what_is_no_secret_stays(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    structlog.get_logger().info(
        "x", page_tokens_seen=3, token=None, url="https://host.test/a?b=c", count="tokens: 5"
    )
    line = json.loads(capsys.readouterr().err)
    assert line["token"] is None
    assert (line["page_tokens_seen"], line["url"], line["count"]) == (
        3,
        "https://host.test/a?b=c",
        "tokens: 5",
    )


def test_a_secret_made_later_can_be_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    logs.hide("canary-three", "ab")
    structlog.get_logger().info("has canary-three and about")
    assert json.loads(capsys.readouterr().err)["event"] == "has *** and about"
