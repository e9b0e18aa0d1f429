"""The layers, found by folder: adding a layer is adding a folder with a `layer.py` that defines `LAYER`."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.errors import PortalError
from sync_jobs.layers.base import Layer


class Registry(Mapping[str, Layer]):
    """name -> layer. Listing names looks at folders only; a layer's code is imported when it is asked for."""

    def __init__(self, folder: Path, package: str) -> None:
        self._folder = folder
        self._package = package
        self._loaded: dict[str, Layer] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(path.parent.name for path in self._folder.glob("*/layer.py")))

    def speaks_of_following(self, name: str) -> bool:
        """Whether a layer's file says `follows` anywhere."""
        return "follows" in (self._folder / name / "layer.py").read_text(encoding="utf-8")

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return name in list(self)

    def __getitem__(self, name: str) -> Layer:
        if name not in self._loaded:
            if name not in self:
                raise KeyError(name)
            module = importlib.import_module(f"{self._package}.{name}.layer")
            layer: Layer = module.LAYER
            if layer.name != name:
                raise PortalError(
                    f"{module.__file__}: LAYER.name is {layer.name!r}, its folder is {name!r}.",
                    "Give both the same name.",
                )
            self._loaded[name] = layer
        return self._loaded[name]


def followers(layers: Mapping[str, Layer], name: str) -> list[str]:
    """The layers that follow `name`. One whose file does not speak of following is not imported to find out."""
    return [
        other
        for other in layers
        if (not isinstance(layers, Registry) or layers.speaks_of_following(other))
        and name in getattr(layers[other], "follows", ())
    ]


LAYERS: Mapping[str, Layer] = Registry(Path(__file__).parent, __name__)
