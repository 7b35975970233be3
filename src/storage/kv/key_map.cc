#include "storage/kv/key_map.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <atomic>
#include <system_error>

#include "base/log.h"
#include "storage/kv/engine.h"

namespace weir {
namespace {

rocksdb::Slice ToSlice(BytesView bytes) { return {bytes.data(), bytes.size()}; }

Status FromRocks(const rocksdb::Status& status, const char* what) {
  if (status.ok()) return {};
  const ErrorCode code = status.IsNoSpace() ? ErrorCode::kStorage : ErrorCode::kKvStorage;
  return Fail(code, "rocksdb failed: op={} status={}", what, status.ToString());
}

/// Of all maps of the process.
constexpr size_t kCacheBytes = 32 * MiB;
/// Four shards: by default there are so many that no block above 512 KiB fits into one.
constexpr int kCacheShardBits = 2;
/// What GetAll asks RocksDB for at once.
constexpr size_t kGetBatch = 1024;
constexpr size_t kBuffersBytes = 32 * MiB;
constexpr size_t kBufferBytes = 16 * MiB;

std::shared_ptr<rocksdb::Cache> SharedCache() {
  static const auto cache = rocksdb::NewLRUCache(kCacheBytes, kCacheShardBits);
  return cache;
}
std::shared_ptr<rocksdb::WriteBufferManager> SharedBuffers() {
  static const auto buffers = std::make_shared<rocksdb::WriteBufferManager>(kBuffersBytes);
  return buffers;
}

rocksdb::Options MapOptions() {
  rocksdb::BlockBasedTableOptions table;
  table.checksum = rocksdb::kXXH3;
  table.block_cache = SharedCache();
  // In small parts: the filters of a large map together are more than the cache holds.
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.metadata_block_size = 32 * KiB;
  table.cache_index_and_filter_blocks = true;
  table.pin_top_level_index_and_filter = true;
  rocksdb::Options options;
  options.create_if_missing = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = rocksdb::kLZ4Compression;
  options.write_buffer_size = kBufferBytes;
  options.write_buffer_manager = SharedBuffers();
  options.max_write_buffer_number = 2;
  options.memtable_whole_key_filtering = true;
  options.memtable_prefix_bloom_size_ratio = 0.05;
  // Where the last key of the same kind went is where the search for the next begins: batches are mostly in order.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
  options.level_compaction_dynamic_level_bytes = true;
  options.max_background_jobs = 2;
  options.max_open_files = 64;
  options.info_log_level = rocksdb::InfoLogLevel::ERROR_LEVEL;
  options.keep_log_file_num = 1;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

void Empty(const std::filesystem::path& folder, std::string_view why) {
  LogWarn("kv", "a damaged index is made again: path={} status={}", folder.string(), why);
  (void)rocksdb::DestroyDB(folder.string(), MapOptions());
}

}  // namespace

struct KeyMap::State {
  std::filesystem::path folder;
  std::unique_ptr<rocksdb::DB> db;
  std::atomic<bool> damaged = false;

  Status From(const rocksdb::Status& status, const char* what) {
    if (status.IsCorruption()) damaged = true;
    return FromRocks(status, what);
  }
};
struct KeyMap::Batch::Rep {
  rocksdb::WriteBatch batch;
};

KeyMap::Batch::Batch() : rep_(std::make_unique<Rep>()) {}
KeyMap::Batch::~Batch() = default;
void KeyMap::Batch::Put(BytesView key, BytesView value) {
  (void)rep_->batch.Put(ToSlice(key), ToSlice(value));
}
void KeyMap::Batch::Delete(BytesView key) { (void)rep_->batch.Delete(ToSlice(key)); }

size_t KeyMap::Batch::bytes() const { return rep_->batch.GetDataSize(); }

KeyMap::KeyMap(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyMap::~KeyMap() {
  if (!state_->damaged) (void)Flush();
  state_->db.reset();
  if (state_->damaged) Empty(state_->folder, "found while it was open");
}

Result<std::unique_ptr<KeyMap>> KeyMap::Open(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return Fail(ErrorCode::kStorage, "cannot create a folder: path={} error={}", folder.string(),
                error.message());
  const rocksdb::Options options = MapOptions();
  rocksdb::DB* db = nullptr;
  rocksdb::Status opened = rocksdb::DB::Open(options, folder.string(), &db);
  if (opened.IsCorruption()) {
    Empty(folder, opened.ToString());
    opened = rocksdb::DB::Open(options, folder.string(), &db);
  }
  RETURN_IF_ERROR(FromRocks(opened, "open"));
  auto state = std::make_unique<State>();
  state->folder = folder;
  state->db.reset(db);
  return std::unique_ptr<KeyMap>(new KeyMap(std::move(state)));
}

Result<std::optional<std::string>> KeyMap::Get(BytesView key) const {
  std::string value;
  const rocksdb::Status status = state_->db->Get(rocksdb::ReadOptions(), ToSlice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  RETURN_IF_ERROR(state_->From(status, "get"));
  return std::optional(std::move(value));
}

Status KeyMap::GetAll(std::span<const BytesView> keys,
                      const std::function<void(size_t at, BytesView value)>& take) const {
  std::vector<rocksdb::Slice> slices(kGetBatch);
  std::vector<rocksdb::PinnableSlice> values(kGetBatch);
  std::vector<rocksdb::Status> statuses(kGetBatch);
  for (size_t begin = 0; begin < keys.size(); begin += kGetBatch) {
    const size_t count = std::min(kGetBatch, keys.size() - begin);
    for (size_t i = 0; i < count; ++i) slices[i] = ToSlice(keys[begin + i]);
    state_->db->MultiGet(rocksdb::ReadOptions(), state_->db->DefaultColumnFamily(), count,
                         slices.data(), values.data(), statuses.data(), /*sorted_input=*/true);
    for (size_t i = 0; i < count; ++i) {
      if (statuses[i].IsNotFound()) continue;
      RETURN_IF_ERROR(state_->From(statuses[i], "get"));
      take(begin + i, {values[i].data(), values[i].size()});
      values[i].Reset();
    }
  }
  return {};
}

std::unique_ptr<KvCursor> KeyMap::NewCursor() const {
  return std::make_unique<KvCursor>(
      std::unique_ptr<rocksdb::Iterator>(state_->db->NewIterator(rocksdb::ReadOptions())));
}

Status KeyMap::Check(const KvCursor& cursor) const {
  if (cursor.met_damage()) state_->damaged = true;
  return cursor.status();
}

Failure KeyMap::Damaged(std::string_view what) const {
  state_->damaged = true;
  return Fail(ErrorCode::kKvStorage, "an index is damaged: {}", what);
}

Status KeyMap::Visit(BytesView prefix,
                     const std::function<void(BytesView, BytesView)>& visit) const {
  const std::unique_ptr<rocksdb::Iterator> at(state_->db->NewIterator(rocksdb::ReadOptions()));
  for (at->Seek(ToSlice(prefix)); at->Valid() && at->key().starts_with(ToSlice(prefix)); at->Next())
    visit({at->key().data(), at->key().size()}, {at->value().data(), at->value().size()});
  return state_->From(at->status(), "scan");
}

Status KeyMap::Apply(Batch& batch) {
  rocksdb::WriteOptions options;
  options.disableWAL = true;  // what a crash takes is made again
  RETURN_IF_ERROR(state_->From(state_->db->Write(options, &batch.rep_->batch), "write"));
  batch.rep_->batch.Clear();
  return {};
}

Status KeyMap::Clear() {
  std::string end;  // just behind the last key
  {
    const std::unique_ptr<rocksdb::Iterator> at(state_->db->NewIterator(rocksdb::ReadOptions()));
    at->SeekToLast();
    if (at->Valid()) end = at->key().ToString() + '\0';
    RETURN_IF_ERROR(state_->From(at->status(), "scan"));
  }
  if (end.empty()) return {};
  // From the empty key, which has no prefix: with one, RocksDB takes the hint for where to insert the range from the
  // skip list of the keys, which is another than that of the ranges.
  Batch batch;
  (void)batch.rep_->batch.DeleteRange(rocksdb::Slice(), end);
  return Apply(batch);
}

Status KeyMap::Flush() { return state_->From(state_->db->Flush(rocksdb::FlushOptions()), "flush"); }

}  // namespace weir
