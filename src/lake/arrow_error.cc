#include "lake/arrow_error.h"

#include <arrow/util/io_util.h>

#include <cerrno>
#include <memory>
#include <string>

namespace weir::iceberg {
namespace {

constexpr const char* kTypeId = "weir::Error";

class ErrorDetail final : public arrow::StatusDetail {
 public:
  explicit ErrorDetail(Error error) : error_(std::move(error)) {}
  const char* type_id() const override { return kTypeId; }
  std::string ToString() const override { return std::string(Name(error_.code)); }
  const Error& error() const { return error_; }

 private:
  Error error_;
};

}  // namespace

arrow::Status ToArrow(const Error& error) {
  return arrow::Status(arrow::StatusCode::IOError, error.message,
                       std::make_shared<ErrorDetail>(error));
}

Failure FromArrow(const arrow::Status& status, std::string_view what, std::string_view location) {
  if (const auto& detail = status.detail();
      detail != nullptr && std::string_view(detail->type_id()) == kTypeId) {
    return Failure(static_cast<const ErrorDetail&>(*detail).error());
  }
  const int number = arrow::internal::ErrnoFromStatus(status);
  const auto code =
      number == ENOSPC || number == EDQUOT ? ErrorCode::kDiskWriteLocked : ErrorCode::kStorage;
  return Fail(code, "{}: {}: path={}", what, status.message(), location);
}

}  // namespace weir::iceberg
