"""Assets as the API's raw protobuf messages to lines of JSON, spelled as an export file spells them.

This is the bulk path of the API sync: the generated classes of the client library cost four times as much per asset, its
own JSON printer twice. Keys are sorted, since a protobuf map has no order: the same content is the same bytes.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import orjson

_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SORT_KEYS
_LOG_TYPES = {0: "LOG_TYPE_UNSPECIFIED", 1: "ADMIN_READ", 2: "DATA_WRITE", 3: "DATA_READ"}
# Fields that few assets have: the library's printer is fast enough for them.
_RARE = (
    ("access_policy", "accessPolicy"),
    ("access_level", "accessLevel"),
    ("service_perimeter", "servicePerimeter"),
    ("os_inventory", "osInventory"),
    ("related_asset", "relatedAsset"),
)


def line(asset: Any) -> bytes:
    """One asset (the raw message `google.cloud.asset.v1.Asset`) as a line of an export file."""
    out: dict[str, Any] = {"name": asset.name, "assetType": asset.asset_type}
    if asset.ancestors:
        out["ancestors"] = list(asset.ancestors)
    if asset.HasField("update_time"):
        out["updateTime"] = asset.update_time.ToJsonString()
    if asset.HasField("resource"):
        out["resource"] = _resource(asset.resource)
    if asset.HasField("iam_policy"):
        out["iamPolicy"] = iam_policy(asset.iam_policy)
    if asset.org_policy:
        out["orgPolicy"] = [_printed(policy) for policy in asset.org_policy]
    for field, name in _RARE:
        if asset.HasField(field):
            out[name] = _printed(getattr(asset, field))
    return orjson.dumps(out, option=_OPTIONS)


def struct(message: Any) -> dict[str, Any]:
    """A google.protobuf.Struct as a dictionary. Whole numbers come as integers, as in export files."""
    return {key: _value(value) for key, value in message.fields.items()}


def _value(value: Any) -> Any:
    if text := value.string_value:  # most values are texts: one look tells
        return text
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return {key: _value(inner) for key, inner in value.struct_value.fields.items()}
    if kind == "list_value":
        return [_value(inner) for inner in value.list_value.values]
    if kind == "number_value":
        return _number(value.number_value)
    if kind == "bool_value":
        return value.bool_value
    return "" if kind == "string_value" else None


def _number(number: float) -> int | float | None:
    # Beyond 2**53 a float holds no exact integer. JSON has no infinity: orjson writes null for it.
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _resource(resource: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in (
        ("version", resource.version),
        ("discoveryDocumentUri", resource.discovery_document_uri),
        ("discoveryName", resource.discovery_name),
        ("resourceUrl", resource.resource_url),
        ("parent", resource.parent),
        ("location", resource.location),
    ):
        if value:
            out[name] = value
    if resource.HasField("data"):
        out["data"] = struct(resource.data)
    return out


def iam_policy(policy: Any) -> dict[str, Any]:
    """A google.iam.v1.Policy."""
    out: dict[str, Any] = {}
    if policy.version:
        out["version"] = policy.version
    if policy.etag:
        out["etag"] = b64encode(policy.etag).decode()
    if policy.bindings:
        out["bindings"] = [_binding(binding) for binding in policy.bindings]
    if policy.audit_configs:
        out["auditConfigs"] = [_audit_config(config) for config in policy.audit_configs]
    return out


def _binding(binding: Any) -> dict[str, Any]:
    out: dict[str, Any] = {"role": binding.role, "members": list(binding.members)}
    if binding.HasField("condition"):
        out["condition"] = _printed(binding.condition)
    return out


def _audit_config(config: Any) -> dict[str, Any]:
    return {
        "service": config.service,
        "auditLogConfigs": [
            {
                "logType": _LOG_TYPES.get(one.log_type, str(one.log_type)),
                **({"exemptedMembers": list(one.exempted_members)} if one.exempted_members else {}),
            }
            for one in config.audit_log_configs
        ],
    }


def _printed(message: Any) -> dict[str, Any]:
    from google.protobuf.json_format import MessageToDict

    printed: dict[str, Any] = MessageToDict(message)
    return printed


def groups_of(assets: Iterable[Any], into: dict[tuple[tuple[str, ...], str], int]) -> None:
    """Count assets by ancestors and the project in their name, as the first look at a file does."""
    for asset in assets:
        name = asset.name
        _, found, rest = name.partition("/projects/")
        key = (tuple(asset.ancestors), rest.partition("/")[0] if found else "")
        into[key] = into.get(key, 0) + 1
