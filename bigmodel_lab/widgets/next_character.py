"""What a GPT expects next, character by character: choose one, and look again."""

from collections.abc import Callable

import ipywidgets as widgets

from bigmodel_lab import verse
from bigmodel_lab.datasets import tang_poems
from bigmodel_lab.from_scratch.text import Characters
from bigmodel_lab.models.gpt import GPT
from bigmodel_lab.models.writing import growing_texts, next_characters
from bigmodel_lab.widgets.choices import (
    CHOICES_STYLE,
    Choices,
    choices_legend,
    spoken,
)
from bigmodel_lab.widgets.look import ROW, button, side_by_side
from bigmodel_lab.widgets.meters import METERS_STYLE, meters_html
from bigmodel_lab.widgets.poem_box import (
    CLICK_DELAY,
    PoemBox,
    check_examples,
    paragraph,
    poems_html,
    sentence,
)

# What a reader sees.
UNDO, UNDO_TIP = "Undo", "Take the last character back"
OVER, OVER_TIP = "Start over", "Go back to the first beginning"
WRITE, WRITE_TIP = "Write twenty", "Write twenty poems from nothing at these settings"
LIKELIEST = "Likeliest next: {next}."
ENDED = "The poem is at its end: Undo goes back, Start over begins another."
SCALE = "A full bar is {full:.0%}."
OTHERS = " All other characters together have {rest:.1%}."
COUNTS_STAY = " The sliders change the GPT's bars only."
WRITING = "Writing twenty poems: character {place} …"
WRITTEN = "Twenty poems are written; two of them are shown."
STOPPED = "Stopped: the twenty poems are not finished."
SETTINGS = "Twenty poems at temperature {temperature:g}, top p {top_p:g}:"
SHOWN = ("One of the twenty", "Another one")

STYLE = f"""{CHOICES_STYLE}{METERS_STYLE}
.lab-twenty .lab-verse {{
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); }}
"""
CHOICES = 10
TWENTY = 20
REAL = 500  # poems that are measured, if none are given
FORMS = {7: "7x4", 5: "5x4"}


class NextCharacter(PoemBox):
    """See what a GPT expects after the beginning of a poem, and choose what comes.

        lab.NextCharacter(model, alphabet, counted=rival, start="床前")

    A button for each of the likeliest characters adds it to the beginning. "Write
    twenty" writes poems at the sliders' settings and measures them (`verse.measure`).
    While Python computes, the browser holds back all but the newest text.

    Parameters
    ----------
    model, alphabet : models.GPT, text.Characters
        A model of poems with marks, and the characters that it was trained on.
    counted : callable, optional
        From a beginning to {character: probability}, whose bars are shown, too.
    question : str, optional
        What to find out, shown above the beginning.
    examples : dict, optional
        Name -> beginning to load.
    start : str
        The first beginning.
    characters : int
        Characters of a line, 7 or 5.
    real : list of str, optional
        Real poems, whose measures are marked; 500 validation poems of `tang_poems` if
        not given.

    Attributes
    ----------
    text, beginning : str
        The beginning as it was typed, which may be assigned, and as the model reads it:
        with the marks that were forgotten.
    probabilities : dict
        Character -> its probability, of those shown; "\\n" is the end of the poem.
    measures : dict
        What `verse.measure` says of the last twenty poems; None before.
    poems : list of str
        The last twenty poems.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described. What is wrong with a beginning is shown.
    """

    def __init__(
        self,
        model: GPT,
        alphabet: Characters,
        counted: Callable[[str], dict[str, float]] | None = None,
        *,
        question: str | None = None,
        examples: dict[str, str] | None = None,
        start: str = "",
        characters: int = 7,
        real: list[str] | None = None,
    ):
        if counted is not None and not callable(counted):
            raise TypeError(f"counted must be a function, got {counted!r}.")
        check_examples({"start": start})
        super().__init__({"": model}, alphabet, question, examples, characters)
        self.model, self.counted, self.start = model, counted, start
        self.probabilities, self.measures, self.poems = {}, None, []
        self._ended, self._written, self._real = False, 0, real
        self._build()
        self.text = start
        self._update()

    def __repr__(self):
        """Short and stable: nbval compares it."""
        return f"NextCharacter({len(self.alphabet):,} characters)"

    # -- what the buttons do, and a notebook may do too ------------------------------

    def choose(self, character: str):
        """Let this character come next; after the end of a poem, none comes."""
        if self._ended:
            self._status.say(ENDED)
        elif character == "\n":
            self._ended = True
            self._update()
        else:
            self.text = self.beginning + character

    def undo(self):
        """Take the last character back."""
        if self._ended:
            self._ended = False
            self._update()
        else:
            self.text = self.beginning[:-1]

    def start_over(self):
        """Go back to the first beginning."""
        self._ended = False
        self.text = self.start
        self._update()

    def write_twenty(self, delay: float = 0.0):
        """Write and measure twenty poems in the background, after `delay` seconds."""
        self._start(self._write_twenty, WRITING.format(place=1), delay)

    def wait(self, timeout: float | None = None) -> dict[str, float] | None:
        """Wait for the twenty poems, return `measures`; TimeoutError if they last."""
        self._work.wait(timeout)
        return self.measures

    # -- the next character ----------------------------------------------------------

    def _text_changed(self, change):
        super()._text_changed(change)
        self._ended = False
        self._update()

    def _update(self, _=None):
        """Show what is expected after the beginning, or what is wrong with it."""
        if self._ended:
            self._choices.enable(False)
            self._status.say(ENDED)
            return
        beginning = self.beginning
        try:
            expected = next_characters(
                self.model, self.alphabet, beginning, **self.settings
            )
            counts = self.counted and self.counted(beginning)
            self._show(expected, counts)
            self._poem.value = poems_html({"": beginning})
            words = filter(None, spoken(next(iter(expected))))
            message = LIKELIEST.format(next=" ".join(words))
        except Exception as error:
            # The bars stay, so that the page is quiet while somebody types.
            message = sentence(error)
            self._choices.enable(False)
        self._status.say(message)

    def _show(self, expected, counts):
        """Show the likeliest characters with their bars."""
        likeliest = [pair for pair in list(expected.items())[:CHOICES] if pair[1] > 0]
        self.probabilities = dict(likeliest)
        full = self._choices.show(self.probabilities, counts)
        rest = max(0.0, 1 - sum(self.probabilities.values()))
        note = SCALE.format(full=full) + OTHERS.format(rest=rest)
        self._note.value = paragraph(note + (COUNTS_STAY if self.counted else ""))

    # -- twenty poems, in the background ---------------------------------------------

    def _write_twenty(self, stop):
        """Write poems, a character of each at a time, and measure them."""
        settings, seed = self.settings, self._written
        self._written += 1
        self._progress.value, self._progress.layout.display = 0, None
        growing = growing_texts(
            self.model, self.alphabet, count=TWENTY, seed=seed, **settings
        )
        for poems in growing:
            if stop.is_set():
                self._progress.layout.display = "none"
                self._status.say(STOPPED)
                return
            place = max(map(len, poems))
            self._progress.value = place / self.model.length
            self._status.say(WRITING.format(place=place), role="timer")
        real = verse.measure(self._real_poems(), self.characters)
        self.poems = poems
        self.measures = verse.measure(poems, self.characters)
        self._progress.layout.display = "none"
        self._twenty.value = (
            paragraph(SETTINGS.format(**settings))
            + meters_html(self.measures, real)
            + poems_html(dict(zip(SHOWN, poems, strict=False)))
        )
        self._status.say(WRITTEN)

    def _real_poems(self):
        """Return the real poems, loaded when they are first needed."""
        if self._real is None:
            validation = tang_poems(FORMS[self.characters])[1]
            self._real = validation["poem"][:REAL].tolist()
        return self._real

    # -- the widgets -----------------------------------------------------------------

    def _build(self):
        """Put the widgets together; the CSS classes are for themes and tests."""
        undo = button(UNDO, "undo", UNDO_TIP, self.undo).add_class("lab-undo")
        over = button(OVER, "refresh", OVER_TIP, self.start_over)
        write = button(
            WRITE,
            "pencil",
            WRITE_TIP,
            lambda: self.write_twenty(CLICK_DELAY),
        )
        write.add_class("lab-write").button_style = "primary"
        self._choices = choices = Choices(self.choose, CHOICES)
        key = widgets.HTML(choices_legend(self.counted is not None))
        self._note, self._poem = widgets.HTML(), widgets.HTML().add_class("lab-answer")
        self._twenty = widgets.HTML().add_class("lab-answer").add_class("lab-twenty")
        self._progress = widgets.FloatProgress(
            max=1, layout={"flex": "1 1 60px", "display": "none"}
        )
        self._progress.add_class("lab-progress")
        for live in (choices, self._poem.add_class("lab-poem"), self._note):
            live.add_class("lab-live")
        self._status.add_class("lab-live")
        left = [*self.controls.values(), key, choices, self._note]
        right = [
            self._poem,
            widgets.HBox([write, self._stop_button, self._progress], layout=ROW),
            self._twenty,
        ]
        example = [self._example] if self.examples else []
        back = widgets.HBox([undo, over.add_class("lab-over")], layout=ROW)
        self._put_together(
            [
                self._area,
                widgets.HBox([back, *example], layout=ROW),
                self._status,
                side_by_side(left, right),
            ],
            STYLE,
        )
        for control in self.controls.values():
            control.observe(self._update, "value")
