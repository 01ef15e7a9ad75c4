# SPDX-License-Identifier: Apache-2.0
"""A small dataset with one fault of each kind that repair mends, and the state of a whole tree."""
import os

from small_dataset import SOURCE, SmallDataset, png

JPEG = next((SOURCE / "samples").rglob("*.jpg")).read_bytes()


def tree(root):
    """All that undo has to bring back: kinds, modes, times, contents, link targets; folders too."""
    state = {}
    for folder, folders, names in os.walk(os.fsencode(root)):
        for path in [folder] + [os.path.join(folder, name) for name in names + folders]:
            stat = os.lstat(path)
            link = os.readlink(path) if os.path.islink(path) else None
            content = open(path, "rb").read() if os.path.isfile(path) and link is None else None
            size = stat.st_size if content is not None else None
            state[path] = (stat.st_mode, size, stat.st_mtime_ns, content, link)
    return state


def age(root):
    """Old times everywhere, so that a new one is seen."""
    at = 1_600_000_000_123_456_789
    for folder, _, names in os.walk(root, topdown=False):
        for path in [os.path.join(folder, name) for name in names] + [folder]:
            at += 1_000_000_007
            os.utime(path, ns=(at, at), follow_symlinks=False)


def damaged(root, copies=1):
    data = SmallDataset(root)
    for i in range(copies):
        data.put(f"train/clip{i}", 1000 + i, "0 0.9 0.5 0.4 0.4\r\n1  0.50 0.5 .4 0.4\r\n")
        data.put(f"train/drop{i}", 2000 + i, "7 0.5 0.5 0.4 0.4\n1 0.5 0.5 0.4 0.4\n1 0.5 0.50 0.4 0.4")
        data.write(f"images/train/eoi{i}.jpg", JPEG[:-2])
        data.write(f"images/train/tail{i}.jpg", JPEG + b"\0" * (7 + i))
        data.put(f"train/bad{i}", 0, "0 0.5 0.5 0.4 0.4\n")
        data.write(f"images/train/bad{i}.png", png(3000 + i)[:400])
    os.chmod(data.root / "labels/train/clip0.txt", 0o640)
    age(data.root)
    return data
