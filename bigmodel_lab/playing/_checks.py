"""What self-play refuses, and what to do instead."""

from bigmodel_lab.from_scratch._checks_games import check_judged


def check_network(search):
    """Raise ValueError unless a search's network can judge the start of the game."""
    game = search.game
    try:
        check_judged(game, *search.judge(game.planes(game.start)[None]), 1)
    except (ValueError, RuntimeError, TypeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise ValueError(f"The network cannot play {game.name}: {reason}.") from error


def from_zero(name, value):
    """Return a count; ValueError if it is not a whole number from 0 on."""
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be a whole number from 0 on, got {value!r}.")
    return value
