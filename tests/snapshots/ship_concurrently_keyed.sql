WITH locked AS (
  SELECT
    given.position,
    given.actor_id,
    given.session,
    given.api_key_id,
    given.scope,
    given.request_id,
    given.claim_scope,
    given.claim_key,
    given.claim_fingerprint,
    given.claim_status,
    given.id,
    given.logistic_id,
    given.logistic_name,
    given.logistic_order_id,
    given.deliver_address
  FROM json_to_recordset(CAST(%(moves)s AS JSON)) AS given(position INT, actor_id INT, session TEXT, api_key_id INT, scope TEXT, request_id TEXT, claim_scope TEXT, claim_key TEXT, claim_fingerprint TEXT, claim_status INT, id INT, logistic_id INT, logistic_name VARCHAR(15), logistic_order_id VARCHAR(30), deliver_address VARCHAR(150))
  JOIN "order"
    ON "order".id = given.id
  WHERE
    "order".status = 0
    AND (
      EXISTS(
        SELECT
          "user".id
        FROM "user"
        WHERE
          "user".id = given.actor_id
          AND (
            "user".auth_token = given.session
            OR (
              EXISTS(
                SELECT
                  api_key.id
                FROM api_key
                WHERE
                  api_key.id = given.api_key_id
                  AND api_key.business_id = "user".id
                  AND api_key.digest = given.session
                  AND given.scope = ANY(
                    api_key.scopes
                  )
              )
            )
          )
          AND "user".status = 0
      )
    )
    AND "order".business_id = given.actor_id
    AND (
      given.claim_key IS NULL
      OR (
        SELECT
          1
        FROM idempotency_key
        WHERE
          idempotency_key.scope = given.claim_scope AND idempotency_key.key = given.claim_key
      ) IS NULL
      AND pg_try_advisory_xact_lock(hashtextextended(CONCAT(given.claim_scope, ' ', given.claim_key), 0))
    )
  ORDER BY
    "order".id   FOR NO KEY UPDATE OF "order" SKIP LOCKED
), moved AS (
  UPDATE "order" SET status = 1, deliver_time = GREATEST(%(now)s, "order".create_time), deliver_address = COALESCE(locked.deliver_address, "order".deliver_address), logistic_id = locked.logistic_id, logistic_name = locked.logistic_name, logistic_order_id = locked.logistic_order_id
  FROM locked
  WHERE
    "order".id = locked.id
  RETURNING "order".id, "order".order_number, "order".status, "order".business_id, "order".customer_id, "order".sku_id, "order".num, "order".sku_snapshot, "order".pay_count, "order".create_time, "order".deliver_time, "order".recv_time, "order".close_time, "order".deliver_address, "order".receiver_name, "order".receiver_phone, "order".receiver_address, "order".logistic_id, "order".logistic_name, "order".logistic_order_id, "order".after_care_id, "order".back_reason, locked.position, locked.actor_id, locked.session, locked.api_key_id, locked.scope, locked.request_id, locked.claim_scope, locked.claim_key, locked.claim_fingerprint, locked.claim_status
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
    CAST(moved.actor_id AS INT) AS actor_id,
    CAST(moved.api_key_id AS INT) AS api_key_id,
    CAST(moved.request_id AS VARCHAR(64)) AS request_id,
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
), answers AS (
  SELECT
    moved.position,
    CAST(row_to_json(v) AS TEXT) AS body,
    moved.claim_scope,
    moved.claim_key,
    moved.claim_fingerprint,
    moved.claim_status
  FROM moved
  JOIN (
    SELECT
      after.id,
      after.order_number,
      after.status,
      after.business_id,
      after.customer_id,
      after.sku_id,
      after.num,
      CAST(after.sku_snapshot AS JSON) AS sku_snapshot,
      after.pay_count,
      after.create_time,
      after.deliver_time,
      after.recv_time,
      after.close_time,
      after.deliver_address,
      after.receiver_name,
      after.receiver_phone,
      after.receiver_address,
      after.logistic_id,
      after.logistic_name,
      after.logistic_order_id,
      after.after_care_id,
      after.back_reason,
      COALESCE(
        (
          SELECT
            json_build_object('name', order_receiver.name, 'phone', order_receiver.phone, 'address', order_receiver.address) AS json_build_object_1
          FROM order_receiver
          WHERE
            order_receiver.order_id = after.id
        ),
        json_build_object('name', after.receiver_name, 'phone', after.receiver_phone, 'address', after.receiver_address)
      ) AS receiver,
      CAST(%(now)s AS INT) AS updated_at,
      CASE
        WHEN (
          after.status = 0 AND %(ship)s > 0
        )
        THEN after.create_time + %(ship)s
        WHEN (
          after.status = 1 AND %(auto_receive)s > 0
        )
        THEN after.deliver_time + %(auto_receive)s
        WHEN (
          after.status = 2 AND %(after_sale)s > 0
        )
        THEN after.recv_time + %(after_sale)s
        ELSE NULL
      END + COALESCE(
        (
          SELECT
            CASE WHEN (
              order_clock.paused_in = after.status
            ) THEN order_clock.paused_seconds ELSE 0 END + CASE
              WHEN (
                after.status = 1
              )
              THEN order_clock.extended_days * 86400 + GREATEST(COALESCE(order_clock.tracked_time, 0) - after.deliver_time, 0)
              ELSE 0
            END AS anon_1
          FROM order_clock
          WHERE
            order_clock.order_id = after.id
        ),
        0
      ) AS deadline_at,
      CASE
        WHEN (
          after.after_care_id IS NULL
        )
        THEN 0
        ELSE CAST(CAST((
          SELECT
            COALESCE(SUM(CAST(settled.back_cost * 100 AS BIGINT)), 0) AS coalesce_3
          FROM except_order AS settled
          WHERE
            settled.order_id = after.id
            AND settled.status = 1
            AND settled.close_time IS NOT NULL
            AND (
              settled.except_type = '仅退款' OR settled.recv_time IS NOT NULL
            )
        ) AS BIGINT) AS DOUBLE PRECISION) / 100
      END AS refunded,
      CASE
        WHEN (
          after.after_care_id IS NULL
        )
        THEN after.num
        ELSE after.num - CAST((
          SELECT
            COALESCE(SUM(given_back.received), 0) AS coalesce_5
          FROM return_quantity AS given_back
          WHERE
            given_back.order_id = after.id
        ) AS INT)
      END AS pieces_left,
      ARRAY_REMOVE(
        CAST(ARRAY[
          CASE
            WHEN (
              after.status = 0
              OR after.status = 1
              OR after.status = -1
              AND after.deliver_time IS NOT NULL
              AND after.recv_time IS NULL
            )
            THEN 'ship'
            ELSE NULL
          END,
          CASE WHEN (
            after.status = 1 AND after.deliver_time >= %(now)s - 3600
          ) THEN 'unship' ELSE NULL END,
          CASE
            WHEN (
              after.status = 1
              AND NOT (
                EXISTS(
                  SELECT
                    order_clock.order_id
                  FROM order_clock
                  WHERE
                    order_clock.order_id = after.id AND order_clock.extended_days > 0
                )
              )
            )
            THEN 'extend'
            ELSE NULL
          END,
          CASE WHEN (
            after.status = 0
          ) THEN 'cancel' ELSE NULL END
        ] AS TEXT[]),
        NULL
      ) AS actions
    FROM (
      SELECT
        moved.id,
        moved.order_number,
        moved.status,
        moved.business_id,
        moved.customer_id,
        moved.sku_id,
        moved.num,
        moved.sku_snapshot,
        moved.pay_count,
        moved.create_time,
        moved.deliver_time,
        moved.recv_time,
        moved.close_time,
        moved.deliver_address,
        moved.receiver_name,
        moved.receiver_phone,
        moved.receiver_address,
        moved.logistic_id,
        moved.logistic_name,
        moved.logistic_order_id,
        moved.after_care_id,
        moved.back_reason
      FROM moved
    ) AS after
  ) AS v
    ON v.id = moved.id
  LEFT OUTER JOIN noted
    ON FALSE
), kept_answers AS (
  INSERT INTO idempotency_key (
    scope,
    key,
    fingerprint,
    status,
    body,
    create_time
  )
  SELECT
    answers.claim_scope,
    answers.claim_key,
    answers.claim_fingerprint,
    answers.claim_status,
    answers.body,
    %(now)s AS anon_2
  FROM answers
  WHERE
    answers.claim_key IS NOT NULL
  RETURNING idempotency_key.key
)
SELECT
  answers.position,
  answers.body
FROM answers
LEFT OUTER JOIN kept_answers
  ON FALSE
