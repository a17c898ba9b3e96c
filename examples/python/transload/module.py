"""A connector's file: compiled once, checked, and instantiated for every call."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from wasmtime import Config, Engine, Store, WasmtimeError, component

from .call import RUNNING, Call, Refused, Resources
from .codec import Codec, codec
from .failures import ConfigurationError, Trapped
from .values import Ok
from .wasi import FUNCTIONS

CONTRACT = "transload:connector"
VERSION = "0.1.0"
"""The version of the contract that this platform speaks."""

MODULE_BYTES_MAX = 32 << 20
"""Size of a connector's file. Those in Rust weigh 2 MB, those in JavaScript or Python 15 to 18."""

ALIASES = {"headers": "fields", "trailers": "fields", "io-error": "error"}
"""Second names of resources in `wasi:http`."""


class Module:
    """A compiled connector. Threads may share it; one computes at a time."""

    def __init__(self, path: Path | str, cache: Path | str | None = None) -> None:
        """Compile `path`. `cache` is a directory for compiled modules, made if it does not exist. Raises `ConfigurationError`
        if the file is no connector, or if others may write to the cache: what lies there is run."""
        content = Path(path).read_bytes()
        if len(content) > MODULE_BYTES_MAX:
            raise ConfigurationError(f"{path}: larger than {MODULE_BYTES_MAX} bytes")
        self.digest = hashlib.sha256(content).hexdigest()
        config = Config()
        config.consume_fuel = True
        self._engine = Engine(config)
        self._component = _compiled(self._engine, content, self.digest, Path(cache) if cache is not None else None, path)
        self._running = threading.local()
        try:
            self._functions = self._exports()
            self._linker = self._link()
        except TypeError as error:
            raise ConfigurationError(f"{path}: {error}") from None

    def call(self, interface: str, name: str, call: Call, *arguments: Any) -> Any:
        """Call an export in an instance of its own. Answers what it answers, or its error as `Err`. Raises `Trapped`."""
        if (interface, name) not in self._functions:
            raise ConfigurationError(f"the connector exports no {interface} {name}")
        index, parameters, result = self._functions[interface, name]
        lowered = [it.lower(argument, None) for it, argument in zip(parameters, arguments, strict=True)]
        with RUNNING, Store(self._engine) as store:
            self._running.call = call
            try:
                store.set_limits(memory_size=call.limits.memory_bytes)
                store.set_fuel(call.limits.fuel)
                instance = self._linker.instantiate(store, self._component)
                function = instance.get_func(store, index)
                if function is None:
                    raise Refused(f"the connector's {interface} {name} is no function")
                answer = result.lift(function(store, *lowered), None)
            except Exception as error:
                # Not only traps: a hostile module may import functions under types that are not theirs.
                raise Trapped(_said(error, call)) from error
            finally:
                del self._running.call
        return answer.value if isinstance(answer, Ok) else answer

    def _exports(self) -> dict[tuple[str, str], tuple[Any, list[Codec], Codec]]:
        functions = {}
        for export, item in self._component.type.exports(self._engine).items():
            package, _, rest = export.partition("/")
            interface, _, contract = rest.partition("@")
            if package != CONTRACT or contract != VERSION:
                continue
            instance = self._component.get_export_index(export)
            for name, ty in self._items(export, item):
                if isinstance(ty, component.FuncType) and ty.result is not None:
                    index = self._component.get_export_index(name, instance)
                    functions[interface, name] = (index, [codec(it) for _, it in ty.params], codec(ty.result))
        if ("manifest", "describe") not in functions:
            raise TypeError(f"exports no {CONTRACT}/manifest@{VERSION}, so it is no connector of this contract")
        return functions

    def _items(self, name: str, item: Any) -> Iterator[tuple[str, component.ComponentItem]]:
        """What an interface that is imported or exported consists of."""
        if not isinstance(interface := item.ty, component.ComponentInstanceType):
            raise TypeError(f"{name} is no interface, and connectors import and export nothing else")
        return ((name, inner.ty) for name, inner in interface.exports(self._engine).items())

    def _link(self) -> component.Linker:
        linker = component.Linker(self._engine)
        for interface, item in self._component.type.imports(self._engine).items():
            with linker.root() as root, root.add_instance(interface) as instance:
                for name, ty in self._items(interface, item):
                    if isinstance(ty, component.ResourceType):
                        kind = component.ResourceType.host(Resources.kind(ALIASES.get(name, name)))
                        instance.add_resource(name, kind, self._drop)
                    elif isinstance(ty, component.FuncType):
                        instance.add_func(name, self._function(interface.partition("@")[0], name, ty))
        return linker

    def _function(self, interface: str, name: str, ty: component.FuncType) -> Callable[..., Any]:
        function = FUNCTIONS.get((interface, name))
        if function is None:

            def refuse(*_: Any) -> None:
                raise Refused(f"the connector called {interface} {name}, which this platform does not have")

            return refuse
        parameters = [codec(it) for _, it in ty.params]
        result = codec(ty.result) if ty.result is not None else None

        def run(context: Any, *arguments: Any) -> Any:
            call: Call = self._running.call
            call.remaining()
            resources = call.resources
            resources.context = context
            lifted = [it.lift(argument, resources) for it, argument in zip(parameters, arguments, strict=True)]
            answer = function(call, *lifted)
            return result.lower(answer, resources) if result is not None else None

        return run

    def _drop(self, _: Any, number: int) -> None:
        self._running.call.resources.drop(number)


def _said(error: Exception, call: Call) -> str:
    """What is known of a trap: the reason, and what the connector printed before."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # wasmtime puts the stack before the reason.
    reason = "; ".join(lines[-1:] if "wasm backtrace" in str(error) else lines) or repr(error)
    printed = call.stderr.decode(errors="replace").strip()
    return f"{reason}: {printed}" if printed else reason


def _compiled(
    engine: Engine, content: bytes, digest: str, cache: Path | None, path: Path | str
) -> component.Component:
    kept = cache and cache / f"{digest}-wasmtime-{version('wasmtime')}.bin"
    if cache is not None and kept is not None:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = cache.stat()
        if mode.st_uid != os.getuid() or mode.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ConfigurationError(f"{cache}: others may write there, and what lies there is run; chmod 700 it")
        try:
            return component.Component.deserialize_file(engine, str(kept))
        except WasmtimeError:
            # Not there, or of another wasmtime or machine.
            pass
    try:
        compiled = component.Component(engine, content)
    except WasmtimeError as error:
        raise ConfigurationError(f"{path}: {error}") from None
    if cache is not None and kept is not None:
        with tempfile.NamedTemporaryFile(dir=cache, delete=False) as file:
            file.write(compiled.serialize())
        os.replace(file.name, kept)
    return compiled


