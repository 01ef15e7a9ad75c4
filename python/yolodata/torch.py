# SPDX-License-Identifier: Apache-2.0
"""A Dataset for torch's DataLoader:

    loader = DataLoader(ShardDataset("shards"), batch_size=16, shuffle=True, num_workers=4, collate_fn=collate)
    for batch in loader:
        batch["img"], batch["cls"], batch["bboxes"], batch["batch_idx"]"""
import torch

from .reader import ShardReader


class ShardDataset(torch.utils.data.Dataset):
    """Item i is (image, boxes): image is a uint8 tensor (3, height, width), RGB; boxes a float32 tensor (n, 5) of
    class, x, y, w, h. The arguments are ShardReader's. Workers open the set for themselves."""

    def __init__(self, path, split="train", **options):
        self.reader = ShardReader(path, split, **options)
        self.names = self.reader.names

    def __len__(self):
        return len(self.reader)

    def __getitem__(self, number):
        image, boxes = self.reader[number]
        return torch.from_numpy(image).permute(2, 0, 1), torch.from_numpy(boxes)


def collate(samples):
    """A batch under the keys that YOLO trainers know. Pictures that are smaller than the largest are centred on
    grey (114), and their boxes with them."""
    height = max(image.shape[1] for image, _ in samples)
    width = max(image.shape[2] for image, _ in samples)
    images = torch.full((len(samples), 3, height, width), 114, dtype=torch.uint8)
    rows, owners = [], []
    for number, (image, boxes) in enumerate(samples):
        h, w = image.shape[1:]
        top, left = (height - h) // 2, (width - w) // 2
        images[number, :, top:top + h, left:left + w] = image
        moved = boxes.clone()
        moved[:, 1] = (boxes[:, 1] * w + left) / width
        moved[:, 2] = (boxes[:, 2] * h + top) / height
        moved[:, 3] = boxes[:, 3] * w / width
        moved[:, 4] = boxes[:, 4] * h / height
        rows.append(moved)
        owners.append(torch.full((len(boxes),), number, dtype=torch.float32))
    joined = torch.cat(rows)
    return {"img": images, "cls": joined[:, :1], "bboxes": joined[:, 1:], "batch_idx": torch.cat(owners)}
