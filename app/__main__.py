"""python -m app: the sidecar and the pages as two children. One Ctrl-C stops both; neither outlives it."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType

from app.errors import PortalError
from app.settings import PROJECT_ROOT, Settings, load_settings

START_SECONDS = 120.0
STOP_SECONDS = 9.5
POLL_SECONDS = 0.1
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Child:
    """A child process, its name for people, and the address that answers 200 once it is ready."""

    name: str
    process: subprocess.Popen[bytes]
    ready_url: str


def main() -> int:
    """Start both, wait, stop both. Exit status 0 when told to stop, 1 when a child ended by itself."""
    argparse.ArgumentParser(
        prog="python -m app",
        description="Start the portal: sidecar and pages, on sample data until a source is set.",
        epilog="Settings are PORTAL_* variables or config/portal.toml; there are no options.",
    ).parse_args()
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        settings = load_settings()
        for host, port, name in _ports(settings):
            require_free(host, port, name)
        return _run(settings, stop)
    except PortalError as error:
        _tell(f"Error: {error.message}")
        if error.hint:
            _tell(f"Hint:  {error.hint}")
        return error.exit_code


def _run(settings: Settings, stop: threading.Event) -> int:
    lifeline, held = os.pipe()
    children: list[Child] = []
    try:
        children.append(_sidecar(settings, lifeline))
        children.append(_pages(settings, lifeline))
        started = time.monotonic()
        waiting = list(children)
        while not stop.wait(POLL_SECONDS):
            dead = next((child for child in children if child.process.poll() is not None), None)
            if dead is not None:
                _tell(f"The {dead.name} ended with exit status {dead.process.returncode}; stopping.")
                return 1
            if waiting:
                waiting = [child for child in waiting if not _answers(child.ready_url)]
                if not waiting:
                    _announce(settings)
                elif time.monotonic() - started > START_SECONDS:
                    names = " and ".join(child.name for child in waiting)
                    _tell(f"The {names} did not answer within {START_SECONDS:.0f} s; stopping.")
                    return 1
        return 0
    finally:
        _stop(children)
        os.close(held)
        os.close(lifeline)


def _ports(settings: Settings) -> list[tuple[str, int, str]]:
    if settings.ui_port == settings.api_port:
        raise PortalError(
            f"The pages and the sidecar cannot both use port {settings.ui_port}.",
            "Set PORTAL_UI_PORT or PORTAL_API_PORT to another port.",
        )
    return [
        (settings.ui_host, settings.ui_port, "PORTAL_UI_PORT"),
        (settings.api_host, settings.api_port, "PORTAL_API_PORT"),
    ]


def require_free(host: str, port: int, setting: str) -> None:
    """Raises PortalError that names the setting when nothing can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise PortalError(
            f"Port {port} of {host} cannot be used: {error.strerror}.",
            f"Stop what uses it, or set {setting} to a free port.",
        ) from error


def _sidecar(settings: Settings, lifeline: int) -> Child:
    arguments = ["sync_jobs", "serve", "--with-sample"]
    return Child("sidecar", _spawn(lifeline, arguments), _url(settings.api_host, settings.api_port, "readyz"))


def _pages(settings: Settings, lifeline: int) -> Child:
    options = {
        "server.headless": "true",
        "server.address": settings.ui_host,
        "server.port": str(settings.ui_port),
        "server.fileWatcherType": "none",
        "server.showEmailPrompt": "false",
        "logger.hideWelcomeMessage": "true",  # the address is announced once both answer
        "browser.gatherUsageStats": "false",
        "global.developmentMode": "false",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    arguments = ["app.serve_pages", "run", str(PROJECT_ROOT / "app" / "main.py"), *flags]
    return Child(
        "pages", _spawn(lifeline, arguments), _url(settings.ui_host, settings.ui_port, "_stcore/health")
    )


def _spawn(lifeline: int, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C reaches only this process, which stops the children in order."""
    return subprocess.Popen(
        [sys.executable, "-m", "app.child", str(lifeline), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno(),  # standard output carries the address only
        pass_fds=[lifeline],
        start_new_session=True,
    )


def _url(host: str, port: int, path: str) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/{path}"


def _answers(url: str) -> bool:
    try:
        with _NO_PROXY.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _announce(settings: Settings) -> None:
    print(f"Landing Zone Portal: {_url(settings.ui_host, settings.ui_port, '')}", flush=True)
    _tell("Ctrl-C stops it.")


def _stop(children: Sequence[Child]) -> None:
    """Tell all to stop, wait, then kill what is left together with its own children."""
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _tell(f"The {child.name} did not stop in time; killing it.")
        try:
            os.killpg(child.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # nothing of it is left
        child.process.wait()


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
