"""A GPT that writes for a server: step by step, several texts at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import torch

from bigmodel_lab.models import pretrained
from bigmodel_lab.models.writing import prompt, stream

COLDEST = 0.01  # a lower temperature is one of 0: always the likeliest token
END = "\n"  # ends a text, and stands before it


@dataclass
class Text:
    """A text that grows by a character a step, until it ends.

    `finish_reason` is None before, then "stop" (the model ended it, or one of `stops`
    came, which is left out) or "length".
    """

    stops: Sequence[str]
    tokens: int = 0
    finish_reason: str | None = None
    held: str = field(default="", repr=False)  # may be the beginning of a stop

    def add(self, character: str) -> str:
        """Take one more character; return the new part that is sure to stay."""
        self.tokens += 1
        text = self.held + character
        if found := [i for stop in self.stops if (i := text.find(stop)) >= 0]:
            self.finish_reason, self.held = "stop", ""
            return text[: min(found)]
        doubtful = max(_overlap(text, stop) for stop in self.stops)
        sure = len(text) - doubtful
        self.held = text[sure:]
        return text[:sure]

    def end(self) -> str:
        """End it, since it is long enough; return what was held back."""
        self.finish_reason = "length"
        rest, self.held = self.held, ""
        return rest


def _overlap(text, stop):
    """Return how many characters at the end of the text may begin a stop."""
    lengths = range(min(len(text), len(stop) - 1), 0, -1)
    return next((k for k in lengths if text.endswith(stop[:k])), 0)


class Poet:
    """A GPT in a file, and how it writes.

    `name` is "poet", or the path that `models.save` wrote. Raises ValueError if it is
    missing or damaged.
    """

    def __init__(self, name: str | Path = "poet", cached: bool = True):
        self.model, self.alphabet, _ = pretrained.load(name)
        self.name = Path(name).stem
        self.cached = cached

    def read(self, start: str) -> torch.Tensor:
        """Return the ids (1, T) of a text's beginning, perhaps after an instruction.

        The instruction, for a model that was tuned to follow one, ends with a line
        break. ValueError if there are unknown characters, or too many.
        """
        instruction, _, text = start.rpartition(END)
        return prompt(self.model, self.alphabet, text, instruction)

    def steps(
        self,
        ids: torch.Tensor,
        count: int = 1,
        tokens: int | None = None,
        *,
        temperature: float = 1.0,
        top_p: float = 1.0,
        seed: int = 0,
        stops: Sequence[str] = (),
    ) -> Iterator[list[tuple[int, str, Text]]]:
        """Yield (index, new part, text) of each text that grew or ended in a step.

        Parameters
        ----------
        ids : torch.Tensor
            (1, T), from `read`.
        count, tokens : int
            How many texts; at most so many tokens for each, by default as many as the
            model has room for.
        temperature, top_p, seed : float, float, int
            How tokens are drawn. The same ones give the same texts.
        stops : list of str
            Where a text is to end, besides the end that the model gives it.
        """
        texts = [Text((END, *stops)) for _ in range(count)]
        coldest = temperature < COLDEST
        drawn = stream(
            self.model,
            ids.repeat(count, 1),
            temperature=1.0 if coldest else temperature,
            top_k=1 if coldest else None,
            top_p=top_p,
            generator=torch.Generator().manual_seed(seed),
            cached=self.cached,
        )
        room = self.model.length - ids.shape[1] + 1
        for token in islice(drawn, min(tokens or room, room)):  # (count, 1)
            characters = self.alphabet.decode(token.flatten().tolist())
            growing = [
                (i, text) for i, text in enumerate(texts) if text.finish_reason is None
            ]
            yield [(i, text.add(characters[i]), text) for i, text in growing]
            if all(text.finish_reason for text in texts):
                return
        yield [
            (i, text.end(), text)
            for i, text in enumerate(texts)
            if text.finish_reason is None
        ]
