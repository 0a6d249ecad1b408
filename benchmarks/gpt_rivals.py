"""Small language models of one size, ours and those of others: one of them at work.

`gpt_rivals.py TASK OPTIONS` does one of TASKS with the options, a JSON dict, and
prints what it returned as a last line of JSON. `gpt_parts.py` runs this, each time in a
process of its own, by the Python that has transformers, too.
"""

import importlib.util
import json
import math
import statistics
import sys
import time
from functools import partial
from itertools import islice

import torch
from gpt_poems import Poems, bits
from mnist import peak_gflops
from torch import nn

from bigmodel_lab import Training, models
from bigmodel_lab.device import granted_cores
from bigmodel_lab.from_scratch.schedules import one_cycle
from bigmodel_lab.memory import keep_freed_memory
from bigmodel_lab.models.gpt_training import pairs

D, LAYERS, HEADS = 96, 3, 4  # of all GPTs, ours by default
BATCH = 32  # poems of a step
WARM = 10  # steps before the clock starts
WRITTEN = 32  # tokens of a text: a poem


# -- ours: the chapter's, and with simpler optimizers ----------------------------------


def ours(poems, steps, seed=0):
    """Return (model, training) as in chapter 07: Muon and AdamW."""
    model = poems.gpt(seed)
    return model, models.gpt_training(model, poems.train, steps=steps, seed=seed)


def ours_adamw(poems, steps, seed=0):
    """Return (model, training) of our GPT with AdamW for all weights."""
    model = poems.gpt(seed)
    optimizer = torch.optim.AdamW(
        model.parameters(), 0.004, betas=(0.9, 0.95), weight_decay=0.1, fused=True
    )
    return model, trained(model, optimizer, poems, steps, seed)


class LSTM(nn.Module):
    """Predict each next token as before the Transformer: ids (N, T) -> (N, T, V)."""

    def __init__(self, vocabulary_size, dimensions=128, hidden=256):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary_size, dimensions)
        self.memory = nn.LSTM(dimensions, hidden, batch_first=True)
        self.head = nn.Linear(hidden, vocabulary_size)

    def forward(self, ids):
        """Return the logits after each of ids."""
        return self.head(self.memory(self.tokens(ids))[0])


def lstm(poems, steps, seed=0):
    """Return (model, training) of an LSTM with Adam."""
    torch.manual_seed(seed)
    model = LSTM(len(poems.alphabet))
    optimizer = torch.optim.Adam(model.parameters(), 0.003, fused=True)
    return model, trained(model, optimizer, poems, steps, seed)


def trained(model, optimizer, poems, steps, seed):
    """Return a `Training` that differs from the chapter's in its optimizer only."""
    return Training(
        model,
        models.next_token_loss,
        optimizer,
        train=pairs(poems.train),
        steps=steps,
        batch_size=BATCH,
        max_gradient_norm=1.0,
        schedule=partial(one_cycle, warmup=0.05),
        seed=seed,
    )


# -- the models of others, in the plain loop of nanoGPT's train.py ---------------------


class Logits(nn.Module):
    """A model of others that returns logits (N, T, V), as ours do."""

    def __init__(self, model, logits):
        super().__init__()
        self.model, self.logits = model, logits

    def forward(self, ids):
        """Return the logits after each of ids."""
        return self.logits(self.model, ids.contiguous())  # nanoGPT takes views


def nanogpt(poems, steps, seed=0, *, file):
    """Return (model, training) of nanoGPT, the recipe of its train_shakespeare_char.

    AdamW by `configure_optimizers`, 0.001 falling to 0.0001 along a cosine. Its 100
    steps of warm-up would be half of a short training: they are a tenth at most.
    """
    spec = importlib.util.spec_from_file_location("nanogpt_model", file)
    nano = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = nano  # its dataclass looks for its module there
    spec.loader.exec_module(nano)
    torch.manual_seed(seed)
    sizes = {"n_layer": LAYERS, "n_head": HEADS, "n_embd": D}
    sizes |= {"block_size": poems.length, "vocab_size": len(poems.alphabet)}
    model = nano.GPT(nano.GPTConfig(**sizes, bias=False, dropout=0.0))
    optimizer = model.configure_optimizers(0.1, 0.001, (0.9, 0.99), "cpu")
    loop = plain_loop(
        model,
        lambda x, y: model(x, y)[1],
        optimizer,
        partial(warm_cosine, high=0.001, low=0.0001),
        poems,
        steps,
        seed,
    )
    # Without targets it returns the last place's logits only.
    return Logits(model, lambda model, ids: model(ids, ids)[0]), loop


def hugging_face(poems, steps, seed=0):
    """Return (model, training) of Hugging Face's GPT-2, the recipe of its course.

    AdamW, 0.0005 falling to 0 along a cosine, weight decay 0.1; warm-up as above.
    """
    model = gpt2(poems, seed)
    weights = list(model.parameters())
    groups = [
        {"params": [w for w in weights if w.dim() > 1], "weight_decay": 0.1},
        {"params": [w for w in weights if w.dim() < 2], "weight_decay": 0.0},
    ]
    loop = plain_loop(
        model,
        lambda x, y: models.next_token_loss(model(x, use_cache=False).logits, y),
        torch.optim.AdamW(groups, 0.0005, fused=True),
        partial(warm_cosine, high=0.0005, low=0.0),
        poems,
        steps,
        seed,
    )
    return Logits(model, lambda model, ids: model(ids, use_cache=False).logits), loop


def gpt2(poems, seed=0):
    """Return Hugging Face's GPT-2 of our size, without dropout."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=len(poems.alphabet),
        n_positions=poems.length,
        n_embd=D,
        n_layer=LAYERS,
        n_head=HEADS,
        **dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0),
        bos_token_id=0,
        eos_token_id=None,  # so that every text gets all its tokens
    )
    return GPT2LMHeadModel(config)


def plain_loop(model, loss, optimizer, rate, poems, steps, seed):
    """Train as nanoGPT's train.py; yield after every step."""
    generator = torch.Generator().manual_seed(seed)
    model.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps)
        chosen = torch.randint(len(poems.train), (BATCH,), generator=generator)
        x, y = (part.contiguous() for part in pairs(poems.train[chosen]))
        loss(x, y).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        yield step


def warm_cosine(step, steps, high, low):
    """Return a learning rate: up to `high` in 100 steps or a tenth, then to `low`."""
    warm = min(100, steps // 10)
    if step < warm:
        return high * (step + 1) / (warm + 1)
    share = (step - warm) / (steps - warm)
    return low + (high - low) * (1 + math.cos(math.pi * share)) / 2


# -- what they are asked to do ---------------------------------------------------------

PROGRAMS = {
    "ours": ours,
    "ours, AdamW only": ours_adamw,
    "nanoGPT": nanogpt,
    "Hugging Face": hugging_face,
    "LSTM": lstm,
}


def program(name, file=None):
    """Return one of PROGRAMS; nanoGPT is in a file."""
    return partial(nanogpt, file=file) if name == "nanoGPT" else PROGRAMS[name]


def speed(poems, name, steps, file=None):
    """Return the tokens per second of some steps of training."""
    _, training = program(name, file)(poems, WARM + steps)
    training = iter(training)
    sum(1 for _ in islice(training, WARM))
    start = time.perf_counter()
    taken = sum(1 for _ in training)
    seconds = time.perf_counter() - start
    return {"tokens_per_second": taken * BATCH * poems.length / seconds}


def race(poems, name, budget, seed=0, file=None):
    """Return the bits after a training planned to take `budget` seconds."""
    tokens = BATCH * poems.length
    rate = speed(poems, name, 40, file)["tokens_per_second"]
    steps = max(WARM * 3, round(budget * rate / tokens))
    model, training = program(name, file)(poems, steps, seed)
    start = time.perf_counter()
    taken = sum(1 for _ in training)
    seconds = time.perf_counter() - start
    reached = bits(model, poems.validation[:1000])
    return {"seconds": seconds, "tokens": taken * tokens, "bits": reached}


def writing(poems, name, cached, batch, repeats=7):
    """Return the tokens per second of writing `batch` texts at once."""
    start = torch.zeros(batch, 1, dtype=torch.long)
    if name == "ours":
        model = poems.gpt().eval()
        write = partial(_stream, model, start, cached)
    else:
        model = gpt2(poems).eval()
        write = partial(
            model.generate,
            start,
            attention_mask=torch.ones_like(start),
            max_new_tokens=WRITTEN,
            do_sample=True,
            top_k=0,  # draws from all tokens, as ours
            use_cache=cached,
        )
    seconds = [_seconds(write) for _ in range(1 + repeats)][1:]  # the first warms up
    return {"tokens_per_second": batch * WRITTEN / statistics.median(seconds)}


def _stream(model, start, cached):
    tokens = list(islice(models.stream(model, start, cached=cached), WRITTEN))
    return torch.cat([start, *tokens], 1)


def _seconds(write):
    start = time.perf_counter()
    ids = write()
    seconds = time.perf_counter() - start
    assert ids.shape[1] == 1 + WRITTEN, "a text ended early"
    return seconds


def peak(poems):
    """Return the highest speed of multiplying matrices, in GFLOP/s."""
    return {"gflops": peak_gflops()}


TASKS = {"speed": speed, "race": race, "writing": writing, "peak": peak}


if __name__ == "__main__":
    torch.set_num_threads(granted_cores())
    keep_freed_memory()  # as in a chapter, and for the others, too
    task, options = sys.argv[1:]
    print(json.dumps(TASKS[task](Poems(), **json.loads(options))))
