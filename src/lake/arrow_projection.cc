#include "lake/arrow_projection.h"

#include <arrow/array.h>
#include <arrow/buffer_builder.h>
#include <arrow/compute/cast.h>
#include <arrow/extension_type.h>
#include <arrow/util/bitmap_ops.h>

#include "lake/arrow_error.h"
#include "lake/arrow_scalar.h"
#include "lake/arrow_types.h"

namespace weir::iceberg {
namespace {

/// Types whose values older or foreign writers put into files in another form, without a promotion.
bool SameFamily(const Type& stored, const Type& wanted) {
  const auto bytes = [](TypeId id) { return id == TypeId::kString || id == TypeId::kBinary; };
  if (bytes(stored.id) && bytes(wanted.id)) return true;
  const auto fixed16 = [](const Type& type) {
    return type.id == TypeId::kUuid || (type.id == TypeId::kFixed && type.length == 16);
  };
  if (fixed16(stored) && fixed16(wanted)) return true;
  // Nanoseconds of old Parquet files (INT96 among them), and zones that were not kept.
  const auto instant = [](TypeId id) {
    return id >= TypeId::kTimestamp && id <= TypeId::kTimestamptzNs;
  };
  return instant(stored.id) && instant(wanted.id);
}

Status CheckPrimitive(const Field& wanted, const FileColumn& column) {
  ASSIGN_OR_RETURN(const Schema stored, FromArrow(arrow::Schema({column.field})));
  const Type& type = stored.fields()[0].type;
  if (type == wanted.type || type.id == TypeId::kUnknown || CanPromote(type, wanted.type) ||
      SameFamily(type, wanted.type)) {
    return {};
  }
  return Fail(ErrorCode::kInvalidTable,
              "a column has a type that cannot be read as the table's: "
              "column={} file={} table={}",
              wanted.name, type.ToString(), wanted.type.ToString());
}

bool SameShape(const Type& wanted, const arrow::DataType& stored) {
  switch (wanted.id) {
    case TypeId::kStruct:
      return stored.id() == arrow::Type::STRUCT;
    case TypeId::kMap:
      return stored.id() == arrow::Type::MAP;
    case TypeId::kList:
      return stored.id() == arrow::Type::LIST || stored.id() == arrow::Type::LARGE_LIST;
    default:
      return stored.num_fields() == 0;
  }
}

Status CheckColumn(const Field& wanted, const FileColumn& column) {
  if (!SameShape(wanted.type, *column.field->type())) {
    return Fail(ErrorCode::kInvalidTable,
                "a column is nested otherwise: column={} file={} table={}", wanted.name,
                column.field->type()->ToString(), wanted.type.ToString());
  }
  if (wanted.type.is_primitive()) return CheckPrimitive(wanted, column);
  return CheckProjection(wanted.type.fields(), column.children, {});
}

Result<std::shared_ptr<arrow::Array>> Missing(const Field& wanted, const Constants& constants,
                                              int64_t rows) {
  if (const auto constant = constants.find(wanted.id); constant != constants.end()) {
    std::optional<Literal> value = constant->second;
    if (value && !(value->type() == wanted.type)) value = Promote(*value, wanted.type);
    return Repeat(value, wanted.type, rows);
  }
  if (wanted.initial_default != nullptr && wanted.type.is_primitive()) {
    return Repeat(*wanted.initial_default, wanted.type, rows);
  }
  return Repeat(std::nullopt, wanted.type, rows);
}

Result<std::shared_ptr<arrow::Array>> ProjectPrimitive(const Field& wanted,
                                                       const std::shared_ptr<arrow::Array>& array) {
  ASSIGN_OR_RETURN(const auto type, ToArrow(wanted.type));
  std::shared_ptr<arrow::Array> values = array;
  if (values->type_id() == arrow::Type::EXTENSION) {
    values = static_cast<const arrow::ExtensionArray&>(*values).storage();
  }
  if (values->type()->Equals(*type)) return values;
  arrow::compute::CastOptions options = arrow::compute::CastOptions::Safe(type);
  options.allow_time_truncate = true;  // nanoseconds of foreign writers to the table's micros
  auto cast = arrow::compute::Cast(*values, type, options);
  if (!cast.ok()) {
    return Fail(ErrorCode::kCorruptRecord, "a value does not fit its column: column={} {}",
                wanted.name, cast.status().message());
  }
  return *cast;
}

/// The validity of a nested array from its first row on; null when all is valid.
Result<std::shared_ptr<arrow::Buffer>> ValidityOf(const arrow::Array& array) {
  if (array.null_bitmap() == nullptr || array.offset() == 0) return array.null_bitmap();
  ASSIGN_OR_RETURN_ARROW(
      auto copied,
      arrow::internal::CopyBitmap(arrow::default_memory_pool(), array.null_bitmap_data(),
                                  array.offset(), array.length()),
      "cannot copy a column", "");
  return copied;
}

Result<std::shared_ptr<arrow::Array>> ProjectOne(const Field& wanted, const FileColumn& column,
                                                 const std::shared_ptr<arrow::Array>& array);

Result<std::shared_ptr<arrow::Array>> ProjectStruct(const Field& wanted, const FileColumn& column,
                                                    const arrow::StructArray& array) {
  arrow::ArrayVector children;
  for (int i = 0; i < array.num_fields(); ++i) children.push_back(array.field(i));
  ASSIGN_OR_RETURN(auto made,
                   Project(wanted.type.fields(), column.children, children, {}, array.length()));
  ASSIGN_OR_RETURN(const auto type, ToArrow(wanted.type));
  ASSIGN_OR_RETURN(auto validity, ValidityOf(array));
  return std::make_shared<arrow::StructArray>(type, array.length(), std::move(made),
                                              std::move(validity), array.null_count());
}

Result<std::shared_ptr<arrow::Array>> ProjectList(const Field& wanted, const FileColumn& column,
                                                  const arrow::ListArray& array) {
  ASSIGN_OR_RETURN(auto values,
                   ProjectOne(wanted.type.element(), column.children[0], array.values()));
  ASSIGN_OR_RETURN(const auto type, ToArrow(wanted.type));
  return std::make_shared<arrow::ListArray>(type, array.length(), array.value_offsets(),
                                            std::move(values), array.null_bitmap(),
                                            array.null_count(), array.offset());
}

/// PyIceberg's files make Arrow read lists with wide offsets; a batch never needs them.
Result<std::shared_ptr<arrow::Array>> ProjectLargeList(const Field& wanted,
                                                       const FileColumn& column,
                                                       const arrow::LargeListArray& array) {
  const int64_t first = array.value_offset(0);
  const int64_t count = array.value_offset(array.length()) - first;
  if (count > INT32_MAX)
    return Fail(ErrorCode::kRecordTooLarge, "too many elements in one batch: column={} elements={}",
                wanted.name, count);
  arrow::TypedBufferBuilder<int32_t> offsets;
  for (int64_t i = 0; i <= array.length(); ++i) {
    RETURN_IF_ARROW_ERROR(offsets.Append(static_cast<int32_t>(array.value_offset(i) - first)),
                          "cannot copy a column", "");
  }
  ASSIGN_OR_RETURN_ARROW(auto buffer, offsets.Finish(), "cannot copy a column", "");
  ASSIGN_OR_RETURN(auto values, ProjectOne(wanted.type.element(), column.children[0],
                                           array.values()->Slice(first, count)));
  ASSIGN_OR_RETURN(const auto type, ToArrow(wanted.type));
  ASSIGN_OR_RETURN(auto validity, ValidityOf(array));
  return std::make_shared<arrow::ListArray>(type, array.length(), std::move(buffer),
                                            std::move(values), std::move(validity),
                                            array.null_count());
}

Result<std::shared_ptr<arrow::Array>> ProjectMap(const Field& wanted, const FileColumn& column,
                                                 const arrow::MapArray& array) {
  ASSIGN_OR_RETURN(auto keys, ProjectOne(wanted.type.key(), column.children[0], array.keys()));
  ASSIGN_OR_RETURN(auto items, ProjectOne(wanted.type.value(), column.children[1], array.items()));
  ASSIGN_OR_RETURN(const auto type, ToArrow(wanted.type));
  return std::make_shared<arrow::MapArray>(type, array.length(), array.value_offsets(),
                                           std::move(keys), std::move(items), array.null_bitmap(),
                                           array.null_count(), array.offset());
}

Result<std::shared_ptr<arrow::Array>> ProjectOne(const Field& wanted, const FileColumn& column,
                                                 const std::shared_ptr<arrow::Array>& array) {
  switch (wanted.type.id) {
    case TypeId::kStruct:
      return ProjectStruct(wanted, column, static_cast<const arrow::StructArray&>(*array));
    case TypeId::kList:
      if (array->type_id() == arrow::Type::LARGE_LIST)
        return ProjectLargeList(wanted, column, static_cast<const arrow::LargeListArray&>(*array));
      return ProjectList(wanted, column, static_cast<const arrow::ListArray&>(*array));
    case TypeId::kMap:
      return ProjectMap(wanted, column, static_cast<const arrow::MapArray&>(*array));
    default:
      return ProjectPrimitive(wanted, array);
  }
}

}  // namespace

Status CheckProjection(std::span<const Field> wanted, std::span<const FileColumn> columns,
                       const Constants& constants) {
  for (const Field& field : wanted) {
    const FileColumn* column = FindColumn(columns, field.id);
    if (column != nullptr) {
      RETURN_IF_ERROR(CheckColumn(field, *column));
    } else if (field.required && field.initial_default == nullptr &&
               !constants.contains(field.id)) {
      return Fail(ErrorCode::kInvalidTable, "a required column is not in the file: column={} id={}",
                  field.name, field.id);
    }
  }
  return {};
}

Result<arrow::ArrayVector> Project(std::span<const Field> wanted,
                                   std::span<const FileColumn> columns,
                                   std::span<const std::shared_ptr<arrow::Array>> arrays,
                                   const Constants& constants, int64_t rows) {
  arrow::ArrayVector made;
  for (const Field& field : wanted) {
    const FileColumn* column = FindColumn(columns, field.id);
    if (column == nullptr) {
      ASSIGN_OR_RETURN(made.emplace_back(), Missing(field, constants, rows));
    } else {
      const auto& array = arrays[static_cast<size_t>(column - columns.data())];
      ASSIGN_OR_RETURN(made.emplace_back(), ProjectOne(field, *column, array));
    }
  }
  return made;
}

}  // namespace weir::iceberg
