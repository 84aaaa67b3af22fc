-- One row per customer with a published list: the address on a channel, or the one reason why nothing is sent: the first
-- that applies. Of several customers with one address, the one whose profile changed last is sent something. An address
-- of which any profile has opted out is sent nothing.
-- given: @channel
WITH profiles AS (
  SELECT
    customer_id,
    updated_at,
    NULLIF(
      CASE @channel
        WHEN 'email' THEN LOWER(TRIM(email))
        WHEN 'sms' THEN REGEXP_REPLACE(REGEXP_REPLACE(phone, r'[\s().\/-]', ''), r'^00', '+')
        ELSE TRIM(push_token)
      END,
      ''
    ) AS address,
    CASE
      WHEN LOWER(TRIM(COALESCE(opted_out_of, ''))) IN ('', 'none', 'no', 'false', '0') THEN FALSE
      WHEN REGEXP_CONTAINS(LOWER(opted_out_of), r'^\s*(email|push|sms)(\s*[,;\s]\s*(email|push|sms))*\s*$')
        THEN STRPOS(LOWER(opted_out_of), @channel) > 0
      ELSE TRUE
    END AS is_opted_out
  FROM customers
),
judged AS (
  SELECT
    customer_id,
    address,
    updated_at,
    CASE
      WHEN address IS NULL THEN 'no address'
      -- What a table calculates with begins none: an address must come through unchanged.
      WHEN NOT CASE @channel
        WHEN 'email' THEN CHAR_LENGTH(address) <= 254
          AND REGEXP_CONTAINS(
            address, r'^[^@\s,;:<>"()\[\]\\=+-][^@\s,;:<>"()\[\]\\]*@[^@\s,;:<>"()\[\]\\.]+(\.[^@\s,;:<>"()\[\]\\.]+)*\.[^@\s,;:<>"()\[\]\\.]{2,}$'
          )
        WHEN 'sms' THEN REGEXP_CONTAINS(address, r'^\+[1-9][0-9]{6,14}$')
        ELSE CHAR_LENGTH(address) <= 4096 AND REGEXP_CONTAINS(address, r'^[A-Za-z0-9_][A-Za-z0-9_:.-]{7,}$')
      END THEN 'unusable address'
      WHEN LOGICAL_OR(is_opted_out) OVER (PARTITION BY address) THEN 'opted out'
      WHEN is_opted_out THEN 'opted out'
    END AS reason
  FROM profiles
),
listed AS (
  SELECT DISTINCT customer_id
  FROM published
),
known AS (
  SELECT
    listed.customer_id,
    judged.address,
    CASE WHEN judged.customer_id IS NULL THEN 'no profile' ELSE judged.reason END AS reason,
    ROW_NUMBER() OVER (
      PARTITION BY judged.address, judged.reason
      ORDER BY judged.updated_at DESC, listed.customer_id
    ) AS place
  FROM listed
  LEFT JOIN judged
    ON judged.customer_id = listed.customer_id
)
SELECT
  customer_id,
  IF(reason IS NULL AND place = 1, address, NULL) AS address,
  IF(reason IS NULL AND place > 1, 'another customer has the address', reason) AS reason
FROM known
ORDER BY customer_id
