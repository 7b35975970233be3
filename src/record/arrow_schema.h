// Our schemas and types as Arrow's. CHAR is Utf8, DECIMAL always 128 bits, timestamps carry no
// zone: both ends of the wire expect exactly these. Source: org.apache.fluss.utils.ArrowUtils;
// docs/formats/arrow_batch.md.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "base/result.h"

namespace weir {

struct DataType;
class Schema;

/// The Arrow schema of a table's columns, in schema order, nullability as declared.
std::shared_ptr<arrow::Schema> ToArrowSchema(const Schema& schema);

std::shared_ptr<arrow::DataType> ToArrowType(const DataType& type);

/// An Arrow status as ours: kCorruptMessage for Invalid and IOError (bad bytes),
/// kUnknownServerError otherwise.
Status FromArrow(const arrow::Status& status);

}  // namespace weir
