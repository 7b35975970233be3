#include "tiering/round_names.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>

#include "meta/catalog.h"

namespace weir {
namespace {

namespace json = boost::json;

std::string KeyOf(TableId table) { return fmt::format("lake-round/{:020}", table.value); }

std::string AsideKeyOf(TableId table, int64_t snapshot_id) {
  return fmt::format("{}/{}", KeyOf(table), snapshot_id);
}

constexpr std::string_view kCompactions = "lake-compaction/";

std::string CompactionKeyOf(TableId table, int64_t snapshot_id) {
  return fmt::format("{}{:020}/{}", kCompactions, table.value, snapshot_id);
}

std::string ToText(const RoundName& name) {
  json::object out{{"version", 1},
                   {"round", name.round},
                   {"location", name.location},
                   {"snapshot_id", name.snapshot_id}};
  if (name.sequence_number > 0) {
    out["sequence_number"] = name.sequence_number;
    out["asked_ms"] = name.asked_ms;
  }
  return json::serialize(out);
}

int64_t NumberOf(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found != nullptr && found->is_int64() ? found->get_int64() : 0;
}

std::optional<RoundName> FromText(std::string_view text) {
  boost::system::error_code error;
  const json::value document = json::parse(text, error);
  const json::object* object = error ? nullptr : document.if_object();
  if (object == nullptr) return std::nullopt;
  const json::value* round = object->if_contains("round");
  const json::value* location = object->if_contains("location");
  const json::value* snapshot = object->if_contains("snapshot_id");
  if (round == nullptr || !round->is_string() || round->get_string().size() < 16 ||
      location == nullptr || !location->is_string() || snapshot == nullptr || !snapshot->is_int64())
    return std::nullopt;
  return RoundName{.round = std::string(round->get_string()),
                   .location = std::string(location->get_string()),
                   .snapshot_id = snapshot->get_int64(),
                   .sequence_number = NumberOf(*object, "sequence_number"),
                   .asked_ms = NumberOf(*object, "asked_ms")};
}

}  // namespace

Status SaveRound(Store& store, TableId table, const RoundName& name) {
  Transaction transaction;
  NeedTable(table, transaction);
  transaction.Put(KeyOf(table), ToText(name));
  return store.Commit(transaction);
}

std::optional<RoundName> FindRound(const Store& store, TableId table) {
  const auto record = store.Get(KeyOf(table));
  return record ? FromText(*record) : std::nullopt;
}

void ForgetRound(TableId table, Transaction& transaction) { transaction.Delete(KeyOf(table)); }

Status SetRoundAside(Store& store, TableId table, const RoundName& name) {
  Transaction transaction;
  NeedTable(table, transaction);
  transaction.Put(AsideKeyOf(table, name.snapshot_id), ToText(name));
  ForgetRound(table, transaction);
  return store.Commit(transaction);
}

std::vector<RoundName> FindRoundsAside(const Store& store, TableId table) {
  std::vector<RoundName> out;
  for (const auto& [key, value] : store.Scan(KeyOf(table) + "/")) {
    if (auto name = FromText(value)) out.push_back(*std::move(name));
  }
  return out;
}

void ForgetRoundAside(TableId table, int64_t snapshot_id, Transaction& transaction) {
  transaction.Delete(AsideKeyOf(table, snapshot_id));
}

Status SaveCompaction(Store& store, TableId table, const RoundName& name) {
  Transaction transaction;
  transaction.Put(CompactionKeyOf(table, name.snapshot_id), ToText(name));
  return store.Commit(transaction);
}

std::vector<CompactionName> FindCompactions(const Store& store) {
  std::vector<CompactionName> out;
  for (const auto& [key, value] : store.Scan(kCompactions)) {
    const std::string_view digits = std::string_view(key).substr(kCompactions.size());
    TableId table;
    std::from_chars(digits.data(), digits.data() + digits.size(), table.value);
    if (auto name = FromText(value)) out.push_back({table, *std::move(name)});
  }
  return out;
}

void ForgetCompaction(TableId table, int64_t snapshot_id, Transaction& transaction) {
  transaction.Delete(CompactionKeyOf(table, snapshot_id));
}

}  // namespace weir
