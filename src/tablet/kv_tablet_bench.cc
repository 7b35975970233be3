// Rows per second of one core through a KV tablet: from the bytes of a PUT_KV request to the
// changelog batch in the log (ARROW, ZSTD-3, full image, durability `memory`, so that no disk is in
// the figures) and the rows in the index. Rows of 108 bytes: BIGINT key, INT, DOUBLE, TIMESTAMP(6),
// four random STRINGs of 20.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>

#include "record/row_format.h"
#include "tablet/kv_test_bucket.h"

namespace weir {
namespace {

constexpr int64_t kRowsPerBatch = 8192;
constexpr int64_t kKeys = 1'000'000;

Schema BenchSchema() {
  std::vector<Column> columns = {
      {.name = "c0", .type = DataType::Of(TypeKind::kBigInt)},
      {.name = "c1", .type = DataType::Of(TypeKind::kInt)},
      {.name = "c2", .type = DataType::Of(TypeKind::kDouble)},
      {.name = "c3", .type = DataType::Temporal(TypeKind::kTimestamp, 6)}};
  for (int i = 4; i < 8; ++i)
    columns.push_back({.name = fmt::format("c{}", i), .type = DataType::Of(TypeKind::kString)});
  return *Schema::Make({.columns = std::move(columns), .primary_key = {"c0"}});
}

class Load {
 public:
  explicit Load(Properties properties = {}) : bucket(std::move(properties), BenchSchema()) {
    for (char& c : slab_) c = static_cast<char>('a' + random_() % 26);
    rules_ = *bucket.environment().RulesOf(std::make_shared<TableInfo>(bucket.table()));
  }

  std::string Key(int64_t id) {
    std::vector<Value> row = RowOf(id);
    std::string key;
    WEIR_CHECK(rules_->key_encoder().Encode(row, key).ok());
    return key;
  }

  template <class NextId>
  std::string Batch(NextId next_id, int64_t rows = kRowsPerBatch) {
    KvBatchBuilder builder(SchemaId(1));
    std::string key;
    std::string row;
    for (int64_t i = 0; i < rows; ++i) {
      const std::vector<Value> values = RowOf(next_id());
      key.clear();
      row.clear();
      WEIR_CHECK(rules_->key_encoder().Encode(values, key).ok() &&
                 rules_->row_encoder().Encode(values, row).ok());
      builder.Upsert(key, row);
    }
    return builder.Finish();
  }

  void Fill(int64_t keys) {
    int64_t id = 0;
    while (id < keys) WEIR_CHECK(bucket.kv().Put(Batch([&] { return id++; })).ok());
  }

  std::mt19937_64& random() { return random_; }

  KvTestBucket bucket;

 private:
  std::vector<Value> RowOf(int64_t id) {
    std::vector<Value> row = {
        Value::Int(id), Value::Int(static_cast<int32_t>(random_())),
        Value::Double(static_cast<double>(random_())),
        Value::Timestamp(1'790'000'000'000 + id / 1000, static_cast<int32_t>(id % 1000) * 1000)};
    for (int i = 0; i < 4; ++i)
      row.push_back(Value::Bytes({slab_ + random_() % (sizeof(slab_) - 20), 20}));
    return row;
  }

  std::mt19937_64 random_{7};
  char slab_[64 * 1024];
  std::shared_ptr<const KvRules> rules_;
};

void BM_PutNewKeys(benchmark::State& state) {
  Load load;
  int64_t id = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const std::string batch = load.Batch([&] { return id++; });
    state.ResumeTiming();
    WEIR_CHECK(load.bucket.kv().Put(batch).ok());
  }
  state.SetItemsProcessed(state.iterations() * kRowsPerBatch);
  state.counters["log bytes/row"] =
      static_cast<double>(load.bucket.log().bytes()) / static_cast<double>(id);
  state.counters["memory bytes/row"] =
      static_cast<double>(load.bucket.kv().memory_bytes()) / static_cast<double>(id);
}
BENCHMARK(BM_PutNewKeys)->Iterations(kKeys / kRowsPerBatch)->Unit(benchmark::kMillisecond);

void BM_PutRandomUpdates(benchmark::State& state) {
  Load load;
  load.Fill(kKeys);
  for (auto _ : state) {
    state.PauseTiming();
    const std::string batch =
        load.Batch([&] { return static_cast<int64_t>(load.random()() % kKeys); });
    state.ResumeTiming();
    WEIR_CHECK(load.bucket.kv().Put(batch).ok());
  }
  state.SetItemsProcessed(state.iterations() * kRowsPerBatch);
}
BENCHMARK(BM_PutRandomUpdates)->Iterations(100)->Unit(benchmark::kMillisecond);

void BM_Lookup(benchmark::State& state) {
  const auto keys_per_request = static_cast<size_t>(state.range(0));
  Load load;
  load.Fill(kKeys);
  std::vector<std::string> keys(100'000);
  for (auto& key : keys) key = load.Key(static_cast<int64_t>(load.random()() % kKeys));
  size_t at = 0;
  std::vector<BytesView> request(keys_per_request);
  std::string response;
  for (auto _ : state) {
    for (auto& key : request) key = keys[at++ % keys.size()];
    response.clear();
    WEIR_CHECK(
        load.bucket.kv()
            .Lookup(request, [&](size_t, const BytesView* value) { response.append(*value); })
            .ok());
    benchmark::DoNotOptimize(response.data());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * keys_per_request));
}
BENCHMARK(BM_Lookup)->Arg(1)->Arg(128);

void BM_WriteBack(benchmark::State& state) {
  Load load;
  for (auto _ : state) {
    state.PauseTiming();
    load.Fill(kKeys);
    state.ResumeTiming();
    WEIR_CHECK(load.bucket.WriteBack().ok());
  }
  state.SetItemsProcessed(state.iterations() * kKeys);
}
BENCHMARK(BM_WriteBack)->Iterations(3)->Unit(benchmark::kMillisecond);

void BM_Replay(benchmark::State& state) {
  Load load;
  load.Fill(kKeys);
  for (auto _ : state) load.bucket.Restart();
  state.SetItemsProcessed(state.iterations() * kKeys);
}
BENCHMARK(BM_Replay)->Iterations(3)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir
