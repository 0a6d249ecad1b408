import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from bigmodel_lab import plots


def test_confusions_are_tables_of_counts_side_by_side(figures):
    tables = {"one": [[5, 2], [0, 7]], "other": [[4, 3], [1, 6]]}
    plots.confusions(tables, ["a", "b"], title="errors", alt="two tables")
    (figure,) = figures
    left, right = figure.axes
    assert figure.get_suptitle() == "errors"
    titles = [axes.get_title(loc="left") for axes in (left, right)]
    assert titles == ["one", "other"]
    assert [text.get_text() for text in left.texts] == ["5", "2", "0", "7"]
    # Only errors are tinted: the diagonal is 0.
    np.testing.assert_array_equal(right.images[0].get_array(), [[0, 3], [1, 0]])
    assert left.get_ylabel() == "is"
    assert right.get_xlabel() == "read as"


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


@pytest.mark.parametrize("alt", ["", " "])
def test_a_chart_without_alt_text_is_refused(alt):
    with pytest.raises(ValueError, match="needs alt text"):
        plots.confusions({"one": [[1]]}, ["a"], title="errors", alt=alt)
    plt.close("all")
