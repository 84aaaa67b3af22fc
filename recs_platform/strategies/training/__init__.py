"""What every strategy that trains a model has in common: its plan, its trained models, drift and parameters."""
