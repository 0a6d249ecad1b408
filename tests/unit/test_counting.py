"""What a model costs is counted as the library's own modules hold it."""

import numpy as np
import pytest
import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode

from bigmodel_lab import models
from bigmodel_lab.from_scratch import counting
from bigmodel_lab.from_scratch.counting import Transformer
from bigmodel_lab.models import published


def held(module):
    """Return the parameters of a module; shared ones once."""
    return sum(weight.numel() for weight in module.parameters())


def on_paper(build, *arguments):
    """Build a module whose weights take no memory."""
    with torch.device("meta"):
        return build(*arguments)


def gpt2(name, build=transformers.GPT2Config, model=transformers.GPT2LMHeadModel):
    """Return the library's own GPT-2 of the same size as a published one."""
    wanted = published.TRANSFORMERS[name]
    sizes = {"n_layer": wanted.layers, "n_embd": wanted.dimensions}
    sizes |= {"n_head": wanted.heads, "n_positions": wanted.length}
    return on_paper(model, build(vocab_size=wanted.vocabulary_size, **sizes))


def llama(name, config=transformers.LlamaConfig, model=transformers.LlamaForCausalLM):
    """Return the library's own Llama of the same size as a published one."""
    wanted = published.TRANSFORMERS[name]
    return on_paper(
        model,
        config(
            num_hidden_layers=wanted.layers,
            hidden_size=wanted.dimensions,
            num_attention_heads=wanted.heads,
            num_key_value_heads=wanted.key_value_heads,
            intermediate_size=wanted.hidden,
            vocab_size=wanted.vocabulary_size,
            tie_word_embeddings=wanted.tied,
        ),
    )


def bert(name):
    """Return the library's own BERT of the same size as a published one."""
    wanted = published.TRANSFORMERS[name]
    config = transformers.BertConfig(
        num_hidden_layers=wanted.layers,
        hidden_size=wanted.dimensions,
        num_attention_heads=wanted.heads,
        intermediate_size=4 * wanted.dimensions,
    )
    return on_paper(transformers.BertModel, config)


QWEN = transformers.Qwen2Config, transformers.Qwen2ForCausalLM
BUILDERS = {
    "GPT (2018)": lambda name: gpt2(
        name, transformers.OpenAIGPTConfig, transformers.OpenAIGPTLMHeadModel
    ),
    "BERT": bert,
    "GPT": gpt2,
    "Llama": llama,
    "Qwen": lambda name: llama(name, *QWEN),
}


@pytest.mark.parametrize("name", published.TRANSFORMERS)
def test_a_published_model_has_as_many_parameters_as_the_library_builds(name):
    build = next(build for start, build in BUILDERS.items() if name.startswith(start))
    assert counting.parameters(published.TRANSFORMERS[name]) == held(build(name))


def test_resnet_50_has_as_many_parameters_as_the_library_builds():
    model = transformers.ResNetForImageClassification
    library = on_paper(model, transformers.ResNetConfig(num_labels=1000))
    assert published.resnet_parameters() == held(library)


def test_alphago_has_a_few_million_parameters():
    layers = [torch.nn.Conv2d(a, b, size) for size, a, b in published.ALPHAGO]
    # the last convolution has one bias for each of 361 points, not one
    assert published.alphago_parameters() == sum(map(held, layers)) + 360


def test_alphagos_value_network_has_as_many():
    relu = torch.nn.ReLU
    layers = [torch.nn.Conv2d(49, 192, 5, padding=2), relu()]
    for _ in range(11):  # 2 to 11 as in the policy, and the 12th, "additional"
        layers += [torch.nn.Conv2d(192, 192, 3, padding=1), relu()]
    layers += [
        torch.nn.Conv2d(192, 1, 1),
        torch.nn.Flatten(),
        torch.nn.Linear(361, 256),
    ]
    network = torch.nn.Sequential(*layers, relu(), torch.nn.Linear(256, 1))
    assert network(torch.zeros(1, 49, 19, 19)).shape == (1, 1)
    assert published.alphago_value_parameters() == held(network)
    assert held(network) == pytest.approx(4.0e6, rel=0.02)


def alphago_zero(blocks):
    """Return the layers of AlphaGo Zero: its tower, its policy, its value."""

    def normed(inputs, outputs, size):
        layer = torch.nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False)
        return [layer, torch.nn.BatchNorm2d(outputs)]

    # The blocks' shortcuts have no parameters, and no changed shape.
    tower = normed(17, 256, 3)
    for _ in range(2 * blocks):
        tower += normed(256, 256, 3)
    flat, linear = torch.nn.Flatten, torch.nn.Linear
    policy = [*normed(256, 2, 1), flat(), linear(2 * 361, 362)]
    value = [*normed(256, 1, 1), flat(), linear(361, 256), linear(256, 1)]
    return [torch.nn.Sequential(*part) for part in (tower, policy, value)]


@pytest.mark.parametrize(("blocks", "millions"), [(19, 22.8), (39, 46.4)])
def test_alphago_zero_has_tens_of_millions_of_parameters(blocks, millions):
    with torch.device("meta"):  # shapes only
        tower, policy, value = alphago_zero(blocks)
        seen = tower(torch.zeros(2, 17, 19, 19))
        assert policy(seen).shape == (2, 362)
        assert value(seen).shape == (2, 1)
    counted = published.alphago_zero_parameters(blocks)
    assert counted == sum(map(held, (tower, policy, value)))
    assert counted / 1e6 == pytest.approx(millions, abs=0.05)


def test_alexnet_has_60_million_parameters():
    # convolutions 2, 4 and 5 have two groups of channels
    groups = [1, 2, 1, 2, 2, 1, 1, 1]
    layers = [
        torch.nn.Conv2d(inputs * group, outputs, size, groups=group)
        for (size, inputs, outputs), group in zip(
            published.ALEXNET, groups, strict=True
        )
    ]
    assert published.alexnet_parameters() == sum(map(held, layers)) == 60_965_224


@pytest.mark.parametrize("positions", ["learned", "rotary"])
def test_our_own_model_is_counted_on_random_sizes(positions):
    rng = np.random.default_rng()
    layers, heads, vocabulary, length = rng.integers(1, 7, 4).tolist()
    model = models.GPT(
        vocabulary, length, 4 * heads, layers, heads, positions=positions
    )
    assert counting.parameters(published.described(model)) == held(model)


def test_operations_are_those_that_pytorch_counts():
    model = models.GPT(50, 8, 16, 3, 2)
    ids = torch.randint(50, (4, 8))
    with FlopCounterMode(display=False) as counter:
        model(ids)
    # the counter leaves out the attention kernel of a CPU (pytorch issue 195460)
    counted = counter.get_total_flops()
    without_looks = (
        2 * counting.matrix_weights(published.described(model)) * ids.numel()
    )
    assert counted == without_looks
    looks = 4 * 3 * 16 * 8 * ids.numel()
    per_token = counting.forward_flops(published.described(model), 8)
    assert per_token * ids.numel() == without_looks + looks


def test_the_looks_are_those_of_attention_by_hand():
    q, k, v = torch.randn(3, 4, 2, 8, 8)
    with FlopCounterMode(display=False) as counter:
        ((q @ k.mT).softmax(-1)) @ v
    model = Transformer(1, 16, 2, 50, 8)
    looks = counting.forward_flops(model, 8) - 2 * counting.matrix_weights(model)
    assert counter.get_total_flops() == 4 * 8 * looks


def test_the_cache_has_the_bytes_that_our_model_keeps():
    model = models.GPT(50, 8, 16, 3, 2).eval()
    cache = model.new_cache()
    model(torch.zeros(5, 7, dtype=torch.long), cache)
    kept = sum(part.nbytes for block in cache for part in block)
    assert counting.cache_bytes(published.described(model), 5 * 7, 4) == kept


def kept_by(model, ids):
    """Return the bytes of arrays that PyTorch keeps for the backward pass."""
    arrays = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        arrays[storage.data_ptr()] = storage.nbytes()  # views share one
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        # the loss must stay alive, or its memory is given to the next array
        loss = models.next_token_loss(model(ids[:, :-1]), ids[:, 1:])
    weights = {w.untyped_storage().data_ptr() for w in model.parameters()}
    assert loss.isfinite()
    return sum(size for at, size in arrays.items() if at not in weights)


def test_a_token_keeps_what_the_formula_says():
    model = models.GPT(3000, 32, 64, 3, 4, positions="rotary")
    ids = torch.randint(3000, (16, 33))
    kept = kept_by(model, ids) / (16 * 32)
    assert counting.kept_bytes(published.described(model)) == pytest.approx(
        kept, rel=0.01
    )


def test_adam_keeps_two_numbers_for_each_parameter():
    model = torch.nn.Linear(7, 5)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(3, 7)).sum().backward()
    optimizer.step()
    state = [
        s[key] for s in optimizer.state.values() for key in ("exp_avg", "exp_avg_sq")
    ]
    bytes_of = counting.training_bytes(held(model))
    assert bytes_of["Adam's two means"] == sum(part.nbytes for part in state)
    assert bytes_of["gradients"] == sum(w.grad.nbytes for w in model.parameters())
    assert bytes_of["weights"] == sum(w.nbytes for w in model.parameters())


def test_keys_and_values_of_few_heads_take_less():
    many, few = (
        Transformer(2, 64, 8, 10, 8, key_value_heads=heads) for heads in (8, 2)
    )
    assert counting.cache_bytes(many, 9) == 4 * counting.cache_bytes(few, 9)


def test_four_bits_are_a_quarter_of_sixteen():
    model = published.TRANSFORMERS["Llama 3 8B (2024)"]
    four, sixteen = (counting.serving_bytes(model, bits, 0) for bits in (4, 16))
    assert four["weights"] == sixteen["weights"] / 4
    assert sixteen["weights"] == 2 * counting.parameters(model)


def test_gpt_3_took_as_many_operations_as_published():
    # Brown and others (2020), table D.1: 3.14e23 for 174.6 billion and 300 billion
    N = counting.parameters(published.TRANSFORMERS["GPT-3 (2020)"])
    assert counting.training_flops(N, 300e9) == pytest.approx(3.14e23, rel=0.002)


def test_a_layer_of_many_rows_does_more_with_each_byte():
    assert counting.intensity(1, 512, 512) < 0.5
    # 2 n³ operations on 3 n² numbers of 4 bytes
    assert counting.intensity(300, 300, 300) == pytest.approx(300 / 6)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"layers": -3}, "layers must be a whole number of at least 1, got -3"),
        ({"layers": 2.5}, "layers must be a whole number of at least 1, got 2.5"),
        ({"hidden": 0.5}, "hidden must be a whole number"),
        ({"heads": 3}, "3 heads cannot share 16 dimensions evenly"),
        ({"key_value_heads": 3}, "4 query heads cannot share 3 heads of keys"),
        ({"biases": "some"}, "biases must be one of"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(changes, words):
    sizes = {"layers": 2, "dimensions": 16, "heads": 4, "vocabulary_size": 9}
    with pytest.raises(ValueError, match=words):
        Transformer(**{**sizes, "length": 8, **changes})


@pytest.mark.parametrize(
    "call",
    [
        lambda: counting.training_bytes(-1),
        lambda: counting.training_flops(1e6, float("nan")),
        lambda: counting.training_flops(-1e6, 1e6),
        lambda: counting.cache_bytes(Transformer(1, 4, 1, 9, 8), -1),
        lambda: counting.serving_bytes(Transformer(1, 4, 1, 9, 8), 0, 1),
        lambda: counting.forward_flops(Transformer(1, 4, 1, 9, 8), 0),
        lambda: counting.intensity(0, 1, 1),
    ],
)
def test_a_number_below_what_makes_sense_is_refused(call):
    with pytest.raises(ValueError, match="must be a number of at least"):
        call()
