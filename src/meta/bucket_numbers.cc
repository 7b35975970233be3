#include "meta/bucket_numbers.h"

#include <boost/json.hpp>

namespace weir {

namespace json = boost::json;

std::string ToRecord(const BucketNumbers& value) {
  json::array buckets;
  for (const auto& [bucket, number] : value.numbers) {
    buckets.push_back(json::array{bucket.table.value,
                                  bucket.partition ? bucket.partition->value : -1, bucket.bucket,
                                  number});
  }
  return json::serialize(
      json::object{{"version", 1}, {"expires", value.expires_ms}, {"buckets", std::move(buckets)}});
}

Result<BucketNumbers> BucketNumbersFromRecord(std::string_view record) {
  const auto bad = [] {
    return Fail(ErrorCode::kStorage, "a record of numbers per bucket is malformed");
  };
  boost::system::error_code error;
  const json::value document = json::parse(record, error);
  if (error || !document.is_object()) return bad();
  const json::value* expires = document.get_object().if_contains("expires");
  const json::value* buckets = document.get_object().if_contains("buckets");
  if (expires == nullptr || !expires->is_int64() || buckets == nullptr || !buckets->is_array())
    return bad();
  BucketNumbers out{.expires_ms = expires->get_int64()};
  for (const json::value& item : buckets->get_array()) {
    if (!item.is_array() || item.get_array().size() != 4) return bad();
    for (const json::value& number : item.get_array()) {
      if (!number.is_int64()) return bad();
    }
    const json::array& row = item.get_array();
    TableBucket bucket{.table = TableId{row[0].get_int64()},
                       .bucket = static_cast<BucketId>(row[2].get_int64())};
    if (row[1].get_int64() >= 0) bucket.partition = PartitionId{row[1].get_int64()};
    out.numbers[bucket] = row[3].get_int64();
  }
  return out;
}

}  // namespace weir
