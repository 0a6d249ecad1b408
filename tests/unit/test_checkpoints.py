import os

import pandas as pd
import pytest
import torch
from trainings import assert_same, houses, make, snapshot, steps_of, weights_of

from bigmodel_lab.from_scratch import schedules


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("kind", ["tensors", "loader"])
def test_a_fresh_training_goes_on_from_a_checkpoint(
    device, tmp_path, kind, dropout, optimizer
):
    def fresh():
        validation = houses(20, seed=1)
        return make(
            device, kind=kind, dropout=dropout, optimizer=optimizer,
            validation=validation,
        )  # fmt: skip

    straight = fresh().finish()
    expected = snapshot(straight)
    saved = fresh()
    steps_of(saved, 20)
    path = saved.save(tmp_path / "half.pt")
    resumed = fresh()
    torch.manual_seed(99)  # a new process draws other numbers, until load
    assert resumed.load(path) is resumed
    assert resumed.steps_done == 20
    resumed.finish()
    result = snapshot(resumed)
    assert_same(result["model"], expected["model"])
    assert_same(result["optimizer"], expected["optimizer"])
    assert resumed.losses == straight.losses
    columns = ["epoch", "train_loss", "validation_loss"]
    pd.testing.assert_frame_equal(
        resumed.history[columns], straight.history[columns], check_exact=True
    )
    assert [p.name for p in tmp_path.iterdir()] == ["half.pt"]


def write_checkpoint(path, fault):
    """Write a file that is not a checkpoint of `make()`."""
    if fault == "missing":
        return
    if fault == "empty":
        path.write_bytes(b"")
    elif fault == "text":
        path.write_text("not a checkpoint")
    elif fault == "weights only":
        torch.save(make().model.state_dict(), path)
    elif fault == "truncated":
        make().save(path)
        path.write_bytes(path.read_bytes()[:-500])
    elif fault == "no progress":
        make().save(path)
        state = torch.load(path)
        torch.save(state | {"progress": None}, path)
    else:
        other = {
            "other model": {"hidden": 9},
            "other optimizer": {"optimizer": torch.optim.Adam},
            "other batch size": {"batch_size": 5},
            "other seed": {"seed": 6},
            "other data": {"data": houses(60)},
        }[fault]
        make(**other).finish().save(path)


@pytest.mark.parametrize(
    "fault",
    [
        *("missing", "empty", "text", "weights only", "truncated", "no progress"),
        *("other model", "other optimizer", "other batch size", "other seed"),
        "other data",
    ],
)
def test_a_bad_checkpoint_is_refused_and_nothing_changed(tmp_path, fault):
    path = tmp_path / "bad.pt"
    write_checkpoint(path, fault)
    training = make(optimizer=torch.optim.SGD)
    steps_of(training, 15)
    before = snapshot(training)
    with pytest.raises(ValueError, match=r"bad\.pt is not a checkpoint"):
        training.load(path)
    assert_same(snapshot(training), before)


def test_a_save_that_fails_keeps_the_old_file_and_leaves_no_part(tmp_path, monkeypatch):
    training = make()
    path = training.save(tmp_path / "run.pt")
    before = path.read_bytes()

    def full_disk(state, file):
        file.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(OSError, match="No space"):
        training.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["run.pt"]


def test_a_schedule_goes_on_where_a_checkpoint_left_it(tmp_path):
    whole = make(schedule=schedules.one_cycle).finish()
    half = make(schedule=schedules.one_cycle)
    for step in half:
        if step.number == 17:
            break
    resumed = make(schedule=schedules.one_cycle).load(half.save(tmp_path / "half"))
    assert torch.equal(weights_of(resumed.finish()), weights_of(whole))
