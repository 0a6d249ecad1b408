"""The server of poems, asked by the `openai` client as others' programs do."""

import asyncio
import json

import httpx
import openai
import pytest
import torch
from poem_parts import ALPHABET, POEMS, make_model
from starlette.testclient import TestClient

from bigmodel_lab import models
from bigmodel_lab.serving.completions import completions_app
from bigmodel_lab.serving.poet import Poet, Text
from bigmodel_lab.serving.process import Server

START = "千里莺啼"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "small.safetensors"
    models.save(make_model(), ALPHABET, path)
    return path


@pytest.fixture(scope="module")
def poet(file):
    return Poet(file)


@pytest.fixture(scope="module")
def web(poet):
    """Give a plain HTTP client."""
    with TestClient(completions_app(poet)) as web:
        yield web


@pytest.fixture(scope="module")
def client(web):
    """Give an `openai` client of the same server."""
    return openai.OpenAI(
        base_url="http://testserver/v1", api_key="none", http_client=web, max_retries=0
    )


def write(client, **settings):
    return client.completions.create(
        **{"model": "small", "prompt": START, "seed": 1} | settings
    )


def texts(response):
    return [choice.text for choice in response.choices]


def streamed(client, **settings):
    """Return what a stream gave: the texts, their finish reasons, and all chunks."""
    chunks = list(write(client, stream=True, **settings))
    count = settings.get("n", 1)
    texts, reasons = [""] * count, [None] * count
    for chunk in chunks:
        for choice in chunk.choices:
            assert reasons[choice.index] is None  # nothing comes after the end
            texts[choice.index] += choice.text
            reasons[choice.index] = choice.finish_reason
    return texts, reasons, chunks


# -- texts -----------------------------------------------------------------------------


def test_it_writes_what_the_model_writes(client, poet):
    response = write(client, n=3)
    rows = models.write(poet.model, poet.alphabet, START, count=3, seed=1)
    assert [START + text for text in texts(response)] == rows
    assert response.model == "small"
    assert response.object == "text_completion"
    assert [choice.index for choice in response.choices] == [0, 1, 2]


def test_an_instruction_stands_before_the_text(client, poet):
    response = write(client, prompt="月落\n乌啼")
    (row,) = models.write(poet.model, poet.alphabet, "乌啼", instruction="月落", seed=1)
    assert texts(response) == [row.removeprefix("乌啼")]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"n": 3, "temperature": 1.5},
        {"n": 2, "max_tokens": 5},
        {"stop": ["，", "。"], "n": 4},
        {"stop": "烟雨", "n": 4, "temperature": 0.5},
        {"temperature": 0},
        {"prompt": ""},
    ],
)
def test_a_stream_gives_the_same_texts_part_by_part(client, settings):
    whole = write(client, **settings)
    parts, reasons, chunks = streamed(client, **settings)
    assert parts == texts(whole)
    assert reasons == [choice.finish_reason for choice in whole.choices]
    assert len({chunk.id for chunk in chunks}) == 1
    longest = max(len(choice.text) for chunk in chunks for choice in chunk.choices)
    assert longest <= 2  # a character at a time; one more may have been held back


@pytest.mark.parametrize("settings", [{}, {"n": 3, "temperature": 0.7, "top_p": 0.9}])
def test_without_its_cache_it_writes_the_same(client, file, settings):
    with TestClient(completions_app(Poet(file, cached=False))) as web:
        slow = openai.OpenAI(
            base_url="http://testserver/v1", api_key="none", http_client=web
        )
        assert texts(write(slow, **settings)) == texts(write(client, **settings))


def test_another_seed_writes_another_text_and_so_does_none(client):
    assert texts(write(client)) == texts(write(client))
    assert texts(write(client, seed=2)) != texts(write(client))
    drawn = {texts(write(client, seed=None))[0] for _ in range(5)}
    assert len(drawn) > 1


def test_a_temperature_of_0_takes_the_likeliest_whatever_the_seed(client, poet):
    found = {texts(write(client, temperature=0, seed=seed))[0] for seed in range(4)}
    expected = models.write(poet.model, poet.alphabet, START, top_k=1)
    assert [START + text for text in found] == expected
    assert texts(write(client, temperature=1e-300)) == list(found)


def test_a_small_top_p_leaves_only_the_likeliest(client):
    likeliest = texts(write(client, temperature=0))
    assert texts(write(client, top_p=1e-6, seed=3)) == likeliest


# -- ends ------------------------------------------------------------------------------


def test_so_many_tokens_and_no_more(client):
    response = write(client, max_tokens=5, n=2)
    assert [len(text) for text in texts(response)] == [5, 5]
    assert {choice.finish_reason for choice in response.choices} == {"length"}
    usage = response.usage
    counts = usage.prompt_tokens, usage.completion_tokens, usage.total_tokens
    assert counts == (1 + len(START), 10, 1 + len(START) + 10)


class Written(torch.nn.Module):
    """A GPT that always writes one text, then ends it."""

    def __init__(self, text, length=33):
        super().__init__()
        self.ids, self.length = ALPHABET.encode(f"\n{text}\n"), length
        self.tokens = torch.nn.Embedding(1, 1)

    def new_cache(self):
        return [0]

    def forward(self, ids, cache):
        cache[0] += ids.shape[1]
        logits = torch.full((*ids.shape, len(ALPHABET)), -99.0)
        logits[:, -1, self.ids[cache[0]]] = 99
        return logits


@pytest.fixture
def writes(poet):
    """Return a function: writes(text) is a client of a server that writes it."""

    def writes(text, **settings):
        other = Poet.__new__(Poet)
        other.model, other.alphabet = Written(text, **settings), ALPHABET
        other.name, other.cached = "small", True
        web = TestClient(completions_app(other))
        return openai.OpenAI(
            base_url="http://testserver/v1", api_key="none", http_client=web
        )

    return writes


@pytest.mark.parametrize(
    ("stop", "text", "reason", "tokens"),
    [
        (None, "映红，水村山郭酒旗风。", "stop", 12),  # and the end, a token, too
        ("，", "映红", "stop", 3),
        (["风。", "山郭"], "映红，水村", "stop", 7),
        (["山郭酒", "山"], "映红，水村", "stop", 6),
        (["风。南"], "映红，水村山郭酒旗风。", "stop", 12),  # held back, then given
        (["旗风", "水山"], "映红，水村山郭酒", "stop", 10),
    ],
)
def test_a_text_ends_at_the_first_stop_and_without_it(
    writes, stop, text, reason, tokens
):
    client = writes("千里莺啼绿映红，水村山郭酒旗风。")
    response = write(client, prompt="千里莺啼绿", stop=stop)
    assert texts(response) == [text]
    assert response.choices[0].finish_reason == reason
    assert response.usage.completion_tokens == tokens
    parts, reasons, _ = streamed(client, prompt="千里莺啼绿", stop=stop)
    assert (parts, reasons) == ([text], [reason])


def test_what_was_held_back_is_given_when_the_length_ends_it(writes):
    client = writes("千里莺啼绿映红")
    response = write(client, prompt="千里", max_tokens=3, stop=["绿映红"])
    assert texts(response) == ["莺啼绿"]
    assert response.choices[0].finish_reason == "length"


def test_a_text_that_fills_the_model_ends_by_its_length(writes):
    response = write(writes(POEMS[0], length=8), prompt="千里莺啼", max_tokens=100)
    assert texts(response) == ["绿映红，"]
    assert response.choices[0].finish_reason == "length"


def test_no_part_is_given_that_a_stop_takes_back():
    text = Text(["\n", "aab"])
    assert [text.add(c) for c in "aaaab"] == ["", "", "a", "a", ""]
    assert (text.finish_reason, text.tokens) == ("stop", 5)


def test_the_tokens_of_a_stream_are_counted_on_demand(client):
    usage = write(client, n=2).usage
    _, _, chunks = streamed(client, n=2, stream_options={"include_usage": True})
    assert chunks[-1].choices == []
    assert chunks[-1].usage == usage
    assert {chunk.usage for chunk in chunks[:-1]} == {None}
    _, _, chunks = streamed(client)
    assert {chunk.usage for chunk in chunks} == {None}


def test_the_stream_is_one_of_events_that_say_when_it_is_over(web):
    body = {"model": "small", "prompt": START, "stream": True, "seed": 1}
    response = web.post("/v1/completions", json=body)
    assert response.headers["content-type"].startswith("text/event-stream")
    *events, end, nothing = response.text.split("\n\n")
    assert (end, nothing) == ("data: [DONE]", "")
    assert all(json.loads(event.removeprefix("data: ")) for event in events)


def test_it_lists_its_one_model(client):
    assert [model.id for model in client.models.list()] == ["small"]
    assert client.models.retrieve("small").id == "small"


# -- refusals --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "param", "says"),
    [
        ({"prompt": "床前abc"}, "prompt", "none is 床、前、a、b、c: leave out"),
        ({"prompt": "千" * 33}, "prompt", "has 33 characters, .* reads 32 at most"),
        ({"prompt": "千\n里\n莺"}, "prompt", "has a line break"),
        ({"prompt": ["千", "里"]}, "prompt", r"must be one text, got \['千', '里'\]"),
        ({"prompt": 5}, "prompt", '"prompt" must be one text, got 5'),
        ({"n": 0}, "n", '"n" must be a whole number from 1 to 16, got 0'),
        ({"n": 17}, "n", "got 17"),
        ({"n": "2"}, "n", "got '2'"),
        ({"max_tokens": 0}, "max_tokens", "at least 1, got 0"),
        ({"temperature": 2.1}, "temperature", "from 0 to 2, got 2.1"),
        ({"temperature": -1}, "temperature", "got -1"),
        ({"top_p": 0}, "top_p", "above 0 and at most 1, got 0"),
        ({"seed": 2**63}, "seed", "63 bits, got 9223372036854775808"),
        ({"stop": ""}, "stop", "a text that is not empty, .* got ''"),
        ({"stop": ["a", ""]}, "stop", "not empty"),
        ({"stop": list("abcde")}, "stop", "up to 4 of them, got"),
        ({"echo": True}, "echo", '"echo" is nothing that this server does: leave'),
        ({"best_of": 3}, "best_of", '"best_of" is nothing'),
        ({"extra_body": {"top_k": 3}}, "top_k", '"top_k" is nothing'),
        ({"extra_body": {"stream": 1}}, "stream", "true or false, got 1"),
        ({"model": None}, "model", '"model" is missing: give the name of a model'),
    ],
)
def test_what_makes_no_sense_is_a_bad_request_in_one_sentence(
    web, client, settings, param, says
):
    with pytest.raises(openai.BadRequestError, match=says) as error:
        write(client, **settings)
    assert error.value.param == param
    assert error.value.type == "invalid_request_error"
    assert "\n" not in error.value.body["message"]


def test_settings_that_ask_for_nothing_are_taken(client):
    neutral = {"echo": False, "best_of": 1, "logprobs": None, "presence_penalty": 0}
    more = {"logit_bias": {}, "suffix": "", "user": "me", "frequency_penalty": 0.0}
    assert texts(write(client, **neutral, **more)) == texts(write(client))


def test_another_model_is_not_found(client):
    says = "There is no model 'gpt-4' here: ask for 'small'"
    with pytest.raises(openai.NotFoundError, match=says) as error:
        write(client, model="gpt-4")
    assert error.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError, match=says):
        client.models.retrieve("gpt-4")


def test_what_this_server_does_not_do_is_not_found(client):
    with pytest.raises(openai.NotFoundError, match="nothing at /v1/chat/completions"):
        client.chat.completions.create(model="small", messages=[])


@pytest.mark.parametrize("content", [b"{", b"[]", b"", b"\xff", b"[" * 60_000])
def test_a_body_that_is_no_object_is_told(web, content):
    headers = {"content-type": "application/json"}
    response = web.post("/v1/completions", content=content, headers=headers)
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith("The body is not ")


@pytest.mark.parametrize(
    ("field", "status", "says"),
    [
        ("prompt", 400, "none is \\ud800"),
        ("model", 404, "There is no model"),
        ("\ud800", 400, "The body is not a JSON object"),
    ],
)
def test_half_a_character_is_told_and_breaks_nothing(web, field, status, says):
    body = json.dumps({"model": "small"} | {field: "\ud800"})
    headers = {"content-type": "application/json"}
    response = web.post("/v1/completions", content=body, headers=headers)
    assert response.status_code == status
    assert says in response.json()["error"]["message"]


def test_a_body_that_is_too_long_is_told_in_the_same_form(client):
    with pytest.raises(openai.APIStatusError, match="more than 64,000 bytes") as error:
        write(client, prompt="千" * 64_000)
    assert error.value.status_code == 413


def at_once(app, count):
    """Return what so many `openai` clients get at the same time, seed 0, 1, 2, ..."""

    async def all_at_once():
        transport = httpx.ASGITransport(app)
        async with openai.AsyncOpenAI(
            base_url="http://t/v1",
            api_key="none",
            http_client=httpx.AsyncClient(transport=transport),
            max_retries=0,
        ) as client:
            requests = [
                client.completions.create(model="small", prompt=START, seed=seed)
                for seed in range(count)
            ]
            return await asyncio.gather(*requests, return_exceptions=True)

    return asyncio.run(all_at_once())


def test_one_too_many_is_a_rate_limit_error_and_the_others_are_right(poet, client):
    app = completions_app(poet, waiting=3)
    for _ in range(2):  # afterward, the seats are free again
        *answered, refused, last = at_once(app, 5)
        for seed, response in enumerate(answered):
            assert texts(response) == texts(write(client, seed=seed))
        for error in (refused, last):
            assert isinstance(error, openai.RateLimitError)
            assert error.type == "rate_limit_error"
            assert "3 requests are being answered" in error.body["message"]
            assert error.response.headers["retry-after"] == "1"


def test_a_model_that_fails_in_a_stream_says_so_in_it(poet):
    class Broken(Written):
        def forward(self, ids, cache):
            if cache[0] > 4:
                raise RuntimeError("no memory")
            return super().forward(ids, cache)

    broken = Poet.__new__(Poet)
    broken.__dict__ |= poet.__dict__ | {"model": Broken("千里莺啼绿映红")}
    web = TestClient(completions_app(broken), raise_server_exceptions=False)
    client = openai.OpenAI(
        base_url="http://testserver/v1", api_key="none", http_client=web
    )
    with pytest.raises(openai.APIError, match="The model failed: no memory"):
        list(write(client, prompt="千里", stream=True))


# -- a real process --------------------------------------------------------------------


def test_our_poet_writes_token_by_token_and_outlives_a_client_that_leaves():
    with Server("poems", "poet", waiting=2) as server:
        client = openai.OpenAI(
            base_url=f"{server.url}/v1", api_key="none", max_retries=0
        )
        settings = {"model": "poet", "prompt": "床前", "seed": 1}
        for _ in range(4):  # more than there are seats: each is free again
            with client.completions.create(**settings, stream=True) as stream:
                assert next(iter(stream)).choices[0].text
        whole = client.completions.create(**settings).choices[0]
        assert whole.finish_reason == "stop"
        poet, alphabet, _ = models.load("poet")
        assert [f"床前{whole.text}"] == models.write(poet, alphabet, "床前", seed=1)
        client.close()
