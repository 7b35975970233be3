#include "lake/schema.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/utf8.h"
#include "lake/json_fields.h"

namespace weir::iceberg {

struct Schema::Index {
  struct Entry {
    const Field* field;
    int32_t parent;  // -1 at the top
    std::string name;
  };
  std::unordered_map<int32_t, Entry> by_id;
  std::map<std::string, int32_t, std::less<>> by_name;
  std::map<std::string, int32_t, std::less<>> by_lower_name;  // -1: ambiguous
  int32_t highest = 0;
};

namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return out;
}

/// The number of fields in a schema is bounded by its document; names by this.
constexpr size_t kNameBytesTop = 4096;

template <class Index>
Status AddFields(std::span<const Field> fields, int32_t parent, const std::string& prefix,
                 int depth, Index& index) {
  if (depth > kNestingMax) {
    return Fail(ErrorCode::kInvalidTable, "a type is nested too deep: max={}", kNestingMax);
  }
  for (const Field& field : fields) {
    if (field.id < 0 || field.name.empty() || field.name.size() > kNameBytesTop ||
        !IsUtf8(field.name)) {
      return Fail(ErrorCode::kInvalidTable, "a field has no proper name or id: id={}", field.id);
    }
    std::string name = prefix + field.name;
    if (!index.by_id.try_emplace(field.id, typename Index::Entry{&field, parent, name}).second) {
      return Fail(ErrorCode::kInvalidTable, "a field id is used twice: id={} name={:.200}",
                  field.id, name);
    }
    if (!index.by_name.try_emplace(name, field.id).second) {
      return Fail(ErrorCode::kInvalidTable, "a field name is used twice: name={:.200}", name);
    }
    if (const auto [at, added] = index.by_lower_name.try_emplace(Lower(name), field.id); !added) {
      at->second = -1;
    }
    index.highest = std::max(index.highest, field.id);
    if (field.type.is_nested()) {
      RETURN_IF_ERROR(AddFields(field.type.fields(), field.id, name + ".", depth + 1, index));
    }
  }
  return {};
}

}  // namespace

Schema::Schema()
    : fields_(std::make_shared<const std::vector<Field>>()), index_(std::make_shared<Index>()) {}

Result<Schema> Schema::Make(int32_t schema_id, std::vector<Field> fields,
                            std::vector<int32_t> identifier_field_ids) {
  Schema schema;
  schema.schema_id_ = schema_id;
  schema.fields_ = std::make_shared<const std::vector<Field>>(std::move(fields));
  auto index = std::make_shared<Index>();
  RETURN_IF_ERROR(AddFields(*schema.fields_, -1, "", 0, *index));
  schema.index_ = std::move(index);
  std::sort(identifier_field_ids.begin(), identifier_field_ids.end());
  identifier_field_ids.erase(std::unique(identifier_field_ids.begin(), identifier_field_ids.end()),
                             identifier_field_ids.end());
  for (const int32_t id : identifier_field_ids) {
    const Field* field = schema.FindField(id);
    if (field == nullptr || !field->required || !field->type.is_primitive() ||
        field->type.id == TypeId::kFloat || field->type.id == TypeId::kDouble) {
      return Fail(ErrorCode::kInvalidTable,
                  "an identifier field must be a required column of a simple, not floating-point "
                  "type: id={}",
                  id);
    }
  }
  schema.identifier_field_ids_ = std::move(identifier_field_ids);
  return schema;
}

std::span<const Field> Schema::fields() const { return *fields_; }

Schema Schema::WithId(int32_t schema_id) const {
  Schema out = *this;
  out.schema_id_ = schema_id;
  return out;
}

const Field* Schema::FindField(int32_t id) const {
  const auto found = index_->by_id.find(id);
  return found == index_->by_id.end() ? nullptr : found->second.field;
}

const Field* Schema::FindField(std::string_view full_name) const {
  const auto found = index_->by_name.find(full_name);
  return found == index_->by_name.end() ? nullptr : FindField(found->second);
}

const Field* Schema::FindFieldIgnoringCase(std::string_view full_name) const {
  const auto found = index_->by_lower_name.find(Lower(full_name));
  return found == index_->by_lower_name.end() ? nullptr : FindField(found->second);
}

std::optional<std::string> Schema::FindName(int32_t id) const {
  const auto found = index_->by_id.find(id);
  if (found == index_->by_id.end()) return std::nullopt;
  return found->second.name;
}

std::vector<int32_t> Schema::PathTo(int32_t id) const {
  std::vector<int32_t> path;
  for (auto at = index_->by_id.find(id); at != index_->by_id.end();
       at = index_->by_id.find(at->second.parent)) {
    path.push_back(at->first);
  }
  std::reverse(path.begin(), path.end());
  return path;
}

int32_t Schema::HighestFieldId() const { return index_->highest; }

bool Schema::SameFields(const Schema& other) const {
  return identifier_field_ids_ == other.identifier_field_ids_ &&
         (fields_ == other.fields_ || *fields_ == *other.fields_);
}

json::object ToJson(const Schema& schema) {
  json::object out{{"type", "struct"}, {"schema-id", schema.schema_id()}};
  if (!schema.identifier_field_ids().empty()) {
    out["identifier-field-ids"] = NumbersToJson(schema.identifier_field_ids());
  }
  out["fields"] = ArrayToJson(schema.fields());
  return out;
}

Result<Schema> SchemaFromJson(const json::value& value) {
  ASSIGN_OR_RETURN(const Type type, TypeFromJson(value));
  if (type.id != TypeId::kStruct) return Fail(ErrorCode::kInvalidTable, "a schema is not a struct");
  JsonFields in(value, "a schema");
  int32_t schema_id = 0;
  std::vector<int32_t> identifiers;
  in.Get("schema-id", schema_id);
  in.Get("identifier-field-ids", identifiers);
  RETURN_IF_ERROR(in.status());
  return Schema::Make(schema_id, {type.fields().begin(), type.fields().end()},
                      std::move(identifiers));
}

std::string ToJsonText(const Schema& schema) { return json::serialize(ToJson(schema)); }

namespace {

using IdPairs = std::vector<std::pair<int32_t, int32_t>>;

Type Renumbered(const Type& type, int32_t& next, IdPairs& ids);

/// A whole level gets its ids before what is nested in it.
std::vector<Field> Renumbered(std::span<const Field> fields, int32_t& next, IdPairs& ids) {
  std::vector<Field> out(fields.begin(), fields.end());
  for (Field& field : out) {
    ids.emplace_back(field.id, next);
    field.id = next++;
  }
  for (Field& field : out) field.type = Renumbered(field.type, next, ids);
  return out;
}

Type Renumbered(const Type& type, int32_t& next, IdPairs& ids) {
  if (!type.is_nested()) return type;
  Type out = type;
  out.nested = std::make_shared<const std::vector<Field>>(Renumbered(type.fields(), next, ids));
  return out;
}

}  // namespace

Result<Schema> AssignFreshIds(const Schema& schema, int32_t first_id, IdPairs* ids) {
  IdPairs pairs;
  int32_t next = first_id;
  std::vector<Field> fields = Renumbered(schema.fields(), next, pairs);
  std::vector<int32_t> identifiers;
  for (const int32_t old_id : schema.identifier_field_ids()) {
    for (const auto& [from, to] : pairs) {
      if (from == old_id) identifiers.push_back(to);
    }
  }
  if (ids != nullptr) *ids = std::move(pairs);
  return Schema::Make(schema.schema_id(), std::move(fields), std::move(identifiers));
}

}  // namespace weir::iceberg
