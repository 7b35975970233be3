// Any JSON as updates: {"requirements": […], "updates": […]} on a table, or one that does not exist. What comes out
// is metadata that every reader takes.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "lake/table_update.h"

namespace {

using namespace weir::iceberg;

TableMetadata Base() {
  const NewTable table{
      .location = "s3://b/t",
      .schema = *Schema::Make(0, {{.id = 1, .name = "id", .type = Type::Of(TypeId::kLong)},
                                  {.id = 2, .name = "s", .type = Type::Of(TypeId::kString)}}),
      .spec = {.fields = {{.source_ids = {1}, .name = "id"}}}};
  return *MakeTableMetadata(table, 1);
}

void Apply(const TableMetadata& base, const std::vector<TableUpdate>& updates) {
  const auto next = ApplyUpdates(base, updates, 2);
  if (!next.ok()) return;
  const auto again = TableMetadataFromJsonText(ToJsonText(*next));
  WEIR_CHECK(again.ok() && *again == *next);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const TableMetadata base = Base();
  boost::system::error_code error;
  const auto value =
      boost::json::parse(std::string_view(reinterpret_cast<const char*>(data), size), error);
  if (error || !value.is_object()) return 0;
  const auto& object = value.get_object();
  if (const auto* items = object.if_contains("requirements"); items && items->is_array()) {
    for (const auto& item : items->get_array()) {
      if (const auto requirement = TableRequirementFromJson(item); requirement.ok()) {
        (void)CheckRequirement(*requirement, &base);
        WEIR_CHECK(TableRequirementFromJson(ToJson(*requirement)).ok());
      }
    }
  }
  std::vector<TableUpdate> updates;
  if (const auto* items = object.if_contains("updates"); items && items->is_array()) {
    for (const auto& item : items->get_array()) {
      if (auto update = TableUpdateFromJson(item); update.ok()) updates.push_back(*update);
    }
  }
  Apply(base, updates);
  Apply({}, updates);
  return 0;
}
