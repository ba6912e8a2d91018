SELECT
  except_order.id
FROM except_order
WHERE
  except_order.id > %(last)s
  AND except_order.status = 0
  AND except_order.close_time IS NULL
  AND (
    SELECT
      refund_offer.back_cost
    FROM refund_offer
    WHERE
      refund_offer.ticket_id = except_order.id
  ) IS NULL
  AND %(answer)s > 0
  AND except_order.create_time < %(now)s - %(answer)s
  AND (
    except_order.except_type = '仅退款'
    OR (
      EXISTS(
        SELECT
          return_address.business_id
        FROM return_address
        WHERE
          return_address.business_id = except_order.business_id
      )
    )
  )
ORDER BY
  except_order.id
LIMIT %(chunk)s
