-- One row per segment and treatment that is to be sent, and the chance with which to choose it. Who sends draws by these
-- chances and records them with each message, so that the next allocation can be judged by what this one did.
SELECT
  @as_of AS as_of,
  segment,
  treatment_id,
  share_next AS share,
  posterior_mean,
  @pipeline_version AS pipeline_version
FROM treatment_bandit
WHERE share_next > 0
