#include "tiering/round_names.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "meta/store.h"

namespace weir {
namespace {

namespace json = boost::json;

std::string KeyOf(TableId table) { return fmt::format("lake-round/{:020}", table.value); }

}  // namespace

Status SaveRound(Store& store, TableId table, const RoundName& name) {
  Transaction transaction;
  transaction.Put(KeyOf(table), json::serialize(json::object{{"version", 1},
                                                             {"round", name.round},
                                                             {"location", name.location},
                                                             {"snapshot_id", name.snapshot_id}}));
  return store.Commit(transaction);
}

std::optional<RoundName> FindRound(const Store& store, TableId table) {
  const auto record = store.Get(KeyOf(table));
  if (!record) return std::nullopt;
  boost::system::error_code error;
  const json::value document = json::parse(*record, error);
  const json::object* object = error ? nullptr : document.if_object();
  if (object == nullptr) return std::nullopt;
  const json::value* round = object->if_contains("round");
  const json::value* location = object->if_contains("location");
  const json::value* snapshot = object->if_contains("snapshot_id");
  if (round == nullptr || !round->is_string() || round->get_string().size() < 16 ||
      location == nullptr || !location->is_string() || snapshot == nullptr || !snapshot->is_int64())
    return std::nullopt;
  return RoundName{std::string(round->get_string()), std::string(location->get_string()),
                   snapshot->get_int64()};
}

void ForgetRound(TableId table, Transaction& transaction) { transaction.Delete(KeyOf(table)); }

}  // namespace weir
