#include "record/value.h"

#include <cstring>

namespace weir {

bool operator==(const Value& a, const Value& b) {
  if (a.kind_ != b.kind_) return false;
  switch (a.kind_) {
    case Value::Kind::kNull:
      return true;
    case Value::Kind::kFloat:
      return std::memcmp(&a.f32_, &b.f32_, sizeof(float)) == 0;
    case Value::Kind::kBytes:
      return a.bytes() == b.bytes();
    case Value::Kind::kTimestamp:
      return a.i64_ == b.i64_ && a.aux_ == b.aux_;
    case Value::Kind::kNested:
      return a.format_ == b.format_ && a.bytes() == b.bytes();
    default:
      return a.i64_ == b.i64_;
  }
}

}  // namespace weir
