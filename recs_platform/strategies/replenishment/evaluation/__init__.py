"""How good weekly lists are: each version, beside simple baselines and published methods, on purchases that were kept
from all of them."""
