"""The tabs of the Infrastructure page: which asset types each holds, and how it shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import streamlit as st

from app.ui import text

DATABASES = (
    "sqladmin.googleapis.com/Instance",
    "spanner.googleapis.com/Instance",
    "bigtableadmin.googleapis.com/Instance",
    "alloydb.googleapis.com/Cluster",
    "firestore.googleapis.com/Database",
    "redis.googleapis.com/Instance",
    "memcache.googleapis.com/Instance",
)


@dataclass(frozen=True)
class Tab:
    """`query` is a file of sql/pages/infrastructure; `columns` what it shows between name and labels."""

    key: str
    title: str
    types: tuple[str, ...]
    columns: Mapping[str, Any]


def _text(label: str, **more: Any) -> Any:
    return st.column_config.TextColumn(label, **more)


def _number(label: str) -> Any:
    return st.column_config.NumberColumn(label, format="localized")


def _time(label: str) -> Any:
    return st.column_config.DatetimeColumn(label, format="YYYY-MM-DD HH:mm", timezone="UTC")


def tabs() -> tuple[Tab, ...]:
    """In the order of the page; the last one holds every type that no other tab holds."""
    return (
        Tab("projects", "Projects", ("cloudresourcemanager.googleapis.com/Project",), _projects()),
        Tab("networks", "VPCs", ("compute.googleapis.com/Network",), _networks()),
        Tab("instances", "Instances", ("compute.googleapis.com/Instance",), _instances()),
        Tab("clusters", "Clusters", ("container.googleapis.com/Cluster",), _clusters()),
        Tab("databases", "Databases", DATABASES, _databases()),
        Tab(
            "service_accounts",
            "Service accounts",
            ("iam.googleapis.com/ServiceAccount",),
            _service_accounts(),
        ),
        Tab("others", "All other types", (), {"kind": _text("Type"), "state": _text("State"), **_place()}),
    )


def _place() -> dict[str, Any]:
    return {"project_id": _text("Project"), "location": _text("Location")}


def _projects() -> dict[str, Any]:
    return {
        "project_id": _text("Project id"),
        "project_number": _text("Number"),
        "folder": _text("Folder"),
        "state": _text("State"),
        "assets": _number("Resources"),
    }


def _networks() -> dict[str, Any]:
    return {
        "project_id": _text("Project"),
        "routing_mode": _text("Routing"),
        "subnet_mode": _text("Subnet mode"),
        "subnetworks": _number("Subnets"),
        "peerings": _number("Peerings"),
        "mtu": st.column_config.NumberColumn("MTU (bytes)", format="%d"),
    }


def _instances() -> dict[str, Any]:
    return {
        "state": _text("Status"),
        "machine_type": _text("Machine type"),
        **_place(),
        "internal_address": _text("Internal address"),
        "external_address": _text("External address"),
        "network": _text("Network"),
    }


def _clusters() -> dict[str, Any]:
    return {
        "state": _text("Status"),
        **_place(),
        "version": _text("Version"),
        "release_channel": _text("Channel"),
        "mode": _text("Mode"),
        "nodes": _number("Nodes"),
        "node_pools": _number("Node pools"),
        "node_addresses": _text("Node addresses"),
        "network": _text("Network"),
    }


def _databases() -> dict[str, Any]:
    return {
        "kind": _text("Type"),
        "state": _text("Status"),
        **_place(),
        "version": _text("Version"),
        "tier": _text("Tier"),
        "availability": _text("Availability"),
        "public_address": _text("Public address"),
        "backups": _text("Backups"),
    }


def _service_accounts() -> dict[str, Any]:
    return {
        "email": _text("Email", width="large"),
        "project_id": _text("Project"),
        "state": _text("State"),
        "user_keys": _number("User-made keys"),
        "oldest_key": _time("Oldest key (UTC)"),
    }


def past_columns(tab: Tab) -> dict[str, Any]:
    """Columns of a tab on a past day: a snapshot holds no content."""
    shown = {
        "kind": _text("Type"),
        "state": _text("State"),
        "project_id": _text("Project"),
        "folder": _text("Folder"),
        "location": _text("Location"),
    }
    if tab.types and len(tab.types) == 1:
        shown.pop("kind")
    return shown


def cells(rows: list[dict[str, Any]], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows for the table: folders by their names for people, labels and types as short text."""
    return [
        {
            **row,
            "folder": names.get(row["folder"], row["folder"]),
            "kind": text.kind(row["asset_type"]),
            "labels": label_text(row["labels"]),
        }
        for row in rows
    ]


def label_text(labels: str | None) -> str | None:
    """A labels object in JSON as key=value, key=value."""
    found = orjson.loads(labels) if labels else None
    return ", ".join(f"{key}={value}" for key, value in sorted(found.items())) if found else None


def label_fragment(given: str) -> str | None:
    """What a label filter looks for in the labels object: env=prod as `"env":"prod"`, env as `"env":`."""
    key, equals, value = given.strip().partition("=")
    if not key.strip():
        return None
    written = orjson.dumps(key.strip()).decode() + ":"
    return written + orjson.dumps(value.strip()).decode() if equals and value.strip() else written


def paths(folders: list[dict[str, Any]]) -> dict[str, str]:
    """folders/NUMBER -> its path for people, such as products / orders."""
    known = {row["folder"]: row["display_name"] or row["folder"] for row in folders}
    found = {}
    for row in folders:
        above = [one for one in row["ancestors"] or [] if one in known and one != row["folder"]]
        found[row["folder"]] = " / ".join(str(known[one]) for one in [*reversed(above), row["folder"]])
    return found


def below(chosen: list[str], folders: list[dict[str, Any]]) -> list[str]:
    """The chosen folders and every folder below one of them, as folders/NUMBER."""
    inside = [row["folder"] for row in folders if set(chosen) & set(row["ancestors"] or [])]
    return sorted({*chosen, *inside})
