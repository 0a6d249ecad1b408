"""A box with a text that the reader types."""

from bigmodel_lab.widgets.still import StillBox


class TypedBox(StillBox):
    """A box with a text area, `_area`, and a status line, `_status`."""

    @property
    def text(self) -> str:
        """The text, as it was typed."""
        return self._area.value

    @text.setter
    def text(self, text: str):
        self._area.value = text

    @property
    def status(self) -> str:
        """What the status line says: a result, or what is wrong with the text."""
        return self._status.text
