#include "lake/s3_store.h"

#include <arrow/filesystem/filesystem.h>
#include <arrow/filesystem/s3fs.h>
#include <arrow/util/config.h>
#include <arrow/util/uri.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <utility>

#include "lake/output_stream.h"
#include "lake/s3_retry.h"

namespace weir::iceberg {
namespace {

/// Asked by the S3 client after every failed request, each part of an upload by itself.
class Retries final : public arrow::fs::S3RetryStrategy {
 public:
  Retries(const FileIoOptions& options, std::shared_ptr<LiveMetrics> metrics,
          std::shared_ptr<RetryGate> gate)
      : options_(options), metrics_(std::move(metrics)), gate_(std::move(gate)) {}

  bool ShouldRetry(const AWSErrorDetail& error, int64_t attempted) override {
    if (!error.should_retry && !PassesByItself(error.exception_name, error.message)) return false;
    if (!MayRetry(options_, attempted)) return false;
    // The client's own wait cannot be ended early; this one can.
    thread_local std::minstd_rand random{std::random_device{}()};
    if (!gate_->Wait(std::chrono::milliseconds(
            RetryWaitMs(options_, attempted, std::uniform_real_distribution<>(0, 1)(random)))))
      return false;
    metrics_->With([](ObjectStoreMetrics& metrics) { metrics.retries.Add(); });
    return true;
  }

  int64_t CalculateDelayBeforeNextRetry(const AWSErrorDetail&, int64_t) override { return 0; }

 private:
  const FileIoOptions options_;
  const std::shared_ptr<LiveMetrics> metrics_;
  const std::shared_ptr<RetryGate> gate_;
};

/// Have Arrow load its S3 library, once in the life of the process.
arrow::Status LoadLibrary() {
  static const arrow::Status loaded = [] {
    // Beside libarrow, whose run path names its own folder.
    const std::string name = fmt::format("libarrow_s3.so.{}", ARROW_SO_VERSION);
    return arrow::fs::LoadFileSystemFactories(name.c_str());
  }();
  return loaded;
}

/// Have Arrow shut its S3 client down when the process exits. Called when the client is there: what
/// is registered last runs first, and the client's own destructor must not come before.
void FinalizeAtExit() {
  static const int registered = std::atexit([] { arrow::fs::EnsureFinalized(); });
  (void)registered;
}

struct Place {
  std::shared_ptr<arrow::fs::FileSystem> files;
  std::string path;  // bucket/key
};

class S3Store final : public FileStore, public std::enable_shared_from_this<S3Store> {
 public:
  S3Store(const FileIoOptions& options, std::shared_ptr<LiveMetrics> metrics)
      : options_(options), metrics_(std::move(metrics)) {}

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(
      const std::string& location, std::optional<int64_t> bytes) override {
    ASSIGN_OR_RETURN(const Place place, Find(location));
    arrow::fs::FileInfo info(place.path,
                             bytes ? arrow::fs::FileType::File : arrow::fs::FileType::Unknown);
    if (bytes) info.set_size(*bytes);
    auto file = place.files->OpenInputFile(info);
    if (!file.ok()) return Say(file.status(), "cannot open a file", location);
    return std::shared_ptr<arrow::io::RandomAccessFile>(*file);
  }

  Result<std::unique_ptr<OutputFile>> OpenOutput(const std::string& location) override;

  Status WriteNew(const std::string& location, BytesView bytes) override {
    const auto there = OpenInput(location, std::nullopt);
    if (there.ok()) {
      return Fail(ErrorCode::kFileAlreadyExist, "a file is there already: path={}", location);
    }
    if (there.code() != ErrorCode::kFileNotExist) return Forward(there);
    ASSIGN_OR_RETURN(const auto file, OpenOutput(location));
    RETURN_IF_ERROR(file->Append(bytes));
    return file->Finish();
  }

  Status Delete(const std::string& location) override {
    ASSIGN_OR_RETURN(const Place place, Find(location));
    const arrow::Status status = place.files->DeleteFile(place.path);
    if (status.ok()) return {};
    Failure failure = Say(status, "cannot delete a file", location);
    if (failure.value().code == ErrorCode::kFileNotExist) return {};
    return failure;
  }

  Result<std::vector<FileStat>> List(const std::string& location) override {
    ASSIGN_OR_RETURN(const Place place, Find(location));
    arrow::fs::FileSelector below;
    below.base_dir = place.path;
    below.recursive = true;
    below.allow_not_found = true;
    auto listed = place.files->GetFileInfo(below);
    if (!listed.ok()) return Say(listed.status(), "cannot list a folder", location);
    std::vector<FileStat> found;
    for (const arrow::fs::FileInfo& info : *listed) {
      if (info.type() != arrow::fs::FileType::File) continue;
      found.push_back(StatOf(Join(location, info.path().substr(place.path.size())), info));
    }
    return found;
  }

  Result<std::optional<FileStat>> Stat(const std::string& location) override {
    ASSIGN_OR_RETURN(const Place place, Find(location));
    auto info = place.files->GetFileInfo(place.path);
    if (!info.ok()) return Say(info.status(), "cannot stat a file", location);
    if (info->type() != arrow::fs::FileType::File) return std::nullopt;
    return StatOf(location, *info);
  }

  void Stop() override { gate_->Close(); }

  Status Alive() const {
    if (!gate_->closed()) return {};
    return Fail(ErrorCode::kCancelled, "the server is stopping");
  }

  /// The store's words as an error of ours, without a secret in them.
  Failure Say(const arrow::Status& status, std::string_view what,
              const std::string& location) const {
    Error error = FromArrow(status, what, location).value();
    error.code = CodeOf(status);
    for (const std::string& secret :
         {options_.s3_secret_access_key, options_.s3_session_token, options_.s3_access_key_id}) {
      for (size_t at; !secret.empty() && (at = error.message.find(secret)) != std::string::npos;) {
        error.message.replace(at, secret.size(), "***");
      }
    }
    return Failure(std::move(error));
  }

 private:
  static FileStat StatOf(std::string location, const arrow::fs::FileInfo& info) {
    return {std::move(location), info.size(),
            std::chrono::duration_cast<std::chrono::milliseconds>(info.mtime().time_since_epoch())
                .count()};
  }

  static ErrorCode CodeOf(const arrow::Status& status) {
    const std::string text = status.message();
    const auto mentions = [&](std::initializer_list<const char*> parts) {
      for (const char* part : parts) {
        if (text.find(part) != std::string::npos) return true;
      }
      return false;
    };
    if (mentions({"NO_SUCH_BUCKET", "NoSuchBucket", "does not exist or you do not own"})) {
      return ErrorCode::kInvalidConfig;
    }
    if (mentions({"Path does not exist", "NO_SUCH_KEY", "HTTP response code: 404"})) {
      return ErrorCode::kFileNotExist;
    }
    if (mentions({"ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH",
                  "InvalidAccessKeyId", "SignatureDoesNotMatch", "EXPIRED_TOKEN", "ExpiredToken",
                  "INVALID_CLIENT_TOKEN_ID", "MISSING_AUTHENTICATION", "UNRECOGNIZED_CLIENT",
                  "HTTP response code: 403", "HTTP response code: 401"})) {
      return ErrorCode::kAuthorization;
    }
    return ErrorCode::kStorage;
  }

  Result<Place> Find(const std::string& location) {
    RETURN_IF_ERROR(Alive());
    const size_t begins = location.find("://");
    const std::string path = begins == std::string::npos ? "" : location.substr(begins + 3);
    const std::string bucket = path.substr(0, path.find('/'));
    if (bucket.empty()) {
      return Fail(ErrorCode::kInvalidConfig, "a location without a bucket: location={}", location);
    }
    std::lock_guard lock(mutex_);
    std::shared_ptr<arrow::fs::FileSystem>& files = buckets_[bucket];
    if (files == nullptr) {
      ASSIGN_OR_RETURN(files, Connect(bucket, location));
    }
    return Place{files, path};
  }

  Result<std::shared_ptr<arrow::fs::FileSystem>> Connect(const std::string& bucket,
                                                         const std::string& location) {
    RETURN_IF_ARROW_ERROR(LoadLibrary(), "cannot load the S3 library", location);
    std::string uri = fmt::format("s3://{}?allow_delayed_open=true", bucket);
    if (!options_.s3_region.empty()) {
      uri += "&region=" + arrow::util::UriEscape(options_.s3_region);
    }
    if (!options_.s3_endpoint.empty()) {
      if (!options_.s3_path_style_access) {
        return Fail(ErrorCode::kInvalidConfig,
                    "s3.path-style-access=false is not supported with s3.endpoint");
      }
      const std::string& endpoint = options_.s3_endpoint;
      const size_t scheme = endpoint.find("://");
      if (scheme == std::string::npos) {
        return Fail(ErrorCode::kInvalidConfig, "s3.endpoint is not a URL: s3.endpoint={}",
                    endpoint);
      }
      std::string host = endpoint.substr(scheme + 3);
      while (host.ends_with('/')) host.pop_back();
      uri += fmt::format("&scheme={}&endpoint_override={}", endpoint.substr(0, scheme),
                         arrow::util::UriEscape(host));
      if (options_.s3_region.empty()) uri += "&region=us-east-1";
    }
    arrow::fs::FileSystemFactoryOptions extra = {
        {"retry_strategy", std::shared_ptr<arrow::fs::S3RetryStrategy>(
                               std::make_shared<Retries>(options_, metrics_, gate_))}};
    if (!options_.s3_access_key_id.empty()) {
      extra.emplace_back("access_key", options_.s3_access_key_id);
      extra.emplace_back("secret_key", options_.s3_secret_access_key);
      if (!options_.s3_session_token.empty()) {
        extra.emplace_back("session_token", options_.s3_session_token);
      }
    }
    auto files = arrow::fs::FileSystemFromUriAndOptions(uri, extra);
    FinalizeAtExit();
    if (!files.ok()) return Say(files.status(), "cannot reach the object store", location);
    return std::move(files).ValueUnsafe();
  }

  const FileIoOptions options_;
  const std::shared_ptr<LiveMetrics> metrics_;
  const std::shared_ptr<RetryGate> gate_ = std::make_shared<RetryGate>();
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<arrow::fs::FileSystem>> buckets_;
};

/// One upload: the object appears when the stream is closed.
class S3Output final : public OutputFile {
 public:
  S3Output(std::string location, std::shared_ptr<S3Store> store,
           std::shared_ptr<arrow::io::OutputStream> stream)
      : location_(std::move(location)), store_(std::move(store)), stream_(std::move(stream)) {}

  ~S3Output() override {
    // A failed abort leaves an unfinished upload, which buckets expire by their own rule.
    if (!finished_) (void)stream_->Abort();
  }

  Status Append(BytesView bytes) override {
    RETURN_IF_ERROR(store_->Alive());
    const arrow::Status status = stream_->Write(bytes.data(), static_cast<int64_t>(bytes.size()));
    if (!status.ok()) return store_->Say(status, "cannot write a file", location_);
    bytes_ += static_cast<int64_t>(bytes.size());
    return {};
  }

  Status Finish() override {
    RETURN_IF_ERROR(store_->Alive());
    const arrow::Status status = stream_->Close();
    if (!status.ok()) return store_->Say(status, "cannot write a file", location_);
    finished_ = true;
    return {};
  }

  int64_t bytes() const override { return bytes_; }

  std::shared_ptr<arrow::io::OutputStream> stream() override {
    return std::make_shared<AppendingStream>(*this);
  }

 private:
  const std::string location_;
  const std::shared_ptr<S3Store> store_;
  const std::shared_ptr<arrow::io::OutputStream> stream_;
  int64_t bytes_ = 0;
  bool finished_ = false;
};

Result<std::unique_ptr<OutputFile>> S3Store::OpenOutput(const std::string& location) {
  ASSIGN_OR_RETURN(const Place place, Find(location));
  auto stream = place.files->OpenOutputStream(place.path);
  if (!stream.ok()) return Say(stream.status(), "cannot write a file", location);
  return std::unique_ptr<OutputFile>(new S3Output(location, shared_from_this(), *stream));
}

}  // namespace

std::shared_ptr<FileStore> MakeS3Store(const FileIoOptions& options,
                                       std::shared_ptr<LiveMetrics> metrics) {
  return std::make_shared<S3Store>(options, std::move(metrics));
}

}  // namespace weir::iceberg
