# SPDX-License-Identifier: Apache-2.0
"""The C library (include/yolodata/yolodata.h) by ctypes, which lets other threads run while it reads."""
import ctypes
import ctypes.util
import os


class Error(RuntimeError):
    """A set that cannot be opened, or a call that makes no sense; the message names file, place and remedy."""


class DamagedRecord(Error):
    """A record that fails its checks. The others of the set are not concerned."""


class Options(ctypes.Structure):
    _fields_ = [("io", ctypes.c_int32), ("verify_checksum", ctypes.c_int32), ("drop_behind", ctypes.c_int32),
                ("reserved", ctypes.c_int32), ("mapped_bytes", ctypes.c_uint64)]


class RecordInfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("number", "payload_bytes", "offset", "checksum")] + \
               [(name, ctypes.c_uint32) for name in ("width", "height", "source_width", "source_height", "rows", "shard")] + \
               [("codec", ctypes.c_int32), ("source_bytes", ctypes.c_uint32)]


def _load():
    # $YOLODATA_LIBRARY serves developers; in a wheel the library lies beside this file.
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libyolodata_c.so")
    for path in (os.environ.get("YOLODATA_LIBRARY"), here if os.path.exists(here) else None,
                 ctypes.util.find_library("yolodata_c"), "libyolodata_c.so"):
        if path:
            try:
                return ctypes.CDLL(path)
            except OSError as error:
                reason = error
    raise ImportError(f"libyolodata_c.so is not found ({reason}); install the package by pip, "
                      "or name the file in YOLODATA_LIBRARY")


lib = _load()
_set, _u64, _buffer = ctypes.c_void_p, ctypes.c_uint64, ctypes.c_void_p
for _name, _result, _arguments in (
        ("error", ctypes.c_char_p, []),
        ("version", ctypes.c_char_p, []),
        ("open", _set, [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(Options)]),
        ("close", None, [_set]),
        ("size", _u64, [_set]),
        ("info", ctypes.c_int, [_set, _u64, ctypes.POINTER(RecordInfo), _buffer, _u64, _buffer, _u64]),
        ("read", ctypes.c_int, [_set, _u64, _buffer, _u64]),
        ("picture", ctypes.c_int, [_set, _u64, _buffer, _u64]),
        ("prefetch", None, [_set, _u64, _u64])):
    _function = getattr(lib, "yolodata_" + _name)
    _function.restype, _function.argtypes = _result, _arguments


def message():
    return (lib.yolodata_error() or b"").decode("utf-8", "replace")


def check(status):
    if status == 1:
        raise DamagedRecord(message())
    if status != 0:
        raise Error(message())
