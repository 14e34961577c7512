"""Numbers over many answers: agreement, charts, forecasts, every judgement as a file. The formulas are in science/."""
