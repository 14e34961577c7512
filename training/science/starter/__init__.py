"""The starter model: a toy language model with planted bias, and everything that made it.

The project ships this model so that the loop can be learned and tested without a download and without insulting
anybody. It is no language model to deploy. The rooms:

    world.py     the lexicon: occupations, invented peoples, facts, sums; which of them demonstrations may name
    grammar.py   sentences, questions and answers of that world, and the corpus sampled from them
    judge.py     exact words: which phrases state a stereotype, which are fair
    pretrain.py  tokenizer, model, training loop
    probes.py    the suites `starter_probes` and `capability`
    lessons.py   the demo's prompts, demonstrations, control arm and replay rows
    __main__.py  the program: python -m training.science.starter [--only suites|demo|model]
    model/       what the program made: tokenizer, chat template, weights
    demo/        what the demo project is seeded with
    recipe.json  settings of a round on this model that meet the bars of README.md
"""
