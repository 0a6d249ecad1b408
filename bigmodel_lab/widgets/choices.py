"""Characters to choose from: a button for each, with bars of how likely it is."""

from collections.abc import Callable

import ipywidgets as widgets

from bigmodel_lab import verse
from bigmodel_lab.colors import BLUE, ORANGE
from bigmodel_lab.widgets.look import legend

# What a reader sees.
MODEL, COUNTED = "the GPT", "the counted n-gram"
SAYS = "{counted} says {share:.1%}"
NAMES = {"，": "comma", "。": "full stop", "\n": "end of the poem"}
END = "⏎"  # how "\n" is shown

FULL = (0.05, 0.1, 0.25, 0.5, 1.0)  # what a bar of the full width may stand for
ROW_HEIGHT = 34  # pixels of a button, and of its bars beside it
CHOICES_STYLE = f"""
.lab-choices {{ display: grid; column-gap: 4px; align-items: start;
  grid-template-columns: minmax(0, 256px) minmax(84px, 1fr); }}
.lab-choices > .widget-vbox {{ margin: 0; }}
.lab-choices .lab-choice {{ width: auto; height: {ROW_HEIGHT - 2}px;
  line-height: {ROW_HEIGHT - 2}px; margin: 1px 0; text-align: left; white-space: pre;
  tab-size: 56px; color: inherit; background: none; border: 1px solid transparent;
  box-shadow: none; border-radius: 6px; font-variant-numeric: tabular-nums; }}
.lab-choices .lab-choice:hover:enabled {{ border-color: {BLUE}; }}
.lab-choices .lab-choice:disabled {{ opacity: 0.5; }}
.lab-choices .lab-choice::first-letter {{ font-size: 1.5em; }}
.lab-choices .widget-html {{ min-width: 0; margin: 0; }}
.lab-shares {{ height: {ROW_HEIGHT}px; display: flex; flex-direction: column;
  justify-content: center; gap: 3px; }}
.lab-shares span {{ display: flex; align-items: center; gap: 4px; height: 10px;
  font-size: 10px; line-height: 10px; font-variant-numeric: tabular-nums; }}
.lab-shares i {{ height: 10px; border-radius: 0 3px 3px 0; min-width: 1px; }}
@media (max-width: 600px) {{ .lab-choices .lab-choice {{ tab-size: 43px; }} }}
"""


class Choices(widgets.HBox):
    """Buttons for the likeliest characters, with bars: `action` gets what is pressed.

    A button's name for screen readers is what it says: the character, its sound, how
    probable it is, a meaning.
    """

    def __init__(self, action: Callable[[str], object], count: int):
        self.characters = []
        self.buttons = [widgets.Button().add_class("lab-choice") for _ in range(count)]
        for place, button in enumerate(self.buttons):
            button.on_click(lambda _, k=place: action(self.characters[k]))
        # One widget for all bars: the fewer there are, the sooner they are drawn.
        self.bars = widgets.HTML()
        super().__init__([widgets.VBox(self.buttons), self.bars])
        self.add_class("lab-choices")

    def show(self, shares: dict[str, float], counted: dict[str, float] | None) -> float:
        """Show characters with the model's probability, and perhaps the counted one.

        Returns what a bar of the full width stands for.
        """
        self.characters = list(shares)
        pairs = [
            [share] if counted is None else [share, counted.get(character, 0.0)]
            for character, share in shares.items()
        ]
        full = full_width([max(pair) for pair in pairs])
        self.bars.value = "".join(_bars(pair, full) for pair in pairs)
        for button, character, pair in zip(
            self.buttons, self.characters, pairs, strict=False
        ):
            sign, sound, meaning = spoken(character)
            says = [SAYS.format(counted=COUNTED, share=share) for share in pair[1:]]
            with button.hold_sync():
                button.description = f"{sign}\t{sound}\t{pair[0]:.1%}\t{meaning}"
                button.tooltip = "".join(says)
        for place, button in enumerate(self.buttons):
            button.layout.display = None if place < len(pairs) else "none"
        self.enable(True)
        return full

    def enable(self, on: bool):
        """Let the buttons be pressed, or not."""
        for button in self.buttons:
            button.disabled = not on


def _bars(pair, full):
    """Return the bars of one character as HTML; the button has the first one's number.

    Screen readers get the second number from the button, too.
    """
    rows = (
        f'<span><i style="width: calc({min(1, share / full):.3f} * (100% - 40px)); '
        f'background: {color}"></i>{number}</span>'
        for share, color, number in zip(
            pair, (BLUE, ORANGE), ("", f"{pair[-1]:.1%}"), strict=False
        )
    )
    return f'<div class="lab-shares" aria-hidden="true">{"".join(rows)}</div>'


def spoken(character: str) -> tuple[str, str, str]:
    """Return a character as it is shown, its sound and a meaning."""
    if character in NAMES:
        return character.replace("\n", END), "", NAMES[character]
    return character, verse.pinyin(character), "".join(verse.gloss(character))


def full_width(shares: list[float]) -> float:
    """Return what a bar of the full width stands for, so that all of them fit."""
    return next(full for full in FULL if max(shares, default=0) <= full or full == 1)


def choices_legend(counted: bool) -> str:
    """Return HTML that names the colors of the bars."""
    entries = [("■", BLUE, MODEL), ("■", ORANGE, COUNTED)]
    return legend(entries if counted else entries[:1])
