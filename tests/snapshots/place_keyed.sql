WITH locked AS (
  SELECT
    sku.id,
    sku.product_id,
    sku.sku_name,
    sku.sku_attr,
    sku.price,
    sku.stock,
    sku.status
  FROM sku
  WHERE
    sku.id = ANY(
      CAST(%(sku_ids)s AS INT[])
    ) AND sku.stock > 0
  ORDER BY
    sku.id   FOR NO KEY UPDATE
), wanted AS (
  SELECT
    given.position,
    given.order_number,
    given.customer_id,
    given.sku_id,
    given.num,
    given.receiver_name,
    given.receiver_phone,
    given.receiver_address,
    given.pay_count,
    given.create_time,
    given.digest,
    given.request_id,
    given.whole_name,
    given.whole_phone,
    given.whole_address,
    given.claim_scope,
    given.claim_key,
    given.claim_fingerprint,
    given.claim_status,
    locked.sku_name,
    locked.sku_attr,
    locked.price,
    locked.product_id,
    product.business_id,
    product.name,
    product.unit,
    product.meta_obj_id,
    locked.stock - SUM(given.num) OVER (PARTITION BY given.sku_id ORDER BY given.position) AS stock
  FROM json_to_recordset(CAST(%(purchases)s AS JSON)) AS given(position INT, order_number VARCHAR(30), customer_id INT, sku_id INT, num INT, receiver_name VARCHAR(30), receiver_phone VARCHAR(12), receiver_address VARCHAR(300), pay_count DOUBLE PRECISION, create_time INT, digest TEXT, request_id TEXT, whole_name TEXT, whole_phone TEXT, whole_address TEXT, claim_scope TEXT, claim_key TEXT, claim_fingerprint TEXT, claim_status INT)
  JOIN locked
    ON locked.id = given.sku_id
  JOIN LATERAL (
    SELECT
      product.business_id,
      product.name,
      product.unit,
      product.meta_obj_id
    FROM product
    WHERE
      product.id = locked.product_id
    LIMIT ALL
    OFFSET 0
  ) AS product
    ON TRUE
  WHERE
    (
      EXISTS(
        SELECT
          customer.id
        FROM customer
        WHERE
          customer.id = given.customer_id
      )
    )
    AND NOT (
      EXISTS(
        SELECT
          "order".id
        FROM "order"
        WHERE
          "order".order_number = given.order_number
      )
    )
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
), fitting AS (
  SELECT
    wanted.position,
    wanted.order_number,
    wanted.customer_id,
    wanted.sku_id,
    wanted.num,
    wanted.receiver_name,
    wanted.receiver_phone,
    wanted.receiver_address,
    wanted.pay_count,
    wanted.create_time,
    wanted.digest,
    wanted.request_id,
    wanted.whole_name,
    wanted.whole_phone,
    wanted.whole_address,
    wanted.claim_scope,
    wanted.claim_key,
    wanted.claim_fingerprint,
    wanted.claim_status,
    wanted.sku_name,
    wanted.sku_attr,
    wanted.price,
    wanted.product_id,
    wanted.business_id,
    wanted.name,
    wanted.unit,
    wanted.meta_obj_id,
    wanted.stock
  FROM wanted
  WHERE
    wanted.stock >= 0
), sold AS (
  SELECT
    fitting.sku_id,
    SUM(fitting.num) AS num
  FROM fitting
  GROUP BY
    fitting.sku_id
), taken AS (
  UPDATE sku SET stock = CAST(CAST(sku.stock AS BIGINT) + -sold.num AS INT), status = CASE WHEN (
    CAST(sku.stock AS BIGINT) + -sold.num > 0
  ) THEN 1 ELSE 0 END
  FROM sold
  WHERE
    sku.id = sold.sku_id
    AND CAST(sku.stock AS BIGINT) + -sold.num >= 0
    AND CAST(sku.stock AS BIGINT) + -sold.num <= 2147483647
  RETURNING sku.id, sku.stock
), bought AS (
  SELECT
    fitting.position,
    fitting.order_number,
    fitting.customer_id,
    fitting.sku_id,
    fitting.num,
    fitting.receiver_name,
    fitting.receiver_phone,
    fitting.receiver_address,
    fitting.pay_count,
    fitting.create_time,
    fitting.digest,
    fitting.request_id,
    fitting.whole_name,
    fitting.whole_phone,
    fitting.whole_address,
    fitting.claim_scope,
    fitting.claim_key,
    fitting.claim_fingerprint,
    fitting.claim_status,
    fitting.sku_name,
    fitting.sku_attr,
    fitting.price,
    fitting.product_id,
    fitting.business_id,
    fitting.name,
    fitting.unit,
    fitting.meta_obj_id,
    fitting.stock
  FROM fitting
  JOIN taken
    ON taken.id = fitting.sku_id
), placed AS (
  INSERT INTO "order" (
    status,
    business_id,
    sku_snapshot,
    order_number,
    customer_id,
    sku_id,
    num,
    receiver_name,
    receiver_phone,
    receiver_address,
    pay_count,
    create_time
  )
  SELECT
    0 AS status,
    bought.business_id,
    CAST(json_build_object(
      'product_id',
      bought.product_id,
      'product_name',
      bought.name,
      'sku_name',
      bought.sku_name,
      'sku_attr',
      bought.sku_attr,
      'price',
      bought.price,
      'unit',
      bought.unit,
      'meta_obj_id',
      bought.meta_obj_id
    ) AS TEXT) AS sku_snapshot,
    bought.order_number,
    bought.customer_id,
    bought.sku_id,
    bought.num,
    bought.receiver_name,
    bought.receiver_phone,
    bought.receiver_address,
    COALESCE(bought.pay_count, CAST(ROUND(CAST(bought.price AS DECIMAL) * bought.num, 2) AS DOUBLE PRECISION)) AS pay_count,
    COALESCE(bought.create_time, %(now)s) AS create_time
  FROM bought
  RETURNING "order".id, "order".order_number, "order".status, "order".business_id, "order".customer_id, "order".sku_id, "order".num, "order".sku_snapshot, "order".pay_count, "order".create_time, "order".deliver_time, "order".recv_time, "order".close_time, "order".deliver_address, "order".receiver_name, "order".receiver_phone, "order".receiver_address, "order".logistic_id, "order".logistic_name, "order".logistic_order_id, "order".after_care_id, "order".back_reason
), kept AS (
  INSERT INTO order_receiver (
    order_id,
    name,
    phone,
    address
  )
  SELECT
    placed.id,
    bought.whole_name,
    bought.whole_phone,
    bought.whole_address
  FROM placed
  JOIN bought
    ON placed.order_number = bought.order_number
  WHERE
    bought.whole_name IS NOT NULL
  RETURNING order_receiver.order_id
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
    CAST(each_event.request_id AS VARCHAR(64)) AS request_id,
    CAST(each_event.id AS INT) AS subject_id,
    CAST(each_event.verb AS VARCHAR(30)) AS verb,
    CAST(each_event.subject AS VARCHAR(20)) AS subject,
    CAST(each_event.to_status AS INT) AS to_status,
    CAST(each_event.details AS JSONB) AS details,
    CAST(each_event.business_id AS INT) AS business_id,
    CAST(each_event.order_id AS INT) AS order_id
  FROM (
    SELECT
      "both".id,
      "both".verb,
      "both".subject,
      "both".to_status,
      "both".details,
      "both".request_id,
      "both".business_id,
      "both".order_id,
      "both".position
    FROM (
      SELECT
        placed.id,
        'place' AS verb,
        'order' AS subject,
        0 AS to_status,
        jsonb_build_object('digest', bought.digest, 'sku_id', bought.sku_id, 'num', bought.num) AS details,
        bought.request_id,
        placed.business_id,
        placed.id AS order_id,
        bought.position
      FROM placed
      JOIN bought
        ON placed.order_number = bought.order_number
      UNION ALL
      SELECT
        each.id,
        'stock' AS anon_2,
        'sku' AS anon_3,
        NULL AS anon_4,
        jsonb_build_object('stock', each.stock, 'delta', each.delta, 'reason', each.reason, 'reference', each.reference) AS jsonb_build_object_1,
        each.request_id,
        each.business_id,
        NULL AS anon__1,
        each.position
      FROM (
        SELECT
          bought.position,
          bought.order_number,
          bought.customer_id,
          bought.sku_id,
          bought.num,
          bought.receiver_name,
          bought.receiver_phone,
          bought.receiver_address,
          bought.pay_count,
          bought.create_time,
          bought.digest,
          bought.request_id,
          bought.whole_name,
          bought.whole_phone,
          bought.whole_address,
          bought.claim_scope,
          bought.claim_key,
          bought.claim_fingerprint,
          bought.claim_status,
          bought.sku_name,
          bought.sku_attr,
          bought.price,
          bought.product_id,
          bought.business_id,
          bought.name,
          bought.unit,
          bought.meta_obj_id,
          bought.stock,
          bought.sku_id AS id,
          -bought.num AS delta,
          'order' AS reason,
          bought.order_number AS reference
        FROM bought
      ) AS each
    ) AS "both"
    ORDER BY
      "both".position
  ) AS each_event
  RETURNING event.id
), movement AS (
  INSERT INTO stock_movement (
    sku_id,
    delta,
    stock_after,
    reason,
    reference,
    actor_kind,
    actor_id,
    create_time,
    business_id
  )
  SELECT
    each.id AS sku_id,
    CAST(each.delta AS INT) AS delta,
    each.stock AS stock_after,
    CAST(each.reason AS VARCHAR) AS reason,
    CAST(each.reference AS VARCHAR) AS reference,
    CAST(%(actor_kind)s AS VARCHAR) AS actor_kind,
    CAST(%(actor_id)s AS INT) AS actor_id,
    CAST(%(now)s AS INT) AS create_time,
    each.business_id
  FROM (
    SELECT
      bought.position,
      bought.order_number,
      bought.customer_id,
      bought.sku_id,
      bought.num,
      bought.receiver_name,
      bought.receiver_phone,
      bought.receiver_address,
      bought.pay_count,
      bought.create_time,
      bought.digest,
      bought.request_id,
      bought.whole_name,
      bought.whole_phone,
      bought.whole_address,
      bought.claim_scope,
      bought.claim_key,
      bought.claim_fingerprint,
      bought.claim_status,
      bought.sku_name,
      bought.sku_attr,
      bought.price,
      bought.product_id,
      bought.business_id,
      bought.name,
      bought.unit,
      bought.meta_obj_id,
      bought.stock,
      bought.sku_id AS id,
      -bought.num AS delta,
      'order' AS reason,
      bought.order_number AS reference
    FROM bought
  ) AS each
  RETURNING stock_movement.id
), crossing AS (
  INSERT INTO event (
    time,
    actor_kind,
    actor_id,
    api_key_id,
    request_id,
    subject_id,
    verb,
    subject,
    details,
    business_id
  )
  SELECT
    CAST(%(now)s AS INT) AS time,
    CAST(%(actor_kind)s AS VARCHAR(10)) AS actor_kind,
    CAST(%(actor_id)s AS INT) AS actor_id,
    CAST(%(api_key_id)s AS INT) AS api_key_id,
    CAST(low.request_id AS VARCHAR(64)) AS request_id,
    CAST(low.id AS INT) AS subject_id,
    CAST('low_stock' AS VARCHAR(30)) AS verb,
    CAST('sku' AS VARCHAR(20)) AS subject,
    CAST(jsonb_build_object('stock', low.stock, 'threshold', low.threshold) AS JSONB) AS details,
    CAST(low.business_id AS INT) AS business_id
  FROM (
    SELECT
      limited.position,
      limited.order_number,
      limited.customer_id,
      limited.sku_id,
      limited.num,
      limited.receiver_name,
      limited.receiver_phone,
      limited.receiver_address,
      limited.pay_count,
      limited.create_time,
      limited.digest,
      limited.request_id,
      limited.whole_name,
      limited.whole_phone,
      limited.whole_address,
      limited.claim_scope,
      limited.claim_key,
      limited.claim_fingerprint,
      limited.claim_status,
      limited.sku_name,
      limited.sku_attr,
      limited.price,
      limited.product_id,
      limited.business_id,
      limited.name,
      limited.unit,
      limited.meta_obj_id,
      limited.stock,
      limited.id,
      limited.delta,
      limited.reason,
      limited.reference,
      limited.threshold
    FROM (
      SELECT
        changed.position,
        changed.order_number,
        changed.customer_id,
        changed.sku_id,
        changed.num,
        changed.receiver_name,
        changed.receiver_phone,
        changed.receiver_address,
        changed.pay_count,
        changed.create_time,
        changed.digest,
        changed.request_id,
        changed.whole_name,
        changed.whole_phone,
        changed.whole_address,
        changed.claim_scope,
        changed.claim_key,
        changed.claim_fingerprint,
        changed.claim_status,
        changed.sku_name,
        changed.sku_attr,
        changed.price,
        changed.product_id,
        changed.business_id,
        changed.name,
        changed.unit,
        changed.meta_obj_id,
        changed.stock,
        changed.id,
        changed.delta,
        changed.reason,
        changed.reference,
        low_stock_threshold(CAST(changed.id AS INT), CAST(changed.business_id AS INT)) AS threshold
      FROM (
        SELECT
          bought.position,
          bought.order_number,
          bought.customer_id,
          bought.sku_id,
          bought.num,
          bought.receiver_name,
          bought.receiver_phone,
          bought.receiver_address,
          bought.pay_count,
          bought.create_time,
          bought.digest,
          bought.request_id,
          bought.whole_name,
          bought.whole_phone,
          bought.whole_address,
          bought.claim_scope,
          bought.claim_key,
          bought.claim_fingerprint,
          bought.claim_status,
          bought.sku_name,
          bought.sku_attr,
          bought.price,
          bought.product_id,
          bought.business_id,
          bought.name,
          bought.unit,
          bought.meta_obj_id,
          bought.stock,
          bought.sku_id AS id,
          -bought.num AS delta,
          'order' AS reason,
          bought.order_number AS reference
        FROM bought
      ) AS changed
      LIMIT ALL
      OFFSET 0
    ) AS limited
    WHERE
      limited.stock <= limited.threshold AND limited.stock - limited.delta > limited.threshold
  ) AS low
  RETURNING event.id
), answers AS (
  SELECT
    v.order_number,
    CAST(row_to_json(v) AS TEXT) AS body,
    bought.claim_scope,
    bought.claim_key,
    bought.claim_fingerprint,
    bought.claim_status
  FROM (
    SELECT
      orders.id,
      orders.order_number,
      orders.status,
      orders.business_id,
      orders.customer_id,
      orders.sku_id,
      orders.num,
      CAST(orders.sku_snapshot AS JSON) AS sku_snapshot,
      orders.pay_count,
      orders.create_time,
      orders.deliver_time,
      orders.recv_time,
      orders.close_time,
      orders.deliver_address,
      orders.receiver_name,
      orders.receiver_phone,
      orders.receiver_address,
      orders.logistic_id,
      orders.logistic_name,
      orders.logistic_order_id,
      orders.after_care_id,
      orders.back_reason,
      orders.receiver,
      CAST(%(now)s AS INT) AS updated_at,
      CASE
        WHEN (
          orders.status = 0 AND %(ship)s > 0
        )
        THEN orders.create_time + %(ship)s
        WHEN (
          orders.status = 1 AND %(auto_receive)s > 0
        )
        THEN orders.deliver_time + %(auto_receive)s
        WHEN (
          orders.status = 2 AND %(after_sale)s > 0
        )
        THEN orders.recv_time + %(after_sale)s
        ELSE NULL
      END + COALESCE(
        (
          SELECT
            CASE WHEN (
              order_clock.paused_in = orders.status
            ) THEN order_clock.paused_seconds ELSE 0 END + CASE
              WHEN (
                orders.status = 1
              )
              THEN order_clock.extended_days * 86400 + GREATEST(COALESCE(order_clock.tracked_time, 0) - orders.deliver_time, 0)
              ELSE 0
            END AS anon_1
          FROM order_clock
          WHERE
            order_clock.order_id = orders.id
        ),
        0
      ) AS deadline_at,
      CASE
        WHEN (
          orders.after_care_id IS NULL
        )
        THEN 0
        ELSE CAST(CAST((
          SELECT
            COALESCE(SUM(CAST(settled.back_cost * 100 AS BIGINT)), 0) AS coalesce_3
          FROM except_order AS settled
          WHERE
            settled.order_id = orders.id
            AND settled.status = 1
            AND settled.close_time IS NOT NULL
            AND (
              settled.except_type = '仅退款' OR settled.recv_time IS NOT NULL
            )
        ) AS BIGINT) AS DOUBLE PRECISION) / 100
      END AS refunded,
      CASE
        WHEN (
          orders.after_care_id IS NULL
        )
        THEN orders.num
        ELSE orders.num - CAST((
          SELECT
            COALESCE(SUM(given_back.received), 0) AS coalesce_5
          FROM return_quantity AS given_back
          WHERE
            given_back.order_id = orders.id
        ) AS INT)
      END AS pieces_left,
      ARRAY_REMOVE(CAST(ARRAY[] AS TEXT[]), NULL) AS actions
    FROM (
      SELECT
        placed.id,
        placed.order_number,
        placed.status,
        placed.business_id,
        placed.customer_id,
        placed.sku_id,
        placed.num,
        placed.sku_snapshot,
        placed.pay_count,
        placed.create_time,
        placed.deliver_time,
        placed.recv_time,
        placed.close_time,
        placed.deliver_address,
        placed.receiver_name,
        placed.receiver_phone,
        placed.receiver_address,
        placed.logistic_id,
        placed.logistic_name,
        placed.logistic_order_id,
        placed.after_care_id,
        placed.back_reason,
        json_build_object(
          'name',
          COALESCE(bought.whole_name, bought.receiver_name),
          'phone',
          COALESCE(bought.whole_phone, bought.receiver_phone),
          'address',
          COALESCE(bought.whole_address, bought.receiver_address)
        ) AS receiver
      FROM placed
      JOIN bought
        ON placed.order_number = bought.order_number
    ) AS orders
  ) AS v
  LEFT OUTER JOIN kept
    ON FALSE
  LEFT OUTER JOIN noted
    ON FALSE
  LEFT OUTER JOIN movement
    ON FALSE
  LEFT OUTER JOIN crossing
    ON FALSE
  JOIN bought
    ON v.order_number = bought.order_number
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
    %(now)s AS anon_5
  FROM answers
  WHERE
    answers.claim_key IS NOT NULL
  RETURNING idempotency_key.key
)
SELECT
  answers.order_number,
  answers.body
FROM answers
LEFT OUTER JOIN kept_answers
  ON FALSE
