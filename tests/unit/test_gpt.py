import json
import math
from itertools import islice

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F
from torch.utils.data import DataLoader

from bigmodel_lab import models
from bigmodel_lab.from_scratch.text import Characters
from bigmodel_lab.models.gpt_training import pairs

POEMS = [
    "白日依山尽，黄河入海流。",
    "床前明月光，疑是地上霜。",
    "春眠不觉晓，处处闻啼鸟。",
]
POSITIONS = ["learned", "rotary", "both", "none"]


@pytest.fixture(scope="module")
def alphabet():
    return Characters(POEMS)


@pytest.fixture
def gpt(alphabet):
    torch.manual_seed(0)
    return models.GPT(len(alphabet), 13, dimensions=16, layers=2, heads=2)


@pytest.fixture
def rows(alphabet):
    return torch.tensor([alphabet.encode(f"\n{poem}\n") for poem in POEMS])


def small(positions="learned", **changes):
    torch.manual_seed(0)
    settings = {"dimensions": 16, "layers": 2, "heads": 2, "positions": positions}
    return models.GPT(30, 12, **(settings | changes)).eval()


def random_ids(*shape):
    return torch.randint(30, shape, generator=torch.Generator().manual_seed(1))


# -- the model -------------------------------------------------------------------------


@pytest.mark.parametrize("positions", POSITIONS)
def test_no_place_sees_a_later_one(positions):
    model, ids = small(positions), random_ids(2, 12)
    changed = ids.clone()
    changed[:, 7] = (ids[:, 7] + 1) % 30
    before, after = model(ids), model(changed)
    torch.testing.assert_close(before[:, :7], after[:, :7])
    assert not torch.allclose(before[:, 7:], after[:, 7:])


@pytest.mark.parametrize("positions", POSITIONS)
def test_a_cache_changes_nothing(positions):
    model, ids = small(positions), random_ids(3, 12)
    cache = model.new_cache()
    parts = [model(part, cache) for part in ids.split([4, 1, 1, 5, 1], dim=1)]
    torch.testing.assert_close(torch.cat(parts, 1), model(ids))


def test_the_loss_at_the_start_is_that_of_knowing_nothing():
    ids = random_ids(8, 13)
    loss = models.next_token_loss(small()(ids[:, :-1]), ids[:, 1:])
    assert loss.item() == pytest.approx(math.log(30), abs=0.02)


@pytest.mark.parametrize("size", [1.0, 300.0])  # 300: some e^x are 0 in float32
def test_the_loss_and_its_gradient_are_pytorchs(size):
    torch.manual_seed(0)
    logits, targets = size * torch.randn(3, 5, 70), torch.randint(70, (3, 5))
    ours, theirs = (logits.clone().requires_grad_() for _ in range(2))
    (2 * models.next_token_loss(ours, targets)).backward()
    (2 * F.cross_entropy(theirs.flatten(0, 1), targets.flatten())).backward()
    torch.testing.assert_close(ours.grad, theirs.grad)
    with torch.no_grad():
        loss = models.next_token_loss(ours, targets)
    torch.testing.assert_close(loss, F.cross_entropy(logits.mT, targets))
    torch.testing.assert_close(ours.detach(), logits, rtol=0, atol=0)


def test_a_second_gradient_of_the_loss_is_refused():
    logits = torch.randn(2, 3, 9, requires_grad=True)
    loss = models.next_token_loss(logits, torch.zeros(2, 3, dtype=torch.long))
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="inplace"):
        loss.backward()


@pytest.mark.parametrize("targets", [torch.zeros(2, 2), torch.zeros(2, 3)])
def test_targets_that_do_not_fit_are_told(targets):
    with pytest.raises(ValueError, match=r"need a token's id for each place, \(2, 3\)"):
        models.next_token_loss(torch.randn(2, 3, 9), targets)


def test_order_matters_only_with_positions():
    ids = random_ids(1, 6)
    turned = ids[:, [1, 0, 2, 3, 4, 5]]
    for positions in POSITIONS:
        model = small(positions, layers=1)
        same = torch.allclose(model(ids)[:, -1], model(turned)[:, -1], atol=1e-6)
        assert same == (positions == "none"), positions


def test_the_maps_are_the_weights_that_the_kernel_used():
    model, ids = small("both"), random_ids(2, 9)
    maps = model.attention_maps(ids)
    assert maps.shape == (2, 2, 2, 9, 9)
    torch.testing.assert_close(maps.sum(-1), torch.ones(2, 2, 2, 9))
    assert maps.triu(1).abs().max() == 0
    block = model.blocks[0]
    x = block.norm1(model.embed(ids))
    _, _, v = block.attention.heads_of(x)
    gathered = (maps[0] @ v).transpose(1, 2).flatten(-2)
    torch.testing.assert_close(block.attention.output(gathered), block.attention(x))


def test_without_a_mask_a_place_sees_later_ones():
    model, ids = small(causal=False), random_ids(2, 12)
    changed = ids.clone()
    changed[:, -1] = (ids[:, -1] + 1) % 30
    assert not torch.allclose(model(ids)[:, 0], model(changed)[:, 0])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: small(heads=3), "16 dimensions cannot be shared out among 3 heads"),
        (lambda: small(layers=0), "layers must be 1 or more, got 0"),
        (lambda: small("sine"), "got 'sine'"),
        (lambda: small("rotary", dimensions=10, heads=2), "a head has 5"),
        (lambda: small()(random_ids(1, 13)), "13 tokens, but this GPT reads 12"),
        (lambda: small()(random_ids(1, 3) + 28), "the vocabulary has 30 tokens"),
        (lambda: small()(random_ids(4)), r"of shape \(4,\)"),
        (lambda: small()(torch.ones(1, 4)), "float32"),
    ],
)
def test_what_does_not_fit_is_told(call, says):
    with pytest.raises(ValueError, match=says):
        call()


# -- training --------------------------------------------------------------------------


def test_a_small_gpt_learns_its_poems_by_heart(gpt, rows, alphabet):
    options = {"steps": 120, "batch_size": 3, "learning_rate": 0.03}
    training = models.gpt_training(gpt, rows, rows, **options).finish()
    assert training.history["validation_loss"].iloc[-1] < 0.2
    assert models.write(gpt, alphabet, "白日", temperature=0.01) == [POEMS[0]]


def test_only_the_answer_is_paid_for():
    logits, targets = torch.randn(3, 6, 9), torch.randint(9, (3, 6))
    theirs = F.cross_entropy(logits[:, 4:].flatten(0, 1), targets[:, 4:].flatten())
    torch.testing.assert_close(models.answer_loss(4)(logits, targets), theirs)


def test_texts_of_two_lengths_train_together(gpt, rows):
    batches = [pairs(part) for part in (rows, rows[:, :8])]
    loader = DataLoader(batches * 10, batch_size=None, shuffle=True)
    optimizer = torch.optim.AdamW(gpt.parameters(), 0.01)
    training = models.gpt_training(gpt, loader, optimizer=optimizer, steps=40)
    losses = [step.loss for step in training]
    assert losses[-1] < losses[0] - 1
    assert training.optimizer is optimizer


def test_an_instruction_stands_before_the_text_and_is_no_part_of_it(alphabet):
    torch.manual_seed(0)
    gpt = models.GPT(len(alphabet), 12, dimensions=32, layers=2, heads=2)
    asked = torch.tensor([alphabet.encode(f"{a}\n{a}{a}\n") for a in "山海"])
    training = models.gpt_training(
        gpt,
        asked,
        learning_rate=0.01,
        loss=models.answer_loss(1),
        steps=60,
        batch_size=2,
    )
    for _ in training:
        pass
    cold = {"temperature": 0.1}
    told = models.write(gpt.eval(), alphabet, count=3, instruction="海", **cold)
    assert told == ["海海"] * 3
    assert models.write(gpt, alphabet, "海", instruction="山")[0].startswith("海")
    answers = models.answers(gpt, alphabet, ["海\n", "山\n", "海\n"], **cold)
    assert answers == ["海海", "山山", "海海"]


def test_each_weight_has_one_optimizer(gpt):
    optimizer = models.gpt_optimizer(gpt, 0.01)
    trained = [w for group in optimizer.param_groups for w in group["params"]]
    assert len(trained) == len({*trained}) == len(list(gpt.parameters()))


def test_a_training_with_two_optimizers_goes_on_from_its_checkpoint(
    gpt, rows, tmp_path
):
    def begun():
        torch.manual_seed(0)
        model = models.GPT(**gpt.settings)
        return models.gpt_training(model, rows, steps=40, batch_size=2)

    one = begun()
    list(islice(one, 20))
    path = one.save(tmp_path / "half")
    one.finish()
    other = begun().load(path).finish()
    assert other.losses == one.losses


# -- writing ---------------------------------------------------------------------------


def test_the_cache_writes_the_same_poems(gpt, alphabet):
    options = {"count": 5, "seed": 3, "temperature": 1.3, "top_p": 0.9}
    assert models.write(gpt, alphabet, **options) == models.write(
        gpt, alphabet, cached=False, **options
    )


def test_a_text_begins_with_its_start_and_ends_where_it_says(gpt, alphabet):
    texts = models.write(gpt, alphabet, "床前", count=20)
    assert all(text.startswith("床前") and "\n" not in text for text in texts)
    assert max(map(len, texts)) <= 13
    assert len({*texts}) > 10
    assert texts == models.write(gpt, alphabet, "床前", count=20)
    assert texts != models.write(gpt, alphabet, "床前", count=20, seed=1)


def test_an_empty_start_is_the_beginning(gpt, alphabet):
    assert len(models.write(gpt, alphabet, "")[0]) > 0


def test_a_stream_can_be_left_at_any_token(gpt):
    tokens = list(islice(models.stream(gpt, torch.zeros(2, 1, dtype=torch.long)), 3))
    assert [token.shape for token in tokens] == [(2, 1)] * 3


def test_the_next_characters_come_in_order(gpt, alphabet):
    expected = models.next_characters(gpt, alphabet, "春眠")
    assert list(expected.values()) == sorted(expected.values(), reverse=True)
    assert sum(expected.values()) == pytest.approx(1)
    assert set(expected) == set(alphabet.characters)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"start": "hello"}, "none is h、e、l、o"),
        ({"start": "春" * 13}, "13 characters, but this GPT reads 12"),
        ({"start": "春\n眠"}, "line break"),
        ({"temperature": 0}, "temperature must be above 0"),
        ({"top_p": 2}, "top_p must be above 0 and at most 1"),
        ({"top_k": -1}, "top_k"),
    ],
)
def test_what_cannot_be_written_is_told(gpt, alphabet, options, says):
    with pytest.raises(ValueError, match=says):
        models.write(gpt, alphabet, **options)


# -- files -----------------------------------------------------------------------------


def test_a_saved_gpt_comes_back(gpt, alphabet, rows, tmp_path):
    path = tmp_path / "gpt.safetensors"
    models.save(gpt, alphabet, path, steps="7")
    model, its, facts = models.load(path, alphabet)
    assert its.characters == alphabet.characters
    assert facts == {"steps": "7"}
    assert not model.training
    logits, stored = gpt(rows[:, :-1]), model(rows[:, :-1])
    torch.testing.assert_close(logits, stored, atol=1e-3, rtol=1e-2)  # float16


def damaged(path, gpt, alphabet):
    models.save(gpt, alphabet, path)
    path.write_bytes(path.read_bytes()[:-100])


def of_another_version(path, gpt, alphabet):
    models.save(gpt, alphabet, path)
    save_file(load_file(path), path, {"version": "0"})


def of_other_sizes(path, gpt, alphabet):
    gpt.settings["layers"] = 3
    models.save(gpt, alphabet, path)


def a_pickle(path, gpt, alphabet):
    torch.save(gpt.state_dict(), path)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda *_: None, "No such file"),
        (damaged, "it is damaged"),
        (of_another_version, "its version is 0"),
        (of_other_sizes, "RuntimeError"),
        (a_pickle, "it is damaged"),
    ],
)
def test_a_file_that_is_no_gpt_is_told(gpt, alphabet, tmp_path, make, says):
    path = tmp_path / "gpt.safetensors"
    make(path, gpt, alphabet)
    with pytest.raises(ValueError, match=says):
        models.load(path)


def test_other_characters_are_told(gpt, alphabet, tmp_path):
    models.save(gpt, alphabet, tmp_path / "x")
    with pytest.raises(ValueError, match="was trained on"):
        models.load(tmp_path / "x", Characters(["月"]))


def test_settings_are_kept_as_json(gpt, alphabet, tmp_path):
    models.save(gpt, alphabet, tmp_path / "x")
    model, *_ = models.load(tmp_path / "x")
    assert json.dumps(model.settings) == json.dumps(gpt.settings)
