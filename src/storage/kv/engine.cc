#include "storage/kv/engine.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>

#include <system_error>
#include <utility>
#include <vector>

namespace weir {
namespace {

constexpr uint64_t kFileBytes = 64 * MiB;

rocksdb::Slice ToSlice(BytesView bytes) { return {bytes.data(), bytes.size()}; }
BytesView FromSlice(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// RocksDB's answers become ours here and nowhere else.
Status FromRocks(const rocksdb::Status& status, const char* what) {
  if (status.ok()) return {};
  const ErrorCode code = status.IsNoSpace() ? ErrorCode::kStorage : ErrorCode::kKvStorage;
  return Fail(code, "rocksdb failed: op={} status={}", what, status.ToString());
}

}  // namespace

struct KvEngineShared::Parts {
  std::shared_ptr<rocksdb::Cache> block_cache;
  rocksdb::Options options;
};

KvEngineShared::KvEngineShared(int64_t block_cache_bytes) : parts_(std::make_unique<Parts>()) {
  parts_->block_cache = rocksdb::NewLRUCache(static_cast<size_t>(block_cache_bytes));

  rocksdb::BlockBasedTableOptions table;
  table.checksum = rocksdb::kCRC32c;  // the Java client's RocksDB knows no newer checksum
  table.format_version = 5;           // and no newer format
  table.block_cache = parts_->block_cache;
  table.block_size = 16 * KiB;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;

  rocksdb::Options& options = parts_->options;
  options.create_if_missing = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = rocksdb::kLZ4Compression;
  options.write_buffer_size = 1 * MiB;  // nothing goes through memtables
  options.target_file_size_base = kFileBytes;
  options.level_compaction_dynamic_level_bytes = true;
  options.max_background_jobs = 2;
  options.max_open_files = 64;
  options.info_log_level = rocksdb::InfoLogLevel::ERROR_LEVEL;
  options.keep_log_file_num = 1;
  options.max_manifest_file_size = 1 * MiB;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;
  options.skip_checking_sst_file_sizes_on_db_open = true;
}

KvEngineShared::~KvEngineShared() = default;

KvCursor::KvCursor(std::unique_ptr<rocksdb::Iterator> iterator) : iterator_(std::move(iterator)) {}
KvCursor::~KvCursor() = default;
void KvCursor::Seek(BytesView from) { iterator_->Seek(ToSlice(from)); }
void KvCursor::Next() { iterator_->Next(); }
bool KvCursor::valid() const { return iterator_->Valid(); }
BytesView KvCursor::key() const { return FromSlice(iterator_->key()); }
BytesView KvCursor::value() const { return FromSlice(iterator_->value()); }
Status KvCursor::status() const { return FromRocks(iterator_->status(), "scan"); }
bool KvCursor::met_damage() const { return iterator_->status().IsCorruption(); }

KvEngine::KvEngine(std::unique_ptr<rocksdb::DB> db, std::filesystem::path pending_dir)
    : db_(std::move(db)), pending_dir_(std::move(pending_dir)) {}

KvEngine::~KvEngine() = default;

bool KvEngine::Exists(const std::filesystem::path& dir) {
  std::error_code ignored;
  return std::filesystem::exists(dir / "CURRENT", ignored);
}

Result<std::unique_ptr<KvEngine>> KvEngine::Open(const std::filesystem::path& dir,
                                                 const KvEngineShared& shared) {
  const std::filesystem::path pending = dir.parent_path() / "pending";
  std::error_code error;
  // What a crash left half built is of no use: its rows are still in the log.
  std::filesystem::remove_all(pending, error);
  std::filesystem::create_directories(pending, error);
  if (!error) std::filesystem::create_directories(dir, error);
  if (error) {
    return Fail(
        error == std::errc::no_space_on_device ? ErrorCode::kStorage : ErrorCode::kKvStorage,
        "cannot create the kv folder: path={} error={}", dir.string(), error.message());
  }
  rocksdb::DB* db = nullptr;
  RETURN_IF_ERROR(FromRocks(rocksdb::DB::Open(shared.parts_->options, dir.string(), &db), "open"));
  return std::unique_ptr<KvEngine>(new KvEngine(std::unique_ptr<rocksdb::DB>(db), pending));
}

Result<bool> KvEngine::Get(BytesView key, std::string& value) const {
  rocksdb::PinnableSlice found(&value);
  const rocksdb::Status status =
      db_->Get(rocksdb::ReadOptions(), db_->DefaultColumnFamily(), ToSlice(key), &found);
  if (status.IsNotFound()) return false;
  RETURN_IF_ERROR(FromRocks(status, "get"));
  if (found.IsPinned()) value.assign(found.data(), found.size());
  return true;
}

Status KvEngine::Ingest(std::span<const HotRow* const> rows) {
  std::vector<std::string> files;
  for (size_t at = 0; at < rows.size();) {
    files.push_back((pending_dir_ / fmt::format("{:06}.sst", next_file_++)).string());
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), db_->GetOptions());
    RETURN_IF_ERROR(FromRocks(writer.Open(files.back()), "open a file"));
    for (; at < rows.size() && writer.FileSize() < kFileBytes; ++at) {
      const HotRow& row = *rows[at];
      const auto status = row.deleted() ? writer.Delete(ToSlice(row.key()))
                                        : writer.Put(ToSlice(row.key()), ToSlice(row.value()));
      RETURN_IF_ERROR(FromRocks(status, "add a row"));
    }
    RETURN_IF_ERROR(FromRocks(writer.Finish(), "finish a file"));
  }
  if (files.empty()) return {};

  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;
  options.snapshot_consistency = false;  // cursors hold their own version of the folder
  return FromRocks(db_->IngestExternalFile(files, options), "ingest");
}

std::unique_ptr<KvCursor> KvEngine::NewCursor() const {
  return std::make_unique<KvCursor>(
      std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(rocksdb::ReadOptions())));
}

int64_t KvEngine::disk_bytes() const {
  uint64_t bytes = 0;
  db_->GetIntProperty(rocksdb::DB::Properties::kLiveSstFilesSize, &bytes);
  return static_cast<int64_t>(bytes);
}

}  // namespace weir
