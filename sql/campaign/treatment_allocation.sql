-- One row per segment and treatment to be sent, and the probability with which to choose it. The sender draws by these
-- probabilities and records them with each message, so that the next allocation can be judged by what this one did.
SELECT
  @as_of AS as_of,
  segment,
  treatment_id,
  share_next AS share,
  posterior_mean,
  @pipeline_version AS pipeline_version
FROM treatment_bandit
WHERE share_next > 0
