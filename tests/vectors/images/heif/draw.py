#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the AVIF and HEIC files beside it, which are checked in. The encoders are in Pillow >= 11.3, pillow-heif and
OpenCV >= 4.12, none of them a Debian package. Every picture is 64 x 48: red grows to the right, green downwards, and
the upper left quarter alone is blue, so that each orientation looks different.
"""
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
from PIL import Image

HERE = Path(__file__).parent


def draw(mode: str = "RGB") -> Image.Image:
    image = Image.new("RGB", (64, 48))
    for y in range(48):
        for x in range(64):
            image.putpixel((x, y), (x * 4, y * 5, 255 if x < 32 and y < 24 else 0))
    if mode == "RGBA":
        image.putalpha(Image.new("L", (64, 48), 255))
        image.putpixel((60, 40), (1, 2, 3, 9))
    return image.convert(mode)


def turn(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def grow(data: bytearray, name: bytes, more: int) -> None:
    at = data.index(name) - 4
    data[at : at + 4] = (int.from_bytes(data[at : at + 4], "big") + more).to_bytes(4, "big")


def with_property(heic: bytes, box: bytes) -> bytes:
    """The file with one property more, given to its only item: what no encoder here writes into a HEIC."""
    data = bytearray(heic)
    ipma = data.index(b"ipma")
    places = data.index(b"ipco") - 4
    end = places + int.from_bytes(data[places : places + 4], "big")
    count, at = 0, places + 8
    while at < end:
        at += int.from_bytes(data[at : at + 4], "big")
        count += 1
    number = ipma + 4 + 4 + 4 + 2  # of the item's properties
    data[number] += 1
    data.insert(number + data[number], 0x80 | count + 1)
    data[end:end] = box
    for name, more in ((b"ipma", 1), (b"ipco", len(box)), (b"iprp", len(box) + 1), (b"meta", len(box) + 1)):
        grow(data, name, more)
    iloc = data.index(b"iloc")
    assert data[iloc + 4] < 2 and data[iloc + 8] >> 4 == 4
    base = data[iloc + 9] >> 4
    entry = iloc + 4 + 4 + 2 + 2 + 2 + (2 if data[iloc + 4] == 1 else 0) + 2
    offset = entry + base + 2
    moved = int.from_bytes(data[offset : offset + 4], "big") + len(box) + 1
    data[offset : offset + 4] = moved.to_bytes(4, "big")
    return bytes(data)


def main() -> None:
    pillow_heif.register_heif_opener()
    draw().save(HERE / "plain.avif", quality=90, subsampling="4:4:4")
    draw().save(HERE / "plain.heic", quality=90, chroma=444)
    draw("L").save(HERE / "gray.avif", quality=90)
    draw("RGBA").save(HERE / "alpha.avif", quality=90, alpha_premultiplied=False)
    for orientation in (6, 7):
        draw().save(HERE / f"turned{orientation}.avif", quality=90, exif=turn(orientation))  # as irot and imir
    draw().save(HERE / "exif6.heic", quality=90, exif=turn(6))  # as Exif alone
    plain = (HERE / "plain.heic").read_bytes()
    block = np.frombuffer(turn(6).tobytes()[6:], np.uint8)
    coded = cv2.imencodeWithMetadata(".avif", np.array(draw())[:, :, ::-1], [cv2.IMAGE_METADATA_EXIF], [block])[1]
    (HERE / "exif6.avif").write_bytes(coded.tobytes())
    (HERE / "turned6.heic").write_bytes(with_property(plain, b"\0\0\0\x09irot\3"))
    draw().save(HERE / "frames.avif", save_all=True, append_images=[draw().rotate(180)], quality=60)
    draw().save(HERE / "pictures.heic", save_all=True, append_images=[draw().rotate(180)], quality=60)


if __name__ == "__main__":
    main()
