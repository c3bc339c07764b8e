"""A generated package in memory: its modules are executed in namespaces of their own, and leave nothing behind."""

import builtins
from collections.abc import Mapping
from hashlib import blake2b
from types import ModuleType
from typing import Any

from syncline_runtime.declaration import Package


def load_package(files: Mapping[str, str]) -> Package:
    """The `PACKAGE` of generated files. Raises CodecError where a function of one's own cannot be imported."""
    return _Modules(files).module("package").PACKAGE  # type: ignore[no-any-return]


class _Source:
    """Where the text of a module is looked up, for the places of what it refuses."""

    def __init__(self, text: str) -> None:
        self._text = text

    def get_source(self, name: str) -> str:
        """The text of the module."""
        return self._text


class _Modules:
    """The modules of one package, executed when they are first imported."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self._loaded: dict[str, ModuleType] = {}

    def module(self, name: str) -> Any:
        """The module of a name, without the package's."""
        if name not in self._loaded:
            text = self._files[f"{name}.py"]
            module = ModuleType(f"syncline_examples.{name}")
            module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._import}
            module.__dict__["__loader__"] = _Source(text)
            self._loaded[name] = module
            # Another text is another file to those who look up its lines.
            path = f"{blake2b(text.encode(), digest_size=8).hexdigest()}/{name}.py"
            # The text is what the build would write, and has passed the guard of `emitting`.
            exec(compile(text, path, "exec", dont_inherit=True), module.__dict__)
        return self._loaded[name]

    def _import(
        self,
        name: str,
        globals_: Mapping[str, object] | None = None,
        locals_: Mapping[str, object] | None = None,
        fromlist: tuple[str, ...] = (),
        level: int = 0,
    ) -> object:
        if not level:
            return __import__(name, globals_, locals_, fromlist, level)
        if name:
            return self.module(name)
        siblings = ModuleType("syncline_examples")
        for each in fromlist:
            setattr(siblings, each, self.module(each))
        return siblings
