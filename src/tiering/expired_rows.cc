#include "tiering/expired_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "meta/catalog.h"

namespace weir {
namespace {

namespace json = boost::json;

std::string KeyOf(TableId table) { return fmt::format("lake-expired/{:020}", table.value); }

std::string ToText(const std::vector<ExpiredRows>& rows) {
  json::array list;
  for (const ExpiredRows& one : rows) {
    list.push_back({{"partition", one.bucket.partition ? one.bucket.partition->value : -1},
                    {"bucket", one.bucket.bucket},
                    {"from", one.from},
                    {"to", one.to}});
  }
  return json::serialize(json::object{{"version", 1}, {"rows", std::move(list)}});
}

int64_t Number(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? value->get_int64() : -1;
}

}  // namespace

std::vector<ExpiredRows> FindExpiredRows(const Store& store, TableId table) {
  std::vector<ExpiredRows> out;
  const auto record = store.Get(KeyOf(table));
  if (!record) return out;
  boost::system::error_code error;
  const json::value document = json::parse(*record, error);
  const json::object* object = error ? nullptr : document.if_object();
  const json::value* rows = object == nullptr ? nullptr : object->if_contains("rows");
  if (rows == nullptr || !rows->is_array()) return out;
  for (const json::value& value : rows->get_array()) {
    if (!value.is_object()) continue;
    const json::object& one = value.get_object();
    const int64_t partition = Number(one, "partition");
    out.push_back(
        {.bucket = {table, partition < 0 ? std::nullopt : std::optional(PartitionId(partition)),
                    static_cast<BucketId>(Number(one, "bucket"))},
         .from = Number(one, "from"),
         .to = Number(one, "to")});
  }
  return out;
}

Result<std::vector<ExpiredRows>> AddExpiredRows(Store& store, const TableInfo& table,
                                                const std::vector<ExpiredRows>& rows) {
  std::vector<ExpiredRows> fresh;
  if (rows.empty()) return fresh;
  std::vector<ExpiredRows> noted = FindExpiredRows(store, table.id);
  for (const ExpiredRows& one : rows) {
    if (std::ranges::find(noted, one) == noted.end()) fresh.push_back(one);
  }
  if (fresh.empty()) return fresh;
  std::erase_if(noted, [&](const ExpiredRows& old) {
    const auto& partition = old.bucket.partition;
    return (partition && table.FindPartition(*partition) == nullptr) ||
           std::ranges::any_of(fresh, [&](const ExpiredRows& one) {
             return one.bucket == old.bucket && one.from == old.from;
           });
  });
  noted.insert(noted.end(), fresh.begin(), fresh.end());
  Transaction transaction;
  NeedTable(table.id, transaction);
  transaction.Put(KeyOf(table.id), ToText(noted));
  RETURN_IF_ERROR(store.Commit(transaction));
  return fresh;
}

void ForgetExpiredRows(TableId table, Transaction& transaction) {
  transaction.Delete(KeyOf(table));
}

int64_t CountExpired(const std::vector<ExpiredRows>& expired, const TableBucket& bucket,
                     Offset from, Offset to) {
  int64_t rows = 0;
  for (const ExpiredRows& one : expired) {
    if (one.bucket == bucket)
      rows += std::max<int64_t>(0, std::min(to, one.to) - std::max(from, one.from));
  }
  return rows;
}

}  // namespace weir
