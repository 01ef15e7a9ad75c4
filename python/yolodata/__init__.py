# SPDX-License-Identifier: Apache-2.0
"""Reads the shard sets that ``yolodata pack`` writes:

    for image, boxes in yolodata.ShardReader("shards", split="train"):
        ...

yolodata.torch has a Dataset for torch's DataLoader."""
from .library import DamagedRecord, Error
from .reader import Record, ShardReader, splits

__all__ = ["DamagedRecord", "Error", "Record", "ShardReader", "splits"]
