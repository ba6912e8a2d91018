WITH picked AS (
  SELECT
    reached.id,
    reached.order_id,
    reached.business_id,
    reached.except_type,
    reached.status,
    reached.create_time,
    reached.deliver_time,
    reached.recv_time,
    reached.close_time,
    reached.logistics_id,
    reached.logistics_order_id,
    reached.back_reason,
    reached.remark,
    reached.back_cost,
    reached.step,
    reached.deadline_at,
    reached.return_parcel,
    reached.return_address,
    reached.evidence,
    reached.refund,
    reached.pieces,
    reached.offer,
    reached.actions,
    reached._time,
    reached._id
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
          row_to_json(p) AS row_to_json_1
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
          row_to_json(a) AS row_to_json_2
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
          COALESCE(JSON_AGG(row_to_json(v)), CAST('[]' AS JSON)) AS coalesce_2
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
              row_to_json(p) AS row_to_json_3
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
      ) AS actions,
      ticket.create_time AS _time,
      ticket.id AS _id
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
      ticket.business_id = %(actor_id)s
    ORDER BY
      ticket.create_time DESC,
      ticket.id DESC
    LIMIT 101
  ) AS reached
  LIMIT %(size)s + 1
), caller AS (
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
  CAST((
    SELECT
      COALESCE(JSON_AGG(row_to_json(v)), CAST('[]' AS JSON)) AS coalesce_1
    FROM (
      SELECT
        picked.id,
        picked.order_id,
        picked.business_id,
        picked.except_type,
        picked.status,
        picked.create_time,
        picked.deliver_time,
        picked.recv_time,
        picked.close_time,
        picked.logistics_id,
        picked.logistics_order_id,
        picked.back_reason,
        picked.remark,
        picked.back_cost,
        picked.step,
        picked.deadline_at,
        picked.return_parcel,
        picked.return_address,
        picked.evidence,
        picked.refund,
        picked.pieces,
        picked.offer,
        picked.actions,
        bought.order_number,
        bought.product_name,
        bought.sku_name,
        bought.receiver,
        bought.pay_count,
        bought.buyer
      FROM picked
      JOIN LATERAL (
        SELECT
          its_order.order_number,
          CAST(CAST(its_order.sku_snapshot AS JSON) ->> 'product_name' AS VARCHAR) AS product_name,
          CAST(CAST(its_order.sku_snapshot AS JSON) ->> 'sku_name' AS VARCHAR) AS sku_name,
          COALESCE(
            (
              SELECT
                json_build_object('name', order_receiver.name, 'phone', order_receiver.phone, 'address', order_receiver.address) AS json_build_object_1
              FROM order_receiver
              WHERE
                order_receiver.order_id = its_order.id
            ),
            json_build_object('name', its_order.receiver_name, 'phone', its_order.receiver_phone, 'address', its_order.receiver_address)
          ) AS receiver,
          its_order.pay_count,
          json_build_object('id', its_buyer.id, 'name', its_buyer.name) AS buyer
        FROM "order" AS its_order
        JOIN customer AS its_buyer
          ON its_buyer.id = its_order.customer_id
        WHERE
          its_order.id = picked.order_id
        LIMIT ALL
        OFFSET 0
      ) AS bought
        ON TRUE
      LIMIT %(size)s
    ) AS v
  ) AS TEXT) AS items,
  (
    SELECT
      COALESCE(SUM(ticket_tally.delta), 0) AS coalesce_3
    FROM ticket_tally
    WHERE
      ticket_tally.business_id = %(actor_id)s
  ) AS total,
  CAST((
    SELECT
      CONCAT(picked._time, '.', picked._id) AS concat_2
    FROM picked
    LIMIT 1
    OFFSET %(size)s - 1
  ) AS TEXT) AS last,
  (
    SELECT
      COUNT(*) AS count_1
    FROM picked
  ) AS found
FROM caller
