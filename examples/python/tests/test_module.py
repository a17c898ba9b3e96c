"""A module that breaks ends its own call, and nothing else."""

import os
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

from wasmtime import component, wat2wasm

from transload.call import Call, StoreView
from transload.failures import ConfigurationError, Trapped
from transload.limits import Limits
from transload.module import Module
from transload.storage import Storage

COMPONENT = """
(component
  (import "{import_}" (instance $imported (export "{function}" (func {signature}))))
  (core module $code
    (import "host" "function" (func $function {lowered}))
    (memory (export "memory") 1)
    (func (export "describe") (result i32) {body}))
  (core func $function (canon lower (func $imported "{function}")))
  (core instance $instance (instantiate $code (with "host" (instance (export "function" (func $function))))))
  (func $describe (result u32) (canon lift (core func $instance "describe")))
  (instance $manifest (export "describe" (func $describe)))
  (export "transload:connector/manifest@{version}" (instance $manifest)))
"""

TWICE = """
(component
  (import "{first}@0.2.3" (instance $first (export "{name}" (type (sub resource)))))
  (alias export $first "{name}" (type $resource))
  (import "{second}@0.2.9" (instance (export "{again}" (type (eq $resource)))))
  (core module $code (func (export "describe") (result i32) (i32.const 7)))
  (core instance $instance (instantiate $code))
  (func $describe (result u32) (canon lift (core func $instance "describe")))
  (instance $manifest (export "describe" (func $describe)))
  (export "transload:connector/manifest@0.1.0" (instance $manifest)))
"""


def wasm(
    body: str,
    import_: str = "wasi:clocks/monotonic-clock@0.2.6",
    function: str = "now",
    signature: str = "(result u64)",
    lowered: str = "(result i64)",
    version: str = "0.1.0",
    template: str = COMPONENT,
) -> bytes:
    """A component that does nothing but `body`."""
    return bytes(wat2wasm(template.format(**locals())))


class Modules(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def module(self, content: bytes, cache: Path | None = None) -> Module:
        path = self.directory / "module.wasm"
        path.write_bytes(content)
        return Module(path, cache)

    def run_it(self, module: Module, **limits: float) -> object:
        bounds = replace(Limits(), **limits)
        storage = Storage()
        self.addCleanup(storage.close)
        call = Call(bounds, "{}", StoreView(storage, bounds), None, lambda *_: None)
        return module.call("manifest", "describe", call)

    def test_a_trap_is_told_and_the_next_call_has_a_new_instance(self) -> None:
        counting = "(i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))) (i32.load (i32.const 0))"
        module = self.module(wasm(counting))
        self.assertEqual([self.run_it(module), self.run_it(module)], [1, 1])
        with self.assertRaisesRegex(Trapped, "unreachable"):
            self.run_it(self.module(wasm("unreachable")))
        self.assertEqual(self.run_it(module), 1)

    def test_a_connector_that_never_ends_runs_out_of_fuel(self) -> None:
        with self.assertRaisesRegex(Trapped, "fuel"):
            self.run_it(self.module(wasm("(loop (br 0)) unreachable")), fuel=1_000_000)

    def test_a_connector_that_asks_the_time_for_ever_runs_out_of_time(self) -> None:
        with self.assertRaisesRegex(Trapped, "more than 0.1 seconds"):
            self.run_it(self.module(wasm("(loop (drop (call $function)) (br 0)) unreachable")), seconds=0.1)

    def test_memory_ends_at_the_limit(self) -> None:
        # Pages of 64 KiB: one to begin with, and three more, then none.
        growing = "(drop (memory.grow (i32.const 3))) (memory.grow (i32.const 1))"
        self.assertEqual(self.run_it(self.module(wasm(growing)), memory_bytes=4 << 16), 2**32 - 1)
        self.assertEqual(self.run_it(self.module(wasm(growing)), memory_bytes=5 << 16), 4)

    def test_an_import_that_no_platform_gives_is_refused_when_it_is_called(self) -> None:
        sockets = {"import_": "wasi:sockets/doors@0.2.6", "function": "open", "signature": "", "lowered": ""}
        self.assertEqual(self.run_it(self.module(wasm("(i32.const 7)", **sockets))), 7)
        with self.assertRaisesRegex(Trapped, "wasi:sockets/doors open"):
            self.run_it(self.module(wasm("(call $function) (i32.const 7)", **sockets)))

    def test_an_import_under_a_type_that_is_not_its_own_ends_the_call(self) -> None:
        wrong = {"import_": "wasi:io/streams@0.2.6", "function": "[method]input-stream.read"}
        content = wasm("(drop (call $function)) (i32.const 7)", **wrong)
        with self.assertRaises((Trapped, ConfigurationError)):
            self.run_it(self.module(content))

    def test_a_resource_that_an_interface_has_under_a_second_name_is_one(self) -> None:
        for first, name, second, again in [
            ("wasi:io/error", "error", "wasi:http/types", "io-error"),
            ("wasi:http/types", "fields", "wasi:http/types", "trailers"),
        ]:
            content = wat2wasm(TWICE.format(first=first, name=name, second=second, again=again))
            self.assertEqual(self.run_it(self.module(bytes(content))), 7)

    def test_an_import_that_is_no_interface_is_refused(self) -> None:
        alone = COMPONENT.replace("(component", '(component (import "alone" (func))', 1)
        with self.assertRaisesRegex(ConfigurationError, "alone is no interface"):
            self.module(wasm("(i32.const 7)", template=alone))

    def test_a_file_that_is_no_connector_of_this_contract_is_refused(self) -> None:
        for content in [b"\0asm nothing", wasm("(i32.const 1)", version="0.9.0"), bytes((32 << 20) + 1)]:
            with self.assertRaises(ConfigurationError):
                self.module(content)

    def test_compiled_modules_are_kept_by_digest_and_what_is_damaged_is_made_anew(self) -> None:
        cache = self.directory / "cache"
        content = wasm("(i32.const 7)")
        self.assertEqual(self.run_it(self.module(content, cache)), 7)
        (kept,) = cache.iterdir()
        with mock.patch.object(component.Component, "__init__", side_effect=AssertionError("compiled again")):
            self.assertEqual(self.run_it(self.module(content, cache)), 7)
        kept.write_bytes(b"damaged")
        self.assertEqual(self.run_it(self.module(content, cache)), 7)

    def test_a_cache_that_others_may_write_to_is_refused(self) -> None:
        cache = self.directory / "cache"
        cache.mkdir()
        os.chmod(cache, 0o777)
        with self.assertRaisesRegex(ConfigurationError, "chmod 700"):
            self.module(wasm("(i32.const 7)"), cache)
