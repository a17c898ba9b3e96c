"""Contract values to and from what `wasmtime.component` takes and gives.

wasmtime names a variant's case only where the cases' Python types overlap, and a record's fields as WIT does. Here a value
has one shape whatever its neighbours are; `values` says which.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from wasmtime import component

from .values import Err, Ok, Record, decimal_of, units_of


class Handles(Protocol):
    """The host's objects that a component holds."""

    def lift(self, handle: component.ResourceAny) -> Any:
        """The object behind a handle."""

    def lower(self, resource: Any) -> component.ResourceHost:
        """A handle for an object."""


class Codec(NamedTuple):
    """Both ways for one type. What has no handles in it needs none."""

    lift: Callable[[Any, Any], Any]
    lower: Callable[[Any, Any], Any]


def codec(ty: component.ValType) -> Codec:
    """The codec of a type. Types that no connector's contract has raise `TypeError`."""
    for kind, make in _MAKERS.items():
        if isinstance(ty, kind):
            return make(ty)
    raise TypeError(f"{type(ty).__name__} is no type of the contract")


def snake(name: str) -> str:
    """A name of WIT as Python writes it."""
    return name.replace("-", "_")


def _same(_: component.ValType) -> Codec:
    return Codec(lambda value, _: value, lambda value, _: value)


def _resource(_: component.ValType) -> Codec:
    def lift(handle: component.ResourceAny, handles: Handles) -> Any:
        return handles.lift(handle)

    def lower(resource: Any, handles: Handles) -> component.ResourceHost:
        return handles.lower(resource)

    return Codec(lift, lower)


def _list(ty: component.ListType) -> Codec:
    if isinstance(ty.element, component.U8):
        return Codec(lambda value, _: value, lambda value, _: bytes(value))
    element = codec(ty.element)
    return Codec(
        lambda values, handles: [element.lift(value, handles) for value in values],
        lambda values, handles: [element.lower(value, handles) for value in values],
    )


def _tuple(ty: component.TupleType) -> Codec:
    elements = [codec(element) for element in ty.elements]
    return Codec(
        lambda values, handles: tuple(it.lift(value, handles) for it, value in zip(elements, values, strict=True)),
        lambda values, handles: tuple(it.lower(value, handles) for it, value in zip(elements, values, strict=True)),
    )


def _record(ty: component.RecordType) -> Codec:
    fields = [(name, snake(name), codec(field)) for name, field in ty.fields]
    if [name for name, _, _ in fields] == ["units", "exponent"]:
        return Codec(lambda value, _: decimal_of(value.units, value.exponent), _lower_decimal)

    def lift(value: Any, handles: Handles | None) -> Record:
        return Record({ours: it.lift(getattr(value, name), handles) for name, ours, it in fields})

    def lower(value: Any, handles: Handles | None) -> component.Record:
        if unknown := set(value) - {ours for _, ours, _ in fields}:
            raise TypeError(f"the contract has no field {', '.join(sorted(unknown))} here")
        record = component.Record()
        for name, ours, it in fields:
            # A field that is left out is none, which a type without a none refuses.
            setattr(record, name, it.lower(value.get(ours), handles))
        return record

    return Codec(lift, lower)


def _lower_decimal(value: Any, _: Handles | None) -> component.Record:
    record: Any = component.Record()
    record.units, record.exponent = units_of(value)
    return record


def _option(ty: component.OptionType) -> Codec:
    cases = _Cases([("none", None), ("some", ty.payload)])

    def lift(value: Any, handles: Handles | None) -> Any:
        return cases.lift(value, handles)[1]

    def lower(value: Any, handles: Handles | None) -> Any:
        return cases.lower("none" if value is None else "some", value, handles)

    return Codec(lift, lower)


def _result(ty: component.ResultType) -> Codec:
    cases = _Cases([("ok", ty.ok), ("err", ty.err)])

    def lift(value: Any, handles: Handles | None) -> Ok | Err:
        tag, payload = cases.lift(value, handles)
        return Ok(payload) if tag == "ok" else Err(payload)

    def lower(value: Any, handles: Handles | None) -> Any:
        if isinstance(value, Err):
            return cases.lower("err", value.error, handles)
        return cases.lower("ok", value.value if isinstance(value, Ok) else value, handles)

    return Codec(lift, lower)


def _variant(ty: component.VariantType) -> Codec:
    cases = _Cases(ty.cases)

    def lift(value: Any, handles: Handles | None) -> Any:
        tag, payload = cases.lift(value, handles)
        return Record({tag: payload}) if cases.has_payload(tag) else tag

    def lower(value: Any, handles: Handles | None) -> Any:
        if isinstance(value, str):
            return cases.lower(value, None, handles)
        ((tag, payload),) = value.items()
        return cases.lower(tag, payload, handles)

    return Codec(lift, lower)


class _Cases:
    """The cases of a variant, an option or a result."""

    def __init__(self, cases: list[tuple[str, component.ValType | None]]) -> None:
        self._codecs = {tag: codec(ty) if ty is not None else None for tag, ty in cases}
        self._classes = {tag: _classes(ty) for tag, ty in cases}
        # The rule of wasmtime: a value is tagged where its class alone would not tell its case.
        together = [cls for classes in self._classes.values() for cls in classes]
        self._tagged = len(together) > len(set(together))

    def has_payload(self, tag: str) -> bool:
        return self._codecs[tag] is not None

    def lift(self, value: Any, handles: Handles | None) -> tuple[str, Any]:
        tag, payload = (value.tag, value.payload) if self._tagged else (self._tag_of(value), value)
        it = self._codecs[tag]
        return tag, (it.lift(payload, handles) if it is not None else None)

    def lower(self, tag: str, payload: Any, handles: Handles | None) -> Any:
        if tag not in self._codecs:
            raise TypeError(f"{tag!r} is none of {', '.join(self._codecs)}")
        it = self._codecs[tag]
        lowered = it.lower(payload, handles) if it is not None else None
        return component.Variant(tag, lowered) if self._tagged else lowered

    def _tag_of(self, value: Any) -> str:
        fitting = (tag for tag, classes in self._classes.items() if isinstance(value, tuple(classes - {object})))
        # Only a case without payload is none, for which wasmtime has `object`.
        return next(fitting, None) or next(tag for tag, classes in self._classes.items() if object in classes)


def _classes(ty: component.ValType | None) -> set[type]:
    classes: set[type] = set()
    if ty is None:
        classes.add(object)
    else:
        ty.add_classes(classes)
    return classes


_MAKERS: dict[type, Callable[[Any], Codec]] = {
    component.RecordType: _record,
    component.VariantType: _variant,
    component.OptionType: _option,
    component.ResultType: _result,
    component.ListType: _list,
    component.TupleType: _tuple,
    component.OwnType: _resource,
    component.BorrowType: _resource,
    **dict.fromkeys([component.Bool, component.Char, component.String, component.EnumType, component.FlagsType], _same),
    **dict.fromkeys([component.U8, component.U16, component.U32, component.U64], _same),
    **dict.fromkeys([component.S8, component.S16, component.S32, component.S64], _same),
}
