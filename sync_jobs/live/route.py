"""/ws/sync-events: who may listen, and one connection from its greeting to its end."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from sync_jobs.live import wire
from sync_jobs.live.hub import Client, Hub

PATH = "/ws/sync-events"
HEARTBEAT_SECONDS = 15.0
SEND_SECONDS = 30.0

log = structlog.get_logger("sync_jobs.live")


def router(hub: Hub, token: str, most_clients: int, is_local: Callable[[str], bool]) -> APIRouter:
    """The route. `is_local` judges the names in Host and Origin, which the middleware does not see here."""
    made = APIRouter()

    @made.websocket(PATH)
    async def sync_events(socket: WebSocket) -> None:
        origin = socket.headers.get("origin")
        foreign = origin is not None and not is_local(urlsplit(origin).netloc)
        if foreign or not is_local(socket.headers.get("host", "")):
            await socket.close()  # before it is accepted: the caller gets a 403
            return
        offered = socket.scope.get("subprotocols", [])
        await socket.accept(wire.SUBPROTOCOL if wire.SUBPROTOCOL in offered else None)
        refusal, client = _judged(socket, hub, token, most_clients, offered)
        if client is None:
            await socket.close(*refusal)
            return
        await _serve(socket, hub, client)

    return made


def _judged(
    socket: WebSocket, hub: Hub, token: str, most_clients: int, offered: list[str]
) -> tuple[tuple[int, str], Client | None]:
    """Why not, or the client."""
    scheme, _, sent = socket.headers.get("authorization", "").partition(" ")
    sent = sent.strip() if scheme.lower() == "bearer" else ""
    sent = sent or next((one.removeprefix(wire.BEARER) for one in offered if one.startswith(wire.BEARER)), "")
    if not hmac.compare_digest(sent.encode(), token.encode()):
        return (wire.NOT_ALLOWED, "The operator token is missing or wrong."), None
    if hub.ending:
        return (wire.GOING_AWAY, "The sidecar stops."), None
    if hub.clients >= most_clients:
        return (wire.TOO_MANY, f"There are {most_clients} clients already."), None
    try:
        return (0, ""), Client(wire.wanted(socket.query_params.multi_items()))
    except wire.WrongCall as wrong:
        return (wire.WRONG_CALL, str(wrong)[:120]), None


async def _serve(socket: WebSocket, hub: Hub, client: Client) -> None:
    reading = asyncio.create_task(_until_gone(socket, client))
    try:
        await hub.begin(client)  # what is stored from here on comes to it
        await _send(socket, wire.message("hello", heartbeat_seconds=HEARTBEAT_SECONDS, time=_now()))
        while texts := await hub.replay(client):
            for text in texts:
                await _send(socket, text)
            if client.end is not None:
                break
        await _follow(socket, client)
    except (WebSocketDisconnect, TimeoutError, RuntimeError):
        client.close(wire.TOO_SLOW, "Nothing could be sent any more.")
    finally:
        hub.leave(client)
        reading.cancel()
        code, reason = client.end or (1000, "")
        if socket.application_state is not WebSocketState.DISCONNECTED:
            with suppress(RuntimeError, TimeoutError, WebSocketDisconnect):  # it may be gone by now
                await asyncio.wait_for(socket.close(code, reason), 2.0)


async def _follow(socket: WebSocket, client: Client) -> None:
    while True:
        try:
            text = await client.next(HEARTBEAT_SECONDS)
        except TimeoutError:
            text = wire.message("heartbeat", time=_now())
        if text is None:
            if client.end and client.end[0] == wire.GOING_AWAY:
                await _send(socket, wire.message("closing", reason=client.end[1]))
            return
        await _send(socket, text)


async def _send(socket: WebSocket, text: str) -> None:
    await asyncio.wait_for(socket.send_text(text), SEND_SECONDS)


async def _until_gone(socket: WebSocket, client: Client) -> None:
    """What a client sends means nothing; that it goes away does."""
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_text()
    client.close(1000, "")


def _now() -> str:
    return wire.stamp(datetime.now(UTC))
