#include "sql/writer_ids.h"

#include "meta/catalog.h"

namespace weir {

Result<std::unique_ptr<SqlWriterId>> SqlWriterIds::Take() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      auto writer = std::move(free_.back());
      free_.pop_back();
      return writer;
    }
  }
  ASSIGN_OR_RETURN(const int64_t id, catalog_.NewWriterId());
  return std::make_unique<SqlWriterId>(id);
}

void SqlWriterIds::Return(std::unique_ptr<SqlWriterId> writer) {
  if (writer == nullptr || !writer->reusable()) return;
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(writer));
}

}  // namespace weir
