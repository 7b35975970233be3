// ALTER_TABLE: properties, or new columns at the end. Nothing else can be altered.
// Source: Fluss 545c5539 CoordinatorService.alterTable
#include "handlers/catalog_requests.h"
#include "record/schema_json.h"

namespace weir {

namespace {

constexpr int32_t kLastPosition = 0;

Result<AddColumn> ToAddColumn(const pb::PbAddColumn& request) {
  if (request.column_position_type() != kLastPosition) {
    return Fail(ErrorCode::kInvalidAlterTable, "columns can only be added at the end: column={}",
                request.column_name());
  }
  ASSIGN_OR_RETURN(DataType type, DataTypeFromText(request.data_type_json()));
  AddColumn out{.name = request.column_name(), .type = std::move(type)};
  if (request.has_comment()) out.comment = request.comment();
  if (request.has_agg_function_type()) {
    out.agg_function = AggFunction{.type = request.agg_function_type()};
    for (const pb::PbKeyValue& item : request.agg_function_params()) {
      out.agg_function->parameters[item.key()] = item.value();
    }
  }
  return out;
}

Result<TableChanges> ToTableChanges(const pb::AlterTableRequest& request) {
  if (request.drop_columns_size() > 0 || request.rename_columns_size() > 0 ||
      request.modify_columns_size() > 0) {
    return Fail(ErrorCode::kInvalidAlterTable, "columns cannot be dropped, renamed or modified");
  }
  if (request.has_modify_bucket_count()) {
    return Fail(ErrorCode::kInvalidAlterTable, "the number of buckets cannot be altered");
  }
  TableChanges out{.configs = ToConfigChanges(request.config_changes())};
  for (const pb::PbAddColumn& column : request.add_columns()) {
    ASSIGN_OR_RETURN(AddColumn added, ToAddColumn(column));
    out.added_columns.push_back(std::move(added));
  }
  return out;
}

}  // namespace

Task<Result<pb::AlterTableResponse>> AlterTable(RequestContext& context,
                                                const pb::AlterTableRequest& request) {
  CO_ASSIGN_OR_RETURN(const TableChanges changes, ToTableChanges(request));
  co_return co_await AnswerChange<pb::AlterTableResponse>(context, [&](Catalog& catalog) {
    return catalog.AlterTable(ToTablePath(request.table_path()), changes,
                              ToIfNotExists(request.ignore_if_not_exists()));
  });
}

}  // namespace weir
