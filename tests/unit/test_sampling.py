import pytest
import torch

from bigmodel_lab.from_scratch import sampling

LOGITS = torch.tensor([[2.0, 1.0, 0.0, -1.0], [0.0, 0.0, 3.0, 0.0]])


def test_temperature_divides_the_logits():
    p = sampling.probabilities(LOGITS, temperature=0.5)
    torch.testing.assert_close(p, (LOGITS * 2).softmax(-1))


def test_top_k_keeps_the_likeliest():
    p = sampling.probabilities(LOGITS, top_k=2)
    assert (p > 0).sum(-1).tolist() == [2, 4]  # equal logits stay together
    torch.testing.assert_close(p[0, :2], LOGITS[0, :2].softmax(-1))
    torch.testing.assert_close(
        sampling.probabilities(LOGITS, top_k=99), LOGITS.softmax(-1)
    )


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.5, 1), (0.64, 1), (0.66, 2), (0.9, 3), (1.0, 4)]
)
def test_top_p_keeps_the_token_that_crosses_the_line(top_p, kept):
    p = sampling.probabilities(LOGITS[0], top_p=top_p)  # 0.644, 0.237, 0.087, 0.032
    assert (p > 0).sum() == kept
    torch.testing.assert_close(p[:kept], LOGITS[0, :kept].softmax(-1))


def test_top_p_keeps_the_order_of_the_vocabulary():
    p = sampling.probabilities(torch.tensor([0.0, 5.0, 1.0]), top_p=0.9)
    assert p.tolist() == [0.0, 1.0, 0.0]


def test_a_token_is_drawn_as_often_as_it_is_probable():
    p = torch.tensor([[0.5, 0.0, 0.3, 0.2]])
    generator = torch.Generator().manual_seed(0)
    drawn = sampling.draw(p.expand(20_000, 4), generator)
    shares = torch.bincount(drawn.flatten(), minlength=4) / len(drawn)
    assert drawn.shape == (20_000, 1)
    assert shares[1] == 0
    torch.testing.assert_close(shares, p[0], atol=0.02, rtol=0)


def test_the_last_token_can_be_drawn_and_nothing_beyond_it():
    p = torch.tensor([[0.0, 0.0, 1.0]]).expand(1000, 3)
    assert sampling.draw(p).unique().tolist() == [2]


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"temperature": 0}, "temperature must be above 0, got 0"),
        ({"temperature": -1.0}, "got -1"),
        ({"temperature": float("nan")}, "got nan"),
        ({"top_k": 0}, "top_k must be a whole number"),
        ({"top_k": 1.5}, "got 1.5"),
        ({"top_p": 0.0}, "top_p must be above 0"),
        ({"top_p": 1.01}, "got 1.01"),
    ],
)
def test_a_setting_out_of_range_is_told(setting, says):
    with pytest.raises(ValueError, match=says):
        sampling.probabilities(LOGITS, **setting)
