"""Overlaps and average precision by hand are those of pycocotools."""

import numpy as np
import pytest
from pycocotools import mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from bigmodel_lab.from_scratch import detection


def sizes(boxes):
    """Return boxes as COCO has them: left, top, width, height."""
    boxes = np.asarray(boxes, float).reshape(-1, 4)
    return np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])


def scenes(seed, count=30, classes=4):
    """Return random detections and truths: some near, some double, some nothing."""
    rng = np.random.default_rng(seed)
    found, truths = [], []
    for _ in range(count):
        true = rng.uniform(0, 60, (rng.integers(0, 6), 2))
        true = np.hstack([true, true + rng.uniform(8, 30, true.shape)])
        kinds = rng.integers(0, classes, len(true))
        copies = rng.integers(0, 3, len(true))
        boxes = np.repeat(true, copies, axis=0)
        boxes = boxes + rng.normal(0, rng.choice([0.3, 1, 3]), boxes.shape).clip(-4, 4)
        stray = rng.uniform(0, 60, (rng.integers(0, 3), 2))
        boxes = np.vstack([boxes, np.hstack([stray, stray + 15])])
        guesses = np.append(np.repeat(kinds, copies), rng.integers(0, 9, len(stray)))
        # Two decimals: equal scores happen.
        found.append((boxes, rng.random(len(boxes)).round(2), guesses))
        truths.append((true, kinds))
    return found, truths


def by_pycocotools(found, truths):
    """Return what COCO's own program says."""
    rows, images = [], range(len(truths))
    for image, (boxes, kinds) in enumerate(truths):
        for box, kind in zip(sizes(boxes), kinds, strict=True):
            row = {"id": len(rows) + 1, "image_id": image, "category_id": int(kind)}
            rows.append(row | {"bbox": box.tolist(), "area": 1.0, "iscrowd": 0})
    truth = COCO()
    truth.dataset = {
        "images": [{"id": image} for image in images],
        "categories": [{"id": kind} for kind in range(10)],
        "annotations": rows,
    }
    truth.createIndex()
    results = [
        {"image_id": i, "category_id": int(k), "bbox": b.tolist(), "score": float(s)}
        for i, (boxes, scores, kinds) in enumerate(found)
        for b, s, k in zip(sizes(boxes), scores, kinds, strict=True)
    ]
    made = COCOeval(truth, truth.loadRes(results), "bbox")
    made.evaluate()
    made.accumulate()
    made.summarize()
    return dict(zip(("0.5:0.95", "0.5", "0.75"), made.stats, strict=False))


@pytest.mark.parametrize("seed", range(6))
def test_average_precision_is_that_of_pycocotools(seed, capsys):
    found, truths = scenes(seed)
    ours = detection.mean_average_precision(found, truths)
    assert 0.05 < ours["0.5:0.95"] < 0.95
    assert ours == pytest.approx(by_pycocotools(found, truths), abs=5e-5)


def test_overlaps_are_those_of_pycocotools():
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 50, (40, 2))
    boxes = np.hstack([corner, corner + rng.uniform(0.5, 30, (40, 2))])
    theirs = mask.iou(sizes(boxes[:25]), sizes(boxes), [0] * 40)
    np.testing.assert_allclose(detection.iou(boxes[:25], boxes), theirs, atol=1e-9)
