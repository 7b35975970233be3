// The columns of an Iceberg table under one schema id. Immutable; copies share the fields and their index,
// so pointers to fields live as long as any copy.
// Source: Iceberg table specification, "Schemas".
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/type.h"

namespace weir::iceberg {

class Schema {
 public:
  /// No columns.
  Schema();
  /// Check that ids and names are unique and that identifier fields are required primitives.
  /// Errors  kInvalidTable
  static Result<Schema> Make(int32_t schema_id, std::vector<Field> fields,
                             std::vector<int32_t> identifier_field_ids = {});

  int32_t schema_id() const { return schema_id_; }
  std::span<const Field> fields() const;
  std::span<const int32_t> identifier_field_ids() const { return identifier_field_ids_; }
  Schema WithId(int32_t schema_id) const;

  /// A field at any depth, or null.
  const Field* FindField(int32_t id) const;
  /// By full name, "address.city"; elements are "x.element", "x.key", "x.value". Null when there is none.
  const Field* FindField(std::string_view full_name) const;
  /// The same; upper and lower case ASCII letters are one. Null also when the name is ambiguous.
  const Field* FindFieldIgnoringCase(std::string_view full_name) const;
  /// The full name of a field id; nothing when there is none.
  std::optional<std::string> FindName(int32_t id) const;
  /// The field ids from the root to the field itself; empty when there is none.
  std::vector<int32_t> PathTo(int32_t id) const;
  /// Of all depths; 0 when there are no columns.
  int32_t HighestFieldId() const;

  /// Same fields and identifier fields; the schema id does not count.
  bool SameFields(const Schema& other) const;
  friend bool operator==(const Schema& a, const Schema& b) {
    return a.schema_id_ == b.schema_id_ && a.SameFields(b);
  }

 private:
  struct Index;

  int32_t schema_id_ = 0;
  std::vector<int32_t> identifier_field_ids_;
  std::shared_ptr<const std::vector<Field>> fields_;
  std::shared_ptr<const Index> index_;
};

boost::json::object ToJson(const Schema& schema);
/// A missing "schema-id" (v1) reads as 0.
/// Errors  kInvalidTable
Result<Schema> SchemaFromJson(const boost::json::value& value);
/// For the headers of manifests and files.
std::string ToJsonText(const Schema& schema);

/// The schema with fresh ids from `first_id` on, top level first as every writer numbers a new table;
/// identifier fields follow. `ids` (when not null) receives pairs of old and new id.
Result<Schema> AssignFreshIds(const Schema& schema, int32_t first_id,
                              std::vector<std::pair<int32_t, int32_t>>* ids = nullptr);

}  // namespace weir::iceberg
