"""The parts of a widget, found as a browser test finds them: by their CSS class."""


def parts(widget):
    """Yield all widgets inside a widget, in order."""
    for child in getattr(widget, "children", ()):
        yield child
        yield from parts(child)


def part(widget, name):
    """Return the one part of the CSS class `lab-NAME`."""
    [found] = [p for p in parts(widget) if f"lab-{name}" in p._dom_classes]
    return found
