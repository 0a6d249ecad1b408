"""The buttons under a check's feedback: hints one by one, our solution, start over."""

import html

import ipywidgets as widgets
from markdown_it import MarkdownIt

from bigmodel_lab import exercises
from bigmodel_lab.exercises.display import Feedback

_FORGOTTEN = "Forgotten. This is how the cell began; copy it to begin again:"


def with_buttons(feedback: Feedback) -> widgets.VBox:
    """Return the feedback on an exercise with buttons below it, as one widget."""
    name, shown = feedback.exercise, widgets.VBox()
    buttons = []
    if feedback.outcome == "correct":
        buttons.append(_button("Our solution", "How we solved it"))
        buttons[0].on_click(lambda _: _show(shown, exercises.solution(name).code))
    else:
        buttons.append(_button(_next(name), "Show the next hint below"))
        buttons[0].on_click(lambda button: _give_hint(name, shown, button))
    if feedback.outcome != "not attempted":
        again = _button("Start over", "Forget what was tried, and show the empty cell")
        again.on_click(lambda _: _start_over(name, shown))
        buttons.append(again)
    row = widgets.HBox(buttons, layout={"flex_flow": "row wrap"})
    said = widgets.HTML(feedback._repr_html_())
    return widgets.VBox([said, row, shown])


def _button(words, tooltip):
    """Return a button that is as wide as its words."""
    return widgets.Button(description=words, tooltip=tooltip, layout={"width": "auto"})


def _give_hint(name, shown, button):
    """Show the next hint below those before; after the last one the button rests."""
    hint = exercises.hint(name)
    text = MarkdownIt().renderInline(hint._repr_markdown_())
    shown.children += (widgets.HTML(f'<div role="status">{text}</div>'),)
    button.description, button.disabled = _next(name), hint.number == hint.count


def _next(name):
    """Return the words on the button of the next hint."""
    return "Hint {} of {}".format(*exercises.next_hint(name))


def _start_over(name, shown):
    """Forget an exercise and show its empty cell."""
    _show(shown, exercises.start_over(name).code, _FORGOTTEN)


def _show(shown, code, words=""):
    """Show code in place of all hints."""
    text = f'<div role="status">{words}<pre>{html.escape(code)}</pre></div>'
    shown.children = (widgets.HTML(text),)
