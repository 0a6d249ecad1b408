"""Attention as HTML: all heads as thumbnails, a text whose characters are shaded."""

import base64
import html
import io
import json

import numpy as np
from PIL import Image

from bigmodel_lab import verse
from bigmodel_lab.colors import BLUE, GRAY, ORANGE
from bigmodel_lab.widgets.attention_facts import Place, name_of, strongest

# What a reader sees.
LAYER, HEAD = "layer {layer}", "head {head}"
HEADS, TEXT = "Heads, a row for each layer", "Characters of the text"
START_WORD = "start"

PERCENTS = 3  # places whose percentage is shown
RGB = [int(BLUE[k : k + 2], 16) for k in (1, 3, 5)]
VIEWER_STYLE = f"""
.lab-viewer textarea {{ font-size: 1.25em; line-height: 1.4; }}
.lab-viewer .lab-heads {{ display: grid; gap: 6px; align-items: center;
  max-width: 420px;
  grid-template-columns: auto repeat(var(--heads), minmax(32px, 1fr)); }}
.lab-viewer .lab-heads span {{ font-size: 0.85em; text-align: center;
  white-space: nowrap; }}
.lab-viewer :is(.lab-head, .lab-place) {{ font: inherit; color: inherit; margin: 0;
  background: none; border: 1px solid transparent; cursor: pointer; padding: 0; }}
.lab-viewer .lab-head {{ position: relative; aspect-ratio: 1; border-color: {GRAY};
  border-radius: 3px; overflow: hidden; }}
.lab-viewer .lab-head i {{ display: block; width: 100%; height: 100%;
  background-size: 100% 100%; image-rendering: pixelated; }}
.lab-viewer .lab-head[aria-pressed="true"] {{ border-color: {ORANGE};
  box-shadow: 0 0 0 2px {ORANGE}; }}
.lab-viewer .lab-head[aria-pressed="true"]::after {{ content: ""; position: absolute;
  left: 0; right: 0; top: calc(100% * var(--place) / var(--places));
  height: max(3px, 100% / var(--places)); border: 1px solid {ORANGE};
  box-sizing: border-box; }}
.lab-viewer .lab-places {{ max-width: 30rem; container-type: inline-size; }}
.lab-viewer .lab-places > div {{ display: flex; flex-wrap: wrap; }}
.lab-viewer .lab-place, .lab-viewer .lab-places > div:not(:first-child)::before {{
  content: ""; flex: 0 0 auto; width: 11.1%; }}
.lab-viewer .lab-place {{ position: relative; padding: 2px 0 1.3em;
  margin-bottom: 2px; border-radius: 6px; line-height: 1.3; text-align: center; }}
.lab-viewer .lab-place::before {{ content: ""; position: absolute; inset: 1px;
  border-radius: 5px; background: {BLUE}; opacity: calc(0.62 * var(--shade, 0)); }}
[data-jp-theme-light="false"] .lab-viewer .lab-head i,
[data-jp-theme-light="false"] .lab-viewer .lab-place::before {{
  filter: brightness(1.5); }}
.lab-viewer .lab-place > * {{ position: relative; display: block; }}
.lab-viewer .lab-place > span {{ font-size: clamp(1.3rem, 7.5cqw, 1.6rem); }}
.lab-viewer .lab-place > small {{ height: 1.5em; opacity: 0.9; white-space: nowrap;
  font-size: min(0.75rem, 18cqw / var(--letters)); }}
.lab-viewer .lab-place::after {{ content: attr(data-percent); position: absolute;
  left: 0; right: 0; bottom: 0; font-size: 0.8rem; font-weight: bold;
  font-variant-numeric: tabular-nums; }}
.lab-viewer .lab-place.lab-later > span {{ opacity: 0.55; }}
.lab-viewer .lab-place.lab-later > small {{ opacity: 0.72; }}
.lab-viewer .lab-place:hover {{ border-color: currentColor; }}
.lab-viewer .lab-place[aria-pressed="true"] {{ border: 2px solid {ORANGE}; }}
@container (max-width: 20rem) {{  /* a phone: the start has a row of its own */
  .lab-viewer .lab-place {{ width: 12.5%; }}
  .lab-viewer .lab-place > small {{
    font-size: min(0.75rem, 18.5cqw / var(--letters)); }}
  .lab-viewer .lab-places > div:not(:first-child)::before {{ display: none; }}
  .lab-viewer .lab-places > :first-child > :first-child {{ margin-right: 87.5%; }}
}}
.lab-viewer .lab-words-of .widget-html-content {{ font-size: 1.1em;
  min-height: 4.5em; max-width: 34rem; }}
"""


def heads_html(weights: np.ndarray, descriptions: list[list[str]]) -> str:
    """Return a button with a thumbnail for each head of weights (layers, heads, T, T).

    `descriptions` has the words for each head of each layer.
    """
    layers, heads = weights.shape[:2]
    cells = ["<span></span>"]
    cells += [
        f"<span aria-hidden=true>{HEAD.format(head=h + 1)}</span>" for h in range(heads)
    ]
    for i in range(layers):
        cells.append(f"<span aria-hidden=true>{LAYER.format(layer=i + 1)}</span>")
        for h in range(heads):
            name = html.escape(f"{head_name(i, h)}: {descriptions[i][h]}")
            cells.append(
                f'<button type=button class=lab-head title="{name}" '
                f'aria-label="{name}"><i style="background-image: '
                f'url({thumbnail(weights[i, h])})"></i></button>'
            )
    return (
        f'<div class=lab-heads role=group aria-label="{HEADS}" '
        f'style="--heads: {heads}; --places: {weights.shape[-1]}">'
        f"{''.join(cells)}</div>"
    )


def head_name(layer: int, head: int) -> str:
    """Return what a head is called, "layer 1, head 2", from its numbers from 0."""
    return f"{LAYER.format(layer=layer + 1)}, {HEAD.format(head=head + 1)}"


def thumbnail(weights: np.ndarray) -> str:
    """Return weights (T, T) as the address of a small picture, a pixel for each."""
    pixels = np.empty((*weights.shape, 4), np.uint8)
    pixels[..., :3] = RGB
    pixels[..., 3] = np.round(255 * np.sqrt(weights))  # small ones can be seen, too
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"


def places_html(places: list[Place]) -> str:
    """Return a button for each place of a text, a row for each of its lines."""
    rows = {}
    for k, place in enumerate(places):
        sign = html.escape(place.character.replace("\n", "⏎"))
        sound = html.escape(verse.pinyin(place.character)) if k else START_WORD
        name = html.escape(name_of(k, places))
        language = "zh-Latn" if k else "en"
        rows.setdefault(max(1, place.line), []).append(
            f'<button type=button class=lab-place title="{name}" aria-label="{name}">'
            f'<span lang=zh>{sign}</span><small lang="{language}" '
            f'style="--letters: {max(4, len(sound))}">{sound}</small>'
            "</button>"
        )
    lines = "".join(f"<div>{''.join(row)}</div>" for row in rows.values())
    return f'<div class=lab-places role=group aria-label="{TEXT}">{lines}</div>'


def state_html(head: int, place: int, shares: np.ndarray) -> str:
    """Return what the browser marks: the head, the place, the shares (T,) it has."""
    state = {
        "head": head,
        "place": place,
        "shades": np.sqrt(shares.astype(float)).round(3).tolist(),
        "percents": {k: f"{shares[k]:.0%}" for k in strongest(shares, PERCENTS)},
    }
    return f"<i hidden>{json.dumps(state)}</i>"
