"""Write with a GPT: it goes on from what the reader begins, character by character."""

import ipywidgets as widgets

from bigmodel_lab.from_scratch.text import Characters
from bigmodel_lab.models.gpt import GPT
from bigmodel_lab.models.writing import growing_texts
from bigmodel_lab.widgets.look import ROW
from bigmodel_lab.widgets.poem_box import PACE, STOPPED, WritingBox, poems_html

# What a reader sees.
MODEL = "Model"
READY = "Type how a poem begins, or nothing, and press Write."
FINISHED = "Finished: poem {number} from this beginning."

STYLE = """
.lab-writer .lab-answer { min-height: 14em; }
"""


class Writer(WritingBox):
    """Begin a poem, and let a GPT go on.

        lab.Writer(model, alphabet, question="Can it end what you begin?")
        lab.Writer({"twenty seconds": model, "the stored one": best}, alphabet)

    Each model's last poem stays beside the others', to compare them: models, the same
    beginning and the same number give the same poem.

    Parameters
    ----------
    model : models.GPT, or dict
        A model of poems with marks, or name -> model to choose from.
    alphabet : text.Characters
        The characters that all models were trained on.
    question : str, optional
        What to find out, shown above the beginning.
    examples : dict, optional
        Name -> beginning to load.
    characters : int
        Characters of a line, 7 or 5.

    Attributes
    ----------
    text, beginning : str
        The beginning as it was typed, which may be assigned, and as the model reads it:
        with the marks that were forgotten.
    seed : int
        Which poem comes from this beginning; Another takes the next.
    poems : dict
        Model's name -> its last poem.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described. What is wrong with a beginning is shown.
    """

    def __init__(
        self,
        model: GPT | dict[str, GPT],
        alphabet: Characters,
        *,
        question: str | None = None,
        examples: dict[str, str] | None = None,
        characters: int = 7,
    ):
        models = model if isinstance(model, dict) else {"": model}
        self.models = {str(name): one for name, one in models.items()}
        super().__init__(self.models, alphabet, question, examples, characters)
        self.poems = {}
        self._build()

    def __repr__(self):
        """Short and stable: nbval compares it."""
        count = len(self.models)
        return f"Writer({count} model{'s' if count > 1 else ''})"

    # -- what the buttons do, and a notebook may do too ------------------------------

    @property
    def model(self) -> str:
        """The name of the model that writes."""
        return self._model.value

    @model.setter
    def model(self, name: str):
        self._model.value = name

    def wait(self, timeout: float | None = None) -> str | None:
        """Wait for the end, return the model's poem; TimeoutError if it lasts."""
        self._work.wait(timeout)
        return self.poems.get(self.model)

    # -- the background thread -------------------------------------------------------

    def _write(self, stop):
        """Write a character at a time until the poem ends, or `stop` is set."""
        name, beginning = self.model, self.beginning
        growing = growing_texts(
            self.models[name],
            self.alphabet,
            beginning,
            seed=self.seed,
            **self.settings,
        )
        for (poem,) in growing:
            if stop.is_set():
                break
            self.poems[name] = poem
            self._show()
            stop.wait(PACE)
        self._status.say(
            STOPPED if stop.is_set() else FINISHED.format(number=self.seed + 1)
        )

    def _show(self):
        """Show the last poem of each model, in the models' order."""
        self._answer.value = poems_html(
            {name: self.poems.get(name, "") for name in self.models}
        )

    # -- the widgets -----------------------------------------------------------------

    def _build(self):
        """Put the widgets together; the CSS classes are for themes and tests."""
        self._model = widgets.Dropdown(
            options=list(self.models),
            description=MODEL,
            layout={"width": "auto"},
            style={"description_width": "initial"},
        ).add_class("lab-model")
        chosen = [self._model] if len(self.models) > 1 else []
        chosen += [self._example] if self.examples else []
        self._answer = widgets.HTML().add_class("lab-answer").add_class("lab-live")
        self._put_together(
            [
                self._area,
                *([widgets.HBox(chosen, layout=ROW)] if chosen else []),
                *self._rows(),
                self._status,
                self._answer,
            ],
            STYLE,
        )
        self.add_class("lab-writer")
        self._status.say(READY)
