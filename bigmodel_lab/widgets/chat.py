"""Say the same to several GPTs, and compare what they write, side by side."""

import html
from dataclasses import dataclass, field

import ipywidgets as widgets

from bigmodel_lab import verse
from bigmodel_lab.from_scratch.text import Characters
from bigmodel_lab.models.gpt import GPT
from bigmodel_lab.models.writing import growing_texts
from bigmodel_lab.widgets.beginning import check_fits, instruction_in, marked
from bigmodel_lab.widgets.look import ROW
from bigmodel_lab.widgets.meters import VERDICTS_STYLE, verdicts_html
from bigmodel_lab.widgets.poem_box import (
    PACE,
    STOPPED,
    WritingBox,
    check_line,
    paragraph,
    poems_html,
    sentence,
)

# What a reader sees.
YOU = "You say"
PLACEHOLDER = "Four Chinese characters, or a line"
OR_EXAMPLE = "Four Chinese characters, a line, or an example"
ANSWERS = "Who answers:"
READY = "Type four characters, a first line, or nothing, and press Write."
NOBODY = "Nobody answers: tick a model first."
FINISHED = "Finished: answer {number}. Another gives a different one."
REFUSED = " No poem from {names}: the reason stands in its place."
INSTRUCTED = "takes it as an instruction"
BEGUN, ALONE = "goes on from it", "begins by itself"
NOTHING = "It ended before the first character."

STYLE = f"""{VERDICTS_STYLE}
.lab-chat .lab-chosen .widget-checkbox {{ width: auto; }}
.lab-chat .lab-chosen {{ align-items: center; }}
/* All in one row where each gets 15 rem, else two in a row, else one. */
.lab-chat .lab-answers {{ display: grid; gap: 16px; margin: 2px;
  overflow: visible;
  grid-template-columns: repeat(auto-fit, minmax(
    min(100%, max(15rem, min(40%, (62rem - 100%) * 999))), 1fr)); }}
.lab-chat .lab-answer {{ margin: 0; min-width: 0; height: auto; }}
/* The meters stand on one line, however high the poems are. */
.lab-chat .lab-answer > .widget-html-content {{ display: flex; }}
.lab-chat .lab-turn {{ display: flex; flex-direction: column; width: 100%; }}
.lab-chat .lab-name {{ border-bottom: 1px solid currentColor; margin-bottom: 8px; }}
.lab-chat .lab-name span {{ font-size: 0.9em; }}
.lab-chat .lab-said-by {{ flex: 1; min-height: 17rem; }}
.lab-chat small {{ font-size: clamp(0.56rem, 2.6cqw, 0.7rem); margin: 0 -1px;
  letter-spacing: -0.01em; }}
/* A line of five fills the width, too; one of seven would still be one line. */
.lab-chat .lab-five .lab-word {{ flex: 1 1 14.2%; max-width: 20%; }}
"""


@dataclass(frozen=True)
class Speaker:
    """A GPT that answers in a `Chat`, and how it is spoken to.

    Parameters
    ----------
    model : models.GPT
        A model of poems with marks.
    characters : int
        Characters of a line that it writes, 7 or 5.
    instructed : bool
        Whether four characters are an instruction for it, the text before the poem:
        begin the four lines with them.

    Raises
    ------
    ValueError
        If a line has another number of characters.
    """

    model: GPT = field(repr=False)
    characters: int = 7
    instructed: bool = False

    def __post_init__(self):
        """Check what needs no alphabet."""
        check_line(self.characters)

    def reads(self, text: str, alphabet: Characters) -> tuple[str, str]:
        """Return what this text is for it: an instruction, and how its poem begins.

        Raises
        ------
        ValueError
            If its poems cannot begin so.
        """
        instruction = instruction_in(text)
        if self.instructed and instruction:
            return instruction, ""
        check_fits(text, self.characters)
        return "", marked(text, alphabet, self.characters)


class Chat(WritingBox):
    """Say four characters, or a first line, to GPTs: they answer side by side.

        lab.Chat({"base": lab.Speaker(poet),
                  "instructed": lab.Speaker(tuned, characters=5, instructed=True)},
                 alphabet, examples={"spring flower, autumn moon": "春花秋月"})

    Four characters without a mark are an instruction for those that take one, and the
    beginning of a poem for the others, as is anything else for all. Under a finished
    poem stands what `verse.measure` and `verse.begins` say of it.

    Parameters
    ----------
    speakers : dict
        Name -> Speaker.
    alphabet : text.Characters
        The characters that all models were trained on.
    question : str, optional
        What to find out, shown above the text.
    examples : dict, optional
        Name -> text to load.

    Attributes
    ----------
    text : str
        What was typed, which may be assigned.
    chosen : list of str
        The names of those who answer, which may be assigned.
    seed : int
        Which answers come to this text; Another takes the next.
    poems, measures, refusals : dict
        Name -> its last poem; its "form", "tones", "rhyme" and "repeated", and
        "initials" if four characters were asked for; the reason why it wrote none.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described. What is wrong with a text is shown.
    """

    def __init__(
        self,
        speakers: dict[str, Speaker],
        alphabet: Characters,
        *,
        question: str | None = None,
        examples: dict[str, str] | None = None,
    ):
        check_speakers(speakers)
        self.speakers = {str(name): speaker for name, speaker in speakers.items()}
        models = {name: speaker.model for name, speaker in self.speakers.items()}
        super().__init__(models, alphabet, question, examples, 7)
        for name, speaker in self.speakers.items():
            check_room(name, speaker)
        self.poems, self.measures, self.refusals = {}, {}, {}
        self._build()

    def __repr__(self):
        """Short and stable: nbval compares it."""
        count = len(self.speakers)
        return f"Chat({count} model{'s' if count > 1 else ''})"

    # -- what the buttons do, and a notebook may do too ------------------------------

    @property
    def chosen(self) -> list[str]:
        """The names of those who answer."""
        return [name for name, box in self._boxes.items() if box.value]

    @chosen.setter
    def chosen(self, names: list[str]):
        for name, box in self._boxes.items():
            box.value = name in names

    def wait(self, timeout: float | None = None) -> dict[str, str]:
        """Wait for the end, return `poems`; TimeoutError if it lasts."""
        self._work.wait(timeout)
        return self.poems

    # -- the background thread -------------------------------------------------------

    def _write(self, stop):
        """Let each write a character in turn until all have ended, or `stop` is set."""
        self.alphabet.encode(self.beginning)  # what nobody can read is said first
        if not self.chosen:
            raise ValueError(NOBODY)
        if stop.is_set():  # before the first character: the last poems stay
            self._status.say(STOPPED)
            return
        self.poems, self.measures, self.refusals = {}, {}, {}
        text, seed, settings = self.text, self.seed, self.settings
        growing = {
            name: self._growing(self.speakers[name], text, seed, settings)
            for name in self.chosen
        }
        for name, answer in self._answers.items():
            answer.layout.display = None if name in growing else "none"
            self._show(name, text)
        while growing and not stop.is_set():
            for name in list(growing):
                if not stop.is_set() and self._turn(name, text, growing[name]):
                    del growing[name]
            stop.wait(PACE)
        self._status.say(STOPPED if growing else self._end())

    def _growing(self, speaker, text, seed, settings):
        """Yield the poem of one after each character."""
        instruction, start = speaker.reads(text, self.alphabet)
        growing = growing_texts(
            speaker.model,
            self.alphabet,
            start,
            instruction=instruction,
            seed=seed,
            **settings,
        )
        for (poem,) in growing:
            yield poem

    def _turn(self, name, text, growing):
        """Let one write a character, and show it; return whether it has ended."""
        try:
            poem = next(growing, None)
            if poem is not None:
                self.poems[name] = poem
            else:
                self.measures[name] = self._measure(name, text)
        except Exception as error:  # the others go on
            self.refusals[name] = sentence(error)
        self._show(name, text)
        return name in self.measures or name in self.refusals

    def _measure(self, name, text):
        """Return what can be told of the poem of one."""
        poem, initials = self.poems[name], instruction_in(text)
        measures = verse.measure([poem], self.speakers[name].characters)
        if initials:
            measures["initials"] = verse.begins(poem, initials)
        return measures

    def _end(self):
        """Return what the status line says when all have ended."""
        refused = REFUSED.format(names=", ".join(self.refusals))
        said = FINISHED.format(number=self.seed + 1)
        return said + (refused if self.refusals else "")

    # -- the widgets -----------------------------------------------------------------

    def _show(self, name, text):
        """Show what one has written, or why it does not."""
        initials, poem = instruction_in(text), self.poems.get(name)
        obeys = initials and self.speakers[name].instructed
        role = INSTRUCTED if obeys else BEGUN if text.strip() else ALONE
        meters = verdicts_html(self.measures.get(name), bool(initials))
        five = " lab-five" if self.speakers[name].characters == 5 else ""
        said = poems_html({"": poem or ""})
        if name in self.refusals:
            said, role, meters = paragraph(self.refusals[name]), "", ""
        elif poem == "":
            said = paragraph(NOTHING)
        title = html.escape(name)
        self._answers[name].value = (
            f'<div class="lab-turn" role="group" aria-label="{title}">'
            f'<div class="lab-name"><b>{title}</b> <span>{role}</span></div>'
            f'<div class="lab-said-by{five}">{said}</div>{meters}</div>'
        )

    def _build(self):
        """Put the widgets together; the CSS classes are for themes and tests."""
        self._boxes = {
            name: widgets.Checkbox(value=True, description=name, indent=False)
            for name in self.speakers
        }
        self._answers = {
            name: widgets.HTML(layout={"display": "none"})
            .add_class("lab-answer")
            .add_class("lab-live")
            for name in self.speakers
        }
        self._area.description = YOU
        self._area.placeholder = OR_EXAMPLE if self.examples else PLACEHOLDER
        boxes = widgets.HBox([widgets.HTML(ANSWERS), *self._boxes.values()], layout=ROW)
        example = [widgets.HBox([self._example])] if self.examples else []
        self._put_together(
            [
                self._area,
                *example,
                boxes.add_class("lab-chosen"),
                *self._rows(),
                self._status,
                widgets.Box(list(self._answers.values())).add_class("lab-answers"),
            ],
            STYLE,
        )
        self.add_class("lab-chat")
        self._status.say(READY)


def check_speakers(speakers: dict):
    """Raise TypeError or ValueError unless these are speakers by name."""
    example = "as in {'base': lab.Speaker(model)}"
    if not isinstance(speakers, dict):
        raise TypeError(f"speakers must be a dict, {example}; got {speakers!r:.60}.")
    if not speakers:
        raise ValueError(f"Nobody can answer: give a dict, {example}.")
    for speaker in speakers.values():
        if not isinstance(speaker, Speaker):
            raise TypeError(
                f"Each model must be a lab.Speaker, {example}; got {speaker!r:.60}."
            )


def check_room(name: str, speaker: Speaker):
    """Raise ValueError if a whole poem, and an instruction, do not fit into a GPT."""
    needed = 1 + 4 * speaker.instructed + 4 * (speaker.characters + 1)
    if speaker.model.length < needed:
        raise ValueError(
            f"The model {name!r} reads {speaker.model.length} tokens, but a poem"
            f"{' and its instruction' if speaker.instructed else ''} has {needed}: "
            f"build it with length={needed} or more."
        )
