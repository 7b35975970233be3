// The query of the attribution demo, as it is printed, saved by --dump and meant to be copied.
#pragma once

#include <string_view>

namespace weir {

/// One row per order: the customer, the earliest event in the seven days before the order by event
/// time (not by arrival; the smaller event id decides between events of the same moment), its
/// campaign, and the time between.
inline constexpr std::string_view kMartSql = R"sql(WITH touch AS (
  SELECT o.order_id, e.event_id, e.event_type, e.event_time, e.campaign_id,
         row_number() OVER (PARTITION BY o.order_id ORDER BY e.event_time, e.event_id) AS n
  FROM shop.orders o
  JOIN shop.events e ON e.customer_id = o.customer_id
   AND e.event_time <= o.order_time
   AND e.event_time >= o.order_time - INTERVAL 7 DAY)
SELECT o.order_id, o.order_time, o.customer_id, c.segment, o.total_amount,
       t.event_id AS first_touch_event, t.event_type AS first_touch_type, t.event_time AS first_touch_time,
       k.name AS campaign, k.channel, o.order_time - t.event_time AS touch_to_order
FROM shop.orders o
LEFT JOIN shop.customers c ON c.customer_id = o.customer_id
LEFT JOIN touch t ON t.order_id = o.order_id AND t.n = 1
LEFT JOIN shop.campaigns k ON k.campaign_id = t.campaign_id)sql";

inline constexpr std::string_view kMartTable = "mart_first_touch";

/// The mart as a table that any Iceberg client reads. Iceberg has no intervals: seconds instead.
inline constexpr std::string_view kMartTableSql = R"sql(DROP TABLE IF EXISTS shop.mart_first_touch;
CREATE TABLE shop.mart_first_touch (
  order_id STRING, order_time TIMESTAMP(3), customer_id STRING, segment STRING,
  total_amount DECIMAL(10, 2), first_touch_event STRING, first_touch_type STRING,
  first_touch_time TIMESTAMP(3), campaign STRING, channel STRING, touch_to_order_s BIGINT,
  PRIMARY KEY (order_id) NOT ENFORCED)
COMMENT 'made by weir demo attribution'
DISTRIBUTED BY (order_id) INTO 2 BUCKETS
WITH ('table.datalake.enabled' = 'true', 'table.datalake.freshness' = '1s'))sql";

/// The braces stand for kMartSql.
inline constexpr std::string_view kFillMartSql = R"sql(INSERT INTO shop.mart_first_touch
SELECT order_id, order_time, customer_id, segment, total_amount, first_touch_event,
       first_touch_type, first_touch_time, campaign, channel,
       CAST(floor(epoch(touch_to_order)) AS BIGINT)
FROM ({}) AS mart)sql";

/// Reads the mart with PyIceberg; the first argument is the address of the catalog.
inline constexpr std::string_view kReadMartPython = R"py(import sys
from pyiceberg.catalog import load_catalog

catalog = load_catalog("weir", type="rest", uri=sys.argv[1])
mart = catalog.load_table("shop.mart_first_touch").scan().to_arrow()
print(f"{mart.num_rows} orders, {mart.num_columns} columns")
sums = mart.group_by("channel").aggregate([("order_id", "count"), ("total_amount", "sum")])
table = sums.sort_by([("total_amount_sum", "descending")]).to_pandas()
print(table.fillna("(none)").to_string(index=False))
)py";

/// `mart` is kMartSql.
inline constexpr std::string_view kLatestOrdersSql = R"sql(
SELECT order_id, order_time, segment, total_amount, first_touch_type, campaign, channel, touch_to_order
FROM mart ORDER BY order_time DESC, order_id LIMIT 12)sql";

inline constexpr std::string_view kChannelsSql = R"sql(
SELECT coalesce(channel, CASE WHEN first_touch_event IS NULL THEN '(no touch)' ELSE '(no campaign)' END) AS channel,
       count(*) AS orders, sum(total_amount) AS revenue
FROM mart GROUP BY 1 ORDER BY revenue DESC, 1)sql";

}  // namespace weir
