#include "lake/file_io.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <array>
#include <map>
#include <utility>

#include "base/clock.h"
#include "lake/arrow_error.h"
#include "lake/local_store.h"
#include "lake/location_rules.h"
#include "lake/object_store_metrics.h"
#include "lake/output_stream.h"
#include "lake/s3_store.h"

namespace weir::iceberg {
namespace {

/// Counts one call: its time from construction on, whether it failed, its bytes.
class Counted {
 public:
  Counted(LiveMetrics& metrics, OperationMetrics ObjectStoreMetrics::* operation)
      : metrics_(metrics), operation_(operation) {}

  template <class R>
  R Done(R result, int64_t bytes = 0) {
    const int64_t spent_us = SystemClock().MonotonicUs() - started_us_;
    metrics_.With([&](ObjectStoreMetrics& metrics) {
      OperationMetrics& operation = metrics.*operation_;
      operation.requests.Add();
      operation.seconds.ObserveUs(spent_us);
      if (bytes > 0) operation.bytes.Add(bytes);
      if (!result.ok()) operation.errors.Add();
    });
    return result;
  }

 private:
  LiveMetrics& metrics_;
  OperationMetrics ObjectStoreMetrics::* const operation_;
  const int64_t started_us_ = SystemClock().MonotonicUs();
};

/// Names the location in errors of later reads and counts them.
class CountedInput final : public arrow::io::RandomAccessFile {
 public:
  CountedInput(std::string location, std::shared_ptr<arrow::io::RandomAccessFile> file,
               std::shared_ptr<LiveMetrics> metrics)
      : location_(std::move(location)), file_(std::move(file)), metrics_(std::move(metrics)) {}

  arrow::Status Close() override { return file_->Close(); }
  bool closed() const override { return file_->closed(); }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Seek(int64_t position) override {
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> GetSize() override { return Named(file_->GetSize()); }

  arrow::Result<int64_t> ReadAt(int64_t position, int64_t bytes, void* out) override {
    Counted counted(*metrics_, &ObjectStoreMetrics::read);
    auto got = Named(file_->ReadAt(position, bytes, out));
    const int64_t read = got.ok() ? *got : 0;
    return counted.Done(std::move(got), read);
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t bytes) override {
    Counted counted(*metrics_, &ObjectStoreMetrics::read);
    auto got = Named(file_->ReadAt(position, bytes));
    const int64_t read = got.ok() ? (*got)->size() : 0;
    return counted.Done(std::move(got), read);
  }
  arrow::Result<int64_t> Read(int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position_, bytes, out));
    position_ += got;
    return got;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(auto got, ReadAt(position_, bytes));
    position_ += got->size();
    return got;
  }

 private:
  template <class T>
  arrow::Result<T> Named(arrow::Result<T> result) const {
    if (result.ok()) return result;
    return ToArrow(FromArrow(result.status(), "cannot read a file", location_).value());
  }

  const std::string location_;
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  std::shared_ptr<LiveMetrics> metrics_;
  int64_t position_ = 0;
};

class CountedOutput final : public OutputFile {
 public:
  CountedOutput(std::unique_ptr<OutputFile> file, std::shared_ptr<LiveMetrics> metrics)
      : file_(std::move(file)), metrics_(std::move(metrics)) {}

  Status Append(BytesView bytes) override { return file_->Append(bytes); }
  Status Finish() override {
    Counted counted(*metrics_, &ObjectStoreMetrics::write);
    return counted.Done(file_->Finish(), file_->bytes());
  }
  int64_t bytes() const override { return file_->bytes(); }
  std::shared_ptr<arrow::io::OutputStream> stream() override { return file_->stream(); }

 private:
  std::unique_ptr<OutputFile> file_;
  std::shared_ptr<LiveMetrics> metrics_;
};

}  // namespace

struct FileIo::State {
  struct Place {
    std::shared_ptr<FileStore> store;
    std::unique_ptr<ObjectStoreMetrics> counters;
    std::shared_ptr<LiveMetrics> metrics;
  };

  ~State() {
    if (borrows_counters) return;
    for (const auto& [scheme, place] : places) place.metrics->Close();
  }

  Place& Add(const std::string& scheme, double write_price, double read_price) {
    Place& place = places[scheme];
    place.counters =
        std::make_unique<ObjectStoreMetrics>(registry, scheme, write_price, read_price);
    place.metrics = std::make_shared<LiveMetrics>(place.counters.get());
    return place;
  }

  Result<Place*> Find(const std::string& location) {
    ASSIGN_OR_RETURN(const std::string scheme, SchemeOf(location));
    const auto found = places.find(scheme);
    if (found == places.end()) {
      return Fail(ErrorCode::kInvalidConfig, "no file system for the scheme: location={}",
                  location);
    }
    return &found->second;
  }

  /// Whether a file may be read or deleted. Errors  kInvalidTable
  Status Allow(const std::string& location) const {
    if (!allowed || IsBelowAny(location, allowed->below)) return {};
    // Below itself: a clean path.
    const auto scheme = SchemeOf(location);
    const bool elsewhere = scheme.ok() && *scheme != "file" && IsBelow(location, location);
    if (allowed->object_stores && elsewhere) return {};
    return Fail(ErrorCode::kInvalidTable,
                "a file outside of the places of tables (datalake.iceberg.other-locations): "
                "location={:.300}",
                location);
  }

  MetricRegistry& registry;
  FileIoOptions options;
  std::map<std::string, Place, std::less<>> places;
  bool borrows_counters = false;
  std::optional<ReadPlaces> allowed = std::nullopt;
};

FileIo::FileIo(FileIoOptions options, MetricRegistry& registry)
    : state_(new State{registry, std::move(options), {}}) {
  state_->Add("file", 0, 0).store = MakeLocalStore();
  State::Place& s3 =
      state_->Add("s3", state_->options.write_requests_price, state_->options.read_requests_price);
  s3.store = MakeS3Store(state_->options, s3.metrics);
}

FileIo::FileIo(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileIo::~FileIo() = default;

std::unique_ptr<FileIo> FileIo::Unsynced() const {
  std::unique_ptr<State> state(
      new State{state_->registry, state_->options, {}, true, state_->allowed});
  for (const auto& [scheme, place] : state_->places) {
    State::Place& copy = state->places[scheme];
    copy.store = scheme == "file" ? MakeLocalStore(LocalSync::kNo) : place.store;
    copy.metrics = place.metrics;
  }
  return std::unique_ptr<FileIo>(new FileIo(std::move(state)));
}

void FileIo::Confine(ReadPlaces places) { state_->allowed = std::move(places); }

void FileIo::SetStore(std::string scheme, std::shared_ptr<FileStore> store) {
  const auto found = state_->places.find(scheme);
  State::Place& place = found == state_->places.end() ? state_->Add(scheme, 0, 0) : found->second;
  place.store = std::move(store);
}

void FileIo::Stop() {
  for (auto& [scheme, place] : state_->places) place.store->Stop();
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> FileIo::OpenInput(
    const std::string& location, std::optional<int64_t> bytes) {
  RETURN_IF_ERROR(state_->Allow(location));
  ASSIGN_OR_RETURN(State::Place * place, state_->Find(location));
  Counted counted(*place->metrics, &ObjectStoreMetrics::stat);
  ASSIGN_OR_RETURN(auto file, counted.Done(place->store->OpenInput(location, bytes)));
  return std::make_shared<CountedInput>(location, std::move(file), place->metrics);
}

Result<std::string> FileIo::ReadAll(const std::string& location, int64_t bytes_max) {
  ASSIGN_OR_RETURN(const auto file, OpenInput(location));
  ASSIGN_OR_RETURN_ARROW(const int64_t size, file->GetSize(), "cannot read a file", location);
  if (size > bytes_max) {
    return Fail(ErrorCode::kStorage, "a file is too long: path={} bytes={} bytes_max={}", location,
                size, bytes_max);
  }
  std::string bytes(static_cast<size_t>(size), '\0');
  ASSIGN_OR_RETURN_ARROW(const int64_t got, file->ReadAt(0, size, bytes.data()),
                         "cannot read a file", location);
  bytes.resize(static_cast<size_t>(got));
  return bytes;
}

Result<std::unique_ptr<OutputFile>> FileIo::OpenOutput(const std::string& location) {
  ASSIGN_OR_RETURN(State::Place * place, state_->Find(location));
  ASSIGN_OR_RETURN(auto file, place->store->OpenOutput(location));
  return std::make_unique<CountedOutput>(std::move(file), place->metrics);
}

Status FileIo::WriteNew(const std::string& location, BytesView bytes) {
  ASSIGN_OR_RETURN(State::Place * place, state_->Find(location));
  Counted counted(*place->metrics, &ObjectStoreMetrics::write);
  return counted.Done(place->store->WriteNew(location, bytes), static_cast<int64_t>(bytes.size()));
}

Status FileIo::Delete(const std::string& location) {
  RETURN_IF_ERROR(state_->Allow(location));
  ASSIGN_OR_RETURN(State::Place * place, state_->Find(location));
  Counted counted(*place->metrics, &ObjectStoreMetrics::remove);
  return counted.Done(place->store->Delete(location));
}

Status FileIo::Sync(const std::string& location) {
  ASSIGN_OR_RETURN(State::Place * place, state_->Find(location));
  return place->store->Sync(location);
}

Result<std::vector<FileStat>> FileIo::List(const std::string& location) {
  ASSIGN_OR_RETURN(State::Place * place, state_->Find(location));
  Counted counted(*place->metrics, &ObjectStoreMetrics::list);
  return counted.Done(place->store->List(location));
}

Result<std::optional<FileStat>> FileIo::Stat(const std::string& location) {
  ASSIGN_OR_RETURN(State::Place * place, state_->Find(location));
  Counted counted(*place->metrics, &ObjectStoreMetrics::stat);
  return counted.Done(place->store->Stat(location));
}

Result<std::string> SchemeOf(std::string_view location) {
  if (location.starts_with('/')) return "file";
  const size_t colon = location.find(':');
  const std::string_view scheme = location.substr(0, colon == location.npos ? 0 : colon);
  if (scheme.empty() || scheme.find('/') != scheme.npos) {
    return Fail(ErrorCode::kInvalidConfig, "not an absolute path or a URL: location={}", location);
  }
  if (scheme == "s3a" || scheme == "s3n") return "s3";
  return std::string(scheme);
}

Result<std::string> LocalPath(std::string_view location) {
  std::string_view path = location;
  if (path.starts_with("file:")) path.remove_prefix(5);
  while (path.starts_with("//")) path.remove_prefix(1);
  if (!path.starts_with('/')) {
    return Fail(ErrorCode::kInvalidConfig, "not a local path: location={}", location);
  }
  return std::string(path);
}

std::string Join(std::string_view folder, std::string_view name) {
  while (folder.ends_with('/')) folder.remove_suffix(1);
  while (name.starts_with('/')) name.remove_prefix(1);
  return fmt::format("{}/{}", folder, name);
}

}  // namespace weir::iceberg
