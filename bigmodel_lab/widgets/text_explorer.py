"""A text of one's own, what a classifier makes of it, and the words that decided."""

import html
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from numbers import Integral

import ipywidgets as widgets

from bigmodel_lab.colors import BLUE, GRAY
from bigmodel_lab.explain import word_influences
from bigmodel_lab.from_scratch.text import chinese_words, english_words
from bigmodel_lab.widgets.accessible import make_accessible
from bigmodel_lab.widgets.look import (
    BARS_STYLE,
    ROW,
    StatusLine,
    bars,
    plain_text,
    question_line,
)
from bigmodel_lab.widgets.typed import TypedBox
from bigmodel_lab.widgets.word_table import WORDS_STYLE, colored_text, strongest_words

SHOWN = 5_000  # characters of the text that are shown with colors
WORK = 200_000  # words that the model reads at a change, in all variants of the text
NAMED = 20  # unknown words that are listed, at most
CUT_AS_CHINESE = "This text is Chinese: jieba has cut it into words."
ALL_UNKNOWN = "The model knows none of these words: its answer is not about your text."
NONE = -1  # nothing chosen: for the value None ipywidgets shows an empty line
STYLE = f"""
.lab-own-text {{ overflow-wrap: anywhere; }}
{BARS_STYLE}{WORDS_STYLE}
.lab-own-text .lab-row {{ align-items: flex-start; }}
.lab-own-text .lab-bars {{ max-width: 100%; }}
.lab-own-text .lab-bars th {{ text-align: left; font-weight: inherit; }}
.lab-own-text .lab-bars div {{ background: {GRAY}; }}
.lab-own-text .lab-bars .lab-best div {{ background: {BLUE}; }}
"""


class TextExplorer(TypedBox):
    """Type a text and watch what a classifier makes of it, word by word.

        lab.TextExplorer(probabilities, ["negative", "positive"], vocabulary=vocabulary)

    At every change it shows the probabilities of the classes, and the words that speak
    for a class in blue and against it in orange (`explain.word_influences`). While
    Python computes, the browser holds back all but the newest text.

    Parameters
    ----------
    probabilities : callable
        From N documents, a list of lists of words, to probabilities (N, C), an array
        or a tensor.
    classes : list
        The names of the C classes, in the order of the columns.
    cut : callable
        From a text to its words, for example `text.chinese_words`, which also cuts a
        Chinese text that another `cut` refuses with a ValueError.
    vocabulary : text.Vocabulary, dict, list or set, optional
        The words that the model knows; the others are marked.
    limit : int, optional
        How many words of the text the model reads; all if not given.
    examples : dict, optional
        Name -> text to load.
    question : str, optional
        What to find out, shown above the text.

    Attributes
    ----------
    text : str
        The text, empty at first; it may be assigned.
    result : dict
        Of this text: "class" (the most probable), "probabilities" (by class), "words"
        (those read), "unknown" (those among them that the model does not know) and
        "influence" (by word, for the class chosen). None if there is nothing to say.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """

    def __init__(
        self,
        probabilities: Callable,
        classes: Sequence[str],
        *,
        cut: Callable[[str], list[str]] = english_words,
        vocabulary: Collection[str] | None = None,
        limit: int | None = None,
        examples: dict[str, str] | None = None,
        question: str | None = None,
    ):
        for name, function in (("probabilities", probabilities), ("cut", cut)):
            if not callable(function):
                raise TypeError(f"{name} must be a function, got {function!r}.")
        names = [] if isinstance(classes, str) else [str(name) for name in classes]
        if len(names) < 2 or len(set(names)) < len(names):
            raise ValueError(
                f"classes must be two or more different names, got {classes!r}."
            )
        if limit is not None and not (isinstance(limit, Integral) and limit >= 1):
            raise ValueError(f"limit must be an integer of at least 1, got {limit!r}.")
        if isinstance(vocabulary, str):
            raise TypeError("vocabulary must be a collection of words, not a text.")
        examples = {} if examples is None else examples
        if not isinstance(examples, dict) or not all(
            isinstance(text, str) for text in examples.values()
        ):
            raise TypeError(f"examples must be a dict name -> text, got {examples!r}.")
        self.probabilities, self.classes, self.cut = probabilities, names, cut
        self.limit, self.examples = limit, examples
        # A Vocabulary's words are those with an id. If empty, every word is known.
        self._known = frozenset(getattr(vocabulary, "ids", vocabulary) or ())
        self._build(question)
        self._update()

    def __repr__(self):
        """Short and stable: nbval compares it."""
        return f"TextExplorer({len(self.classes)} classes)"

    @property
    def answer(self) -> str:
        """What is shown below the status line, as plain text."""
        return plain_text(self._answer.value)

    def _load_example(self, change):
        if change.new in self.examples:
            self.text = self.examples[change.new]

    def _update(self, _=None):
        """Let the model read the text, and show what it says or its error."""
        # An example stays chosen until its text is changed.
        names = (name for name, text in self.examples.items() if text == self.text)
        self._example.value = next(names, NONE)
        try:
            self._reading = self._read() if self.text.strip() else None
            self._show()
            message = "Type a text: what the model makes of it will appear here."
            if self.result:
                message = f"Most probable: {self.result['class']}."
        except Exception as error:
            self._reading = None
            self._show()
            kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
            message = f"{kind}{error}"
        # Without a probability: screen readers would announce a new one at every key.
        self._status.say(message)

    def _read(self):
        """Return the text's words, its probabilities (C,), the words' influences."""
        words = self._cut_text()
        read = words[: self.limit]
        most = max(1, WORK // max(1, len(read)))
        shares, influences = word_influences(self.probabilities, read, most)
        if len(shares) != len(self.classes):
            raise ValueError(
                f"The model gives {len(shares)} probabilities, but there are "
                f"{len(self.classes)} classes: {', '.join(self.classes)}."
            )
        return words, shares, influences

    def _cut_text(self):
        """Return the words of the text; jieba cuts a Chinese one that `cut` refuses."""
        self._chinese = False
        try:
            return list(self.cut(self.text))
        except ValueError:
            with suppress(ValueError):  # the first error says more
                words = chinese_words(self.text)
                self._chinese = True
                return words
            raise

    def _show(self, _=None):
        """Show what was read: probabilities, strongest words, colored text, notes."""
        if self._reading is None:
            self.result, self._answer.value = None, ""
            return
        words, shares, influences = self._reading
        read, best = words[: self.limit], int(shares.argmax())
        chosen = best if self._about.value == NONE else self._about.value
        unknown = [w for w in read if w not in self._known] if self._known else []
        self.result = result = {
            "class": self.classes[best],
            "probabilities": dict(zip(self.classes, shares.tolist(), strict=True)),
            "words": read,
            "unknown": list(dict.fromkeys(unknown)),
            "influence": {w: float(v[chosen]) for w, v in influences.items()},
        }
        influence, unread = result["influence"], len(read) < len(words)
        text = colored_text(
            self.text[:SHOWN], read, influence, frozenset(unknown), unread
        )
        self._answer.value = (
            f'<div class="lab-row">{bars(result["probabilities"])}'
            f"{strongest_words(influence, self.classes[chosen])}</div>{text}"
            + "".join(f"<div>{html.escape(note)}</div>" for note in self._notes(words))
        )

    def _notes(self, words):
        """Yield what a reader should know about this reading, sentence by sentence."""
        unknown, length = self.result["unknown"], len(self.text)
        read, weighed = len(self.result["words"]), len(self.result["influence"])
        different = len(set(self.result["words"]))
        if self._chinese:
            yield CUT_AS_CHINESE
        if len(unknown) == different:
            yield ALL_UNKNOWN
        if unknown:
            more = f" and {len(unknown) - NAMED:,} more" if len(unknown) > NAMED else ""
            yield f"Unknown to the model: {', '.join(unknown[:NAMED])}{more}."
        if read < len(words):
            yield f"Only the first {read:,} of {len(words):,} words are read."
        if different == 1:
            yield "One word alone cannot be weighed: without it there is no text."
        elif weighed < different:
            yield f"Only {weighed:,} of the {different:,} different words are weighed."
        if length > SHOWN:
            yield f"Only the first {SHOWN:,} of {length:,} characters are shown."

    def _build(self, question):
        """Put the widgets together; the CSS classes are for themes and tests."""
        look = {"layout": {"width": "auto"}, "style": {"description_width": "initial"}}
        self._area = widgets.Textarea(
            description="Your text", placeholder="Type or paste a text", rows=5, **look
        ).add_class("lab-area")
        names = {str(name): name for name in self.examples}
        self._example = widgets.Dropdown(
            options={"Load an example": NONE} | names, description="Example", **look
        ).add_class("lab-example")
        numbers = {name: number for number, name in enumerate(self.classes)}
        self._about = widgets.Dropdown(
            options={"the most probable class": NONE} | numbers,
            description="Words that speak for",
            **look,
        ).add_class("lab-about")
        choices = [self._example, self._about] if self.examples else [self._about]
        self._status = StatusLine().add_class("lab-status")
        self._answer = widgets.HTML().add_class("lab-answer")
        super().__init__(
            [
                *question_line(question),
                self._area,
                widgets.HBox(choices, layout=ROW),
                self._status,
                self._answer,
            ]
        )
        self.add_class("lab-own-text")
        make_accessible(self, STYLE)
        self._area.observe(self._update, "value")
        self._example.observe(self._load_example, "value")
        self._about.observe(self._show, "value")
