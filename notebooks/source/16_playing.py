# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["course-opening"]
# # 16 · Play: a search that knows only the rules, and a network that learns from its own games
#
# [Open in Binder](https://mybinder.org/v2/gh/OWNER/bigmodel_lab/HEAD?urlpath=lab/tree/notebooks/16_playing.ipynb) · [Open in Colab](https://colab.research.google.com/github/OWNER/bigmodel_lab/blob/HEAD/notebooks/16_playing.ipynb) · [Course card and glossary](course_card.ipynb)
#
# ## What you will be able to do
#
# - write the rules of a game once, so that a search and a network can play it,
# - solve tic-tac-toe to the end, and judge players by the solution,
# - search with play-outs at random, and say what visits and means tell,
# - train a network on games against itself, and measure what it learned,
# - compare players fairly: in equal time, and over enough games.
#
# **Time:** 2.5 hours. **Judges:** D1 §1.1, §6.4, §9.1 (D0 to D4 are [the five
# articles](00_start_here.ipynb#The-chapters-and-the-articles)). **Read first:**
# [chapter 05](05_mnist.ipynb) for networks that see a grid.

# %% tags=["course-colab"]
# On Google Colab, install the library; elsewhere, do nothing.
import sys

from IPython import get_ipython

if "google.colab" in sys.modules:
    url = "git+https://github.com/OWNER/bigmodel_lab"
    get_ipython().run_line_magic("pip", f"install -q {url}")

# %% tags=["nbval-ignore-output"]
import bigmodel_lab as lab

device = lab.start_chapter("16_playing", version="0.1")
lab.solved("playing")

# %% [markdown]
# ## What the articles say
#
# D1 begins with large models <span lang="zh">如GPT、BERT、AlphaGo等</span>, with hundreds of millions
# to hundreds of billions of parameters (§1.1, and again in §9.1). In §6.4 it lets large models
# play Go and chess as <span lang="zh">智能对手</span>, intelligent opponents, and decide in simulated
# worlds. How such an opponent works, none of the five articles says.
#
# So we build one, and it takes two parts: a search, which looks ahead, and a network, which has
# an opinion. Both are small enough to be read in full, and tic-tac-toe is small enough to know
# the truth.

# %%
lab.drawings.learning_from_itself()

# %% [markdown]
# **There are two players. One knows nothing but the rules, and plays 25 games at random in its
# head before each move. The other has a network that learned for some seconds from games against
# itself, and plays what it likes best at first sight. Which one plays tic-tac-toe better? And
# what will the network have learned that the search did not know? Write down your guess.**

# %%
import math

import numpy as np
import pandas as pd
import torch

# %%
from bigmodel_lab import games, models, searching

# %% [markdown]
# ## Derive it: what is a position worth?
#
# ### The rules, written once
#
# A game is a start, the moves that are allowed, what a move does, and when it is over. A position
# is two sets of squares: those of the player to move, and the other's.

# %%
game = games.TicTacToe()
state = game.after(4, 0, 8)
print(game.text(state))
print("O may take", game.moves(state))
print("mine, theirs:", *(f"{side:09b}" for side in state))

# %% [markdown]
# Each set is a whole number with a bit for each square, counted from the right. After each move,
# the two change places: so whoever looks at a position sees *mine* and *theirs*, and one program
# plays both sides. (A test plays both games of this chapter against OpenSpiel, move by move.)

# %% [markdown]
# ### Exercise 1: three in a row
#
# *Easy · 8 minutes*
#
# Here is a board, as numbers. Is the game won, and by whom?


# %%
def won(board):
    """Return who has three in a row in tic-tac-toe: 1 for X, -1 for O, 0 for nobody.

    board is an array (3, 3) of whole numbers: 1 where X has a stone, -1 where O has
    one, 0 where nothing stands. X began, and the two took turns. Three in a row may lie
    in a row, in a column or in one of the two diagonals. At most one player has them.
    """
    ...


lab.check("playing.won", won)

# %% [markdown]
# ### To the end: minimax
#
# At the end of a game its worth is known: 1, 0 or -1. One move before, a player takes what is
# best, and what is best for one is worst for the other.

# %%
lab.drawings.values_change_sides()

# %% [markdown]
# ### Exercise 2: what my best move is worth
#
# *Easy · 5 minutes*
#
# Somebody tells you what the position is worth after each of your moves, but to the other player,
# who moves then. What is the position worth to you?


# %%
def worth(after):
    """Return what a position is worth to the player to move: a number from -1 to 1.

    after is an array (k,): for each of my k moves, the value of the position that it
    leads to. Each is seen by the player who moves there, the other one: 1 is a win for
    them, -1 a loss. What is good for one is as bad for the other. I move now, I take
    the move that is best for me, and the result is seen by me.
    """
    ...


lab.check("playing.worth", worth)

# %% [markdown]
# From the last moves back to the first, this solves the game. **How many positions are there, and
# who wins if both play well?**

# %%
solved = searching.minimax(game)
going_on = [state for state in solved if game.moves(state)]
print(f"{len(solved):,} positions, {len(going_on):,} of them not yet over")
print("worth at the start:", solved[game.start].value)
print("first moves that keep it:", solved[game.start].best)
print("X took the middle; what keeps the draw:", solved[game.after(4)].best)

# %% [markdown]
# A draw, and any first move keeps it. But against a stone in the middle only the corners do. In
# how many positions is there something to do wrong?

# %%
contested = searching.contested(game, solved)
chances = [len(solved[s].best) / len(game.moves(s)) for s in contested]
print(f"{len(contested):,} positions in which some moves are worse than others")
print(f"a move at random is one of the best in {100 * np.mean(chances):.1f} % of them")

# %% [markdown]
# These 3,191 positions are our judge. Whoever plays the best move in all of them never loses what
# it had.
#
# **Why not solve every game so?** Connect four has 4,531,985,219,092 positions (Edelkamp and
# Kissmann 2008): 800 million times as many. We ask all the same:

# %%
try:
    searching.minimax(games.ConnectFour(), limit=20_000)
except ValueError as error:
    print(error)

# %% [markdown]
# ## From scratch: look ahead without an end
#
# ### Games at random
#
# Who cannot look to the end can guess. Play the game to its end at random, a hundred times, and
# take the mean. It knows nothing of the game but its rules. **How good is the move with the best
# mean?**


# %%
def best_by_chance(state, games_each, chance):
    """Return the move after which games at random end best for who moves now."""
    means = {}
    for move in game.moves(state):
        after = game.play(state, move)
        results = [searching.play_out(game, after, chance) for _ in range(games_each)]
        means[move] = -np.mean(results)  # they are seen by the other player
    return max(means, key=means.get)


# %%
some = contested[::16]
chance = np.random.default_rng(0)
chosen = [best_by_chance(state, 25, chance) for state in some]
share = searching.share_optimal(chosen, some, solved)
print(f"{len(some)} positions: best move in {100 * share:.1f} %")

# %% [markdown]
# That is a lot for a player without a thought in its head. Where does it fail? Where a random
# opponent is too kind:

# %%
wrong = [s for s, move in zip(some, chosen, strict=True) if move not in solved[s].best]
trap = max(wrong, key=lambda state: len(game.moves(state)))
print(game.text(trap))
print("to move:", {1: "X", -1: "O"}[game.to_move(trap)])
print("it plays", chosen[some.index(trap)], "and best is", solved[trap].best)

# %% [markdown]
# A mean over all answers believes that the other one answers at random. A good player does not:
# one good answer is enough to lose. So the answers must be weighed, too: those that are better
# for the other have to count more.

# %% [markdown]
# ### A tree that grows where it matters
#
# Monte Carlo tree search keeps what it has tried in a tree. Each play-out goes down the tree to a
# position that is new, plays on from there at random, and tells the result to all moves on the
# way.

# %%
lab.drawings.one_play_out()

# %% [markdown]
# On the way down, which move comes next? What looks good, and what was hardly tried.

# %% [markdown]
# ### Exercise 3: which move to try next
#
# *Medium · 8 minutes*
#
# One move looks good, another one was hardly tried. UCT gives both a score, and tries the move
# with the highest one next.


# %%
def uct_scores(totals, visits, exploration):
    """Return the score of each move by UCT: (k,).

    totals is an array (k,): the sum of the results of all play-outs that began with
    each move, seen by the player to move. visits is an array (k,): how many play-outs
    these were, each at least 1. exploration is a number above 0. A move's score is the
    mean of its results, and added to it, exploration times its doubt. The doubt is the
    root of a fraction: the natural logarithm of how many play-outs there were in all,
    divided by how many there were of this move.

    Source: Kocsis and Szepesvári (2006), "Bandit based Monte-Carlo planning"
    """
    ...


lab.check("playing.uct_scores", uct_scores)

# %% [markdown]
# Both players choose so, each for itself. The result goes all the way up, and changes its sign
# with every move.

# %% [markdown]
# ### Exercise 4: all the way back
#
# *Medium · 10 minutes*
#
# A play-out has come to an end. All moves on the way there are told how it went. For whom?


# %%
def credits(length, result):
    """Return what a play-out adds to the total of each move on its way: a list.

    length is a whole number: how many moves the play-out went down the tree, at least
    2; the players took turns. result is a number from -1 to 1: what the position is
    worth that it came to, seen by the player to move there. A move's total is seen by
    the player who makes the move. The list has `length` numbers, the first move's
    first.
    """
    ...


lab.check("playing.credits", credits)

# %% [markdown]
# After all play-outs, a move has to be played.

# %% [markdown]
# ### Exercise 5: what to play in the end
#
# *Easy · 6 minutes*
#
# The search is over, and one move has to be played. One has won most of its few play-outs; to
# another one, the search came back again and again. Which of them does the search recommend?


# %%
def move_to_play(moves, visits, totals):
    """Return the move in connect four that a search recommends: a column, 0 to 6.

    moves is an array (k,) of whole numbers: the columns that are not full, in order.
    visits is an array (k,): in how many play-outs each of them was tried, each at least
    once. totals is an array (k,): the sum of these play-outs' results, seen by the
    player to move. No two moves were tried equally often. The result is the column's
    number.

    Source: Silver and others (2017), "Mastering the game of Go without human knowledge"
    """
    ...


lab.check("playing.move_to_play", move_to_play)

# %% [markdown]
# That is all: the class `searching.Search` has some 70 lines. What does it find in the trap from
# above, with more and more play-outs?

# %%
shares = {}
for play_outs in (100, 400, 1600, 6400):
    search = searching.Search(game, play_outs)
    found = search(trap, np.random.default_rng(0))
    shares[f"{play_outs:,}"] = (100 * found.shares).round().astype(int)
moves = game.moves(trap)
table = pd.DataFrame(shares).loc[moves].rename_axis("move").add_suffix(" play-outs")
table["truth"] = [-solved[game.play(trap, move)].value for move in moves]
table

# %% [markdown]
# In percent of the play-outs. At first it believes what games at random say. Then the answers
# that hurt are tried more and more often, and their means pull the bad moves down: after
# thousands of play-outs nearly all go to the one move that holds the draw. In the limit, that is
# minimax (Kocsis and Szepesvári 2006), but it never had to look at all positions.
#
# **In all 200 positions: how many play-outs does it take?**


# %%
def judged(player_of, states):
    """Return the share of states, in percent, in which a best move is played."""
    dice = [np.random.default_rng([1, k]) for k in range(len(states))]
    founds = player_of.many(states, dice)
    best = [found.best for found in founds]
    return 100 * searching.share_optimal(best, states, solved)


# %%
counts = [1, 5, 25, 100, 400]
by_count = [judged(searching.Search(game, count), some) for count in counts]
lab.plots.curves(
    {"tree search": (counts, by_count), "a move at random": ([1, 400], [40.5, 40.5])},
    title="Twenty-five play-outs at random know most of tic-tac-toe",
    xlabel="play-outs for a move",
    ylabel="best moves, %",
    xscale="log",
    ylim=(0, 102),
    alt=(
        "Share of best moves over play-outs from 1 to 400, logarithmic: 42, 70, 92 "
        "percent, and 99 from 100 play-outs on. A line at 40.5 percent is a move at random."
    ),
)
print(
    "; ".join(f"{n}: {share:.1f} %" for n, share in zip(counts, by_count, strict=True))
)

# %% [markdown]
# With 25 it is right in nine of ten, with 100 nearly always. It was told nothing but the rules.
# Where games at random with equal work (25 for each of some five moves) had 93 %, the tree has
# 99.
#
# ### A larger game
#
# The same search plays connect four, where no table tells the truth. So we let players meet.

# %%
four = games.ConnectFour()
print(four.text(four.after(3, 3, 2, 4, 2)))


# %%
def player(search, seed=0):
    """Return a player that searches with its own random numbers."""
    chance = np.random.default_rng(seed)
    return lambda state: search(state, chance).best


# %%
strong, weak = (player(searching.Search(four, count)) for count in (100, 10))
score = lab.play_match(four, strong, weak, games=20)
print(f"100 play-outs against 10: {score.wins} won, {score.draws} drawn, ", end="")
print(f"{score.losses} lost")

# %% [markdown]
# ### Exercise 6: by how much one is stronger
#
# *Easy · 6 minutes*
#
# A match is over. Chess players say in Elo by how much one player is stronger than the other:
# equal ones are 0 apart.


# %%
def elo_gap(wins, draws, losses):
    """Return by how many Elo points a match says that a player is stronger: a number.

    wins, draws and losses are whole numbers: how the games ended for the player. A win
    gives a point, a draw half a point, a loss none. s is the player's points divided by
    how many games there were; here it is above 0 and below 1. The gap is 400 times the
    logarithm to the base 10 of s / (1 - s): negative if the player is weaker.

    Source: Elo (1978), "The rating of chessplayers, past and present"
    """
    ...


lab.check("playing.elo_gap", elo_gap)

# %% [markdown]
# **How many games does a match need?** Say that a player is really better and gets 60 % of the
# points. In how many matches does the score say so?

# %%
chance = np.random.default_rng(0)
lengths = np.array([10, 20, 40, 100, 200, 400])
points = chance.binomial(lengths, 0.6, (10_000, len(lengths))) / lengths
ahead = 100 * (points > 0.5).mean(0)
table = pd.DataFrame({"games": lengths, "ahead, %": ahead.round()})
table["± points, %"] = (100 * points.std(0)).round(1)
table["by formula"] = [round(100 * math.sqrt(0.6 * 0.4 / n), 1) for n in lengths]
table.set_index("games")

# %% [markdown]
# In a match of ten games the better player is ahead in 64 % of the cases, not much better than a
# coin; with 100 games in 97 %. A difference of 10 % of the points takes a hundred games to be
# seen. Keep this in mind for every table of matches, ours, too.

# %% [markdown]
# ## A network's opinion
#
# Searching takes time at every move, and what it finds is forgotten. A network could remember. It
# sees the two sets of stones, and has two heads: one says which moves look good (a *policy*), the
# other who is going to win (a *value*).

# %%
torch.manual_seed(0)
network = models.PolicyValueNetwork(game)
planes = torch.as_tensor(game.planes(game.after(4, 0)))[None]
logits, value = network(planes)
print(f"{sum(p.numel() for p in network.parameters()):,} parameters")
print("planes", tuple(planes.shape), "-> logits", tuple(logits.shape), end=" ")
print("and values", tuple(value.shape))

# %% [markdown]
# ### Exercise 7: only what is allowed
#
# *Easy · 6 minutes*
#
# The network has an opinion on each column, also on one that is full. Make probabilities of it
# that can be played.


# %%
def move_shares(logits, allowed):
    """Return the probability of each move: (M,); 0 where a move is not allowed.

    logits is a tensor (M,): what the network gives for each move, allowed or not.
    allowed is a tensor (M,) of True and False: True where the move is allowed; at least
    two are. The result is the softmax over the moves that are allowed, each at its
    place: it adds up to 1.
    """
    ...


lab.check("playing.move_shares", move_shares)

# %% [markdown]
# It has learned nothing yet. **How many best moves does it find, alone and with 25 play-outs?**


# %%
def alone(network):
    """Return the share of best moves that a network finds at first sight, in percent."""
    moves = models.moves_alone(network, game, contested)
    return 100 * searching.share_optimal(moves, contested, solved)


# %%
def with_search(network, play_outs=25):
    """Return the same with play-outs, which ask the network instead of chance."""
    judge = models.judge_of(network)
    return judged(searching.Search(game, play_outs, judge), contested[::5])


# %%
print(f"alone {lab.about(alone(network), 2)} %, ", end="")
print(f"with 25 play-outs {lab.about(with_search(network), 3)} %")

# %% [markdown]
# Alone it is as good as a move at random. With a search, which looks ahead, it is as good as
# play-outs at random, although its opinion is worth nothing: the search sees wins and losses a
# few moves ahead, and for tic-tac-toe that is nearly all. This search uses the network twice. It
# says what a new position is worth, instead of a game at random; and it says what to try first:

# %% [markdown]
# ### Exercise 8: trust a first sight
#
# *Medium · 8 minutes*
#
# A network says at first sight which moves look good. PUCT tries these first, but lets itself be
# told otherwise.


# %%
def puct_scores(values, visits, priors, exploration):
    """Return the score of each move by PUCT: (k,).

    values is an array (k,): the mean result of each move so far, 0 if it was never
    tried. visits is an array (k,): how often each was tried, from 0 on. priors is an
    array (k,): the network's share for each move; they add up to 1. exploration is a
    number above 0. A move's score is its value, and added to it, a product of three:
    exploration, its prior, and a fraction. Above in the fraction is the root of one
    more than the visits of all moves together; below is one more than its own visits.

    Source: Silver and others (2017), "Mastering the game of Go without human knowledge"
    """
    ...


lab.check("playing.puct_scores", puct_scores)

# %% [markdown]
# ## Learn from oneself
#
# The search is better than the network that it asks. So the search can be its teacher: the
# network plays games against itself, with a search for each move. Then it learns to find at once
# what the search found, and to tell who has won. With the better network the search is better,
# too, and so on. This is AlphaZero (Silver and others 2018).

# %% [markdown]
# ### Exercise 9: learn what the search found
#
# *Medium · 8 minutes*
#
# The search tried some moves often and others hardly ever. From this, the network should learn to
# see at first sight what the search found. How far is it from that?


# %%
def policy_loss(logits, shares):
    """Return the policy's loss, the mean over the positions: a number.

    logits is a tensor (N, M): what the network gives for each of M moves in each of N
    positions. shares is a tensor (N, M): the search's visits of each move, divided by
    all visits in the position, so that each row adds up to 1. A position's loss is the
    cross-entropy: minus the sum over the moves of the share, times the natural
    logarithm of the probability that the network's softmax gives the move.

    Source: Silver and others (2017), "Mastering the game of Go without human knowledge"
    """
    ...


lab.check("playing.policy_loss", policy_loss)

# %% [markdown]
# ### Exercise 10: who has won, from my seat
#
# *Easy · 6 minutes*
#
# The value network looks at each position with the eyes of the player to move. What should it
# have said, now that the games are over?


# %%
def value_targets(movers, winner):
    """Return what the network should say of each position: (N,), 1, -1 or 0 each.

    movers is an array (N,): who is to move in each position, 1 for X, -1 for O. The
    positions are from several games, shuffled. winner is a number: who won all of these
    games, 1 for X, -1 for O, 0 for nobody. A target is the game's result seen by the
    player to move: 1 for a win, -1 for a loss, 0 for a draw.

    Source: Silver and others (2017), "Mastering the game of Go without human knowledge"
    """
    ...


lab.check("playing.value_targets", value_targets)

# %% [markdown]
# The whole loss is the sum of the policy's cross-entropy and the value's squared error. Ours in
# two lines, and the library's, on random numbers:

# %%
dice = torch.Generator().manual_seed(0)
logits = torch.randn(5, 9, generator=dice)
shares = torch.rand(5, 9, generator=dice).softmax(1)
values, results = torch.rand(5, generator=dice), torch.ones(5)
by_hand = -(shares * logits.log_softmax(1)).sum(1).mean()
by_hand = by_hand + ((values - results) ** 2).mean()

# %%
targets = torch.cat([shares, results[:, None]], dim=1)
ours = models.policy_value_loss((logits, values), targets)
print(f"by hand {by_hand:.4f}, library {ours:.4f}")
torch.testing.assert_close(by_hand, ours)

# %% [markdown]
# `SelfPlay` is a `Training` whose data are its own games: 64 in a generation, all at the same
# time, so that the network sees 64 positions at once. **After how many generations will it,
# alone, be as good as the search was with play-outs at random?**

# %%
training = lab.SelfPlay(network, game, 8, metrics={"alone": alone}, seed=0)
print(f"{'generation':>10}{'loss':>10}{'best moves alone, %':>24}")
for step in training:
    found = training.history["alone"].iloc[-1]
    print(f"{step.number:>10}{lab.about(step.loss):>10}{lab.about(found, 4):>24}")

# %%
after = [38.5, *training.history["alone"]]
lab.plots.curves(
    {
        "network alone": (range(9), after),
        "tree search, 25 play-outs at random": ([0, 8], [93, 93]),
        "a move at random": ([0, 8], [40.5, 40.5]),
    },
    title="What the search knew moves into the network",
    xlabel="generation of 64 games",
    ylabel="best moves, %",
    ylim=(0, 102),
    alt=(
        "Share of best moves of the network alone over eight generations. It rises from "
        "40 percent, as at random, to about 85, towards the line at 93 percent of a "
        "search with play-outs at random."
    ),
)
print(f"with 25 play-outs: {lab.about(with_search(network), 3)} %")

# %% [markdown]
# Two things have happened, and they are not equal.
#
# - **Alone, the network went from 40 to some 85 %.** It plays at first sight what took a search
#   of 25 positions.
# - **With the search, it went from some 92 to some 96 %.** A little better, by asking better
#   questions.
#
# So self-play did not find much that the search had not known. It moved what the search knew into
# the network, where it costs one look. And since the next search starts from there, it gets
# further: in a game where 25 positions are nearly nothing, this is what counts.

# %% [markdown]
# ## On real data: a game that nobody solves here
#
# In connect four, 30 play-outs look at next to nothing of the game. Three networks learned it
# from their own games, 64 in a generation, for up to a minute and a half each
# (`benchmarks/playing.py`). Then each met three opponents, 40 games with each, always with 30
# play-outs. **Which opponent is the fair one?**

# %%
stored = lab.results.load("playing")["connect_four"]
rivals = {
    "random moves": lambda match: match["random"],
    "30 play-outs at random": lambda match: match["equal looks"]["points"],
    "as many as fit into the same time": lambda match: match["equal time"]["points"],
}
rows = {}
for name, seeds in stored.items():
    points = {rival: [of(match) for match in seeds] for rival, of in rivals.items()}
    rows[name] = {
        rival: f"{np.mean(found):.0f} ± {np.std(found, ddof=1):.0f}"
        for rival, found in points.items()
    }
pd.DataFrame(rows).T.rename_axis("points, %, against")

# %% [markdown]
# - **Against random moves** even a network that has learned nothing wins: the search does it. A
#   weak opponent tells good players apart no longer.
# - **Against as many play-outs at random**, learning makes a loser into a winner: from 36 to 80 %
#   of the points. Each look at the network is worth more than a game at random.
# - **In equal time** it is different. A look at the network takes more than twice the time of a
#   game at random, so its rival may look more than twice as often. It takes twenty generations
#   until the two are about even.
#
# How much dearer is a look?

# %%
last = stored["20 generations"]
equal = [match["play-outs"] for match in last]
training = [match["training"] for match in last]
print(
    f"in the time of 30 looks at the network: {np.mean(equal):.0f} play-outs at random"
)
print(f"CPU seconds for 20 generations: {np.mean(training):.0f}")

# %% [markdown]
# Which one is fair depends on what you pay for. A paper that compares at equal looks flatters the
# network, and one that leaves out the minute of training flatters it once more. AlphaGo's
# networks took weeks on many machines to learn, and their play-outs cost more than ours; in Go,
# games at random say so little that they won all the same.

# %% [markdown]
# ### The size of AlphaGo
#
# D1 names AlphaGo among models of hundreds of millions to hundreds of billions of parameters. Its
# papers give every layer, so we can count. **Guess first: how many parameters had each of the two
# networks of AlphaGo, as they were published in 2016?**

# %%
from bigmodel_lab.from_scratch import counting
from bigmodel_lab.models import published

# %%
sizes = {
    "AlphaGo's policy (2016)": published.alphago_parameters(),
    "AlphaGo's value (2016)": published.alphago_value_parameters(),
    "AlphaGo Zero, 19 blocks (2017)": published.alphago_zero_parameters(19),
    "AlphaGo Zero, 39 blocks (2017)": published.alphago_zero_parameters(39),
}
for name in ("BERT base (2018)", "GPT-3 (2020)"):
    sizes[name] = counting.parameters(published.TRANSFORMERS[name])
four_network = models.PolicyValueNetwork(four)
sizes["ours, for connect four"] = sum(p.numel() for p in four_network.parameters())
for name, size in sizes.items():
    print(f"{name:32}{size / 1e6:>12,.1f} million")

# %% [markdown]
# Four million each: about a thirtieth of BERT base. What made AlphaGo strong was what you have
# just built: search and a network that teach each other. Its makers measured it, too: AlphaGo
# Zero's network alone reached an Elo of 3,055, and with search 5,185 (Silver and others 2017,
# figure 6). That is a gap of 2,130:

# %%
gap = 5185 - 3055
print(f"points of the weaker one: {100 / (1 + 10 ** (gap / 400)):.4f} %")

# %% [markdown]
# Five points in a million games.
#
# ## Turn the knobs
#
# ### Teach it yourself
#
# **What does a network lose if its search gets fewer play-outs, or its games no noise? Which is
# worth more: more games in a generation, or more generations? Stop whenever you have seen enough:
# the network is that of the last whole generation.**


# %%
def self_play(learning_rate=3e-3, epochs=6, games=32, play_outs=25, noise=0.25):
    """Train a network on its own games of tic-tac-toe; an epoch is a generation."""
    torch.manual_seed(0)
    return lab.SelfPlay(
        models.PolicyValueNetwork(game),
        game,
        epochs,
        games=games,
        play_outs=play_outs,
        noise=noise,
        learning_rate=learning_rate,
        metrics={"best moves, %": alone},
    )


# %%
panel = lab.TuningPanel(
    self_play,
    question="What is worth more: more play-outs, more games, or more generations?",
    learning_rate=3e-3,
    epochs=6,
    games=[16, 32, 64],
    play_outs=[5, 25, 50],
    noise=[0.0, 0.25],
)
panel

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# With 32 games and six generations, the network finds some 63 % of the best moves. With 50
# play-outs it is 65 to 75, in nearly twice the time; with five only 55, since a search that sees
# little has little to teach. 64 games in a generation bring 78 to 80 %, and 16 games for twelve
# generations 67 to 69, in the same time. A rate of 0.0003 is too small for so few games. Without
# noise little changes: the first eight moves of a game are drawn in proportion to the visits
# anyway, and that is nearly a whole game of tic-tac-toe.
#
# </details>

# %% [markdown]
# ### Play connect four
#
# Here is a network that learned from 20 generations of its own games, and a search with play-outs
# at random. **At how many play-outs can you no longer win? Where does the network look at first
# sight, and what does the search make of it?**

# %%
teacher, facts = models.trained("connect_four")
lab.GameBoard(
    four,
    network=teacher,
    question="At how many play-outs does it beat you?",
    play_outs=50,
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# With one play-out it plays nearly at random, and lets you finish three in a row. From some 50 on
# it sees each threat of the next two moves. With 400 it is hard to beat. The percentages on the
# squares are shares of the play-outs: where one move is forced, nearly all of them go there. The
# network puts most on the middle columns at first sight. Where it is mistaken, the search shows
# it: many visits on a move that it gave little.
#
# </details>
#
# ## Quiz

# %%
lab.quiz("playing")

# %% tags=["nbval-ignore-output"]
lab.solved("playing")

# %% [markdown]
# ## Claims checked
#
# | Claim | Where | What we found | Verdict |
# |---|---|---|---|
# | "large models such as GPT, BERT, AlphaGo … hundreds of millions to hundreds of billions of parameters"<br><span lang="zh">如GPT、BERT、AlphaGo等……通常包含数亿甚至千亿个参数</span> | D1 §1.1, §9.1 | [AlphaGo's two networks have 4 million each](#The-size-of-AlphaGo); BERT base has 109 million | fails |
# | "intelligent opponents in games such as Go and chess, by large models"<br><span lang="zh">使用AI大模型实现围棋、象棋等棋类游戏的智能对手</span> | D1 §6.4 | [a search that knows only the rules plays tic-tac-toe nearly without fault](#A-tree-that-grows-where-it-matters); [a network of 100,000 parameters makes it stronger](#On-real-data:-a-game-that-nobody-solves-here), and neither is large | half true |
# | "simulate and decide in complex game worlds"<br><span lang="zh">通过AI大模型实现复杂游戏场景的模拟和决策</span> | D1 §6.4 | our games show everything to both players and have no chance | not tested |
#
# ## Going further
#
# **Limits.** Tic-tac-toe is so small that a search is enough; what self-play is worth shows only
# in larger games. Our networks learned for seconds: AlphaGo Zero played 4.9 million games. In
# both our games nothing is hidden and nothing is left to chance: poker and StarCraft need other
# ideas. The networks of one seed differ from those of another, and a match of 40 games tells them
# apart only roughly.
#
# **Try next.** Let `exploration` be 0.5 or 4. Turn boards over, left to right, to make two
# examples of each. Give the value a weight in the loss. Keep the best of two generations by a
# match, as AlphaGo Zero did. Write the rules of a third game (Othello, or five in a row on 9 x
# 9): the search and `SelfPlay` take any `Game`.
#
# **Read.** Kocsis and Szepesvári (2006), *Bandit based Monte-Carlo planning*; Coulom (2006);
# Silver and others (2016), *Mastering the game of Go with deep neural networks and tree search*;
# Silver and others (2017), *Mastering the game of Go without human knowledge*; Silver and others
# (2018) on chess and shogi; Edelkamp and Kissmann (2008) on the number of positions. Library:
# OpenSpiel, which has a hundred games more.
