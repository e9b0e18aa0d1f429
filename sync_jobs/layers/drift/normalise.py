"""Both sides of an attribute in one form. Each kind takes a value and gives what is compared and shown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

_LINK = re.compile(
    r"^(?:https://[\w.-]*googleapis\.com/(?:[\w.]+/)?(?:v\w+|beta|alpha)/|//[\w.-]+\.googleapis\.com/)"
)
_SCOPES = {
    "cloud-platform": "cloud-platform", "compute-ro": "compute.readonly", "compute-rw": "compute",
    "storage-ro": "devstorage.read_only", "storage-rw": "devstorage.read_write", "storage-full": "devstorage.full_control",
    "logging-write": "logging.write", "monitoring": "monitoring", "monitoring-write": "monitoring.write",
    "monitoring-read": "monitoring.read", "bigquery": "bigquery", "pubsub": "pubsub", "sql-admin": "sqlservice.admin",
    "service-control": "servicecontrol", "service-management": "service.management.readonly", "trace": "trace.append",
    "trace-append": "trace.append", "userinfo-email": "userinfo.email", "datastore": "datastore",
}  # fmt: skip
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_HIDDEN = re.compile(
    r"(startup-script|shutdown-script|password|secret|token|private|ssh-keys|key$)", re.IGNORECASE
)


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _upper(value: Any) -> Any:
    return str(value).upper()


def _bool(value: Any) -> Any:
    return value if isinstance(value, bool) else str(value).lower() == "true"


def _number(value: Any) -> Any:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return int(number) if number.is_integer() else number


def _path(value: Any) -> Any:
    return _LINK.sub("", str(value))


def _last(value: Any) -> Any:
    return str(value).rstrip("/").rpartition("/")[2]


def _key(value: Any) -> Any:
    """A key without its version."""
    return re.sub(r"/cryptoKeyVersions/\d+$", "", _path(value))


def _duration(value: Any) -> Any:
    """Seconds, of `3.5s`, `24h` or a number."""
    found = re.fullmatch(r"([\d.]+)([smhd]?)", str(value))
    return _number(float(found[1]) * _SECONDS[found[2] or "s"]) if found else str(value)


def _words(value: Any) -> Any:
    return " ".join(str(value).split())


def _set(value: Any) -> Any:
    items = value if isinstance(value, list) else [value]
    return sorted({_text(item) for item in items})


def _list(value: Any) -> Any:
    return [_text(item) for item in value] if isinstance(value, list) else [_text(value)]


def _scopes(value: Any) -> Any:
    items = value if isinstance(value, list) else [value]
    plain = (str(item).removeprefix("https://www.googleapis.com/auth/") for item in items)
    return sorted({_SCOPES.get(item, item) for item in plain})


def _labels(value: Any) -> Any:
    """Without those that Google or the provider adds."""
    if not isinstance(value, dict):
        return {}
    given = {str(key): item for key, item in value.items() if item is not None}  # null: unknown
    return {key: _plain(item) for key, item in given.items() if not key.startswith("goog-")}


def _plain(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _items(value: Any) -> Any:
    """Lists of {key or name, value} as a map. What may hold a secret is not shown, only whether it is the same."""
    if isinstance(value, list):
        value = {
            str(one.get("key", one.get("name"))): one.get("value", "")
            for one in value
            if isinstance(one, dict)
        }
    given = {str(key): item for key, item in value.items() if item is not None} if value else {}
    return {key: _shown(key, _plain(item)) for key, item in given.items()}


def _shown(key: str, text: str) -> str:
    if not _HIDDEN.search(key) and len(text) < 200:
        return text
    import hashlib

    return f"(not shown; sha256 {hashlib.sha256(text.strip().encode()).hexdigest()[:12]})"


def _ports(value: Any) -> Any:
    """`tcp:22,80` per protocol, in order."""
    found: dict[str, set[str]] = {}
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            protocol = str(one.get("protocol", one.get("IPProtocol", one.get("ipProtocol", "")))).lower()
            found.setdefault(protocol, set()).update(str(port) for port in one.get("ports") or [])
    return [f"{name}:{','.join(sorted(ports))}" if ports else name for name, ports in sorted(found.items())]


def _rules(value: Any) -> Any:
    """Rules of an organisation policy, in Terraform's or the API's spelling."""
    return sorted(json.dumps(_rule(one), sort_keys=True) for one in value if isinstance(one, dict))


def _rule(one: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, item in one.items():
        name = re.sub(r"_(\w)", lambda found: found[1].upper(), key)
        if item is None or item in ("", []):
            continue
        if name in ("enforce", "allowAll", "denyAll"):
            made[name] = _bool(item)
        elif name == "values":
            inner = item[0] if isinstance(item, list) else item
            spelled = {re.sub(r"_(\w)", lambda found: found[1].upper(), k): v for k, v in inner.items()}
            made[name] = {k: sorted(map(str, v)) for k, v in spelled.items() if v}
        elif name == "condition":
            inner = item[0] if isinstance(item, list) else item
            made[name] = _words(inner.get("expression", ""))
    return made


def _ingress(value: Any) -> Any:
    """`INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER` is `internal-and-cloud-load-balancing`."""
    plain = str(value).upper().removeprefix("INGRESS_TRAFFIC_").replace("-", "_")
    return {"INTERNAL_LOAD_BALANCER": "INTERNAL_AND_CLOUD_LOAD_BALANCING", "INTERNAL_ONLY": "INTERNAL"}.get(
        plain, plain
    )


def _there(value: Any) -> Any:
    """A block that switches something on by being there."""
    return bool(value)


def _enabled(value: Any) -> Any:
    """A service that is declared is ENABLED."""
    return value if value in ("ENABLED", "DISABLED") else "ENABLED"


NORMALISERS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "upper": _upper,
    "bool": _bool,
    "number": _number,
    "path": _path,
    "last": _last,
    "key": _key,
    "duration": _duration,
    "words": _words,
    "set": _set,
    "list": _list,
    "scopes": _scopes,
    "labels": _labels,
    "items": _items,
    "ports": _ports,
    "rules": _rules,
    "ingress": _ingress,
    "there": _there,
    "enabled": _enabled,
}
