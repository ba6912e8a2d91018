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
)
SELECT
  caller.caller_status,
  (
    SELECT
      CAST(row_to_json(v) AS TEXT) AS row_to_json
    FROM (
      SELECT
        "order".id,
        "order".order_number,
        "order".status,
        "order".business_id,
        "order".customer_id,
        "order".sku_id,
        "order".num,
        CAST("order".sku_snapshot AS JSON) AS sku_snapshot,
        "order".pay_count,
        "order".create_time,
        "order".deliver_time,
        "order".recv_time,
        "order".close_time,
        "order".deliver_address,
        "order".receiver_name,
        "order".receiver_phone,
        "order".receiver_address,
        "order".logistic_id,
        "order".logistic_name,
        "order".logistic_order_id,
        "order".after_care_id,
        "order".back_reason,
        COALESCE(
          (
            SELECT
              json_build_object('name', order_receiver.name, 'phone', order_receiver.phone, 'address', order_receiver.address) AS json_build_object_1
            FROM order_receiver
            WHERE
              order_receiver.order_id = "order".id
          ),
          json_build_object('name', "order".receiver_name, 'phone', "order".receiver_phone, 'address', "order".receiver_address)
        ) AS receiver,
        COALESCE(
          (
            SELECT
              event.time
            FROM event
            WHERE
              event.order_id = "order".id
            ORDER BY
              event.id DESC
            LIMIT 1
          ),
          "order".create_time
        ) AS updated_at,
        CASE
          WHEN (
            "order".status = 0 AND %(ship)s > 0
          )
          THEN "order".create_time + %(ship)s
          WHEN (
            "order".status = 1 AND %(auto_receive)s > 0
          )
          THEN "order".deliver_time + %(auto_receive)s
          WHEN (
            "order".status = 2 AND %(after_sale)s > 0
          )
          THEN "order".recv_time + %(after_sale)s
          ELSE NULL
        END + COALESCE(
          (
            SELECT
              CASE WHEN (
                order_clock.paused_in = "order".status
              ) THEN order_clock.paused_seconds ELSE 0 END + CASE
                WHEN (
                  "order".status = 1
                )
                THEN order_clock.extended_days * 86400 + GREATEST(COALESCE(order_clock.tracked_time, 0) - "order".deliver_time, 0)
                ELSE 0
              END AS anon_1
            FROM order_clock
            WHERE
              order_clock.order_id = "order".id
          ),
          0
        ) AS deadline_at,
        CASE
          WHEN (
            "order".after_care_id IS NULL
          )
          THEN 0
          ELSE CAST(CAST((
            SELECT
              COALESCE(SUM(CAST(settled.back_cost * 100 AS BIGINT)), 0) AS coalesce_3
            FROM except_order AS settled
            WHERE
              settled.order_id = "order".id
              AND settled.status = 1
              AND settled.close_time IS NOT NULL
              AND (
                settled.except_type = '仅退款' OR settled.recv_time IS NOT NULL
              )
          ) AS BIGINT) AS DOUBLE PRECISION) / 100
        END AS refunded,
        CASE
          WHEN (
            "order".after_care_id IS NULL
          )
          THEN "order".num
          ELSE "order".num - CAST((
            SELECT
              COALESCE(SUM(given_back.received), 0) AS coalesce_5
            FROM return_quantity AS given_back
            WHERE
              given_back.order_id = "order".id
          ) AS INT)
        END AS pieces_left,
        ARRAY_REMOVE(
          CAST(ARRAY[
            CASE
              WHEN (
                "order".status = 0
                OR "order".status = 1
                OR "order".status = -1
                AND "order".deliver_time IS NOT NULL
                AND "order".recv_time IS NULL
              )
              THEN 'ship'
              ELSE NULL
            END,
            CASE
              WHEN (
                "order".status = 1 AND "order".deliver_time >= %(now)s - 3600
              )
              THEN 'unship'
              ELSE NULL
            END,
            CASE
              WHEN (
                "order".status = 1
                AND NOT (
                  EXISTS(
                    SELECT
                      order_clock.order_id
                    FROM order_clock
                    WHERE
                      order_clock.order_id = "order".id AND order_clock.extended_days > 0
                  )
                )
              )
              THEN 'extend'
              ELSE NULL
            END,
            CASE WHEN (
              "order".status = 0
            ) THEN 'cancel' ELSE NULL END
          ] AS TEXT[]),
          NULL
        ) AS actions,
        (
          SELECT
            row_to_json(t) AS row_to_json_1
          FROM (
            SELECT
              ticket.id,
              ticket.order_id,
              ticket.business_id,
              ticket.except_type,
              ticket.status,
              ticket.create_time,
              ticket.deliver_time,
              ticket.recv_time,
              ticket.close_time,
              ticket.logistics_id,
              ticket.logistics_order_id,
              ticket.back_reason,
              ticket.remark,
              ticket.back_cost,
              CASE
                WHEN (
                  ticket.status = 0 AND ticket.close_time IS NULL AND ticket.offer_back_cost IS NOT NULL
                )
                THEN 'offered'
                WHEN (
                  ticket.status = 0 AND ticket.close_time IS NULL AND ticket.offer_back_cost IS NULL
                )
                THEN 'applied'
                WHEN (
                  ticket.status = 1 AND ticket.close_time IS NULL AND ticket.deliver_time IS NULL
                )
                THEN 'awaiting_return'
                WHEN (
                  ticket.status = 1 AND ticket.close_time IS NULL AND ticket.deliver_time IS NOT NULL
                )
                THEN 'awaiting_receipt'
                WHEN (
                  ticket.status = 1
                  AND ticket.status = 1
                  AND ticket.close_time IS NOT NULL
                  AND (
                    ticket.except_type = '仅退款' OR ticket.recv_time IS NOT NULL
                  )
                )
                THEN 'refunded'
                WHEN (
                  ticket.status = 2 AND ticket.close_time IS NOT NULL
                )
                THEN 'refused'
                WHEN (
                  ticket.status = 0 AND ticket.close_time IS NOT NULL
                )
                THEN 'withdrawn'
                WHEN (
                  ticket.status = 1
                  AND ticket.close_time IS NOT NULL
                  AND ticket.except_type = '退货退款'
                  AND ticket.recv_time IS NULL
                )
                THEN 'lapsed'
                ELSE NULL
              END AS step,
              CASE
                WHEN (
                  ticket.status = 0
                  AND ticket.close_time IS NULL
                  AND ticket.offer_back_cost IS NOT NULL
                  AND %(consent)s > 0
                )
                THEN ticket.offer_time + %(consent)s
                WHEN (
                  ticket.status = 0 AND ticket.close_time IS NULL AND ticket.offer_back_cost IS NULL AND %(answer)s > 0
                )
                THEN ticket.create_time + %(answer)s
                WHEN (
                  ticket.status = 1
                  AND ticket.close_time IS NULL
                  AND ticket.deliver_time IS NULL
                  AND %(return_goods)s > 0
                )
                THEN COALESCE(
                  (
                    SELECT
                      MAX(event.time) AS max_1
                    FROM event
                    WHERE
                      event.order_id = ticket.order_id
                      AND event.subject = 'except_order'
                      AND (
                        event.verb = 'agree' OR event.verb = 'accept'
                      )
                      AND event.subject_id = ticket.id
                  ),
                  %(now)s
                ) + %(return_goods)s
                WHEN (
                  ticket.status = 1
                  AND ticket.close_time IS NULL
                  AND ticket.deliver_time IS NOT NULL
                  AND %(return_receive)s > 0
                )
                THEN ticket.deliver_time + %(return_receive)s
                ELSE NULL
              END AS deadline_at,
              (
                SELECT
                  row_to_json(p) AS row_to_json_2
                FROM (
                  SELECT
                    return_parcel.id,
                    return_parcel.logistics_id,
                    return_parcel.tracking_number,
                    return_parcel.create_time
                  FROM return_parcel
                  WHERE
                    return_parcel.id = ticket.logistics_order_id
                ) AS p
              ) AS return_parcel,
              (
                SELECT
                  row_to_json(a) AS row_to_json_3
                FROM (
                  SELECT
                    ticket_return_address.name,
                    ticket_return_address.phone,
                    ticket_return_address.address
                  FROM ticket_return_address
                  WHERE
                    ticket_return_address.ticket_id = ticket.id
                ) AS a
              ) AS return_address,
              (
                SELECT
                  COALESCE(JSON_AGG(row_to_json(v)), CAST('[]' AS JSON)) AS coalesce_7
                FROM (
                  SELECT
                    CASE WHEN (
                      evidence.customer_id IS NOT NULL
                    ) THEN 'customer' ELSE 'merchant' END AS by,
                    evidence.name,
                    CONCAT('/api/v1/files/', evidence.name) AS url
                  FROM evidence
                  WHERE
                    evidence.ticket_id = ticket.id
                  ORDER BY
                    evidence.position
                ) AS v
              ) AS evidence,
              CASE
                WHEN (
                  ticket.status = 1
                  AND ticket.status = 1
                  AND ticket.close_time IS NOT NULL
                  AND (
                    ticket.except_type = '仅退款' OR ticket.recv_time IS NOT NULL
                  )
                )
                THEN COALESCE(
                  (
                    SELECT
                      row_to_json(p) AS row_to_json_4
                    FROM (
                      SELECT
                        refund_payment.amount,
                        refund_payment.status,
                        refund_payment.paid_time
                      FROM refund_payment
                      WHERE
                        refund_payment.ticket_id = ticket.id
                    ) AS p
                  ),
                  CAST(json_build_object(
                    'amount',
                    ticket.back_cost,
                    'status',
                    CASE WHEN (
                      ticket.back_cost = 0
                    ) THEN 'paid' ELSE 'due' END,
                    'paid_time',
                    CASE WHEN (
                      ticket.back_cost = 0
                    ) THEN ticket.close_time ELSE NULL END
                  ) AS JSON)
                )
                ELSE NULL
              END AS refund,
              CASE
                WHEN (
                  ticket.pieces_asked IS NOT NULL
                )
                THEN json_build_object(
                  'asked',
                  ticket.pieces_asked,
                  'sent',
                  ticket.pieces_sent,
                  'received',
                  ticket.pieces_received,
                  'restocked',
                  ticket.pieces_restocked
                )
                ELSE NULL
              END AS pieces,
              CASE
                WHEN (
                  ticket.offer_back_cost IS NOT NULL
                )
                THEN json_build_object('back_cost', ticket.offer_back_cost, 'remark', ticket.offer_remark, 'time', ticket.offer_time)
                ELSE NULL
              END AS offer,
              ARRAY_REMOVE(
                CAST(ARRAY[
                  CASE
                    WHEN (
                      ticket.status = 0
                      AND ticket.close_time IS NULL
                      AND ticket.except_type = '仅退款'
                      OR ticket.status = 0
                      AND ticket.close_time IS NULL
                      AND ticket.except_type = '退货退款'
                    )
                    THEN 'agree'
                    ELSE NULL
                  END,
                  CASE
                    WHEN (
                      ticket.status = 0
                      AND ticket.close_time IS NULL
                      AND ticket.offer_back_cost IS NULL
                      OR ticket.status = 1
                      AND ticket.close_time IS NULL
                      AND ticket.deliver_time IS NOT NULL
                    )
                    THEN 'refuse'
                    ELSE NULL
                  END,
                  CASE
                    WHEN (
                      ticket.status = 1 AND ticket.close_time IS NULL AND ticket.deliver_time IS NOT NULL
                    )
                    THEN 'receive'
                    ELSE NULL
                  END
                ] AS TEXT[]),
                NULL
              ) AS actions
            FROM (
              SELECT
                except_order.id,
                except_order.order_id,
                except_order.business_id,
                except_order.except_type,
                except_order.status,
                except_order.create_time,
                except_order.deliver_time,
                except_order.recv_time,
                except_order.close_time,
                except_order.logistics_id,
                except_order.logistics_order_id,
                except_order.back_reason,
                except_order.remark,
                except_order.back_cost,
                refund_offer.back_cost AS offer_back_cost,
                refund_offer.remark AS offer_remark,
                refund_offer.time AS offer_time,
                return_quantity.asked AS pieces_asked,
                return_quantity.sent AS pieces_sent,
                return_quantity.received AS pieces_received,
                return_quantity.restocked AS pieces_restocked
              FROM except_order
              LEFT OUTER JOIN refund_offer
                ON refund_offer.ticket_id = except_order.id
              LEFT OUTER JOIN return_quantity
                ON return_quantity.ticket_id = except_order.id
            ) AS ticket
            WHERE
              ticket.id = "order".after_care_id
          ) AS t
        ) AS except_order,
        (
          SELECT
            its_buyer.name
          FROM customer AS its_buyer
          WHERE
            its_buyer.id = "order".customer_id
        ) AS customer_name,
        (
          SELECT
            order_note.note
          FROM order_note
          WHERE
            order_note.order_id = "order".id
        ) AS note,
        COALESCE((
          SELECT
            order_note.flag
          FROM order_note
          WHERE
            order_note.order_id = "order".id
        ), 0) AS flag,
        CASE
          WHEN (
            "order".after_care_id IS NOT NULL
          )
          THEN (
            SELECT
              json_build_object(
                'id',
                in_force.id,
                'step',
                CASE
                  WHEN (
                    in_force.status = 0
                    AND in_force.close_time IS NULL
                    AND (
                      SELECT
                        refund_offer.back_cost
                      FROM refund_offer
                      WHERE
                        refund_offer.ticket_id = in_force.id
                    ) IS NOT NULL
                  )
                  THEN 'offered'
                  WHEN (
                    in_force.status = 0
                    AND in_force.close_time IS NULL
                    AND (
                      SELECT
                        refund_offer.back_cost
                      FROM refund_offer
                      WHERE
                        refund_offer.ticket_id = in_force.id
                    ) IS NULL
                  )
                  THEN 'applied'
                  WHEN (
                    in_force.status = 1 AND in_force.close_time IS NULL AND in_force.deliver_time IS NULL
                  )
                  THEN 'awaiting_return'
                  WHEN (
                    in_force.status = 1 AND in_force.close_time IS NULL AND in_force.deliver_time IS NOT NULL
                  )
                  THEN 'awaiting_receipt'
                  WHEN (
                    in_force.status = 1
                    AND in_force.status = 1
                    AND in_force.close_time IS NOT NULL
                    AND (
                      in_force.except_type = '仅退款' OR in_force.recv_time IS NOT NULL
                    )
                  )
                  THEN 'refunded'
                  WHEN (
                    in_force.status = 2 AND in_force.close_time IS NOT NULL
                  )
                  THEN 'refused'
                  WHEN (
                    in_force.status = 0 AND in_force.close_time IS NOT NULL
                  )
                  THEN 'withdrawn'
                  WHEN (
                    in_force.status = 1
                    AND in_force.close_time IS NOT NULL
                    AND in_force.except_type = '退货退款'
                    AND in_force.recv_time IS NULL
                  )
                  THEN 'lapsed'
                  ELSE NULL
                END,
                'back_cost',
                in_force.back_cost
              ) AS json_build_object_2
            FROM except_order AS in_force
            WHERE
              in_force.id = "order".after_care_id
          )
          ELSE NULL
        END AS ticket
      FROM "order"
      WHERE
        "order".id = %(order_id)s AND "order".business_id = %(actor_id)s
    ) AS v
  ) AS body
FROM caller
