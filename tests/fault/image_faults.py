# SPDX-License-Identifier: Apache-2.0
"""Faults of picture files: what disks, copies, downloads and people do to them. JPEG and PNG."""
import struct
import zlib

from faults import Fault

PAGE = 4096
DAMAGED = ("image/corrupt-data", "image/truncated")


def is_jpeg(content):
    return content.startswith(b"\xff\xd8")


def data_start(content):
    """Where the coded picture begins: behind the first start of scan, or in the first IDAT."""
    if is_jpeg(content):
        at = 2
        while at + 4 <= len(content):
            length = struct.unpack(">H", content[at + 2:at + 4])[0]
            if content[at + 1] == 0xDA:
                return at + 2 + length
            at += 2 + length
    return content.index(b"IDAT") + 4


def data_end(content):
    return len(content) - (2 if is_jpeg(content) else 16)  # EOI; IEND and the last checksum


def place(content, chance):
    return chance.randrange(data_start(content), data_end(content))


def flip(bits):
    def apply(content, chance, _):
        changed = bytearray(content)
        for at in chance.sample(range(data_start(content), data_end(content)), bits):
            changed[at] ^= 1 << chance.randrange(8)
        return bytes(changed)
    return apply


def page(fill):
    def apply(content, chance, pair):
        first, last = -(-data_start(content) // PAGE), data_end(content) // PAGE
        if first >= last:
            return None
        at = chance.randrange(first, last) * PAGE
        new = fill(at, chance, pair)
        return content[:at] + new + content[at + PAGE:] if len(new) == PAGE else None
    return apply


def cut(content, chance, _):
    return content[:chance.randrange(data_start(content) + 1, data_end(content))]


def cut_in_header(content, chance, _):
    return content[:chance.randrange(12, data_start(content))]


def claims_65000_pixels(content, chance, _):
    if not is_jpeg(content):
        header = b"IHDR" + struct.pack(">II", 65000, 65000) + content[24:29]
        return content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:]
    at = next(i for i in range(2, len(content)) if content[i] == 0xFF and content[i + 1] in (0xC0, 0xC1, 0xC2))
    return content[:at + 5] + struct.pack(">HH", 65000, 65000) + content[at + 9:]


def tiny(content, chance, _):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + chance.randbytes(27) for _ in range(9))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def lose_bytes(content, chance, _):
    """A run of bytes lost in the middle, as a dropped block of a download."""
    at = place(content, chance)
    return content[:at] + content[at + chance.randrange(1, 2000):] if at + 2000 < data_end(content) else None


JPEG = [
    Fault("end marker cut off", ("image/missing-eoi",), lambda c, r, p: c[:-2]),
    Fault("one bit flipped in the coded data", DAMAGED, flip(1), sure=False),
    Fault("eight bits flipped in the coded data", DAMAGED, flip(8), sure=False),
]
PNG = [
    Fault("one bit flipped in the coded data", DAMAGED, flip(1)),
    Fault("eight bits flipped in the coded data", DAMAGED, flip(8)),
]
BOTH = [
    Fault("cut in the coded data", ("image/truncated",), cut),
    Fault("cut in the header", ("image/truncated", "image/corrupt-data", "image/unknown-format"), cut_in_header),
    Fault("4 KiB page of zeros", DAMAGED, page(lambda at, r, p: bytes(PAGE))),
    Fault("4 KiB page of random bytes", DAMAGED, page(lambda at, r, p: r.randbytes(PAGE))),
    Fault("4 KiB page of another picture", DAMAGED, page(lambda at, r, p: p.other[at:at + PAGE]), sure=False),
    Fault("bytes lost in the middle", DAMAGED, lose_bytes, sure=False),
    Fault("bytes appended", ("image/trailing-data",), lambda c, r, p: c + r.randbytes(r.randrange(1, 5000))),
    Fault("empty file", ("image/empty",), lambda c, r, p: b""),
    Fault("file of zeros", ("image/unknown-format",), lambda c, r, p: bytes(len(c))),
    Fault("text instead of a picture", ("image/unknown-format",), lambda c, r, p: b"<html>404 Not Found</html>"),
    Fault("GIF instead of a picture", ("image/unsupported-format",), lambda c, r, p: b"GIF89a" + c[6:]),
    Fault("wrong suffix", ("image/format-mismatch",), lambda c, r, p: c, new_suffix=".bmp"),
    Fault("9 x 9 pixels", ("image/too-small",), tiny),
    Fault("claims 65000 x 65000 pixels", ("image/too-large",), claims_65000_pixels),
]


def faults_for(content):
    return (JPEG if is_jpeg(content) else PNG) + BOTH
