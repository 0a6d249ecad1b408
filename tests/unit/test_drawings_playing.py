"""What the drawings of chapter 16 claim: values by minimax, results by the search."""

import re

import numpy as np

from bigmodel_lab.drawings.playing import GAME, NEAR_THE_END, POSITIONS, WAY
from bigmodel_lab.from_scratch.searching import Node, Search, minimax

NUMBER = {"+1": 1, "0": 0, "−1": -1}


def test_every_position_has_the_value_that_minimax_gives_it(words):
    placed = words("values_change_sides")
    table = minimax(GAME, NEAR_THE_END)
    levels = {}
    for (_, y), text in placed.items():
        if text in NUMBER:
            levels.setdefault(y, []).append(NUMBER[text])
    expected = [[NEAR_THE_END]]
    while expected[-1]:
        expected.append(
            [GAME.play(s, move) for s in expected[-1] for move in GAME.moves(s)]
        )
    values = [[table[state].value for state in level] for level in expected[:-1]]
    assert [levels[y] for y in sorted(levels)] == values
    assert values[1] == [1, 0, -1]
    assert sum(map(len, values)) == 11


def test_on_each_way_up_a_value_changes_its_sign(words):
    sums = [
        re.fullmatch(r"−\((.*)\) = (.*)", text)
        for text in words("values_change_sides").values()
    ]
    pairs = [[NUMBER[part] for part in found.groups()] for found in sums if found]
    assert len(pairs) == 10
    assert all(below == -above for below, above in pairs)


def test_the_arrows_of_the_best_moves_are_drawn_otherwise(drawn):
    figure, _ = drawn("values_change_sides")
    arrows = [p for p in figure.axes[0].patches if hasattr(p, "_posA_posB")]
    table = minimax(GAME, NEAR_THE_END)
    best = sum(len(solved.best) for solved in table.values())
    solid = [arrow for arrow in arrows if arrow.get_linestyle() in ("-", "solid")]
    assert len(arrows) == 10
    assert len(solid) == best < 10


def test_a_play_out_tells_each_move_what_the_search_would(words):
    placed = words("one_play_out")
    told = {y: NUMBER[text] for (_, y), text in placed.items() if text in NUMBER}
    path = [(Node([0], np.ones(1)), 0) for _ in WAY]
    Search(GAME).back_up(path, -1)  # X has won, and O is to move in the new position
    totals = [node.totals[0] for node, _ in path]
    assert [told[y] for y in sorted(told)] == totals == [1, -1, 1]
    assert POSITIONS["new"][0] == "O"
    assert "−1 for O" in placed.values()


def test_the_loop_of_self_play_is_closed(drawn):
    figure, alt = drawn("learning_from_itself")
    arrows = [p._posA_posB for p in figure.axes[0].patches if hasattr(p, "_posA_posB")]
    assert len(arrows) == 4
    for k, (_, head) in enumerate(arrows):
        tail = arrows[(k + 1) % 4][0]
        assert np.abs(np.subtract(head, tail)).max() < 12  # across one box
    for gift in ("priors", "value", "shares", "who won"):
        assert gift in alt
