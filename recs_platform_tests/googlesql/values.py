"""Types and values as Google's server has them: from ours, and back. Not here: asking it (server.py)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

_KINDS = {"INT64": 2, "BOOL": 5, "FLOAT64": 7, "STRING": 8, "BYTES": 9, "DATE": 10, "TIMESTAMP": 19, "DATETIME": 21}
_NAMES = {number: name for name, number in _KINDS.items()}
_ARRAY, _STRUCT = 16, 17
_EPOCH = date(1970, 1, 1)


def set_type(proto: Any, text: str) -> None:
    """A type as GoogleSQL writes it: `INT64`, `ARRAY<STRING>`."""
    if text.startswith("ARRAY<"):
        proto.type_kind = _ARRAY
        set_type(proto.array_type.element_type, text.removeprefix("ARRAY<").removesuffix(">"))
    else:
        proto.type_kind = _KINDS[text]


def type_text(proto: Any) -> str:
    if proto.type_kind == _ARRAY:
        return f"ARRAY<{type_text(proto.array_type.element_type)}>"
    if proto.type_kind == _STRUCT:
        fields = ", ".join(f"{f.field_name} {type_text(f.field_type)}" for f in proto.struct_type.field)
        return f"STRUCT<{fields}>"
    return _NAMES.get(proto.type_kind, f"type {proto.type_kind}")


def set_value(proto: Any, value: Any) -> None:
    match value:
        case None:
            proto.SetInParent()
        case bool():
            proto.bool_value = value
        case int():
            proto.int64_value = value
        case float():
            proto.double_value = value
        case str():
            proto.string_value = value
        case datetime():
            proto.timestamp_value.FromDatetime(value)
        case date():
            proto.date_value = (value - _EPOCH).days
        case list() | tuple():
            proto.array_value.SetInParent()
            for item in value:
                set_value(proto.array_value.element.add(), item)
        case _:
            raise TypeError(f"no value of a table or parameter: {value!r}")


def python_value(type_: Any, proto: Any) -> Any:
    """As a lake's row has it: timestamps without a zone, in UTC."""
    kind = proto.WhichOneof("value")
    match kind:
        case None:
            return None
        case "date_value":
            return _EPOCH + timedelta(days=proto.date_value)
        case "timestamp_value":
            return proto.timestamp_value.ToDatetime(UTC).replace(tzinfo=None)
        case "array_value":
            return [python_value(type_.array_type.element_type, item) for item in proto.array_value.element]
        case "struct_value":
            fields = zip(type_.struct_type.field, proto.struct_value.field, strict=True)
            return {field.field_name: python_value(field.field_type, value) for field, value in fields}
        case _:
            return getattr(proto, kind)
