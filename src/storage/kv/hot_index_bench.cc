// Rows per second of the hot index alone: 8-byte keys, 100-byte values, as the upsert and look-up
// loads have.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "storage/kv/hot_index.h"

namespace weir {
namespace {

constexpr size_t kValueBytes = 100;

BytesView KeyOf(const uint64_t& id) { return {reinterpret_cast<const char*>(&id), sizeof(id)}; }

void Fill(HotIndex& index, uint64_t rows) {
  for (uint64_t id = 0; id < rows; ++id) {
    std::memset(index.Put(KeyOf(id), HotIndex::Hash(KeyOf(id)), kValueBytes, 0), 'v', kValueBytes);
    if (id % 1000 == 999) index.Commit();
  }
  index.Commit();
}

void BM_InsertNewKeys(benchmark::State& state) {
  const auto rows = static_cast<uint64_t>(state.range(0));
  double bytes_per_row = 0;
  for (auto _ : state) {
    HotMemory memory(16 * GiB);
    HotIndex index(memory);
    Fill(index, rows);
    bytes_per_row = static_cast<double>(index.memory_bytes()) / static_cast<double>(rows);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * rows));
  state.counters["bytes/row"] = bytes_per_row;
}
BENCHMARK(BM_InsertNewKeys)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void BM_UpdateRandomKeys(benchmark::State& state) {
  const auto rows = static_cast<uint64_t>(state.range(0));
  HotMemory memory(16 * GiB);
  HotIndex index(memory);
  Fill(index, rows);
  std::mt19937_64 random(1);
  for (auto _ : state) {
    for (int i = 0; i < 1000; ++i) {
      const uint64_t id = random() % rows;
      const uint64_t hash = HotIndex::Hash(KeyOf(id));
      benchmark::DoNotOptimize(index.Find(KeyOf(id), hash)->value().data()[0]);
      std::memset(index.Put(KeyOf(id), hash, kValueBytes, 0), 'w', kValueBytes);
    }
    index.Commit();
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(BM_UpdateRandomKeys)->Arg(1'000'000);

void BM_FindAndCopy(benchmark::State& state) {
  const auto rows = static_cast<uint64_t>(state.range(0));
  const auto batch = static_cast<size_t>(state.range(1));
  HotMemory memory(16 * GiB);
  HotIndex index(memory);
  Fill(index, rows);
  std::mt19937_64 random(1);
  std::vector<uint64_t> ids(batch);
  std::vector<BytesView> keys(batch);
  std::vector<const HotRow*> found(batch);
  std::string out;
  for (auto _ : state) {
    for (size_t i = 0; i < batch; ++i) {
      ids[i] = random() % rows;
      keys[i] = KeyOf(ids[i]);
    }
    index.FindMany(keys, found);
    out.clear();
    for (const HotRow* row : found) out.append(row->value());
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * batch));
}
BENCHMARK(BM_FindAndCopy)->Args({1'000'000, 1})->Args({1'000'000, 128})->Args({10'000'000, 128});

}  // namespace
}  // namespace weir
