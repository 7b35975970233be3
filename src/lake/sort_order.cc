#include "lake/sort_order.h"

#include "lake/json_fields.h"

namespace weir::iceberg {
namespace {

Result<SortField> FieldOfOrder(const json::value& value) {
  SortField field;
  JsonFields in(value, "a sort field");
  std::optional<int32_t> source;
  std::string transform;
  std::string direction;
  std::string nulls;
  in.Get("source-id", source);
  in.Get("source-ids", field.source_ids);
  in.Need("transform", transform);
  in.Need("direction", direction);
  in.Need("null-order", nulls);
  if (source) field.source_ids = {*source};
  if (field.source_ids.empty()) in.Wrong("source-id", "is missing");
  if (direction != "asc" && direction != "desc") in.Wrong("direction", "is neither asc nor desc");
  if (nulls != "nulls-first" && nulls != "nulls-last") {
    in.Wrong("null-order", "is neither nulls-first nor nulls-last");
  }
  RETURN_IF_ERROR(in.status());
  field.direction = direction == "asc" ? SortDirection::kAscending : SortDirection::kDescending;
  field.null_order = nulls == "nulls-first" ? NullOrder::kFirst : NullOrder::kLast;
  ASSIGN_OR_RETURN(field.transform, TransformFromText(transform));
  return field;
}

json::object ToJson(const SortField& field) {
  json::object out{{"transform", field.transform.ToString()}};
  if (field.source_ids.size() == 1) {
    out["source-id"] = field.source_id();
  } else {
    out["source-ids"] = NumbersToJson(field.source_ids);
  }
  out["direction"] = field.direction == SortDirection::kAscending ? "asc" : "desc";
  out["null-order"] = field.null_order == NullOrder::kFirst ? "nulls-first" : "nulls-last";
  return out;
}

}  // namespace

Status CheckSortOrder(const SortOrder& order, const Schema& schema) {
  for (const SortField& field : order.fields) {
    const Field* source = schema.FindField(field.source_id());
    if (source == nullptr) {
      return Fail(ErrorCode::kInvalidTable, "a sort field has no column: source_id={}",
                  field.source_id());
    }
    RETURN_IF_ERROR(field.transform.ResultType(source->type));
  }
  return {};
}

json::object ToJson(const SortOrder& order) {
  json::object out{{"order-id", order.order_id}};
  json::array fields;
  for (const SortField& field : order.fields) fields.emplace_back(ToJson(field));
  out["fields"] = std::move(fields);
  return out;
}

Result<SortOrder> SortOrderFromJson(const json::value& value) {
  SortOrder order;
  JsonFields in(value, "a sort order");
  in.Get("order-id", order.order_id);
  in.NeedEach("fields", [&](const json::value& item) -> Status {
    ASSIGN_OR_RETURN(SortField field, FieldOfOrder(item));
    order.fields.push_back(std::move(field));
    return {};
  });
  RETURN_IF_ERROR(in.status());
  return order;
}

}  // namespace weir::iceberg
