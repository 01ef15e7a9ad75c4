# SPDX-License-Identifier: Apache-2.0
"""A fault that can be planted into a file of a data set, and the catalogue that image_faults and label_faults fill."""
import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class Fault:
    """apply(content, chance, pair) gives the new bytes, or None where this file is not fit for it.

    rules: what verify must say of it, one of them. sure: false where the file may decode as before, to other pixels
    or numbers; only a manifest can tell then. new_suffix: the file is renamed as well.
    """
    name: str
    rules: tuple
    apply: typing.Callable
    sure: bool = True
    new_suffix: str = ""


@dataclasses.dataclass(frozen=True)
class Pair:
    """What a fault may know of the picture and the data set: size in pixels, classes, another picture's bytes."""
    width: int
    height: int
    classes: int
    other: bytes
