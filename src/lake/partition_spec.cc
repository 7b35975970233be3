#include "lake/partition_spec.h"

#include <algorithm>
#include <set>

#include "base/utf8.h"
#include "lake/json_fields.h"

namespace weir::iceberg {
namespace {

/// As java.net.URLEncoder, which the Java library uses for paths; space becomes "+".
std::string UrlEncoded(std::string_view text) {
  constexpr std::string_view kPlain = "-_.*";
  std::string out;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kPlain.find(c) != kPlain.npos) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += fmt::format("%{:02X}", static_cast<uint8_t>(c));
    }
  }
  return out;
}

Result<PartitionField> FieldOfSpec(const json::value& value) {
  PartitionField field;
  JsonFields in(value, "a partition field");
  std::optional<int32_t> source;
  in.Get("source-id", source);
  in.Get("source-ids", field.source_ids);
  in.Get("field-id", field.field_id);
  in.Need("name", field.name);
  std::string transform;
  in.Need("transform", transform);
  if (source) field.source_ids = {*source};
  if (field.source_ids.empty()) in.Wrong("source-id", "is missing");
  if (field.name.empty() || !IsUtf8(field.name)) in.Wrong("name", "is not a name");
  if (field.field_id < 0) in.Wrong("field-id", "is negative");
  RETURN_IF_ERROR(in.status());
  ASSIGN_OR_RETURN(field.transform, TransformFromText(transform));
  return field;
}

json::object ToJson(const PartitionField& field) {
  json::object out;
  if (field.source_ids.size() == 1) {
    out["source-id"] = field.source_id();
  } else {
    out["source-ids"] = NumbersToJson(field.source_ids);
  }
  out["field-id"] = field.field_id;
  out["name"] = field.name;
  out["transform"] = field.transform.ToString();
  return out;
}

}  // namespace

bool PartitionSpec::is_unpartitioned() const {
  return std::all_of(fields.begin(), fields.end(), [](const PartitionField& field) {
    return field.transform.kind == TransformKind::kVoid;
  });
}

int32_t PartitionSpec::HighestFieldId() const {
  int32_t highest = kPartitionFieldIdFirst - 1;
  for (const PartitionField& field : fields) highest = std::max(highest, field.field_id);
  return highest;
}

bool PartitionSpec::SameLayout(const PartitionSpec& other) const {
  return std::equal(fields.begin(), fields.end(), other.fields.begin(), other.fields.end(),
                    [](const PartitionField& a, const PartitionField& b) {
                      return a.source_ids == b.source_ids && a.name == b.name &&
                             a.transform == b.transform;
                    });
}

Result<Type> PartitionType(const PartitionSpec& spec, const Schema& schema) {
  std::vector<Field> fields;
  for (const PartitionField& field : spec.fields) {
    const Field* source = schema.FindField(field.source_id());
    Type type = Type::Of(TypeId::kString);
    if (source != nullptr) {
      ASSIGN_OR_RETURN(type, field.transform.ResultType(source->type));
    }
    fields.push_back({field.field_id, field.name, false, std::move(type)});
  }
  return Type::Struct(std::move(fields));
}

namespace {

/// A value inside a list or a map is not one of its row.
Status CheckOneARow(const Schema& schema, const Field& source) {
  for (const int32_t id : schema.PathTo(source.id)) {
    const Field* field = schema.FindField(id);
    if (id != source.id && field != nullptr && field->type.id != TypeId::kStruct) {
      return Fail(ErrorCode::kInvalidTable,
                  "a partition field lies inside a list or map: name={:.200}", source.name);
    }
  }
  return {};
}

}  // namespace

Status CheckSpec(const PartitionSpec& spec, const Schema& schema) {
  std::set<std::string_view> names;
  std::set<std::pair<std::vector<int32_t>, std::string>> uses;
  for (const PartitionField& field : spec.fields) {
    const Field* source = schema.FindField(field.source_id());
    if (source == nullptr) {
      // A dropped column may still be named by a void field.
      if (field.transform.kind == TransformKind::kVoid) continue;
      return Fail(ErrorCode::kInvalidTable,
                  "a partition field has no column: name={:.200} source_id={}", field.name,
                  field.source_id());
    }
    if (!names.insert(field.name).second) {
      return Fail(ErrorCode::kInvalidTable, "a partition name is used twice: name={:.200}",
                  field.name);
    }
    const Field* homonym = schema.FindField(field.name);
    if (homonym != nullptr && field.transform.kind != TransformKind::kVoid &&
        !(field.transform.kind == TransformKind::kIdentity && homonym->id == field.source_id())) {
      return Fail(ErrorCode::kInvalidTable,
                  "a partition has the name of another column: name={:.200}", field.name);
    }
    if (field.transform.kind != TransformKind::kVoid &&
        !uses.insert({field.source_ids, field.transform.ToString()}).second) {
      return Fail(ErrorCode::kInvalidTable, "a partition is there twice: name={:.200}", field.name);
    }
    RETURN_IF_ERROR(CheckOneARow(schema, *source));
    RETURN_IF_ERROR(field.transform.ResultType(source->type));
  }
  return {};
}

std::string PartitionPath(const PartitionSpec& spec, const PartitionValues& values) {
  std::string path;
  for (size_t i = 0; i < spec.fields.size() && i < values.size(); ++i) {
    if (i > 0) path += '/';
    path += UrlEncoded(spec.fields[i].name) + '=' +
            UrlEncoded(spec.fields[i].transform.ToPathText(values[i]));
  }
  return path;
}

json::array FieldsToJson(const PartitionSpec& spec) {
  json::array out;
  for (const PartitionField& field : spec.fields) out.emplace_back(ToJson(field));
  return out;
}

json::object ToJson(const PartitionSpec& spec) {
  json::object out{{"spec-id", spec.spec_id}};
  out["fields"] = FieldsToJson(spec);
  return out;
}

Result<PartitionSpec> PartitionSpecFromFieldsJson(int32_t spec_id, const json::value& fields) {
  if (!fields.is_array()) {
    return Fail(ErrorCode::kInvalidTable, "the fields of a partition spec are not an array");
  }
  PartitionSpec spec{.spec_id = spec_id};
  for (const json::value& item : fields.get_array()) {
    ASSIGN_OR_RETURN(PartitionField field, FieldOfSpec(item));
    spec.fields.push_back(std::move(field));
  }
  return spec;
}

Result<PartitionSpec> PartitionSpecFromJson(const json::value& value) {
  JsonFields in(value, "a partition spec");
  int32_t spec_id = 0;
  in.Get("spec-id", spec_id);
  PartitionSpec spec;
  in.NeedBy("fields", spec, [&](const json::value& fields) {
    return PartitionSpecFromFieldsJson(spec_id, fields);
  });
  RETURN_IF_ERROR(in.status());
  return spec;
}

std::string FieldsToJsonText(const PartitionSpec& spec) {
  return json::serialize(FieldsToJson(spec));
}

}  // namespace weir::iceberg
