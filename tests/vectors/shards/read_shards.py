# SPDX-License-Identifier: Apache-2.0
"""Reads shard sets of format 1.0 and 1.1, written from docs/shard-format.md with numpy and the system's libxxhash alone:
for record in read_split("shards", "train"): …"""
import ctypes
import json
import struct

import numpy as np

xxh3 = ctypes.CDLL("libxxhash.so.0").XXH3_64bits
xxh3.restype, xxh3.argtypes = ctypes.c_uint64, [ctypes.c_char_p, ctypes.c_size_t]
ROW = np.dtype([("class", "<i4"), ("xywh", "<f4", 4)])

def require(condition, what):
    if not condition:
        raise ValueError(what)

def check(data, stored, what):
    require(xxh3(bytes(data), len(data)) == stored, f"the checksum of {what} does not hold")

def u64(data, at):
    return struct.unpack_from("<Q", data, at)[0]

def section(file, at, length, kind):
    head = bytes(file[at:at + 64])
    check(head[:56], u64(head, 56), "a section's head")
    require(head[:4] == b"YSEC" and struct.unpack_from("<I", head, 4)[0] == kind and u64(head, 8) == length - 64, "section")
    return file[at + 64:at + length], u64(head, 16), u64(head, 32)

def geometry(entry, at, rows):
    """Polygons (one array of vertices a row) and key points (rows x points x 2|3), from the extensions."""
    found = {"polygons": [], "keypoints": None}
    while (at := -(-at // 8) * 8) < len(entry):
        kind, length = struct.unpack_from("<II", entry, at)
        body, at = entry[at + 8:at + 8 + length], at + 8 + length
        if kind == 1:
            ends = np.cumsum(np.frombuffer(body, "<u4", rows))
            found["polygons"] = np.split(np.frombuffer(body, "<f4", offset=4 * rows).reshape(-1, 2), ends[:-1])
        elif kind == 2:
            found["keypoints"] = np.frombuffer(body, "<f4", offset=8).reshape(rows, *struct.unpack_from("<II", body))
    return found

def read_shard(path):
    file = np.memmap(path, np.uint8, "r")
    head, tail = bytes(file[:4096]), bytes(file[-64:])
    require(head[:10] == b"\x89YDS\r\n\x1a\n\x01\x00" and head[12:16] == b"\x04\x03\x02\x01", "no shard of version 1")
    check(head[:4088], u64(head, 4088), "the header")
    check(tail[:56], u64(tail, 56), "the tail")
    require(u64(head, 24) == 0 and u64(head, 48) == len(file), "unknown features, or another length")
    require(tail[:4] == b"YEND" and tail[8:48] == head[48:56] + head[72:104], "header and tail disagree")
    section(file, u64(head, 88), u64(head, 96), 1)
    index, count, checksum = section(file, u64(head, 72), u64(head, 80), 2)
    check(index, checksum, "the index")
    for n, (at, label, size, checksum) in enumerate(index[:32 * count].view("<u8").reshape(-1, 4).tolist()):
        record, payload = bytes(file[at:at + 64]), file[at + 64:at + 64 + size]
        check(record[:56], u64(record, 56), f"the head of record {n}")
        check(payload, checksum, f"record {n}")
        width, height, codec = struct.unpack_from("<IIB", record, 16)
        require(record[:4] == b"YREC" and u64(record, 8) == u64(head, 64) + n and codec <= 1, f"record {n}")
        length, rows = struct.unpack_from("<II", file, label + 8)
        entry, end = bytes(file[label:label + length]), 48 + 20 * rows
        check(entry[8:], u64(entry, 0), f"the labels of record {n}")
        source = entry[end:end + struct.unpack_from("<H", entry, 40)[0]]
        yield {"source": source, "width": width, "height": height, "codec": ("raw", "jpeg")[codec], "offset": at,
               "source_size": struct.unpack_from("<II", entry, 32), "boxes": np.frombuffer(entry, ROW, rows, 48),
               **geometry(entry, end + len(source), rows),
               "payload": payload if codec else payload.reshape(height, width, 3)}

def read_split(folder, split):
    with open(f"{folder}/index.json", encoding="utf-8") as file:
        for shard in json.load(file)["shards"]:
            if shard["split"] == split:
                yield from read_shard(f"{folder}/{shard['file']}")
