#include "handlers/catalog_requests.h"

namespace weir {

PartitionSpec ToPartitionSpec(const pb::PbPartitionSpec& spec) {
  PartitionSpec out;
  for (const pb::PbKeyValue& item : spec.partition_key_values())
    out.emplace_back(item.key(), item.value());
  return out;
}

std::vector<ConfigChange> ToConfigChanges(
    const google::protobuf::RepeatedPtrField<pb::PbAlterConfig>& changes) {
  std::vector<ConfigChange> out;
  for (const pb::PbAlterConfig& change : changes) {
    out.push_back({.key = change.config_key(), .op = static_cast<ConfigOp>(change.op_type())});
    if (change.has_config_value()) out.back().value = change.config_value();
  }
  return out;
}

}  // namespace weir
