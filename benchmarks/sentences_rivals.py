"""Fine-tuning of MiniLM on movie reviews, ours and transformers': one of them at work.

`sentences_rivals.py NAME` trains by one of PROGRAMS and prints a last line of JSON.
`sentences.py` runs this, each time in a process of its own. All have the same texts,
cut to the same tokens, 16 in a batch, AdamW and float32. Seconds are those of the
processor.
"""

import json
import sys
import tempfile
import time
from functools import partial

import torch

from bigmodel_lab import datasets
from bigmodel_lab.datasets.sentences import minilm
from bigmodel_lab.memory import keep_freed_memory
from bigmodel_lab.models.classifying import TextClassifier, fine_tuning
from bigmodel_lab.models.sentences import sentence_encoder

LENGTH = 128  # tokens of a text that the encoder reads
BATCH, STEPS, WARM = 16, 25, 5  # the first steps do not count
RATE = 1e-4


def model_ids(model, texts):
    """Return the ids of the first tokens of texts."""
    model.tokenizer.enable_truncation(LENGTH)
    return [encoded.ids for encoded in model.tokenizer.encode_batch(list(texts))]


def ours(weights, ids, labels):
    """Train as in the chapter; yield after each step."""
    classifier = TextClassifier(sentence_encoder(weights), 2)
    return fine_tuning(classifier, ids, labels, learning_rate=RATE, batch_size=BATCH)


def trainer(weights, ids, labels, sampling="random", dropout=0.1):
    """Train by transformers' `Trainer`, with its settings; yield after each step."""
    from transformers import Trainer, TrainerCallback, TrainingArguments

    class Watch(TrainerCallback):
        def on_step_end(self, *_, **__):
            ended.append(time.process_time())

    ended = []
    texts = [
        {"input_ids": text, "labels": label}
        for text, label in zip(ids, labels.tolist(), strict=True)
    ]
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            num_train_epochs=1,
            per_device_train_batch_size=BATCH,
            learning_rate=RATE,
            train_sampling_strategy=sampling,
            use_cpu=True,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        Trainer(
            bert(weights, dropout),
            arguments,
            train_dataset=texts,
            data_collator=collator(),
            callbacks=[Watch()],
        ).train()
    return ended


def bert(weights, dropout):
    """Return transformers' classifier with MiniLM's weights."""
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        hidden_size=384,
        num_hidden_layers=6,
        intermediate_size=1536,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        num_labels=2,
    )
    model = BertForSequenceClassification(config)
    model.bert.load_state_dict(weights, strict=False)
    return model


def collator():
    """Return what fills up a batch to its longest text, as by default."""
    from tokenizers import Tokenizer
    from transformers import DataCollatorWithPadding, PreTrainedTokenizerFast

    from bigmodel_lab.datasets import fetching

    tokenizer = Tokenizer.from_file(str(fetching.fetch("minilm-tokens")))
    return DataCollatorWithPadding(
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]")
    )


PROGRAMS = {
    "ours": ours,
    "Trainer": trainer,
    "Trainer, similar lengths": partial(trainer, sampling="group_by_length"),
    "Trainer, similar lengths, no dropout": partial(
        trainer, sampling="group_by_length", dropout=0.0
    ),
}


def speed(name):
    """Return the examples per second of a training by one of PROGRAMS."""
    model, (reviews, _) = minilm(), datasets.movie_reviews()
    reviews = reviews[: BATCH * STEPS]
    labels = torch.tensor(reviews["sentiment"].cat.codes.to_numpy("int64"))
    ids = model_ids(model, reviews["text"])
    training = PROGRAMS[name](model.weights, ids, labels)
    ended = training
    if name == "ours":
        ended = [time.process_time() for _ in training]
    assert len(ended) == STEPS
    return {
        "examples_per_second": BATCH * (STEPS - WARM) / (ended[-1] - ended[WARM - 1])
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    keep_freed_memory()  # as in a chapter, and for the others, too
    print(json.dumps(speed(sys.argv[1])))
