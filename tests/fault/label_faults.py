# SPDX-License-Identifier: Apache-2.0
"""Faults of label files: each in a random row, and where it may be, a random field."""
from faults import Fault


def rows_of(content):
    return [line.split() for line in content.decode().splitlines() if line.strip()]


def text_of(rows):
    return "".join(" ".join(map(str, row)) + "\n" for row in rows).encode()


def in_row(change):
    """change(row, chance, pair) changes a random row of five fields; returns False where it does not fit."""
    def apply(content, chance, pair):
        rows = rows_of(content)
        if not rows:
            return None
        row = chance.choice(rows)
        if len(row) != 5 or change(row, chance, pair) is False:
            return None
        return text_of(rows)
    return apply


def put(columns, values):
    def change(row, chance, _):
        row[chance.choice(columns)] = chance.choice(values)
    return in_row(change)


def in_pixels(row, chance, pair):
    sides = (pair.width, pair.height, pair.width, pair.height)
    row[1:] = [f"{float(v) * side:.2f}" for v, side in zip(row[1:], sides)]
    # The catalogue's own condition: two numbers over 2, none over the side.
    values = [float(v) for v in row[1:]]
    return sum(v > 2 for v in values) >= 2 and all(v <= side for v, side in zip(values, sides))


def over_the_edge(row, chance, _):
    row[1], row[3] = "0.99", "0.2"


def add_row(make):
    def apply(content, chance, pair):
        rows = rows_of(content)
        if not rows or any(len(row) != 5 for row in rows):
            return None
        rows.insert(chance.randrange(len(rows)) + 1, make(chance.choice(rows), chance))
        return text_of(rows)
    return apply


def blank_row(content, chance, _):
    lines = content.decode().splitlines()
    if len(lines) < 2:
        return None
    lines.insert(chance.randrange(1, len(lines)), "   ")
    return "\n".join(lines).encode() + b"\n"


def nearly_the_same(row, chance):
    return [row[0], *(f"{float(v) * (1 + 1e-4):.8f}" for v in row[1:])]


def with_byte(byte):
    def apply(content, chance, _):
        at = chance.randrange(len(content) + 1)
        return content[:at] + byte + content[at:]
    return apply


def flip_bit(content, chance, _):
    if not content:
        return None
    changed = bytearray(content)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


FAULTS = [
    Fault("word or broken number", ("label/not-a-number",),
          put(range(5), ["dog", "0,5", "1e", "0x1", "1_0", "--1", "0.5.5", "½"])),
    Fault("NaN or infinity", ("label/not-finite",), put(range(5), ["nan", "inf", "-inf", "1e999"])),
    Fault("field lost", ("label/column-count",), in_row(lambda row, r, p: row.pop(r.randrange(5)) and None)),
    Fault("fractional class", ("label/class-not-integer",), put([0], ["0.5", "1.25"])),
    Fault("class out of range", ("label/class-out-of-range",), in_row(lambda row, r, p: row.__setitem__(0, r.choice(["-1", p.classes])))),
    Fault("coordinate far outside", ("label/out-of-range",), put([1, 2], ["1.37", "-0.2", "1.0101"])),
    Fault("coordinate slightly outside", ("label/slightly-out-of-range",), put([1, 2], ["1.005", "-0.005"])),
    Fault("coordinates in pixels", ("label/pixel-coordinates",), in_row(in_pixels)),
    Fault("box over the edge", ("label/box-outside-image",), in_row(over_the_edge)),
    Fault("no width or height", ("label/not-positive-size",), put([3, 4], ["0", "-0.2", "-0.0"])),
    Fault("box under two pixels", ("label/tiny-box",), put([3, 4], ["0.001", "1e-4"])),
    Fault("box of the whole image", ("label/whole-image-box",), in_row(lambda row, r, p: row.__setitem__(slice(1, 5), ["0.5", "0.5", "1", "1"]))),
    Fault("row twice", ("label/duplicate-row",), add_row(lambda row, r: list(row))),
    Fault("row nearly twice", ("label/overlapping-duplicate",), add_row(nearly_the_same)),
    Fault("polygon among boxes", ("label/mixed-formats",), add_row(lambda row, r: [0, 0.1, 0.1, 0.9, 0.1, 0.5, 0.9])),
    Fault("polygon without a coordinate", ("label/odd-polygon",), add_row(lambda row, r: [0, 0.1, 0.1, 0.9, 0.1, 0.5, 0.9, 0.2])),
    Fault("blank row", ("label/blank-row",), blank_row),
    Fault("NUL byte", ("label/encoding",), with_byte(b"\0")),
    Fault("byte that is no UTF-8", ("label/encoding",), with_byte(b"\xff")),
    Fault("UTF-16", ("label/encoding",), lambda c, r, p: c.decode().encode("utf-16") if c else None),
    Fault("byte-order mark", ("label/bom",), lambda c, r, p: b"\xef\xbb\xbf" + c if c else None),
    Fault("emptied", ("label/empty",), lambda c, r, p: b"" if c else None),
    Fault("cut", ("label/column-count", "label/not-a-number"),
          lambda c, r, p: c[:r.randrange(1, len(c) - 1)] if len(c) > 2 else None, sure=False),
    Fault("one bit flipped", ("label/not-a-number", "label/encoding", "label/column-count", "label/out-of-range",
                              "label/class-out-of-range"), flip_bit, sure=False),
]
