#include "lake/arrow_types.h"

#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <charconv>
#include <utility>
#include <vector>

namespace weir::iceberg {
namespace {

constexpr const char* kFieldIdKey = "PARQUET:field_id";

std::shared_ptr<arrow::Field> WithId(std::string name, std::shared_ptr<arrow::DataType> type,
                                     bool nullable, int32_t id) {
  return arrow::field(std::move(name), std::move(type), nullable,
                      arrow::key_value_metadata({kFieldIdKey}, {std::to_string(id)}));
}

Result<std::vector<std::shared_ptr<arrow::Field>>> FieldsToArrow(std::span<const Field> fields) {
  std::vector<std::shared_ptr<arrow::Field>> made;
  for (const Field& field : fields) {
    ASSIGN_OR_RETURN(made.emplace_back(), ToArrow(field));
  }
  return made;
}

/// Gives ids to fields that have none.
class SchemaReader {
 public:
  explicit SchemaReader(int32_t next_id) : next_id_(next_id) {}

  Result<std::vector<Field>> Fields(const arrow::FieldVector& fields, int depth) {
    std::vector<Field> made;
    // A level gets its ids before what is nested in it, as fresh tables have them.
    for (const auto& field : fields) {
      made.push_back({.id = IdOf(*field), .name = field->name(), .required = !field->nullable()});
    }
    for (size_t i = 0; i < fields.size(); ++i) {
      ASSIGN_OR_RETURN(made[i].type, TypeOf(*fields[i]->type(), depth));
    }
    return made;
  }

 private:
  int32_t IdOf(const arrow::Field& field) {
    const auto id = FieldIdOf(field);
    return id ? *id : next_id_++;
  }

  Result<Type> TypeOf(const arrow::DataType& type, int depth);
  Result<Type> Nested(const arrow::DataType& type, int depth);

  int32_t next_id_;
};

Failure NoSuchType(const arrow::DataType& type) {
  return Fail(ErrorCode::kInvalidTable, "iceberg has no such type: type={}", type.ToString());
}

Result<Type> SchemaReader::Nested(const arrow::DataType& type, int depth) {
  if (depth >= kNestingMax) {
    return Fail(ErrorCode::kInvalidTable, "types are nested too deep: max={}", kNestingMax);
  }
  if (type.id() == arrow::Type::STRUCT) {
    ASSIGN_OR_RETURN(auto fields, Fields(type.fields(), depth + 1));
    return Type::Struct(std::move(fields));
  }
  if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    const int32_t key_id = IdOf(*map.key_field());
    const int32_t value_id = IdOf(*map.item_field());
    ASSIGN_OR_RETURN(Type key, TypeOf(*map.key_type(), depth + 1));
    ASSIGN_OR_RETURN(Type value, TypeOf(*map.item_type(), depth + 1));
    return Type::Map(key_id, std::move(key), value_id, std::move(value),
                     !map.item_field()->nullable());
  }
  const arrow::Field& element = *type.field(0);
  const int32_t id = IdOf(element);
  ASSIGN_OR_RETURN(Type inner, TypeOf(*element.type(), depth + 1));
  return Type::List(id, std::move(inner), !element.nullable());
}

Result<Type> TimestampType(const arrow::TimestampType& type) {
  const bool zoned = !type.timezone().empty();
  switch (type.unit()) {
    case arrow::TimeUnit::SECOND:
    case arrow::TimeUnit::MILLI:
    case arrow::TimeUnit::MICRO:
      return Type::Of(zoned ? TypeId::kTimestamptz : TypeId::kTimestamp);
    case arrow::TimeUnit::NANO:
      return Type::Of(zoned ? TypeId::kTimestamptzNs : TypeId::kTimestampNs);
  }
  return NoSuchType(type);
}

Result<Type> SchemaReader::TypeOf(const arrow::DataType& type, int depth) {
  switch (type.id()) {
    case arrow::Type::NA:
      return Type::Of(TypeId::kUnknown);
    case arrow::Type::BOOL:
      return Type::Of(TypeId::kBoolean);
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
      return Type::Of(TypeId::kInt);
    case arrow::Type::INT64:
    case arrow::Type::UINT32:
      return Type::Of(TypeId::kLong);
    case arrow::Type::FLOAT:
      return Type::Of(TypeId::kFloat);
    case arrow::Type::DOUBLE:
      return Type::Of(TypeId::kDouble);
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
      return Type::Decimal(decimal.precision(), decimal.scale());
    }
    case arrow::Type::DATE32:
      return Type::Of(TypeId::kDate);
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
      return Type::Of(TypeId::kTime);
    case arrow::Type::TIMESTAMP:
      return TimestampType(static_cast<const arrow::TimestampType&>(type));
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
      return Type::Of(TypeId::kString);
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
      return Type::Of(TypeId::kBinary);
    case arrow::Type::FIXED_SIZE_BINARY:
      return Type::Fixed(static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width());
    case arrow::Type::DICTIONARY:
      return TypeOf(*static_cast<const arrow::DictionaryType&>(type).value_type(), depth);
    case arrow::Type::EXTENSION: {
      const auto& extension = static_cast<const arrow::ExtensionType&>(type);
      if (extension.extension_name() == "arrow.uuid") return Type::Of(TypeId::kUuid);
      return TypeOf(*extension.storage_type(), depth);
    }
    case arrow::Type::STRUCT:
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::MAP:
      return Nested(type, depth);
    default:
      return NoSuchType(type);
  }
}

int32_t HighestId(const arrow::FieldVector& fields) {
  int32_t highest = 0;
  for (const auto& field : fields) {
    highest =
        std::max({highest, FieldIdOf(*field).value_or(0), HighestId(field->type()->fields())});
  }
  return highest;
}

}  // namespace

Result<std::shared_ptr<arrow::DataType>> ToArrow(const Type& type) {
  switch (type.id) {
    case TypeId::kBoolean:
      return arrow::boolean();
    case TypeId::kInt:
      return arrow::int32();
    case TypeId::kLong:
      return arrow::int64();
    case TypeId::kFloat:
      return arrow::float32();
    case TypeId::kDouble:
      return arrow::float64();
    case TypeId::kDecimal:
      return arrow::decimal128(type.precision, type.scale);
    case TypeId::kDate:
      return arrow::date32();
    case TypeId::kTime:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case TypeId::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case TypeId::kTimestamptz:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case TypeId::kTimestampNs:
      return arrow::timestamp(arrow::TimeUnit::NANO);
    case TypeId::kTimestamptzNs:
      return arrow::timestamp(arrow::TimeUnit::NANO, "UTC");
    case TypeId::kString:
      return arrow::utf8();
    case TypeId::kUuid:
      return arrow::fixed_size_binary(16);
    case TypeId::kFixed:
      return arrow::fixed_size_binary(type.length);
    case TypeId::kBinary:
      return arrow::binary();
    case TypeId::kUnknown:
      return arrow::null();
    case TypeId::kStruct: {
      ASSIGN_OR_RETURN(auto fields, FieldsToArrow(type.fields()));
      return arrow::struct_(std::move(fields));
    }
    case TypeId::kList: {
      ASSIGN_OR_RETURN(auto element, ToArrow(type.element()));
      return arrow::list(std::move(element));
    }
    case TypeId::kMap: {
      ASSIGN_OR_RETURN(auto key, ToArrow(type.key()));
      ASSIGN_OR_RETURN(auto value, ToArrow(type.value()));
      return std::make_shared<arrow::MapType>(std::move(key), std::move(value));
    }
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
      break;
  }
  return Fail(ErrorCode::kInvalidTable, "columns of this type are not supported: type={}",
              type.ToString());
}

Result<std::shared_ptr<arrow::Field>> ToArrow(const Field& field) {
  ASSIGN_OR_RETURN(auto type, ToArrow(field.type));
  return WithId(field.name, std::move(type), !field.required, field.id);
}

Result<std::shared_ptr<arrow::Schema>> ToArrow(const Schema& schema) {
  ASSIGN_OR_RETURN(auto fields, FieldsToArrow(schema.fields()));
  return arrow::schema(std::move(fields));
}

std::optional<int32_t> FieldIdOf(const arrow::Field& field) {
  if (field.metadata() == nullptr) return std::nullopt;
  const auto text = field.metadata()->Get(kFieldIdKey);
  if (!text.ok()) return std::nullopt;
  int32_t id = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  if (error != std::errc() || end != text->data() + text->size() || id < 0) return std::nullopt;
  return id;
}

Result<Schema> FromArrow(const arrow::Schema& schema, int32_t schema_id) {
  SchemaReader reader(HighestId(schema.fields()) + 1);
  ASSIGN_OR_RETURN(auto fields, reader.Fields(schema.fields(), 0));
  return Schema::Make(schema_id, std::move(fields));
}

}  // namespace weir::iceberg
