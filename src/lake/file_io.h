// Files of the lake: one set of calls for a local folder and for an object store.
//
//   FileIo io(options, registry);
//   RETURN_IF_ERROR(io.WriteNew("s3://lake/db/t-1/metadata/00001-<uuid>.metadata.json", json));
//   ASSIGN_OR_RETURN(const std::string json, io.ReadAll(location));
//
// A location is an absolute local path, file:/path, file:///path, or s3://bucket/key (s3a and s3n mean the same).
// Names are made with UUIDs by the callers and never reused, so a write that is repeated after an unknown outcome
// writes the same bytes again and does no harm.
//
// Thread: thread-safe; every call may block. An InputFile may be read by several threads, an OutputFile has one.
// Errors: kFileNotExist  nothing is at the location;  kFileAlreadyExist  WriteNew met a file
//         kAuthorization  the store refused the credentials;  kInvalidConfig  the location or the bucket is no place
//         kInvalidTable  a file to read or delete lies outside of Confine()'s places
//         kDiskWriteLocked  no space left;  kCancelled  after Stop()
//         kStorage  everything else, after the retries of FileIoOptions.
//         Messages name the operation and the location, never a secret.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/metrics.h"
#include "base/result.h"
#include "lake/file_io_options.h"

namespace arrow::io {
class OutputStream;
class RandomAccessFile;
}  // namespace arrow::io

namespace weir::iceberg {

struct FileStat {
  std::string location;
  int64_t bytes = 0;
  int64_t modified_ms = 0;  // since the Unix epoch
};

/// Where files may be read and deleted. Metadata names files, and whoever commits to a table writes its metadata.
struct ReadPlaces {
  std::vector<std::string> below;
  /// Wherever this process has access, but not on the local disk.
  bool object_stores = false;
};

/// A file being written. It appears at its location, whole, by Finish(); destroyed before, it leaves nothing.
class OutputFile {
 public:
  virtual ~OutputFile() = default;

  virtual Status Append(BytesView bytes) = 0;
  /// Make the file visible.
  ///
  /// Durable  the file and its name, after success
  virtual Status Finish() = 0;
  /// Bytes appended so far.
  virtual int64_t bytes() const = 0;
  /// The same file for Arrow's writers; valid as long as this object. Closing it does not finish the file.
  virtual std::shared_ptr<arrow::io::OutputStream> stream() = 0;
};

/// Where the files are; FileIo has one for each scheme. Tests put their own in.
class FileStore {
 public:
  virtual ~FileStore() = default;

  virtual Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(
      const std::string& location, std::optional<int64_t> bytes) = 0;
  virtual Result<std::unique_ptr<OutputFile>> OpenOutput(const std::string& location) = 0;
  /// Create a whole file. Atomic: another reader sees all of it or nothing.
  virtual Status WriteNew(const std::string& location, BytesView bytes) = 0;
  virtual Status Delete(const std::string& location) = 0;
  virtual Result<std::vector<FileStat>> List(const std::string& location) = 0;
  virtual Result<std::optional<FileStat>> Stat(const std::string& location) = 0;
  /// See FileIo::Stop.
  virtual void Stop() {}
  /// Make a file that is there survive a crash of the machine. Where every file does, nothing is to do.
  virtual Status Sync(const std::string&) { return {}; }
};

class FileIo {
 public:
  FileIo(FileIoOptions options, MetricRegistry& registry);
  ~FileIo();
  FileIo(const FileIo&) = delete;
  FileIo& operator=(const FileIo&) = delete;

  /// Read a whole file. Errors: also kStorage when it is longer than `bytes_max`.
  Result<std::string> ReadAll(const std::string& location, int64_t bytes_max = 512 * MiB);

  /// Open a file for reading at any position; on the local disk a regular one. `bytes`, when the caller knows the
  /// size, saves a request.
  /// Reads fail with an arrow::Status whose message names the location.
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(
      const std::string& location, std::optional<int64_t> bytes = std::nullopt);

  /// Begin a file. Directories above it are made when missing. An existing file is replaced by Finish().
  Result<std::unique_ptr<OutputFile>> OpenOutput(const std::string& location);

  /// Create a file with these bytes. Errors: also kFileAlreadyExist.
  ///
  /// Atomic   a reader sees nothing or all of it
  /// Durable  after success. A local file is created exclusively; an object store is asked first whether the
  ///          name is taken, which is exact only because names are never reused.
  Status WriteNew(const std::string& location, BytesView bytes);

  /// Delete a file; a missing one is not an error.
  Status Delete(const std::string& location);

  /// All files below a folder, at any depth, in no particular order; empty when it does not exist.
  Result<std::vector<FileStat>> List(const std::string& location);

  /// What is at a location; nullopt when nothing is.
  Result<std::optional<FileStat>> Stat(const std::string& location);

  /// Make a file that was written through Unsynced() survive a crash of the machine, with its name.
  Status Sync(const std::string& location);

  /// Read and delete nothing outside of `places` from now on, here and in what Unsynced() makes later. Before the
  /// first use by others.
  void Confine(ReadPlaces places);

  /// The same places and counters for files that need not survive a crash of the machine: local ones are not
  /// synced. This must outlive it.
  std::unique_ptr<FileIo> Unsynced() const;

  /// Give up on stores that may not answer: what is under way is not tried again, what begins fails with kCancelled.
  /// Local files go on. For the end of the process; also of all FileIo that Unsynced() made.
  void Stop();

  /// Serve locations of `scheme` ("s3", "mem", "file") from `store` instead. For tests, before the first use.
  void SetStore(std::string scheme, std::shared_ptr<FileStore> store);

 private:
  struct State;
  explicit FileIo(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The scheme of a location: "file" for local paths, "s3" also for s3a and s3n.
/// Errors  kInvalidConfig  a relative path, or a scheme that nobody here serves
Result<std::string> SchemeOf(std::string_view location);

/// The local path of a file: location, or the location itself. Errors: kInvalidConfig when it is not local.
Result<std::string> LocalPath(std::string_view location);

/// `folder` and `name` with exactly one slash between them.
std::string Join(std::string_view folder, std::string_view name);

}  // namespace weir::iceberg
