"""The numbers in the drawings of chapter 02."""

import math


def test_the_softmax_and_the_loss_are_computed_right(drawn):
    figure, alt = drawn("cross_entropy")
    words = {text.get_text() for text in figure.axes[0].texts}
    e = [math.exp(z) for z in (2.0, 1.0, -1.0)]
    for number in (*e, *(x / sum(e) for x in e), -math.log(e[1] / sum(e))):
        assert f"{number:.2f}" in words
        assert f"{number:.2f}" in alt
