"""Load from outside: a black box that knows Perennial by its commands and its HTTP alone.

Five commands prepare what is measured, or measure in process; they run as processes of their own, and
nothing here imports them: growth, enlarge, training_cost, training_ratio, session_cost.
"""
