#include "catalog/rest_result.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/utf8.h"

namespace weir::iceberg {
namespace {

struct KindWords {
  int status;
  std::string_view type;
};

KindWords WordsOf(RestErrorKind kind) {
  switch (kind) {
    case RestErrorKind::kBadRequest:
      return {400, "BadRequestException"};
    case RestErrorKind::kInvalidArgument:
      return {400, "IllegalArgumentException"};
    case RestErrorKind::kNotAuthorized:
      return {401, "NotAuthorizedException"};
    case RestErrorKind::kForbidden:
      return {403, "ForbiddenException"};
    case RestErrorKind::kNoSuchNamespace:
      return {404, "NoSuchNamespaceException"};
    case RestErrorKind::kNoSuchTable:
      return {404, "NoSuchTableException"};
    case RestErrorKind::kNoSuchView:
      return {404, "NoSuchViewException"};
    case RestErrorKind::kNoSuchPlanId:
      return {404, "NoSuchPlanIdException"};
    case RestErrorKind::kNoSuchPlanTask:
      return {404, "NoSuchPlanTaskException"};
    case RestErrorKind::kNotFound:
      return {404, "NotFoundException"};
    case RestErrorKind::kMethodNotAllowed:
      return {405, "MethodNotAllowedException"};
    case RestErrorKind::kUnsupported:
      return {406, "UnsupportedOperationException"};
    case RestErrorKind::kAlreadyExists:
      return {409, "AlreadyExistsException"};
    case RestErrorKind::kNamespaceNotEmpty:
      return {409, "NamespaceNotEmptyException"};
    case RestErrorKind::kCommitFailed:
      return {409, "CommitFailedException"};
    case RestErrorKind::kTooLarge:
      return {413, "RequestTooLargeException"};
    case RestErrorKind::kUnprocessable:
      return {422, "UnprocessableEntityException"};
    case RestErrorKind::kInternal:
      return {500, "InternalServerError"};
    case RestErrorKind::kCommitStateUnknown:
      return {500, "CommitStateUnknownException"};
    case RestErrorKind::kServiceUnavailable:
      return {503, "ServiceUnavailableException"};
  }
  return {500, "InternalServerError"};
}

RestErrorKind KindOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kDatabaseNotExist:
      return RestErrorKind::kNoSuchNamespace;
    case ErrorCode::kTableNotExist:
    case ErrorCode::kUnknownTableOrBucket:
      return RestErrorKind::kNoSuchTable;
    case ErrorCode::kDatabaseAlreadyExist:
    case ErrorCode::kTableAlreadyExist:
    case ErrorCode::kLakeTableAlreadyExist:
      return RestErrorKind::kAlreadyExists;
    case ErrorCode::kDatabaseNotEmpty:
      return RestErrorKind::kNamespaceNotEmpty;
    case ErrorCode::kCommitConflict:
      return RestErrorKind::kCommitFailed;
    case ErrorCode::kCommitStateUnknown:
      return RestErrorKind::kCommitStateUnknown;
    case ErrorCode::kAuthenticate:
      return RestErrorKind::kNotAuthorized;
    case ErrorCode::kAuthorization:
      return RestErrorKind::kForbidden;
    case ErrorCode::kRecordTooLarge:
      return RestErrorKind::kTooLarge;
    case ErrorCode::kUnsupportedVersion:
      return RestErrorKind::kUnsupported;
    case ErrorCode::kInvalidTable:
    case ErrorCode::kInvalidDatabase:
    case ErrorCode::kInvalidConfig:
    case ErrorCode::kInvalidAlterTable:
    case ErrorCode::kSqlSyntax:
    case ErrorCode::kPartitionSpecInvalid:
      return RestErrorKind::kInvalidArgument;
    case ErrorCode::kDiskWriteLocked:
    case ErrorCode::kStorageBackpressure:
    case ErrorCode::kCancelled:
      return RestErrorKind::kServiceUnavailable;
    default:
      return RestErrorKind::kInternal;
  }
}

}  // namespace

RestError::RestError(const Error& error) : kind(KindOf(error.code)), message(error.message) {}

int RestError::status() const { return WordsOf(kind).status; }
std::string_view RestError::type() const { return WordsOf(kind).type; }

std::string RestError::ToJson() const {
  const std::string_view name = type();
  return boost::json::serialize(
      boost::json::object{{"error",
                           {{"message", ToUtf8(message)},
                            {"type", boost::json::string_view(name.data(), name.size())},
                            {"code", status()}}}});
}

}  // namespace weir::iceberg
