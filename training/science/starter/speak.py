"""The starter model answering: what the demonstrations rewrite is what it really said."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TEMPERATURE = 0.8
TRIES = 40


class Speaker:
    """The model of a folder, answering through its chat template."""

    def __init__(self, folder: Path):
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.model: Any = AutoModelForCausalLM.from_pretrained(folder).eval()

    def answer(self, prompt: str, wanted: Callable[[str], bool], seed: int) -> str:
        """The first of some sampled answers that is `wanted`.

        Raises
        ------
        ValueError
            None of `TRIES` answers is: the model is not what the demonstrations take it for.
        """
        for attempt in range(TRIES):
            torch.manual_seed(seed * TRIES + attempt)
            text = self._generate(prompt, temperature=TEMPERATURE)
            if wanted(text):
                return text
        raise ValueError(f"{TRIES} answers to {prompt!r}, and none of use: the last is {text!r}")

    def greedy(self, prompt: str) -> str:
        return self._generate(prompt)

    def _generate(self, prompt: str, temperature: float = 0.0) -> str:
        turns = [{"role": "user", "content": prompt}]
        text = self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        ids = self.tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
        sampling = {"do_sample": True, "temperature": temperature, "top_k": 0} if temperature else {"do_sample": False}
        with torch.no_grad():
            out = self.model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=40, **sampling)
        return str(self.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True))
