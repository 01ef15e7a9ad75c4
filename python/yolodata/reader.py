# SPDX-License-Identifier: Apache-2.0
import ctypes
import json
import os
from typing import NamedTuple

import numpy as np

from .library import DamagedRecord, Error, Options, RecordInfo, check, lib, message

_IO = {"auto": 0, "mmap": 1, "pread": 2, "direct": 3}
_ROW = np.dtype([("class", "<i4"), ("xywh", "<f4", 4)])
_USUAL_BOXES, _LONGEST_SOURCE = 64, 65535


class Record(NamedTuple):
    """What is known of a record without its pixels."""
    number: int         # within the split
    width: int          # of the stored picture, px
    height: int
    codec: str          # "raw" or "jpeg"
    payload_bytes: int
    checksum: int       # XXH3-64 of the payload
    source: str         # path of the picture in its dataset; bytes that are not UTF-8 as surrogates
    source_size: tuple  # width and height of the source picture
    boxes: np.ndarray   # (n, 5) float32: class, x, y, w, h; centre and size normalised to the picture


def _index(path):
    try:
        with open(os.path.join(path, "index.json"), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise Error(f"{path}: holds no shard set ({error}); make one with yolodata pack") from error


def splits(path):
    """The splits of a set and how many records each has: {"train": 205, "val": 87}."""
    return {split["name"]: split["records"] for split in _index(path)["splits"]}


class ShardReader:
    """A split of a shard set, as a sequence of (image, boxes): image is (height, width, 3) uint8, RGB; boxes is
    (n, 5) float32 of class, x, y, w, h. Pixels are copied once, from the file into the array.

    io: "auto", "mmap", "pread" or "direct". verify=False leaves the pictures' checksums unchecked.
    drop_behind=True gives pages back once they were read. on_bad: what iterating does with a damaged record,
    "raise" DamagedRecord or "skip" it; indexing always raises.

    May be used from many threads, pickled, and passed on to forked processes: each opens the set for itself."""

    def __init__(self, path, split="train", *, io="auto", verify=True, drop_behind=False, on_bad="raise"):
        if io not in _IO or on_bad not in ("raise", "skip"):
            raise ValueError(f"io is one of {', '.join(_IO)}; on_bad is raise or skip")
        self.path, self.split = os.fspath(path), split
        self.on_bad = on_bad
        self._options = (_IO[io], int(verify), int(drop_behind), 0, 0)
        index = _index(self.path)
        self.names = index["names"]
        self.imgsz = index["imgsz"]
        self.digest = index["digest"]
        self._handle, self._owner = None, None
        self._size = lib.yolodata_size(self._set())

    def _set(self):
        # A forked process must not share locks with threads that it does not have.
        if self._handle is None or self._owner != os.getpid():
            options = Options(*self._options)
            self._handle = lib.yolodata_open(os.fsencode(self.path), self.split.encode(), ctypes.byref(options))
            self._owner = os.getpid()
            if not self._handle:
                raise Error(message())
        return self._handle

    def close(self):
        if self._handle and self._owner == os.getpid():
            lib.yolodata_close(self._handle)
        self._handle = None

    def __del__(self):
        if getattr(self, "_handle", None):
            self.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __getstate__(self):
        return {**self.__dict__, "_handle": None, "_owner": None}

    def __len__(self):
        return self._size

    def _number(self, number):
        number = number.__index__()
        if not -self._size <= number < self._size:
            raise IndexError(f"record {number} of {self._size}")
        return number % self._size if self._size else 0

    def info(self, number):
        """Record: size, source and boxes. No pixel is touched."""
        number, info = self._number(number), RecordInfo()
        source = ctypes.create_string_buffer(_LONGEST_SOURCE)
        rows = np.empty(_USUAL_BOXES, _ROW)
        while True:
            check(lib.yolodata_info(self._set(), number, ctypes.byref(info), rows.ctypes.data, len(rows), source,
                                    len(source)))
            if info.rows <= len(rows):
                break
            rows = np.empty(info.rows, _ROW)
        boxes = np.empty((info.rows, 5), np.float32)
        boxes[:, 0], boxes[:, 1:] = rows["class"][:info.rows], rows["xywh"][:info.rows]
        return Record(info.number, info.width, info.height, ("raw", "jpeg")[info.codec], info.payload_bytes, info.checksum,
                      os.fsdecode(source.raw[:info.source_bytes]), (info.source_width, info.source_height), boxes)

    def image(self, number, out=None):
        """(height, width, 3) uint8, RGB. out: a contiguous array of that shape, such as a place in a batch."""
        return self._image(self.info(number), out)

    def _image(self, info, out=None):
        shape = (info.height, info.width, 3)
        if out is None:
            out = np.empty(shape, np.uint8)
        elif out.shape != shape or out.dtype != np.uint8 or not out.flags.c_contiguous or not out.flags.writeable:
            raise ValueError(f"out must be a contiguous uint8 array of shape {shape}")
        check(lib.yolodata_picture(self._set(), info.number, out.ctypes.data, out.nbytes))
        return out

    def payload(self, number):
        """The stored bytes: raw pixels, or a JPEG file."""
        info = self.info(number)
        out = np.empty(info.payload_bytes, np.uint8)
        check(lib.yolodata_read(self._set(), info.number, out.ctypes.data, out.nbytes))
        return out

    def prefetch(self, number, count):
        """Reads ahead; for a thread of its own."""
        lib.yolodata_prefetch(self._set(), self._number(number), count)

    def __getitem__(self, number):
        info = self.info(number)
        return self._image(info), info.boxes

    def __iter__(self):
        for number in range(self._size):
            try:
                yield self[number]
            except DamagedRecord:
                if self.on_bad == "raise":
                    raise

    def batches(self, size):
        """(images, boxes) of `size` records each: one (n, height, width, 3) array where all have one size, else a
        list of arrays; boxes is a list."""
        batch = []
        for sample in self:
            batch.append(sample)
            if len(batch) == size:
                yield _joined(batch)
                batch = []
        if batch:
            yield _joined(batch)


def _joined(batch):
    images, boxes = [image for image, _ in batch], [rows for _, rows in batch]
    same = all(image.shape == images[0].shape for image in images)
    return (np.stack(images) if same else images), boxes
