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
CHOICES_STYLE = f"""
.lab-choices > .widget-box {{ display: grid; align-items: center; column-gap: 4px;
  grid-template-columns: minmax(0, 236px) minmax(60px, 1fr); }}
.lab-choices .lab-choice {{ width: auto; height: 32px; line-height: 32px;
  margin: 1px 0; text-align: left; white-space: pre; tab-size: 50px; color: inherit;
  background: none; border: 1px solid transparent; box-shadow: none;
  border-radius: 6px; font-variant-numeric: tabular-nums; }}
.lab-choices .lab-choice:hover:enabled {{ border-color: {BLUE}; }}
.lab-choices .lab-choice:disabled {{ opacity: 0.5; }}
.lab-choices .lab-choice::first-letter {{ font-size: 1.5em; }}
.lab-choices .widget-html {{ min-width: 0; margin: 0; }}
.lab-shares {{ display: grid; gap: 3px; font-size: 11px; line-height: 12px; }}
.lab-shares div {{ display: flex; align-items: center; gap: 4px; height: 12px; }}
.lab-shares i {{ height: 10px; flex: 0 0 auto; border-radius: 0 3px 3px 0;
  min-width: 1px; }}
"""


class Choice(widgets.HBox):
    """One character to choose: `action` is called with it when its button is pressed.

    Its name for screen readers is what the button says: the character, its sound, how
    probable it is, a meaning.
    """

    def __init__(self, action: Callable[[str], object]):
        self.character = None
        self.button = widgets.Button().add_class("lab-choice")
        self.button.on_click(lambda _: action(self.character))
        self.shares = widgets.HTML()
        super().__init__([self.button, self.shares], layout={"flex_flow": "row"})

    def show(self, character: str, shares: list[float], full: float):
        """Show a character, the model's probability, then perhaps the counted one."""
        self.character = character
        sign, sound, meaning = spoken(character)
        text = f"{sign}\t{sound}\t{shares[0]:.1%}\t{meaning}"
        says = [SAYS.format(counted=COUNTED, share=share) for share in shares[1:]]
        self.button.description, self.button.tooltip = text, "".join(says)
        rows = (
            f'<div><i style="width: {min(1, share / full):.1%}; background: {color}">'
            f"</i></div>"
            for share, color in zip(shares, (BLUE, ORANGE), strict=False)
        )
        self.shares.value = f'<div class="lab-shares">{"".join(rows)}</div>'


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
