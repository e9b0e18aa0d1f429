"""The git program, run so that neither the machine's configuration nor a repository can make it do more.

A command without an address cannot reach anything: no protocol is allowed to it. One with an address may use https,
ssh and local files. Credentials of an address go to git by its environment, which no process list shows.
"""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from app.errors import Permanent, Retryable
from app.settings import inherited, mask_credentials

# What a transport needs from its surroundings; every GIT_* variable stays outside.
_PASSED = (
    "PATH",
    "HOME",
    "SSH_AUTH_SOCK",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
_SAFE = tuple(
    part
    for setting in (
        "core.hooksPath=/dev/null",
        "core.fsmonitor=false",
        "core.attributesFile=/dev/null",
        "credential.helper=",
        "fetch.recurseSubmodules=false",
        "fetch.unpackLimit=1",  # one pack per fetch, never thousands of loose files
        "gc.auto=0",
        "http.lowSpeedLimit=1000",  # bytes a second: below it for a minute, a transfer is given up
        "http.lowSpeedTime=60",
        "protocol.version=2",
        "submodule.recurse=false",
    )
    for part in ("-c", setting)
)
_POLL_SECONDS = 0.1


class GitFailed(Permanent):
    """git ended with an error; `stderr` is what it said, without credentials."""

    def __init__(self, message: str, hint: str, stderr: str) -> None:
        super().__init__(message, hint)
        self.stderr = stderr


@dataclass(frozen=True)
class Address:
    """Where a repository is. `url` holds no credentials; `environment` gives them to git."""

    url: str
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


def address(url: str) -> Address:
    """The address of a setting, its user and password or token set apart. Only https carries such."""
    parts = urlsplit(url) if "://" in url else None
    if parts is None or parts.scheme != "https" or "@" not in parts.netloc:
        return Address(url)
    login, _, host = parts.netloc.rpartition("@")
    plain = urlunsplit(parts._replace(netloc=host))
    user, _, password = login.partition(":")
    token = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
    return Address(
        plain,
        {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.https://{host}/.extraHeader",  # of this host only, wherever it sends us
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {token}",
        },
    )


def git(
    *arguments: str,
    timeout: float = 60,
    directory: Path | None = None,
    stdin: bytes | None = None,
    cancelled: threading.Event | None = None,
    remote: Address | None = None,
) -> bytes:
    """Standard output of `git ARGUMENTS`. `directory` is the repository (a bare one), `remote` what it may reach.

    Raises GitFailed when git ends with an error, Permanent when there is no git, Retryable after `timeout`
    seconds or when `cancelled` is set.
    """
    where = ["--git-dir", str(directory)] if directory else []
    command = next(one for one in arguments if not one.startswith("-") and "=" not in one)
    with (
        tempfile.TemporaryFile() as given
    ):  # not a pipe: a second communicate() would not go on writing to it
        if stdin is not None:
            given.write(stdin)
            given.seek(0)
        try:
            process = subprocess.Popen(
                ["git", *_SAFE, *where, *arguments],
                stdin=given if stdin is not None else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(remote),
                start_new_session=True,  # so that its children (ssh, git-remote-https) end with it
            )
        except FileNotFoundError as error:
            raise Permanent(
                "The program git was not found on PATH.", "Install git; the git layer needs it."
            ) from error
        out, err = _communicate(process, command, timeout, cancelled)
    if process.returncode:
        said = _clean(err)
        raise GitFailed(f"git {command} failed: {said or f'exit status {process.returncode}'}", "", said)
    return out


def _communicate(
    process: subprocess.Popen[bytes], command: str, timeout: float, cancelled: threading.Event | None
) -> tuple[bytes, bytes]:
    """Wait for the end; end it when its time is over or the run is told to stop."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return process.communicate(timeout=_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            stopped = cancelled is not None and cancelled.is_set()
        if stopped or time.monotonic() > deadline:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            why = "was stopped" if stopped else f"took longer than {timeout:.0f} s"
            raise Retryable(f"git {command} {why}.", "Is the server of the repository reachable from here?")


def _environment(remote: Address | None) -> dict[str, str]:
    passed = inherited(*_PASSED)
    if "SSL_CERT_FILE" in passed:  # git's https does not look at it by itself
        passed["GIT_SSL_CAINFO"] = passed["SSL_CERT_FILE"]
    return {
        **passed,
        **(remote.environment if remote else {}),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",  # answers every question with nothing, so that a password is never waited for
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=20",
        "GIT_ALLOW_PROTOCOL": "https:ssh:file" if remote else "none",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "LC_ALL": "C",
    }


def _clean(stderr: bytes) -> str:
    """The last lines of what git said, without credentials and control characters."""
    text = mask_credentials(stderr.decode(errors="replace"))
    lines = [re.sub(r"[\x00-\x1f\x7f]+", " ", line).strip() for line in text.splitlines()]
    told = [line for line in lines if line and not line.startswith("hint:")]
    return " ".join(told[-4:])[:600]
