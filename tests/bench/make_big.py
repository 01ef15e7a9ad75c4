# SPDX-License-Identifier: Apache-2.0
"""make_big.py DATA.yaml-FOLDER SPLIT DEST N: a dataset of N copies of each image and label under other names.

Hard copies, so that every file is read; the names sort so that copies of one picture do not lie side by side.
"""
import pathlib
import shutil
import sys


def main():
    source, split, dest, copies = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3]), int(sys.argv[4])
    for kind in ("images", "labels"):
        (dest / kind / "train").mkdir(parents=True, exist_ok=True)
        for file in sorted((source / kind / split).iterdir()):
            for i in range(copies):
                shutil.copyfile(file, dest / kind / "train" / f"{i:03d}_{file.name}")
    names = (source / "data.yaml").read_text().split("names:", 1)[1]
    (dest / "data.yaml").write_text(f"path: .\ntrain: images/train\nval: images/train\nnames:{names}")


if __name__ == "__main__":
    main()
