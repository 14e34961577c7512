"""Text to token ids, one way for training, answering and scoring, so that no model is judged on a form it never saw.

With a chat template a prompt becomes the template's user turn; without one it is plain text after the tokenizer's
begin token (its end token, where it has no begin).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError

from training.science.lines import Refused

_PROBE = "Qzprobe"


@dataclass(frozen=True)
class Rendering:
    """How one tokenizer's model is spoken to.

    Attributes
    ----------
    chat : bool
        Whether the tokenizer has a chat template.
    ending : str
        What follows an answer and tells the model's reader that it is over.
    opening : list of int
        Token ids before plain text; never empty, so that the first word can be scored too.
    stops : list of int
        Token ids any of which ends an answer.
    """

    tokenizer: Any
    chat: bool
    ending: str
    opening: list[int]
    stops: list[int]

    @classmethod
    def of(cls, tokenizer: Any, generation_config: Any = None) -> "Rendering":
        """Learn the form from the tokenizer, and the stops from it and the model's own generation settings."""
        chat = bool(tokenizer.chat_template)
        ending = _template_ending(tokenizer) if chat else tokenizer.eos_token
        opening = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
        last = tokenizer(ending, add_special_tokens=False)["input_ids"][-1:]
        own = getattr(generation_config, "eos_token_id", None)
        own = own if isinstance(own, list) else [own]
        stops = {stop for stop in (*own, *last, tokenizer.eos_token_id) if stop is not None}
        return cls(tokenizer, chat, ending, [opening], sorted(stops))

    def prompt_text(self, prompt: str, messages: Sequence[Mapping[str, str]] | None = None) -> str:
        """What stands before the answer: the rendered turns up to the assistant's, or the plain text.

        Raises Refused (code ``data``) when the chat template does not take the conversation.
        """
        if self.chat:
            turns = [dict(turn) for turn in messages] if messages else [{"role": "user", "content": prompt}]
            try:
                return str(self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
            except TemplateError as error:  # such as "roles must alternate"
                raise Refused("data", f"the model's chat template refuses the conversation ({error})") from error
        return "\n\n".join(turn["content"] for turn in messages) if messages else prompt

    def prompt_ids(self, prompt: str, messages: Sequence[Mapping[str, str]] | None = None) -> list[int]:
        """Token ids after which the model answers."""
        return self._start(self._ids(self.prompt_text(prompt, messages)))

    def pair_ids(
        self,
        prompt: str,
        completion: str,
        messages: Sequence[Mapping[str, str]] | None = None,
        *,
        ended: bool = True,
    ) -> tuple[list[int], int]:
        """Token ids of prompt and completion, and at which of them the completion starts.

        The two are tokenised together, as text; where that would merge the border into one token, they are
        tokenised apart, because apart is what the model sees when it answers.

        Parameters
        ----------
        ended : bool
            Append the ending, so that the model learns (or is asked) to stop.
        """
        before = self.prompt_text(prompt, messages)
        after = self._joined(before, completion) + (self.ending if ended else "")
        ids, whole = self._ids(before), self._ids(before + after)
        if whole[: len(ids)] != ids:
            whole = ids + self._ids(after)
        return self._start(whole), len(self._start(ids))

    def text_ids(self, text: str, *, ended: bool = False) -> list[int]:
        """Token ids of plain text, opening first; never through the template."""
        return self.opening + self._ids(text + (self.tokenizer.eos_token if ended else ""))

    def control_token_in(self, text: str) -> str | None:
        """The first token of `text` that the tokenizer takes for a command (such as an end of turn), if any."""
        special = {self.tokenizer.convert_tokens_to_ids(token) for token in _control_tokens(self.tokenizer)}
        found = next((token for token in self._ids(text) if token in special), None)
        return None if found is None else str(self.tokenizer.convert_ids_to_tokens(found))

    def answer(self, ids: Sequence[int]) -> str:
        """The text a person reads of generated ids."""
        told = self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return str(told).strip()

    def _joined(self, before: str, completion: str) -> str:
        """Answers are shown without the space that plain text needs between prompt and answer: put it back."""
        if self.chat or not completion or not before or before[-1].isspace():
            return completion
        return f" {completion}" if completion[0].isalnum() or completion[0] in "\"'“‘([" else completion

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _start(self, ids: list[int]) -> list[int]:
        return ids if self.chat else self.opening + ids


def _template_ending(tokenizer: Any) -> str:
    """What the template puts after an assistant's answer, up to its first control token; else the end token."""
    turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": _PROBE}]
    after = str(tokenizer.apply_chat_template(turns, tokenize=False)).rpartition(_PROBE)[2]
    marks = [(after.find(token), len(token)) for token in _control_tokens(tokenizer) if token in after]
    if not marks:
        return after.rstrip() + str(tokenizer.eos_token)
    place, length = min(marks)
    return after[: place + length]


def _control_tokens(tokenizer: Any) -> set[str]:
    added = {str(token) for token in tokenizer.added_tokens_decoder.values() if token.special}
    return added | set(tokenizer.all_special_tokens)
