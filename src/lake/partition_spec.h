// How rows are divided into partitions, and the order rows have inside files is in sort_order.h.
// Source: Iceberg table specification, "Partitioning".
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/literal.h"
#include "lake/schema.h"
#include "lake/transform.h"

namespace weir::iceberg {

/// Partition field ids begin here.
inline constexpr int32_t kPartitionFieldIdFirst = 1000;

struct PartitionField {
  std::vector<int32_t> source_ids;  // one, but for transforms of several columns in v3
  int32_t field_id = 0;
  std::string name;
  Transform transform;

  int32_t source_id() const { return source_ids.empty() ? 0 : source_ids.front(); }
  friend bool operator==(const PartitionField&, const PartitionField&) = default;
};

struct PartitionSpec {
  int32_t spec_id = 0;
  std::vector<PartitionField> fields;

  bool is_unpartitioned() const;
  int32_t HighestFieldId() const;
  /// Same fields but for their ids: the same layout.
  bool SameLayout(const PartitionSpec& other) const;
  friend bool operator==(const PartitionSpec&, const PartitionSpec&) = default;
};

/// Values in the order of the spec's fields; nothing means null.
using PartitionValues = std::vector<std::optional<Literal>>;

/// The struct `partition` of manifests: one optional field per partition field. A field whose column was
/// dropped, or whose transform is unknown, has type string.
Result<Type> PartitionType(const PartitionSpec& spec, const Schema& schema);

/// Check that names are unique, sources exist and transforms fit them.
/// Errors  kInvalidTable
Status CheckSpec(const PartitionSpec& spec, const Schema& schema);

/// "country=FR/ts_day=2017-11-16", percent-encoded; empty without partitions.
std::string PartitionPath(const PartitionSpec& spec, const PartitionValues& values);

boost::json::object ToJson(const PartitionSpec& spec);
/// The array of fields alone, as in manifests' headers.
boost::json::array FieldsToJson(const PartitionSpec& spec);
/// Missing field ids stay 0; TableMetadataFromJson numbers those of v1 from 1000.
/// Errors  kInvalidTable
Result<PartitionSpec> PartitionSpecFromJson(const boost::json::value& value);
Result<PartitionSpec> PartitionSpecFromFieldsJson(int32_t spec_id,
                                                  const boost::json::value& fields);
/// FieldsToJson as text.
std::string FieldsToJsonText(const PartitionSpec& spec);

}  // namespace weir::iceberg
