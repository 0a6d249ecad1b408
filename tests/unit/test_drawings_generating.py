"""What the drawing of three generators claims: who leads to whom."""

from matplotlib.patches import FancyArrowPatch


def test_the_diffusion_takes_as_many_steps_as_its_words_say(drawn):
    figure, alt = drawn("three_generators")
    axes = figure.axes[0]
    words = [text.get_text() for text in axes.texts]
    assert words.count("noise") == 3  # each begins with random numbers
    asked = next(text for text in axes.texts if text.get_text() == "asked: a 7")
    arrows = [p for p in axes.patches if isinstance(p, FancyArrowPatch)]
    tails, heads = zip(*(arrow._posA_posB for arrow in arrows), strict=True)
    # From the velocity network, below what is asked, an arrow to each step.
    x = asked.get_position()[0]
    asks = [
        head
        for tail, head in zip(tails, heads, strict=True)
        if x - 8 < tail[0] < x and head[0] < tail[0]
    ]
    assert len(asks) == 4
    assert "four small steps" in alt
