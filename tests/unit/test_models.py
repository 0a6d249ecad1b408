import numpy as np
import pytest
import torch

from bigmodel_lab import models
from bigmodel_lab.from_scratch import text


def test_linear_regression_computes_weights_times_x_plus_bias():
    model = models.linear_regression(3)
    X = torch.randn(5, 3)
    layer = model[0]
    assert layer.bias.item() == 0
    assert layer.weight.abs().max() <= (6 / (3 + 1)) ** 0.5  # Glorot's bound
    torch.testing.assert_close(model(X), X @ layer.weight[0] + layer.bias)


@pytest.mark.parametrize("hidden", [[], [7], [7, 4]])
def test_regression_mlp_has_the_layers_asked_for(hidden):
    model = models.regression_mlp(3, hidden)
    widths = [p.shape[0] for name, p in model.named_parameters() if "weight" in name]
    assert widths == [*hidden, 1]
    assert model(torch.randn(5, 3)).shape == (5,)
    assert sum(isinstance(m, torch.nn.ReLU) for m in model) == len(hidden)


@pytest.mark.parametrize(
    ("make", "parameters"), [(models.digit_mlp, 101_770), (models.digit_cnn, 93_322)]
)
def test_the_documents_networks_have_their_parameters_and_start_as_in_keras(
    make, parameters
):
    torch.manual_seed(0)
    model = make()
    assert sum(p.numel() for p in model.parameters()) == parameters
    assert model(torch.rand(5, 1, 28, 28)).shape == (5, 10)
    for layer in model:
        if isinstance(layer, (torch.nn.Linear, torch.nn.Conv2d)):
            assert (layer.bias == 0).all()
            field = layer.weight[0, 0].numel() if layer.weight.dim() == 4 else 1
            fan_in, fan_out = layer.weight.shape[1] * field, len(layer.weight) * field
            bound = (6 / (fan_in + fan_out)) ** 0.5  # Glorot and Bengio (2010)
            assert 0.9 * bound < layer.weight.abs().max() <= bound


def test_pooling_before_relu_is_the_network_that_d4_prints():
    torch.manual_seed(0)
    model = models.digit_cnn().double()
    printed = list(model)
    printed[1], printed[2] = printed[2], printed[1]
    printed[4], printed[5] = printed[5], printed[4]
    images = torch.rand(4, 1, 28, 28, dtype=torch.float64)
    torch.testing.assert_close(model(images), torch.nn.Sequential(*printed)(images))


def random_ids(rng, documents=5, length=9, size=20):
    """Return ids (documents, length) of different words, padded with zeros."""
    rows = [rng.permutation(np.arange(1, size))[:length] for _ in range(documents)]
    ids = torch.tensor(np.array(rows))
    for row, words in zip(ids, rng.integers(1, length + 1, documents), strict=True):
        row[words:] = 0
    return ids


TEXT_MODELS = {
    "softmax regression": lambda: models.EmbeddingBagClassifier(20, 3),
    "embedding bag": lambda: models.EmbeddingBagClassifier(20, 3, dimensions=6),
    "TextCNN": lambda: models.TextCNN(20, 3, dimensions=6, filters=4),
    "LSTM": lambda: models.TextLSTM(20, 3, dimensions=6, hidden=4),
    "LSTM, maximum": lambda: models.TextLSTM(20, 3, 6, 4, pool="max"),
    "LSTM, both directions": lambda: models.TextLSTM(20, 3, 6, 4, both_directions=True),
}


@pytest.mark.parametrize("make", TEXT_MODELS.values(), ids=TEXT_MODELS)
def test_a_text_model_gives_logits_and_learns_from_every_parameter(make, device):
    torch.manual_seed(0)
    model = make().to(device)
    ids = random_ids(np.random.default_rng(0)).to(device)
    logits = model(ids)
    assert logits.shape == (5, 3)
    labels = torch.tensor([0, 1, 2, 0, 1], device=device)
    torch.nn.functional.cross_entropy(logits, labels).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.abs().sum() > 0, name
    assert (model.vectors.weight.grad[0] == 0).all()  # padding learns nothing


@pytest.mark.parametrize(
    "name", ["softmax regression", "embedding bag", "LSTM", "LSTM, maximum"]
)
def test_more_padding_changes_nothing(name):
    torch.manual_seed(0)
    model = TEXT_MODELS[name]().double().eval()
    ids = random_ids(np.random.default_rng(1))
    longer = torch.nn.functional.pad(ids, (0, 7))
    torch.testing.assert_close(model(longer), model(ids))


@pytest.mark.parametrize("length", [1, 2])
def test_a_text_shorter_than_a_filter_is_padded(length):
    torch.manual_seed(0)
    model = models.TextCNN(20, 3, widths=(2, 4)).eval()
    ids = torch.tensor([[5, 6][:length]])
    padded = torch.nn.functional.pad(ids, (0, 4 - length))
    torch.testing.assert_close(model(ids), model(padded))


def test_the_bag_is_a_tf_idf_row_times_the_matrix_of_vectors():
    rng = np.random.default_rng(2)
    documents = [[f"w{i}" for i in row if i] for row in random_ids(rng, 8).tolist()]
    weights, columns = text.tf_idf(documents)  # (8, V)
    vocabulary = text.Vocabulary(documents)
    ids = text.pad([vocabulary.encode(words) for words in documents])
    size = len(vocabulary)
    torch.manual_seed(0)
    model = models.EmbeddingBagClassifier(size, 3, word_weights=text.idf(ids, size))
    torch.nn.init.normal_(model.bias)
    matrix = model.vectors.weight[vocabulary.encode(columns)]
    expected = torch.from_numpy(weights).float() @ matrix + model.bias
    torch.testing.assert_close(model(ids), expected)


def test_the_bag_keeps_the_weights_it_is_given():
    weights = torch.ones(20)
    model = models.EmbeddingBagClassifier(20, 3, word_weights=weights)
    assert model.word_weights[0] == 0
    assert weights[0] == 1


def test_the_text_cnn_is_kims_by_hand():
    torch.manual_seed(0)
    model = models.TextCNN(20, 3, dimensions=6, filters=4, widths=(2, 3)).double()
    model.eval()
    ids = random_ids(np.random.default_rng(3))
    words = model.vectors(ids)  # (N, L, D)
    features = []
    for width, convolution in zip((2, 3), model.convolutions, strict=True):
        windows = words.unfold(1, width, 1)  # (N, L - k + 1, D, k)
        z = torch.einsum("nudi,fdi->nuf", windows, convolution.weight)
        features.append((z + convolution.bias).relu().amax(1))
    torch.testing.assert_close(model(ids), model.linear(torch.cat(features, 1)))


@pytest.mark.parametrize("pool", ["last", "max"])
def test_the_lstm_answers_with_each_texts_own_words(pool):
    torch.manual_seed(0)
    model = models.TextLSTM(20, 3, 6, 4, pool=pool).double().eval()
    ids = random_ids(np.random.default_rng(4))
    for row, logits in zip(ids, model(ids), strict=True):
        words = row[row != 0]
        states, _ = model.lstm(model.vectors(words)[None])  # alone, without padding
        state = states[0, -1] if pool == "last" else states[0].amax(0)
        torch.testing.assert_close(logits, model.linear(state))


def test_a_second_lstm_reads_each_text_from_its_end():
    torch.manual_seed(0)
    model = models.TextLSTM(20, 3, 6, 4, both_directions=True).double().eval()
    ids = random_ids(np.random.default_rng(4))
    for row, logits in zip(ids, model(ids), strict=True):
        words = model.vectors(row[row != 0])[None]  # alone, without padding
        there, _ = model.lstm(words)
        back, _ = model.from_the_end(words.flip(1))
        state = torch.cat([there[0, -1], back[0, -1]])
        torch.testing.assert_close(logits, model.linear(state))


def test_an_lstm_starts_as_in_keras():
    torch.manual_seed(0)
    lstm = models.TextLSTM(20, 3, dimensions=6, hidden=4).lstm
    bias = lstm.bias_ih_l0 + lstm.bias_hh_l0
    assert bias.tolist() == [0] * 4 + [1] * 4 + [0] * 8  # input, forget, memory, output
    ours = lstm.weight_hh_l0.T @ lstm.weight_hh_l0
    torch.testing.assert_close(ours, torch.eye(4))
    bound = (6 / (6 + 16)) ** 0.5  # Glorot's, of 6 inputs and four times 4 outputs
    assert 0.8 * bound < lstm.weight_ih_l0.abs().max() <= bound


def test_an_lstm_can_start_as_in_pytorch():
    model = models.TextLSTM(20, 3, dimensions=6, hidden=4, start="pytorch")
    for weights in model.lstm.parameters():
        assert weights.abs().max() <= 4**-0.5


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pool": "mean"}, '"last" or "max", got \'mean\''),
        ({"start": "jax"}, '"keras" or "pytorch", got \'jax\''),
    ],
)
def test_an_unknown_pooling_or_start_is_an_error(wrong, message):
    with pytest.raises(ValueError, match=message):
        models.TextLSTM(20, 3, **wrong)


def test_word_vectors_start_small_and_padding_at_zero():
    torch.manual_seed(0)
    vectors = models.TextCNN(2000, 3).vectors.weight
    assert (vectors[0] == 0).all()
    assert vectors[1:].std().item() == pytest.approx(0.1, rel=0.02)
