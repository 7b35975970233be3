// A FileIo output as Arrow sees it. For .cc files only: pulls in Arrow.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include "lake/arrow_error.h"
#include "lake/file_io.h"

namespace weir::iceberg {

/// Forwards what Arrow writes to an OutputFile, which must outlive it.
class AppendingStream final : public arrow::io::OutputStream {
 public:
  explicit AppendingStream(OutputFile& file) : file_(file) {}

  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, int64_t bytes) override {
    const Status status =
        file_.Append({static_cast<const char*>(data), static_cast<size_t>(bytes)});
    return status.ok() ? arrow::Status::OK() : ToArrow(status.error());
  }
  arrow::Result<int64_t> Tell() const override { return file_.bytes(); }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }

 private:
  OutputFile& file_;
  bool closed_ = false;
};

}  // namespace weir::iceberg
