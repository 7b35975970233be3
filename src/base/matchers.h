// Matchers of Result for tests:
//   EXPECT_THAT(schema, IsOk());
//   EXPECT_THAT(Parse("x"), IsError(ErrorCode::kInvalidTable));
//   EXPECT_THAT(BucketOf(...), HasValue(3));
#pragma once

#include <gmock/gmock.h>

#include "base/error_code.h"
#include "base/result.h"

namespace weir {

MATCHER(IsOk, negation ? "is an error" : "is ok") {
  if (arg.has_value()) return true;
  *result_listener << "error " << Name(arg.error().code) << ": " << arg.error().message;
  return false;
}

MATCHER_P(IsError, code, std::string(negation ? "is not " : "is ") + std::string(Name(code))) {
  if (arg.has_value()) {
    *result_listener << "is ok";
    return false;
  }
  *result_listener << "error " << Name(arg.error().code) << ": " << arg.error().message;
  return arg.error().code == code;
}

MATCHER_P(HasValue, matcher, "holds a value") {
  if (!arg.has_value()) {
    *result_listener << "error " << Name(arg.error().code) << ": " << arg.error().message;
    return false;
  }
  return testing::ExplainMatchResult(matcher, *arg, result_listener);
}

}  // namespace weir
