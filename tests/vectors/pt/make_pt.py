#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_pt.py FOLDER: small files as torch.save writes them, made without torch. They are checked in."""
import collections
import functools
import io
import pathlib
import pickle
import struct
import sys
import types
import zipfile

FOLDER = pathlib.Path(__file__).parent


@functools.cache
def fake(name):
    """A class or function that pickles under the name of the real one."""
    module, _, last = name.rpartition(".")
    parts = module.split(".")
    for i in range(len(parts)):
        sys.modules.setdefault(".".join(parts[:i + 1]), types.ModuleType(".".join(parts[:i + 1])))
    made = type(last, (), {"__module__": module})
    setattr(sys.modules[module], last, made)
    return made


TYPES = {"f": ("torch.FloatStorage", 4), "d": ("torch.DoubleStorage", 8), "e": ("torch.HalfStorage", 2),
         "b16": ("torch.BFloat16Storage", 2), "q": ("torch.LongStorage", 8), "i": ("torch.IntStorage", 4),
         "h": ("torch.ShortStorage", 2), "b": ("torch.CharStorage", 1), "B": ("torch.ByteStorage", 1),
         "?": ("torch.BoolStorage", 1)}
STORAGE_CLASSES = {code: fake(name) for code, (name, _) in TYPES.items()}
REBUILD = fake("torch._utils._rebuild_tensor_v2")
PARAMETER = fake("torch._utils._rebuild_parameter")
SIZE = fake("torch.Size")


class Storage:
    def __init__(self, code, values):
        self.code, self.elements = code, len(values)
        if code == "b16":  # the upper half of a float
            self.bytes = b"".join(struct.pack("<f", v)[2:] for v in values)
        else:
            self.bytes = struct.pack(f"<{len(values)}{code}", *values)


class Call:
    """Pickles as a call of a function, as torch's tensors do."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def strides_of(shape):
    strides, step = [], 1
    for side in reversed(shape):
        strides.insert(0, step)
        step *= max(side, 1)
    return tuple(strides)


def tensor(storage, shape, offset=0, strides=None):
    return Call(REBUILD, storage, offset, tuple(shape), strides_of(shape) if strides is None else strides, False,
                collections.OrderedDict())


class Pickler(pickle._Pickler):  # the one in Python: it asks for every object
    def __init__(self, out, protocol):
        super().__init__(out, protocol)
        self.storages = []

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        if value not in self.storages:
            self.storages.append(value)
        key = str(self.storages.index(value))
        return ("storage", STORAGE_CLASSES[value.code], key, "cpu", value.elements)


def save(name, value, protocol=2, method=zipfile.ZIP_STORED, extra=()):
    out = io.BytesIO()
    pickler = Pickler(out, protocol)
    pickler.dump(value)
    folder = pathlib.Path(name).stem
    records = {"data.pkl": out.getvalue(), "byteorder": b"little"}
    records.update({f"data/{i}": s.bytes for i, s in enumerate(pickler.storages)})
    records["version"] = b"3\n"
    records.update(extra)
    with zipfile.ZipFile(FOLDER / name, "w", method) as archive:
        for record, content in records.items():
            archive.writestr(zipfile.ZipInfo(f"{folder}/{record}", (1980, 1, 1, 0, 0, 0)), content, method)


def odd_tensors():
    line = Storage("f", [i / 8 for i in range(24)])
    return {
        "whole": tensor(line, (4, 6)), "rows": tensor(line, (2, 6), 6), "turned": tensor(line, (6, 4), 0, (1, 6)),
        "columns": tensor(line, (4, 3), 0, (6, 2)), "scalar": tensor(Storage("f", [3.5]), ()),
        "empty": tensor(Storage("f", []), (0, 3), 0, (3, 1)), "repeated": tensor(Storage("f", [7]), (3,), 0, (0,)),
        "f64": tensor(Storage("d", [1 / 3]), (1,)), "f16": tensor(Storage("e", [0, .125, -2]), (3,)),
        "bf16": tensor(Storage("b16", [0, .125, -2]), (3,)), "i64": tensor(Storage("q", [-(1 << 40), 5]), (2,)),
        "i32": tensor(Storage("i", [-7, 8]), (2,)), "i16": tensor(Storage("h", [-300, 300]), (2,)),
        "i8": tensor(Storage("b", [-7, 8]), (2,)), "u8": tensor(Storage("B", [0, 255]), (2,)),
        "bool": tensor(Storage("?", [True, False]), (2,)),
        "parameter": Call(PARAMETER, tensor(Storage("f", [1, 2]), (2,)), True, collections.OrderedDict()),
    }


def module(name, parameters=(), buffers=(), children=(), **attributes):
    made = fake(name)()
    made.__dict__.update(training=False, _parameters=dict(parameters), _buffers=dict(buffers),
                         _modules=dict(children), _forward_hooks=collections.OrderedDict(), **attributes)
    return made


def network(bias):
    """Conv with batch norm, named as Ultralytics names its own."""
    conv = module("torch.nn.modules.conv.Conv2d", {
        "weight": Call(PARAMETER, tensor(Storage("e", range(8)), (2, 1, 2, 2)), True, collections.OrderedDict()),
        "bias": None})
    norm = module("torch.nn.modules.batchnorm.BatchNorm2d", {"bias": tensor(Storage("e", [bias, bias]), (2,))},
                  {"running_mean": tensor(Storage("e", [3, 4]), (2,)),
                   "num_batches_tracked": tensor(Storage("q", [9]), ()),
                   "total_ops": tensor(Storage("d", [1e9]), ())})
    layer = module("ultralytics.nn.modules.conv.Conv", children={"conv": conv, "bn": norm})
    args = fake("ultralytics.utils.IterableSimpleNamespace")()
    args.__dict__.update(imgsz=64, task="detect")
    return module("ultralytics.nn.tasks.DetectionModel", children={
        "model": module("torch.nn.modules.container.Sequential", children={"0": layer})},
        names={0: "cell", 1: "it's"}, nc=2, args=args, yaml={"yaml_file": "tiny.yaml", "nc": 2},
        stride=tensor(Storage("f", [8, 16, 32]), (3,)), save={1, 2}, path=SIZE)


def main():
    save("odd-tensors.pt", odd_tensors())
    save("deflated.pt", odd_tensors(), method=zipfile.ZIP_DEFLATED)
    save("protocol-4.pt", odd_tensors(), protocol=4)
    save("checkpoint.pt", {"epoch": 3, "best_fitness": 0.5, "model": None, "ema": network(2.5), "optimizer": {},
                           "train_args": {"imgsz": 96, "task": "detect"}, "date": "2026"})
    save("stripped.pt", {"epoch": -1, "model": network(1.5), "ema": None, "train_args": {"imgsz": [128, 96]}})
    line = Storage("f", [1, 2])
    save("both.pt", {"model": network(1.5), "ema": network(2.5)})
    save("beyond.pt", {"a": tensor(line, (3,))})
    save("repeated.pt", {str(i): tensor(line, (1 << 20,), 0, (0,)) for i in range(8)})
    save("no-storage.pt", {"a": tensor(line, (2,))}, extra={"data/0": b"1234"})
    vast = Storage("d", [])
    vast.elements = 1 << 61  # of 8 bytes: 2^64, which is 0
    save("vast.pt", {"a": tensor(vast, (1 << 61,))})
    save("no-tensors.pt", {"epoch": 3})
    save("runs-code.pt", {"a": tensor(line, (2,)), "b": Call(fake("posix.system"), "touch hostile")})
    save("program.pt", {"a": tensor(line, (2,))}, extra={"constants.pkl": b"\x80\x02)."})
    save("big-endian.pt", {"a": tensor(line, (2,))}, extra={"byteorder": b"big"})


if __name__ == "__main__":
    FOLDER = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    main()
