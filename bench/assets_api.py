"""The API sync against a loopback server: a bare client loop (raw protobuf to JSON) is the floor of the same run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench.measure import ROOT, Figure, portal, timed

GIGABYTE = 1024**3
SCOPE = "organizations/1"

# A server in a process of its own, its pages made before the first call: what is measured is the client.
_SERVER = """
import random, string, sys
from bench import exports
from google.cloud.asset_v1 import ListAssetsResponse
from google.protobuf import json_format
from tests.fixtures.asset_api import AssetApi
count, size = int(sys.argv[1]), 1000
noise = "".join(random.Random(1).choices(string.ascii_lowercase + string.digits, k=200_000))
message = ListAssetsResponse.pb()
few = [json_format.ParseDict(exports._asset(n, noise, False), message().assets.add(), ignore_unknown_fields=True)
    for n in range(min(count, 5_000))]
pages = {}
for start in range(0, count, size):  # the same content again and again, under other names
    page = message(next_page_token=f"0:{start + size}" if start + size < count else "")
    for n in range(start, min(start + size, count)):
        asset = page.assets.add()
        asset.CopyFrom(few[n % len(few)])
        asset.name += f"-{n}"
    pages[start] = page.SerializeToString()
class Ready(AssetApi):
    def list_assets(self, request, context):
        return pages[int(request.page_token.partition(":")[2] or 0)]
with Ready().serving() as endpoint:
    print(endpoint, flush=True)
    sys.stdin.read()
"""

_LOOP = """
import time
began = time.perf_counter()
import sys, json, datetime, grpc
from google.cloud.asset_v1 import AssetServiceClient, ContentType, ListAssetsRequest, ListAssetsResponse
from google.cloud.asset_v1.services.asset_service.transports import AssetServiceGrpcTransport
from sync_jobs.layers.assets import protobuf
channel = grpc.insecure_channel(sys.argv[1], options=[("grpc.max_receive_message_length", -1)])
client = AssetServiceClient(transport=AssetServiceGrpcTransport(channel=channel))
request = ListAssetsRequest(parent="organizations/1", content_type=ContentType.RESOURCE, page_size=1000,
    read_time=datetime.datetime.now(datetime.timezone.utc))
count = 0
with open(sys.argv[2], "wb") as out:
    for page in client.list_assets(request=request).pages:
        for asset in ListAssetsResponse.pb(page).assets:
            out.write(protobuf.line(asset))
            count += 1
print(json.dumps([count, time.perf_counter() - began]))
"""


def measure(folder: Path, assets: int = 100_000) -> list[Figure]:
    """A run of the layer, import included, in a process of its own, over the bare loop in one of its own.

    Both are timed inside, from the import of the client to the end: starting Python, and the layers that follow the
    assets, are no part of it.
    """
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(assets)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert server.stdout is not None and server.stdin is not None
    try:
        endpoint = server.stdout.readline().strip()
        return _figures(folder, endpoint, assets)
    finally:
        server.stdin.close()
        server.wait()


def _figures(folder: Path, endpoint: str, assets: int) -> list[Figure]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    loops, syncs = [], []
    for attempt in range(2 if assets <= 100_000 else 1):
        loops.append(timed([sys.executable, "-c", _LOOP, endpoint, str(folder / "bare.ndjson")], environment))
        syncs.append(
            portal(
                folder / f"api-home-{attempt}",
                "run",
                "assets",
                "--json",
                PORTAL_GCP_SCOPE=SCOPE,
                PORTAL_ASSET_ENDPOINT=endpoint,
                PORTAL_ASSET_CONTENT_TYPES="RESOURCE",
                PYTHONPATH=str(ROOT),
            )
        )
    assert loops[0].output[0] == assets == syncs[0].output["details"]["assets"]
    loop = min(float(one.output[1]) for one in loops)
    sync = min(float(one.output["sync_duration_seconds"]) for one in syncs)
    note = f"{sync:.1f} s against {loop:.1f} s; {assets:,} assets"
    return [
        Figure("API sync, of the bare client loop", sync / loop, "x", 1.5, note=note),
        Figure("peak memory of the API sync", max(s.peak_bytes for s in syncs) / GIGABYTE, "GB", 2),
    ]
