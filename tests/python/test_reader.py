# SPDX-License-Identifier: Apache-2.0
"""The Python package against the reader that was written from the format's page alone."""
import os
import pickle
import shutil
import sys
import threading

import numpy as np
import pytest

if os.environ.get("YOLO_SANITIZE"):
    pytest.skip("a library with sanitizers does not load into a Python without", allow_module_level=True)

import yolodata  # noqa: E402
from drawn_dataset import SOURCE, draw, run  # noqa: E402

sys.path.insert(0, os.path.join(SOURCE, "tests", "vectors", "shards"))
from read_shards import read_split  # noqa: E402

GOLDEN = os.path.join(SOURCE, "tests", "vectors", "shards", "v1")
IO = ("auto", "mmap", "pread", "direct")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("python")
    data = draw(folder / "data", train=12, val=3)
    for codec in ("raw", "jpeg"):
        done = run("pack", data, folder / codec, "--imgsz", 64, "--codec", codec, "--shard-size", "64KiB", "--quiet")
        assert done.returncode == 0
    return folder


def damage(folder, target):
    shutil.copytree(folder, target)
    with open(target / "train-00000.yds", "r+b") as file:
        file.seek(4096 + 64 + 5)
        file.write(b"\xff\x00\xff")
    return target


@pytest.mark.parametrize("io", IO)
def test_records_are_those_of_the_plain_reader(drawn, io):
    for path in (GOLDEN, drawn / "raw"):
        for split, count in yolodata.splits(path).items():
            reader = yolodata.ShardReader(path, split, io=io)
            assert len(reader) == count
            for number, record in enumerate(read_split(path, split)):
                info = reader.info(number)
                assert os.fsencode(info.source) == record["source"] and info.source_size == record["source_size"]
                assert (info.width, info.height, info.codec) == (record["width"], record["height"], record["codec"])
                assert info.boxes[:, 0].tolist() == record["boxes"]["class"].tolist()
                assert np.array_equal(info.boxes[:, 1:], record["boxes"]["xywh"])
                assert bytes(reader.payload(number)) == record["payload"].tobytes()
                if info.codec == "raw":
                    assert np.array_equal(reader.image(number), record["payload"])


def test_pictures_of_jpegs_are_decoded(drawn):
    raw, jpeg = yolodata.ShardReader(drawn / "raw"), yolodata.ShardReader(drawn / "jpeg")
    for (a, boxes_a), (b, boxes_b) in zip(raw, jpeg):
        assert a.shape == b.shape and np.array_equal(boxes_a, boxes_b)
        assert np.abs(a.astype(int) - b).mean() < 20  # the drawn pictures are hard on a JPEG
    assert jpeg.info(0).codec == "jpeg"


def test_it_is_a_sequence(drawn):
    reader = yolodata.ShardReader(drawn / "raw", split="train")
    assert np.array_equal(reader[-1][0], reader[len(reader) - 1][0]) and reader.names == ["red", "green", "blue"]
    assert len(list(reader)) == 12
    for wrong in (12, -13):
        with pytest.raises(IndexError):
            reader[wrong]
    sizes = [len(boxes) for _, boxes in reader.batches(5)]
    assert sizes == [5, 5, 2]
    place = np.zeros((2, *reader.image(0).shape), np.uint8)
    assert reader.image(0, out=place[1]) is not None and np.array_equal(place[1], reader[0][0]) and not place[0].any()
    with pytest.raises(ValueError):
        reader.image(0, out=np.zeros((1, 1, 3), np.uint8))
    reader.prefetch(0, 12)


def test_damage_is_an_exception_or_skipped(drawn, tmp_path):
    bad = damage(drawn / "raw", tmp_path / "bad")
    with pytest.raises(yolodata.DamagedRecord, match="train-00000.yds.*images/train/n000.png"):
        yolodata.ShardReader(bad)[0]
    assert len(list(yolodata.ShardReader(bad, on_bad="skip"))) == 11
    with pytest.raises(yolodata.DamagedRecord):
        list(yolodata.ShardReader(bad))
    assert len(list(yolodata.ShardReader(bad, verify=False))) == 12


def test_errors_say_what_is_wrong(drawn, tmp_path):
    with pytest.raises(yolodata.Error, match="yolodata pack"):
        yolodata.ShardReader(tmp_path)
    with pytest.raises(yolodata.Error, match="no split test"):
        yolodata.ShardReader(drawn / "raw", "test")
    with pytest.raises(ValueError):
        yolodata.ShardReader(drawn / "raw", io="tape")


def test_many_boxes(tmp_path):
    data = draw(tmp_path / "data", train=2, val=1)
    rows = "".join(f"{k % 3} {0.1 + k / 1000:g} 0.5 0.1 0.1\n" for k in range(300))
    (tmp_path / "data" / "labels" / "train" / "n001.txt").write_text(rows)
    assert run("pack", data, tmp_path / "set", "--imgsz", 64, "--quiet").returncode == 0
    boxes = yolodata.ShardReader(tmp_path / "set").info(1).boxes
    assert boxes.shape == (300, 5) and np.allclose(boxes[:, 1], 0.1 + np.arange(300) / 1000)


def test_threads_pickles_and_forks(drawn):
    reader = yolodata.ShardReader(drawn / "raw")
    whole = [image.tobytes() for image, _ in reader]
    wrong = []

    def read():
        for _ in range(20):
            wrong.extend(n for n, (image, _) in enumerate(reader) if image.tobytes() != whole[n])

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert [image.tobytes() for image, _ in pickle.loads(pickle.dumps(reader))] == whole
    child = os.fork()
    if child == 0:
        os._exit(0 if [image.tobytes() for image, _ in reader] == whole else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_torch_dataset(drawn):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from yolodata.torch import ShardDataset, collate
    dataset = ShardDataset(drawn / "raw")
    image, boxes = dataset[3]
    reference, rows = yolodata.ShardReader(drawn / "raw")[3]
    assert torch.equal(image, torch.from_numpy(reference).permute(2, 0, 1)) and torch.equal(boxes, torch.from_numpy(rows))
    for workers in (0, 2):
        loader = torch.utils.data.DataLoader(dataset, batch_size=5, num_workers=workers, collate_fn=collate)
        batches = list(loader)
        assert sum(len(b["img"]) for b in batches) == 12
        assert all(len(b["cls"]) == len(b["bboxes"]) == len(b["batch_idx"]) for b in batches)
        assert batches[0]["img"].shape == (5, 3, 64, 64) and float(batches[0]["bboxes"].max()) <= 1
