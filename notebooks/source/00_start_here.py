# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["course-opening"]
# # 0 · Start here
#
# [Open in Binder](https://mybinder.org/v2/gh/OWNER/bigmodel_lab/HEAD?urlpath=lab/tree/notebooks/00_start_here.ipynb) · [Open in Colab](https://colab.research.google.com/github/OWNER/bigmodel_lab/blob/HEAD/notebooks/00_start_here.ipynb) · [Course card and glossary](course_card.ipynb)
#
# Five articles on "AI 大模型" (large models) gave us claims, formulas and code. This
# workbook runs them. You tune them with sliders, break them, and fix them, and
# exercises check what you have learned.
#
# ## What you will be able to do
#
# - tell which device your models train on,
# - train a model with the panel and read its curves,
# - answer an exercise and use the feedback,
# - find the chapter that belongs to an article.
#
# **Time:** 40 minutes. **Judges:** D0 §1, §2.3, §4.3; D1 §2.5, §2.6; D2 §2.2; D4 §2.2
# (D0 to D4 are [the five articles](00_start_here.ipynb#The-chapters-and-the-articles)).
# **You need:** Python, and what a function's graph is.

# %% [markdown]
# Run a cell with <kbd>Shift</kbd>+<kbd>Enter</kbd>, or run them all from the menu *Run
# › Run All Cells*.

# %% tags=["course-colab"]
# On Google Colab, install the library; elsewhere, do nothing.
import sys

from IPython import get_ipython

if "google.colab" in sys.modules:
    url = "git+https://github.com/OWNER/bigmodel_lab"
    get_ipython().run_line_magic("pip", f"install -q {url}")

# %% tags=["nbval-ignore-output"]
import bigmodel_lab as lab

device = lab.start_chapter("00_start_here", version="0.1")
lab.solved("start_here")

# %% [markdown]
# The first line tells you where your models train: on a graphics card (CUDA, MPS) if
# you have one, otherwise on the processor (cpu). Every chapter runs on either without
# changes. The second line keeps count of the exercises that you have solved. If you see
# an error instead, it says what to do; `python -m bigmodel_lab doctor` in a terminal
# tells you more.

# %% [markdown]
# ## Tensors are arrays
#
# Our numbers live in *tensors*, PyTorch's arrays: they can lie on a graphics card, and
# they know how to compute gradients. **If you know NumPy, what is left to learn?**

# %%
import numpy as np
import torch

array = np.array([1.5, 1.75, 2.0])
tensor = torch.tensor([1.5, 1.75, 2.0])
print(array.mean(), tensor.mean())
print(tensor.mean().item())  # .item() makes a Python number of a single one
print(tensor**2, tensor.numpy(), torch.from_numpy(array))  # there and back
print(f"{array.std():.3f} in NumPy, {tensor.std():.3f} in PyTorch", end=", ")
print(f"{tensor.std(correction=0):.3f} with correction=0")

# %% [markdown]
# Very little. Write `tensor.mean()` rather than `np.mean(tensor)`, which fails; where
# NumPy says `axis`, PyTorch says `dim`. Mind the last line: NumPy's standard deviation
# divides by N, PyTorch's by N - 1.

# %% [markdown]
# ## A model that learns in seconds
#
# Ten thousand points scatter around a line. The model is a line too,
# `weight * x + bias`, but it does not know the two numbers. We made the data with
# weight 3 and bias 2. **Can training find them?**

# %%
import matplotlib.pyplot as plt

generator = torch.Generator().manual_seed(0)
x = torch.randn(10_000, 1, generator=generator)  # (N, 1)
x = 1.2 * (x - x.mean()) / x.std()
y = 3 * x[:, 0] + 2 + 0.5 * torch.randn(10_000, generator=generator)  # (N,)

figure, axes = plt.subplots(figsize=(6, 3.2))
axes.plot(x[::20], y[::20], ".", color=lab.plots.COLORS[0], alpha=0.6)
axes.set(
    title="The points lie around a line: which one?",
    xlabel="x (no unit)",
    ylabel="y (no unit)",
)
lab.plots.show(figure, alt="500 of the points: y rises with x, from about -8 to 12.")

# %% [markdown]
# Training needs a model, a loss that says how wrong the model is, an optimizer that
# makes it less wrong, and data. It goes in *steps*. Each step looks at a batch of
# points: how wrong is the model there, and in which direction would each number make it
# more wrong (the *gradient*)? Then each number moves a little the other way. One pass
# through all the points is an *epoch*. **Eight lines do it. Which of them changes the
# model?**

# %%
torch.manual_seed(0)
order = torch.Generator().manual_seed(0)

model = lab.models.linear_regression(1)  # a line, at first a random one
optimizer = lab.optimizers.GradientDescent(model.parameters(), learning_rate=0.01)
for rows in torch.randperm(8000, generator=order).split(100):  # an epoch: 80 batches
    optimizer.zero_grad()  # forget the last batch
    predictions = model(x[rows])  # (100,)
    loss = lab.losses.mse(predictions, y[rows])
    loss.backward()  # the gradient of the loss, for each number
    optimizer.step()  # move against it

by_hand = [parameter.item() for parameter in model.parameters()]
print(f"weight {by_hand[0]:.3f}, bias {by_hand[1]:.3f} after {8000 // 100} steps")

# %% [markdown]
# The last line does, `optimizer.step()`. The others find out where to move.

# %% [markdown]
# ## How exercises work
#
# Each exercise is a function whose body is `...`, or a value. Replace the `...`, run
# the cell, and read the feedback. A check gives one of four answers: correct; not
# attempted; wrong, with the reason; or an error, with the line in your code. It tries
# your function on new random inputs each time.
#
# The button *Hint* under the feedback gives you a nudge, pressed again a stronger one;
# *Start over* forgets your tries and shows the empty cell. As a last resort, run
# `lab.solution("start_here.gradient_step")`. What you have solved is kept in the file
# `exercises_solved.json` beside the notebooks, and sent nowhere.

# %% [markdown]
# ### Exercise 1: one step
#
# *Easy · 3 minutes*
#
# Gradient descent moves a weight against its gradient.


# %%
def gradient_step(weight, gradient, learning_rate):
    """Return the weight after one step of gradient descent; all are numbers."""
    ...


lab.check("start_here.gradient_step", gradient_step)

# %% [markdown]
# ### Exercise 2: how wrong?
#
# *Easy · 5 minutes*
#
# The loss above is the mean squared error.


# %%
def mean_squared_error(predictions, targets):
    """Return the mean of the squared errors, a number; both are tensors (N,)."""
    ...


lab.check("start_here.mean_squared_error", mean_squared_error)

# %% [markdown]
# ### Exercise 3: the loss of a line
#
# *Easy · 5 minutes*
#
# Now from the points themselves: predict, then measure.


# %%
def line_loss(x, y, weight, bias):
    """Return the mean squared error of the line weight * x + bias, a number.

    x and y are tensors (N,); weight and bias are numbers.
    """
    ...


lab.check("start_here.line_loss", line_loss)

# %% [markdown]
# ## The loop, written once
#
# `lab.Training` is the loop above, written once for all chapters: it also measures on
# points that are held back (*validation*), draws curves, stops when the loss becomes
# infinite, and can be paused and continued. **Does it find the same line?**


# %%
def toy_training(learning_rate, epochs, batch_size=100):
    """Train a line on the points."""
    torch.manual_seed(0)
    model = lab.models.linear_regression(1).to(device)
    return lab.Training(
        model,
        lab.losses.mse,
        lab.optimizers.GradientDescent(model.parameters(), learning_rate),
        train=(x[:8000], y[:8000]),
        validation=(x[8000:], y[8000:]),
        epochs=epochs,
        batch_size=batch_size,
    )


for epochs in (1, 10):
    training = toy_training(learning_rate=0.01, epochs=epochs).finish()
    found = [parameter.item() for parameter in training.model.parameters()]
    steps = training.steps_done
    print(f"weight {found[0]:.3f}, bias {found[1]:.3f} after {steps} steps")

    # checked on every run
    assert epochs > 1 or np.allclose(found, by_hand, atol=1e-5)

# %% [markdown]
# It does, after the same 80 steps; after 800 it is close to 3 and 2. `finish()` ran
# every step; a `for` loop does the same and lets you look in between. **How fast does the
# line get there?**

# %%
training = toy_training(learning_rate=0.01, epochs=2)
path, losses = [(0.0, 0.0)], []
for step in training:
    path.append([parameter.item() for parameter in training.model.parameters()])
    losses.append(step.loss)
    if step.number == 120:
        break  # that is all there is to stopping early

# %%
lab.plots.fit_and_loss(
    x[::20, 0],
    y[::20],
    {f"after step {k}": path[k] for k in (1, 20, 120)},
    losses,
    title="The line turns until it lies in the points",
    alt="Left: the points and three lines; after step 1 it is far off, after step 120 "
    "it goes through their middle. Right: the loss of each batch falls from about 33 "
    "to near 0.3 in 120 steps.",
)

# %% [markdown]
# Fast at first, then ever more slowly: the gradient shrinks with the error. Press ▶ and
# watch.


# %%
def line_after(step=1):
    """Return the line's numbers after a step as text, and a drawing of it."""
    weight, bias = path[step]
    ends = np.array([-5, 5])
    text = f"weight <b>{weight:.2f}</b>, bias <b>{bias:.2f}</b>, "
    text += f"loss of the batch <b>{losses[step - 1]:.2f}</b>"
    return text, {
        "points": (x[::40, 0], y[::40], "o"),
        "the line": (ends, weight * ends + bias),
    }


lab.Explorer(
    line_after,
    question="When does the line stop moving?",
    axes={"x (no unit)": (-5, 5), "y (no unit)": (-13, 17)},
    play="step",
    step=(1, 120),
)

# %% [markdown]
# ### Exercise 4: how many steps?
#
# *Easy · 5 minutes*
#
# A step sees one batch; an epoch sees every sample once. The last batch of an epoch may
# be smaller.


# %%
def total_steps(samples, batch_size, epochs):
    """Return how many steps a training takes, a whole number."""
    ...


lab.check("start_here.total_steps", total_steps)

# %% [markdown]
# ## The panel
#
# Here is the same function with sliders. **Press Train.** The solid curve is the loss
# on the training points, the dashed one on the validation points. Each run stays in the
# chart in its own color, so that you can compare them; the status line says what the
# panel sees in the curve.
#
# Then move the learning rate (drag it, or click it and use the arrow keys) and train
# again.

# %%
panel = lab.TuningPanel(
    toy_training,
    question="From which learning rate on does the toy diverge?",
    learning_rate=0.0001,
    epochs=50,
)
panel

# %% [markdown]
# | Button | What it does |
# |---|---|
# | Train | trains with the settings shown |
# | Stop | stops after the current step; the result stays |
# | Reset | puts the settings back and clears the runs |
# | logarithmic loss axis | shows small and large losses in one chart |
# | Chart as PNG, Histories as CSV | save what you see |
# | Copy as code | copies the call that repeats the last run, to paste into a cell of your own |
#
# **At which learning rate is the loss still falling at the end, at which is it flat at
# once, and at which does it grow?** Try three.
#
# <details><summary>What you should have seen</summary>
#
# At 0.0001 the loss is still falling when the epochs run out. At 0.01 it is flat
# from epoch 3 on, at 0.25. The panel cannot know whether that is done or stuck; you can,
# because we put that much scatter into the data (0.5 squared): no line does better. Above
# a certain learning rate the loss grows until it overflows, and the panel says
# *diverged*. The earlier runs are safe. [Chapter
# 04](04_house_prices.ipynb#How-long-may-a-step-be?) shows how to predict that learning
# rate.
#
# </details>

# %% [markdown]
# ### Exercise 5: the panel's question
#
# *Easy · 5 minutes*
#
# The slider moves in notches. What is the smallest notch at which the toy diverges? Two
# digits are enough.

# %%
first_diverging_notch = ...

lab.check("start_here.first_diverging_notch", first_diverging_notch)

# %% [markdown]
# ## What the flow charts say
#
# You have now seen a whole training. Each article draws one, or what it leads to, as a
# flow chart. Below, an article's chart is orange and ours is green. **Two of them draw
# training as a line. What do they leave out?**

# %%
lab.drawings.training_workflow()

# %% [markdown]
# The loop: a loss is of no use unless the next step starts from better weights. They also
# leave out the split, without which nobody knows how good the model is, and D2 puts the
# output layer, which is part of the network, behind the optimizer. D1 optimizes by the
# results of its evaluation: the data that judged have then taken part in the training,
# and cannot judge again.
#
# **Which ingredients does a large model need?**

# %%
lab.drawings.three_ingredients()

# %% [markdown]
# D0's chart names three, but a network, data and computers do nothing by themselves. What
# makes a model of them is a loss and an optimizer, that is, training (the article's next
# section names both); and whether it is a good model, other data must tell.
#
# **What is inside the network?** D4 draws three hidden layers in a row.

# %%
lab.drawings.layers_and_blocks()

# %% [markdown]
# That is a small network, and as such it is right. The large models of today are built
# differently: one block is repeated, 12 times in the first GPT and 96 times in GPT-3, and
# shortcuts lead around its parts.
#
# **And how much does a chart of 18 boxes say?** D3 draws cooperation in science.

# %%
lab.drawings.repeated_names()

# %% [markdown]
# As much as one row: four of its branches only repeat their own names. A chart is worth
# drawing if its arrows say something.

# %% [markdown]
# ## Quiz

# %%
lab.quiz("start_here")

# %% tags=["nbval-ignore-output"]
lab.solved("start_here")

# %% [markdown] tags=["course-articles"]
# ## The chapters and the articles
#
# We call the articles D0 to D4. Each chapter ends with a table of the claims it
# checked; these are the sections they stand in.
#
# | Chapter | D0 | D1 | D2 | D3 | D4 |
# | --- | --- | --- | --- | --- | --- |
# | [00 Start here](00_start_here.ipynb) | §1, §2.3, §4.3 | §2.5, §2.6 | §2.2 |  | §2.2 |
# | [01 Preprocessing](01_preprocessing.ipynb) | §3.1, §3.2, §9 Q2 | §3.2 |  | §4 | §3.2 |
# | [02 Losses](02_losses.ipynb) | §4.1, §4.2 | §4.2 | §3.2, §3.3, §4.2, §4.3 | §4 | §4.1, §4.2 |
# | [03 Optimizers](03_optimizers.ipynb) | §3.2, §4.1, §4.3 | §3.2, §4.3 |  |  |  |
# | [04 House prices](04_house_prices.ipynb) | §3.2, §4.3, §5.2, §5.4 |  |  |  |  |
# | [05 MNIST](05_mnist.ipynb) |  |  | §5.2, §5.3 | §5 | §2.3, §4.3, §5.1, §5.2, §5.4 |
# | [06 Text](06_text.ipynb) |  | §3.2, §3.3, §5.4 |  |  | §4.3 |
# | [07 GPT](07_gpt.ipynb) |  | §1 | §1.4, §2.1, §6.1, §7 |  | §1.1, §2.1 |
# | [08 Tuning](08_tuning.ipynb) | §8.2 |  | §2.1, §7.3, §9.2 |  | §1.1, §2.1, §3.3 |
# | [09 Scale](09_scale.ipynb) | §1 | §1, §8.1, §9.1, §9.2 | §1.4, §8.1 | §2, §8 | §1.1, §1.2, §3.3, §8.2 |
# | [10 Many machines](10_machines.ipynb) | §9 Q1 | §1.3, §3.3 | §2.1 |  |  |
# | [11 Ship](11_ship.ipynb) | §8.2, §9 Q1 | §8.2, §9.3 |  | §3, §4 |  |
# | [12 Share it safely](12_sharing.ipynb) | §8.3 | §3.4, §9.4 | §8.2 | §3, §4, §9 Q4 | §8.4 |
# | [13 Fuse and be fair](13_fusion.ipynb) | §8.2, §8.3, §9 Q4 | §8.3 | §8.1, §8.2 | §2, §3, §4, §8 |  |
# | [14 Recommend](14_recommending.ipynb) | §6.3, §7.3 | §6.3, §6.5 | §6.4 |  | §6.3 |
# | [15 See and generate](15_seeing.ipynb) | §6.2, §8.2 | §1.3, §6.2 |  |  | §1.1, §3.3, §4.3 |
# | [16 Play](16_playing.ipynb) |  | §1.1, §6.4, §9.1 |  |  |  |
#
# | Article | Chinese title | Its subject |
# | --- | --- | --- |
# | D0 | AI大模型在学术合作与交流中的作用 \* | large models and academic exchange: preprocessing, losses, gradient descent, Adam, house prices |
# | D1 | AI大模型的技术应用 \* | applying large models: gradient descent, metrics, a stock price, 20 Newsgroups |
# | D2 | 大模型时代的创新生态构建 | an innovation ecosystem: backpropagation, ReLU, cross-entropy, MNIST |
# | D3 | AI大模型应用的学术合作与交流策略 | academic cooperation: backpropagation by hand, data sharing, knowledge fusion |
# | D4 | 人工智能大模型在各个领域的跨界融合新趋势 \* | large models across fields: sigmoid, backpropagation, a CNN on MNIST |
#
# \* This article has no title: these are words from its abstract.

# %% [markdown]
# ## Claims checked
#
# | Claim | Where | What we found | Verdict |
# |---|---|---|---|
# | "the release of GPT-3 in 2018"<br><span lang="zh">2018年GPT-3的发布</span> | D0 §1 | 2018 is GPT (Radford et al. 2018); GPT-3 is 2020 (Brown et al. 2020, arXiv 2005.14165), the year that D0 §7.3 itself gives | fails |
# | "choosing the learning rate … is crucial"<br><span lang="zh">学习率的选择和优化算法的调整至关重要</span> | D0 §4.3 | [the panel above](#The-panel): too small and training never arrives, too large and it diverges | holds |
# | neural networks, big data and the cloud make a large model<br><span lang="zh">神经网络 · 大数据 · 云计算 → 大模型</span> | D0 §2.3 | [training is missing](#What-the-flow-charts-say): a loss, an optimizer, and data to judge by | half true |
# | optimize "the model according to the evaluation"<br><span lang="zh">根据评估结果对模型进行优化</span> | D1 §2.5-2.6 | [on validation data, and back to training](#What-the-flow-charts-say); the chart has neither | half true |
# | "the basic flow of large-model technology" ends in the output layer<br><span lang="zh">大模型技术的基本流程</span> | D2 §2.2 | [no loop, no split, and the output layer after the optimizer](#What-the-flow-charts-say) | fails |
# | "the basic architecture of large models": three hidden layers<br><span lang="zh">大模型的基本架构</span> | D4 §2.2 | [a small network; a GPT repeats one block, 12 to 96 times](#What-the-flow-charts-say) | half true |

# %% [markdown]
# ## Going further
#
# - The panel's curve is an average over steps; two runs differ by chance as well as by
#   their settings. Chapter 05 measures how much, over several seeds.
# - The library is short and meant to be read: run `lab.Training??` in a cell, or open
#   the folder `bigmodel_lab`.
# - Radford, Narasimhan, Salimans, Sutskever (2018), *Improving language understanding by
#   generative pre-training*. Brown et al. (2020), *Language models are few-shot learners*,
#   arXiv 2005.14165.
