#include "sql/table_type.h"

#include <vector>

#include "sql/engine.h"
#include "sql/query.h"

namespace weir {
namespace {

Result<DataType> RowType(duckdb_logical_type type) {
  std::vector<Field> fields;
  for (idx_t i = 0; i < Duck().struct_type_child_count(type); ++i) {
    Field& field = fields.emplace_back();
    field.name = TakeDuckText(Duck().struct_type_child_name(type, i));
    ASSIGN_OR_RETURN(field.type,
                     TableTypeOf(DuckType(Duck().struct_type_child_type(type, i)).get()));
  }
  return DataType::Row(std::move(fields));
}

}  // namespace

Result<DataType> TableTypeOf(duckdb_logical_type type) {
  switch (Duck().get_type_id(type)) {
    case DUCKDB_TYPE_BOOLEAN:
      return DataType::Of(TypeKind::kBoolean);
    case DUCKDB_TYPE_TINYINT:
      return DataType::Of(TypeKind::kTinyInt);
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_UTINYINT:
      return DataType::Of(TypeKind::kSmallInt);
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_USMALLINT:
      return DataType::Of(TypeKind::kInt);
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UINTEGER:
      return DataType::Of(TypeKind::kBigInt);
    case DUCKDB_TYPE_UBIGINT:
      return DataType::Decimal(20, 0);
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
      return DataType::Decimal(38, 0);
    case DUCKDB_TYPE_FLOAT:
      return DataType::Of(TypeKind::kFloat);
    case DUCKDB_TYPE_DOUBLE:
      return DataType::Of(TypeKind::kDouble);
    case DUCKDB_TYPE_DECIMAL:
      return DataType::Decimal(Duck().decimal_width(type), Duck().decimal_scale(type));
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_UUID:
    case DUCKDB_TYPE_ENUM:
    case DUCKDB_TYPE_BIT:
      return DataType::Of(TypeKind::kString);
    case DUCKDB_TYPE_BLOB:
      return DataType::Of(TypeKind::kBytes);
    case DUCKDB_TYPE_DATE:
      return DataType::Of(TypeKind::kDate);
    case DUCKDB_TYPE_TIME:
      return DataType::Temporal(TypeKind::kTime, 3);
    case DUCKDB_TYPE_TIMESTAMP_S:
      return DataType::Temporal(TypeKind::kTimestamp, 0);
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return DataType::Temporal(TypeKind::kTimestamp, 3);
    case DUCKDB_TYPE_TIMESTAMP:
      return DataType::Temporal(TypeKind::kTimestamp, 6);
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return DataType::Temporal(TypeKind::kTimestamp, 9);
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return DataType::Temporal(TypeKind::kTimestampLtz, 6);
    case DUCKDB_TYPE_LIST: {
      ASSIGN_OR_RETURN(DataType element,
                       TableTypeOf(DuckType(Duck().list_type_child_type(type)).get()));
      return DataType::Array(std::move(element));
    }
    case DUCKDB_TYPE_ARRAY: {
      ASSIGN_OR_RETURN(DataType element,
                       TableTypeOf(DuckType(Duck().array_type_child_type(type)).get()));
      return DataType::Array(std::move(element));
    }
    case DUCKDB_TYPE_MAP: {
      ASSIGN_OR_RETURN(const DataType key,
                       TableTypeOf(DuckType(Duck().map_type_key_type(type)).get()));
      ASSIGN_OR_RETURN(DataType value,
                       TableTypeOf(DuckType(Duck().map_type_value_type(type)).get()));
      return DataType::Map(key, std::move(value));
    }
    case DUCKDB_TYPE_STRUCT:
      return RowType(type);
    default:
      return Fail(ErrorCode::kSqlFailed, "tables have no type {}: use CAST", TypeText(type));
  }
}

}  // namespace weir
