WITH caller AS (
  SELECT
    "user".id,
    "user".status AS caller_status
  FROM "user"
  WHERE
    "user".id = %(actor_id)s
    AND (
      %(trusted)s
      OR "user".auth_token = %(session)s
      OR (
        EXISTS(
          SELECT
            api_key.id
          FROM api_key
          WHERE
            api_key.id = %(api_key_id)s
            AND api_key.business_id = "user".id
            AND api_key.digest = %(session)s
            AND %(key_scope)s = ANY(
              api_key.scopes
            )
        )
      )
    )
), locked AS (
  SELECT
    given.id,
    given.logistic_id,
    given.logistic_name,
    given.logistic_order_id,
    given.deliver_address
  FROM json_to_recordset(CAST(%(moves)s AS JSON)) AS given(id INT, logistic_id INT, logistic_name VARCHAR(15), logistic_order_id VARCHAR(30), deliver_address VARCHAR(150))
  JOIN "order"
    ON "order".id = given.id
  WHERE
    "order".status = 0
    AND "order".business_id = (
      SELECT
        caller.id
      FROM caller
      WHERE
        caller.caller_status = 0
    )
  ORDER BY
    "order".id   FOR NO KEY UPDATE OF "order"
), moved AS (
  UPDATE "order" SET status = 1, deliver_time = GREATEST(%(now)s, "order".create_time), deliver_address = COALESCE(locked.deliver_address, "order".deliver_address), logistic_id = locked.logistic_id, logistic_name = locked.logistic_name, logistic_order_id = locked.logistic_order_id
  FROM locked
  WHERE
    "order".id = locked.id
  RETURNING "order".id, "order".order_number, "order".status, "order".business_id, "order".customer_id, "order".sku_id, "order".num, "order".sku_snapshot, "order".pay_count, "order".create_time, "order".deliver_time, "order".recv_time, "order".close_time, "order".deliver_address, "order".receiver_name, "order".receiver_phone, "order".receiver_address, "order".logistic_id, "order".logistic_name, "order".logistic_order_id, "order".after_care_id, "order".back_reason
), noted AS (
  INSERT INTO event (
    time,
    actor_kind,
    actor_id,
    api_key_id,
    request_id,
    subject_id,
    verb,
    subject,
    from_status,
    to_status,
    details,
    business_id,
    order_id
  )
  SELECT
    CAST(%(now)s AS INT) AS time,
    CAST(%(actor_kind)s AS VARCHAR(10)) AS actor_kind,
    CAST(%(actor_id)s AS INT) AS actor_id,
    CAST(%(api_key_id)s AS INT) AS api_key_id,
    CAST(%(request_id)s AS VARCHAR(64)) AS request_id,
    CAST(moved.id AS INT) AS subject_id,
    CAST('ship' AS VARCHAR(30)) AS verb,
    CAST('order' AS VARCHAR(20)) AS subject,
    CAST(0 AS INT) AS from_status,
    CAST(1 AS INT) AS to_status,
    CAST(jsonb_build_object(
      'logistic_id',
      moved.logistic_id,
      'logistic_name',
      moved.logistic_name,
      'logistic_order_id',
      moved.logistic_order_id
    ) AS JSONB) AS details,
    CAST(moved.business_id AS INT) AS business_id,
    CAST(moved.id AS INT) AS order_id
  FROM moved
  RETURNING event.id
)
SELECT
  moved.id,
  (
    SELECT
      COUNT(*) AS count_1
    FROM noted
  ) AS written
FROM moved
