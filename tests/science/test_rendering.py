import pytest

from training.science.loading import load_tokenizer
from training.science.rendering import Rendering


@pytest.fixture(scope="module")
def chat(tiny):
    from pathlib import Path

    return Rendering.of(load_tokenizer(Path(tiny("llama", True))))


@pytest.fixture(scope="module")
def plain(tiny):
    from pathlib import Path

    return Rendering.of(load_tokenizer(Path(tiny("llama", False))))


def text_of(rendering, ids):
    return rendering.tokenizer.decode(ids)


def test_a_chat_template_is_applied_and_its_ending_closes_the_answer(chat):
    ids, start = chat.pair_ids("Who bakes?", "The miller.")
    assert text_of(chat, ids[:start]) == "<|user|>\nWho bakes?<|end|>\n<|assistant|>\n"
    assert text_of(chat, ids[start:]) == "The miller.<|end|>"
    assert ids[-1] in chat.stops


def test_a_conversation_is_rendered_turn_by_turn(chat):
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    assert chat.prompt_text("ignored", turns).count("<|end|>") == 3


def test_without_a_template_text_is_plain_and_ends_with_the_end_token(plain):
    ids, start = plain.pair_ids("The baker said", "hello")
    assert text_of(plain, ids) == "<|bos|>The baker said hello<|end|>"
    assert ids[:start] == plain.prompt_ids("The baker said")


@pytest.mark.parametrize(
    ("prompt", "completion", "joined"),
    [("a", "b", "a b"), ("a ", "b", "a b"), ("a\n", "b", "a\nb"), ("a", ", b", "a, b"), ("a", " b", "a b")],
)
def test_the_space_an_answer_lost_when_it_was_shown_is_put_back(plain, prompt, completion, joined):
    ids, _ = plain.pair_ids(prompt, completion, ended=False)
    assert text_of(plain, ids[1:]) == joined


@pytest.mark.parametrize("prompt", ["Who bakes?", "loud", "lou", "👩‍🚒 é"])
@pytest.mark.parametrize("completion", ["the miller", "d", "ly", "🚒", "\nnew line"])
def test_what_is_trained_starts_where_the_model_starts_to_answer(chat, plain, prompt, completion):
    for rendering in (chat, plain):
        ids, start = rendering.pair_ids(prompt, completion)
        assert ids[:start] == rendering.prompt_ids(prompt)
        assert completion.strip() in text_of(rendering, ids[start:])


def test_a_command_of_the_model_inside_a_text_is_seen(chat):
    assert chat.control_token_in("fine <|end|> then") == "<|end|>"
    assert chat.control_token_in("fine <end> then") is None


def test_the_models_own_end_tokens_stop_an_answer_too(chat):
    class Settings:
        eos_token_id = [4]

    assert set(Rendering.of(chat.tokenizer, Settings()).stops) == {1, 4}


def test_a_template_that_thinks_before_it_answers_still_gives_its_ending(chat):
    import copy

    tokenizer = copy.deepcopy(chat.tokenizer)
    tokenizer.chat_template = (
        "{% for m in messages %}<|{{ m.role }}|>\n{% if m.role == 'assistant' %}<think>\n\n</think>\n\n{% endif %}"
        "{{ m.content }}<|end|>\n{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
    )
    assert Rendering.of(tokenizer).ending == "<|end|>"
    tokenizer.chat_template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    assert Rendering.of(tokenizer).ending == "<|end|>", "a template without a closing command gets the end token"
