"""What measurement can be told in a company's YAML: what every strategy can, and nothing else."""

from __future__ import annotations

from recs_platform.declarations.parameters import Parameters


class MeasurementParameters(Parameters):
    look_back_parameter = "campaign_window_days"
