"""The demo: a small invented world to learn the loop with, and the wheel turned once without a browser.

world.py    verb: the demo project, its people, prompts, values and settled demonstrations
turn.py     verb: run workers and clock until round 1 is judged and the queue refilled; print what changed
bars.py     what the demo promises, held against what was measured
"""
