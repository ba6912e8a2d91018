SELECT
  except_order.id
FROM except_order
WHERE
  except_order.id > %(last)s
  AND except_order.status = 1
  AND except_order.close_time IS NULL
  AND except_order.deliver_time IS NOT NULL
  AND %(return_receive)s > 0
  AND except_order.deliver_time < %(now)s - %(return_receive)s
ORDER BY
  except_order.id
LIMIT %(chunk)s
