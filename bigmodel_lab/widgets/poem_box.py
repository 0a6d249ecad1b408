"""What the widgets that write poems share: a beginning, sliders, work behind them."""

import html
from collections.abc import Callable

import ipywidgets as widgets

from bigmodel_lab import verse
from bigmodel_lab.from_scratch.text import Characters
from bigmodel_lab.models.gpt import GPT
from bigmodel_lab.widgets.accessible import make_accessible
from bigmodel_lab.widgets.background import Background
from bigmodel_lab.widgets.beginning import marked
from bigmodel_lab.widgets.controls import make_controls, values_of
from bigmodel_lab.widgets.look import ROW, StatusLine, button, question_line
from bigmodel_lab.widgets.typed import TypedBox

# What a reader sees.
BEGINNING, PLACEHOLDER = "Beginning", "Type the beginning of a poem in Chinese"
EXAMPLE, LOAD_EXAMPLE = "Example", "Load an example"
STOP, STOP_TIP = "Stop", "Stop here and keep what is written"
WRITE, WRITE_TIP = "Write", "Write on from the beginning"
ANOTHER, ANOTHER_TIP = "Another", "Write another one from the same beginning"
WRITING = "Writing …"
STOPPED = "Stopped: Write writes it again, Another a different one."
OUT_OF_RANGE = "{name} takes numbers from {low:g} to {high:g}: {value} was not taken."

TEMPERATURE, TOP_P = (0.1, 2.0, 0.05), (0.05, 1.0, 0.05)
PACE = 0.08  # seconds a character: to watch it come
CLICK_DELAY = 0.15  # seconds: the browser may send a click before the last letter
NONE = -1  # no example chosen: for the value None ipywidgets shows an empty line
STYLE = """
.lab-poems textarea { font-size: 1.25em; line-height: 1.4; }
.lab-poems .lab-verse { margin: 4px 0 8px; }
.lab-poems textarea::placeholder { font-size: 0.8em; }
.lab-poems .lab-verse figure { padding-right: 12px; }
.lab-poems .lab-verse .lab-word { min-width: 0; }
.lab-poems .lab-verse [lang="zh"] { font-size: clamp(1.1rem, 8.5cqw, 1.6rem); }
.lab-poems .lab-verse rt { font-size: clamp(0.55rem, 3.6cqw, 0.75rem); }
.lab-poems .widget-hbox > .widget-button { flex: 0 0 auto; width: auto;
  min-width: 84px; }
"""


class PoemBox(TypedBox):
    """A box with the beginning of a poem, sampling sliders, and work in the background.

    `text` is the beginning as it was typed, `beginning` as the model reads it.
    """

    _latest = {}  # noqa: RUF012 - (kind, question) -> its widget, for a re-run cell

    def __init__(self, models, alphabet, question, examples, characters):
        if not isinstance(alphabet, Characters):
            raise TypeError(f"alphabet must be text.Characters, got {alphabet!r:.60}.")
        check_models(models, alphabet)
        self.examples = check_examples(examples)
        check_line(characters)
        self.alphabet, self.characters = alphabet, characters
        self.question, self._work = question, Background()
        self._make_parts()
        earlier = PoemBox._latest.get((type(self), question))
        if earlier is not None:
            earlier.stop()
        PoemBox._latest[type(self), question] = self

    def _make_parts(self):
        """Make the controls that both widgets have."""
        look = {"layout": {"width": "auto"}, "style": {"description_width": "initial"}}
        self._area = widgets.Textarea(
            description=BEGINNING, placeholder=PLACEHOLDER, rows=2, **look
        ).add_class("lab-area")
        names = {str(name): text for name, text in self.examples.items()}
        self._example = widgets.Dropdown(
            options={LOAD_EXAMPLE: NONE} | names, description=EXAMPLE, **look
        ).add_class("lab-example")
        ranges = {"temperature": TEMPERATURE, "top_p": TOP_P}
        self.controls = make_controls(_sampling, ranges)
        for control in self.controls.values():
            control.continuous_update = True
        self._status = StatusLine().add_class("lab-status")
        self._stop_button = button(STOP, "stop", STOP_TIP, self.stop)
        self._stop_button.add_class("lab-stop").disabled = True

    def _put_together(self, children, style):
        """Become the box of these children, with the question above them."""
        super().__init__([*question_line(self.question), *children])
        self.add_class("lab-poems")
        make_accessible(self, STYLE + style)
        self._area.observe(self._text_changed, "value")
        self._example.observe(self._load_example, "value")

    # -- what a notebook may do, too -------------------------------------------------

    @property
    def beginning(self) -> str:
        """The beginning as the model reads it: with the marks that were forgotten."""
        return marked(self.text, self.alphabet, self.characters)

    @property
    def settings(self) -> dict:
        """The sliders' values: "temperature" and "top_p"."""
        return values_of(self.controls)

    def use(self, **settings: float):
        """Move sliders: `use(temperature=0.8)`. What they do not take is refused."""
        for name, value in settings.items():
            slider = self.controls[name]
            if slider.min <= value <= slider.max:
                slider.value = value
            else:
                self._status.say(
                    OUT_OF_RANGE.format(
                        name=slider.description,
                        low=slider.min,
                        high=slider.max,
                        value=value,
                    )
                )

    @property
    def running(self) -> bool:
        """Whether something is being written."""
        return self._work.running

    def stop(self):
        """End what is being written; what there is stays."""
        self._work.stop()

    # -- for the widgets made of it --------------------------------------------------

    def _start(self, work: Callable, news: str, delay: float = 0.0):
        """Say the news, do `work(stop)` in the background after `delay` seconds.

        What is under way is stopped first; an error is shown.
        """

        def guarded(stop):
            try:
                stop.wait(delay)
                work(stop)
            except Exception as error:
                self._status.say(sentence(error))
            self._stop_button.disabled = True

        self._work.stop()
        self._work.wait()
        self._stop_button.disabled = False
        self._status.say(news)
        self._work.start(guarded)

    def _text_changed(self, _):
        """An example stays chosen until its text is changed."""
        texts = self.examples.values()
        self._example.value = self.text if self.text in texts else NONE

    def _load_example(self, change):
        if change.new != NONE:
            self.text = change.new


class WritingBox(PoemBox):
    """A poem box that writes for each `seed` something else: Write, Another, Stop.

    What is made of it has `_write(stop)`, which runs in the background.
    """

    seed = 0

    def write(self, delay: float = 0.0):
        """Write on from the text, in the background, after `delay` seconds."""
        self._start(self._write, WRITING, delay)

    def another(self, delay: float = 0.0):
        """Write with the next seed."""
        self.stop()
        self.seed += 1
        self.write(delay)

    def _rows(self):
        """Return the sliders and the three buttons, each in a row."""
        write = button(WRITE, "pencil", WRITE_TIP, lambda: self.write(CLICK_DELAY))
        write.add_class("lab-write").button_style = "primary"
        another = button(
            ANOTHER, "refresh", ANOTHER_TIP, lambda: self.another(CLICK_DELAY)
        ).add_class("lab-another")
        for control in self.controls.values():
            control.layout = {"flex": "1 1 280px", "max_width": "460px"}
        return [
            widgets.HBox(list(self.controls.values()), layout=ROW),
            widgets.HBox([write, another, self._stop_button], layout=ROW),
        ]


def _sampling(temperature=1.0, top_p=1.0):
    """Have the parameters that sliders are made for."""


def poems_html(poems: dict[str, str]) -> str:
    """Return poems by title as HTML, with the sound and a meaning of each character."""
    shown = {title: poem for title, poem in poems.items() if poem}
    return verse.show(list(shown.values()), list(shown))._repr_html_() if shown else ""


def sentence(error: Exception) -> str:
    """Return what an error says, after its kind if it was not expected."""
    kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
    return f"{kind}{error}"


def paragraph(text: str) -> str:
    """Return a text as an HTML paragraph that stands close to what it is about."""
    return f'<div class="lab-note">{html.escape(text)}</div>'


def check_line(characters: int):
    """Raise ValueError unless a line may have so many characters."""
    if characters not in (5, 7):
        raise ValueError(f"A line has 5 or 7 characters, not {characters!r}.")


def check_models(models: dict, alphabet: Characters):
    """Raise TypeError or ValueError unless all are GPTs of this alphabet."""
    if not models:
        raise ValueError("There is no model: give a GPT, or a dict name -> GPT.")
    for model in models.values():
        if not isinstance(model, GPT):
            raise TypeError(f"model must be a models.GPT, got {model!r:.60}.")
        size = model.settings["vocabulary_size"]
        if size != len(alphabet):
            raise ValueError(
                f"The model knows {size:,} characters, the alphabet has "
                f"{len(alphabet):,}: give the alphabet that it was trained with."
            )


def check_examples(examples: dict | None) -> dict:
    """Return the examples, {} for None; TypeError unless they are name -> text."""
    examples = {} if examples is None else examples
    if not isinstance(examples, dict) or not all(
        isinstance(text, str) for text in examples.values()
    ):
        raise TypeError(f"examples must be a dict name -> text, got {examples!r}.")
    return examples
