"""The parts of benches/run.py: what is built, who takes part, how it is measured, what is made of the figures."""
