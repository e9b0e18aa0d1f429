"""Which attribute of a Terraform resource is which field of the asset, and how both are made comparable.

A line: Terraform attribute > path in the asset's data : kind. Paths are names and numbers with dots; `*` stands for every
element; of paths with `|` between the first that is there counts. Kinds: see normalise.py. An attribute that the text does
not set is a default or computed, and not compared.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from sync_jobs.layers.drift import attributes_network, attributes_service

TABLE = attributes_network.TABLE | attributes_service.TABLE
_SAME_AS = {
    "google_logging_folder_sink": "google_logging_project_sink",
    "google_logging_organization_sink": "google_logging_project_sink",
}


@dataclass(frozen=True)
class Attribute:
    """`paths`: where the asset may have it, each as its steps."""

    name: str
    steps: tuple[str, ...]
    paths: tuple[tuple[str, ...], ...]
    kind: str


@functools.cache
def attributes_of(type_: str) -> tuple[Attribute, ...] | None:
    """The attributes compared for a Terraform type; None when none are."""
    text = TABLE.get(_SAME_AS.get(type_, type_))
    if text is None:
        return None
    return tuple(_attribute(line) for line in text.strip().splitlines() if line.strip())


def _attribute(line: str) -> Attribute:
    name, _, rest = line.strip().partition(" > ")
    paths, _, kind = rest.rpartition(" : ")
    return Attribute(name, _steps(name), tuple(_steps(path) for path in paths.split("|")), kind)


def _steps(path: str) -> tuple[str, ...]:
    r"""`a.b\.c` -> a, b.c"""
    return tuple(step.replace("\0", ".") for step in path.replace("\\.", "\0").split("."))
