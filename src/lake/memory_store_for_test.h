// Files in memory for tests, over a folder of golden files that are only read:
//   FileIo io({}, registry);
//   io.SetStore("mem", MemoryStore::Over("mem:///golden", WEIR_SOURCE_DIR "/test/wire/lake"));
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/memory.h>

#include <fstream>
#include <iterator>
#include <map>

#include "lake/file_io.h"

namespace weir::iceberg {

class MemoryStore : public FileStore {
 public:
  static std::shared_ptr<MemoryStore> Over(std::string prefix, std::string folder) {
    auto store = std::make_shared<MemoryStore>();
    store->prefix_ = std::move(prefix);
    store->folder_ = std::move(folder);
    return store;
  }

  /// Writes of files whose names contain this fail.
  std::string broken_name;
  std::map<std::string, std::string> files;

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(const std::string& location,
                                                                 std::optional<int64_t>) override {
    if (const auto found = files.find(location); found != files.end()) {
      return std::make_shared<arrow::io::BufferReader>(
          arrow::Buffer::FromString(std::string(found->second)));
    }
    if (folder_.empty() || !location.starts_with(prefix_)) return Missing(location);
    std::ifstream in(folder_ + location.substr(prefix_.size()), std::ios::binary);
    if (!in) return Missing(location);
    return std::make_shared<arrow::io::BufferReader>(
        arrow::Buffer::FromString({std::istreambuf_iterator<char>(in), {}}));
  }
  Result<std::unique_ptr<OutputFile>> OpenOutput(const std::string& location) override {
    return Fail(ErrorCode::kStorage, "not in tests: location={}", location);
  }
  Status WriteNew(const std::string& location, BytesView bytes) override {
    if (!broken_name.empty() && location.find(broken_name) != std::string::npos) {
      return Fail(ErrorCode::kStorage, "broken for the test: location={}", location);
    }
    if (!files.emplace(location, bytes).second) {
      return Fail(ErrorCode::kFileAlreadyExist, "taken: location={}", location);
    }
    return {};
  }
  Status Delete(const std::string& location) override {
    files.erase(location);
    return {};
  }
  Result<std::vector<FileStat>> List(const std::string&) override {
    return std::vector<FileStat>();
  }
  Result<std::optional<FileStat>> Stat(const std::string& location) override {
    const auto found = files.find(location);
    if (found == files.end()) return std::optional<FileStat>();
    return FileStat{location, static_cast<int64_t>(found->second.size()), 0};
  }

 private:
  static Failure Missing(const std::string& location) {
    return Fail(ErrorCode::kFileNotExist, "missing: location={}", location);
  }

  std::string prefix_;
  std::string folder_;
};

}  // namespace weir::iceberg
