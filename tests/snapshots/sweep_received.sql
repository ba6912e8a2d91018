SELECT
  "order".id
FROM "order"
WHERE
  "order".id > %(last)s
  AND "order".status = 1
  AND %(auto_receive)s > 0
  AND "order".deliver_time < %(now)s - %(auto_receive)s
ORDER BY
  "order".id
LIMIT %(chunk)s
