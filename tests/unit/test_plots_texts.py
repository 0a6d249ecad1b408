import numpy as np
import pandas as pd

from bigmodel_lab import plots


def test_programs_are_dots_by_kind_and_one_without_seconds_is_left_out(figures):
    names = ["naive Bayes", "TextCNN", "LSTM, last state", "embedding bag"]
    table = pd.DataFrame(
        {"seconds": [1, 30, np.nan, 9], "accuracy (%)": [84, 80, 50, 85]}, names
    )
    plots.accuracy_against_seconds(table, title="time", alt="dots", ylim=(40, 90))
    (axes,) = figures[0].axes
    counted, in_order, bags = (line.get_xydata() for line in axes.lines)
    assert counted.tolist() == [[1, 84]]
    assert in_order[0].tolist() == [30, 80]
    assert np.isnan(in_order[1, 0])
    assert bags.tolist() == [[9, 85]]
    assert [text.get_text() for text in axes.texts] == ["naive Bayes", "TextCNN"]
    assert axes.get_ylim() == (40, 90)
