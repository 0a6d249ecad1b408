# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["course-opening"]
# # 8 · Tuning
#
# ## What you will be able to do
# Comes from bigmodel_lab/authoring/course.toml: enter the chapter there, then
# run `python -m bigmodel_lab course`.

# %% tags=["course-colab"]
# Written by `python -m bigmodel_lab course`.

# %% tags=["nbval-ignore-output"]
import bigmodel_lab as lab

device = lab.start_chapter("08_tuning", version="0.1")

# %% [markdown]
# ## What the articles say
# The idea and the formula in our words; then the printed code, run
# faithfully, with its outcome.

# %% [markdown]
# ## Derive it
# The mathematics that is needed, in small steps.

# %% [markdown]
# ## From scratch
# A few lines per cell, shapes in comments.

# %% [markdown]
# ## With PyTorch
# The same with the library, asserted to be equal.

# %% [markdown]
# ## On real data
# A baseline first, then the model.

# %% [markdown]
# ## Turn the knobs
# A question, then the panel that answers it.

# %% [markdown]
# ## Quiz
# At least five exercises stand above, each under its section, with a stub and
# a check. Here come the quiz and lab.solved, as after start_chapter.

# %% [markdown]
# ## Claims checked
# A table: what the articles claim, our verdict, and a link to the cell that
# shows it.

# %% [markdown]
# ## Going further
# Honest limits and correct references.
