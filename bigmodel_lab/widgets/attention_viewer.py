"""What each head of a GPT looks at in a text of one's own, character by character."""

import ipywidgets as widgets
import numpy as np

from bigmodel_lab.from_scratch.text import Characters
from bigmodel_lab.models.gpt import GPT
from bigmodel_lab.models.writing import prompt
from bigmodel_lab.widgets.accessible import make_accessible
from bigmodel_lab.widgets.attention_facts import (
    clearest,
    describe,
    places_of,
    sentence_of,
)
from bigmodel_lab.widgets.attention_picture import (
    VIEWER_STYLE,
    head_name,
    heads_html,
    places_html,
    state_html,
)
from bigmodel_lab.widgets.beginning import marked
from bigmodel_lab.widgets.look import StatusLine, question_line, side_by_side
from bigmodel_lab.widgets.poem_box import (
    EXAMPLE,
    LOAD_EXAMPLE,
    NONE,
    check_examples,
    check_models,
    paragraph,
    sentence,
)
from bigmodel_lab.widgets.typed import TypedBox

# What a reader sees.
TEXT, PLACEHOLDER = "Your text", "Type a poem in Chinese, or paste one"
EMPTY = "Type a text: what each character looks at will appear here."
LONG = "The text has {given} characters, but this GPT reads {most} at most: shorten it."
BEFORE = " Below is the text before."
HEAD_LOOKS = "{Head}: {words}."
GRID_NOTE = (
    "A row for each character, a column for each that it may look at: the stronger the "
    "color, the larger the share."
)
KEYS_NOTE = (
    "Click or point at a character. Arrow keys: left and right for another character, "
    "up and down for another head."
)


class AttentionViewer(TypedBox):
    """See what a GPT's heads look at in a text: choose a head, choose a character.

        lab.AttentionViewer(model, alphabet, examples={"a temple": "月落乌啼霜满天，"})

    All heads are shown small, and described in words. Of the one that is chosen, the
    characters that the chosen character looks at are shaded; it looks at itself and
    what comes before it, and its weights sum to 1.

    Parameters
    ----------
    model, alphabet : models.GPT, text.Characters
        A model of poems with marks, and the characters that it was trained on.
    question : str, optional
        What to find out, shown above the text.
    examples : dict, optional
        Name -> text to load.
    start : str, optional
        The first text; the first of the examples if not given.
    characters : int
        Characters of a line, 7 or 5.

    Attributes
    ----------
    text, read : str
        The text as it was typed, which may be assigned, and the last one that the model
        could read, with the marks that were forgotten.
    chosen : tuple of int
        Layer and head, both from 1, and the place: the start is 0.
    weights : numpy.ndarray
        (layers, heads, T, T) of the text that is shown; None before the first.
    shares : numpy.ndarray
        (T,) of the place that is chosen: they sum to 1.
    descriptions : list of lists of str
        Where each head of each layer looks in this text, in words.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described. What is wrong with a text is shown.
    """

    def __init__(
        self,
        model: GPT,
        alphabet: Characters,
        *,
        question: str | None = None,
        examples: dict[str, str] | None = None,
        start: str | None = None,
        characters: int = 7,
    ):
        if not isinstance(alphabet, Characters):
            raise TypeError(f"alphabet must be text.Characters, got {alphabet!r:.60}.")
        check_models({"": model}, alphabet)
        self.examples = check_examples(examples)
        if start is None:
            start = next(iter(self.examples.values()), "")
        check_examples({"start": start})
        self.model, self.alphabet, self.characters = model, alphabet, characters
        self.read, self.weights, self.descriptions = "", None, []
        self._head, self._place, self._places = 0, 0, []
        self._build(question)
        self.text = start
        self._update()

    def __repr__(self):
        """Short and stable: nbval compares it."""
        layers, heads = (self.model.settings[name] for name in ("layers", "heads"))
        return f"AttentionViewer({layers} x {heads} heads)"

    # -- what a notebook may do, too -------------------------------------------------

    @property
    def sentence(self) -> str:
        """What the chosen character looks at, in words."""
        return self._words.text

    @property
    def chosen(self) -> tuple[int, int, int]:
        """Layer and head, both from 1, and the place: the start is 0."""
        layer, head = divmod(self._head, self.model.settings["heads"])
        return layer + 1, head + 1, self._place

    @property
    def shares(self) -> np.ndarray | None:
        """What the chosen place gives to each place (T,), from the chosen head."""
        if self.weights is None:
            return None
        layer, head, place = self.chosen
        return self.weights[layer - 1, head - 1, place]

    def choose(
        self,
        layer: int | None = None,
        head: int | None = None,
        place: int | None = None,
    ):
        """Choose a layer and a head, from 1, and a place; what is not given stays.

        Raises
        ------
        ValueError
            If there is no such layer, head or place.
        """
        settings = self.model.settings
        most = settings["layers"], settings["heads"], len(self.read)
        asked = list(self.chosen)
        for k, value in enumerate((layer, head, place)):
            if value is None:
                continue
            low = 0 if k == 2 else 1
            if value not in range(low, most[k] + 1):
                name = ("layer", "head", "place")[k]
                raise ValueError(f"{name} must be {low} to {most[k]}, got {value!r}.")
            asked[k] = value
        layer, head, self._place = asked
        self._head = (layer - 1) * settings["heads"] + head - 1
        self._show_chosen()

    # -- from a text to its picture --------------------------------------------------

    def _update(self, _=None):
        """Let the model read the text and show what it says, or what is wrong."""
        names = (name for name, text in self.examples.items() if text == self.text)
        self._example.value = next(names, NONE)
        try:
            read = marked(self.text, self.alphabet, self.characters)
            if not read:
                raise ValueError(EMPTY)
            most = self.model.length - 1  # the start takes a place
            if len(read) > most:
                raise ValueError(LONG.format(given=len(read), most=most))
            ids = prompt(self.model, self.alphabet, read)
            self._show(read, self.model.attention_maps(ids)[:, 0].cpu().numpy())
        except Exception as error:
            # The picture stays, so that the page is quiet while somebody types.
            before = BEFORE if self.weights is not None else ""
            self._status.say(sentence(error) + before)

    def _show(self, read, weights):
        """Show all heads and the text; its last character is chosen."""
        if read != self.read:
            self._places = places_of(read)
            last = [k for k, place in enumerate(self._places) if place.column]
            self._place = last[-1] if last else len(read)
        if self.weights is None:
            self._head = clearest(weights)
        self.read, self.weights = read, weights
        self.descriptions = [
            [describe(head, self._places) for head in layer] for layer in weights
        ]
        self._heads.value = heads_html(weights, self.descriptions)
        self._row.value = places_html(self._places)
        self._show_chosen()

    def _show_chosen(self):
        """Show the chosen head and what the chosen place looks at."""
        if self.weights is None:
            return
        layer, head, place = self.chosen
        self._asked.value = f"{self._head} {place}"
        self._state.value = state_html(self._head, place, self.shares)
        name = head_name(layer - 1, head - 1).capitalize()
        words = self.descriptions[layer - 1][head - 1]
        self._status.say(HEAD_LOOKS.format(Head=name, words=words))
        self._words.say(sentence_of(self.shares, place, self._places))

    def _take(self, change):
        """Choose what the browser asks for: a head and a place, both from 0."""
        head, place = map(int, change.new.split())
        if (head, place) != (self._head, self._place) and place <= len(self.read):
            self._head, self._place = head, place
            self._show_chosen()

    def _load_example(self, change):
        if change.new in self.examples:
            self.text = self.examples[change.new]

    # -- the widgets -----------------------------------------------------------------

    def _build(self, question):
        """Put the widgets together; the CSS classes are for themes and tests."""
        look = {"layout": {"width": "auto"}, "style": {"description_width": "initial"}}
        self._area = widgets.Textarea(
            description=TEXT, placeholder=PLACEHOLDER, rows=2, **look
        ).add_class("lab-area")
        names = {str(name): name for name in self.examples}
        self._example = widgets.Dropdown(
            options={LOAD_EXAMPLE: NONE} | names, description=EXAMPLE, **look
        ).add_class("lab-example")
        self._status = StatusLine().add_class("lab-status").add_class("lab-live")
        self._words = StatusLine().add_class("lab-words-of").add_class("lab-live")
        self._heads, self._row = widgets.HTML(), widgets.HTML()
        hidden = {"layout": {"display": "none"}}
        self._state = widgets.HTML(**hidden).add_class("lab-chosen")
        # What the browser asks for: the head and the place, both from 0.
        self._asked = widgets.Text(**hidden).add_class("lab-asked")
        note = widgets.HTML(paragraph(GRID_NOTE) + paragraph(KEYS_NOTE))
        left = [self._heads.add_class("lab-live"), note]
        right = [self._row.add_class("lab-live"), self._words]
        super().__init__(
            [
                *question_line(question),
                self._area,
                *([self._example] if self.examples else []),
                self._status,
                side_by_side(left, right),
                self._state,
                self._asked,
            ]
        )
        self.add_class("lab-viewer")
        make_accessible(self, VIEWER_STYLE, "attention")
        self._area.observe(self._update, "value")
        self._example.observe(self._load_example, "value")
        self._asked.observe(self._take, "value")
