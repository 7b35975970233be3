// What one core does with ARROW batches of 10 columns: the write-ahead log of an upsert, the check
// of a produced batch, a projected fetch, recovery by rows, a scan by columns. Items are rows.
#include <arrow/record_batch.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <vector>

#include "record/arrow_batch_check.h"
#include "record/arrow_batch_reader.h"
#include "record/arrow_batch_writer.h"
#include "record/arrow_projection.h"
#include "record/fuzz_schema.h"

namespace weir {
namespace {

const Schema& TenColumns() {
  static const Schema schema = FuzzSchema(
      "ROW<id BIGINT, user_id BIGINT, item INT, amount DECIMAL(10, 2), name STRING, city STRING, "
      "score DOUBLE, "
      "active BOOLEAN, at TIMESTAMP(3), note STRING>");
  return schema;
}

class Rows {
 public:
  explicit Rows(int32_t count) {
    texts_.reserve(static_cast<size_t>(count) * 3);
    for (int64_t i = 0; i < count; ++i) {
      const auto text = [&](std::string value) {
        return Value::Bytes(texts_.emplace_back(std::move(value)));
      };
      values_.insert(
          values_.end(),
          {Value::Int(i * 7919), Value::Int(i % 1000), Value::Int(i % 77),
           Value::Int(i * 31 % 100000), text(fmt::format("name-{}", i % 5000)),
           text(fmt::format("city {}", i % 50)), Value::Double(static_cast<double>(i) / 8),
           Value::Bool(i % 3 == 0), Value::Timestamp(1700000000000 + i * 13),
           i % 4 == 0 ? Value::Null() : text(fmt::format("a note of some length, number {}", i))});
    }
  }
  size_t size() const { return values_.size() / 10; }
  std::span<const Value> operator[](size_t i) const { return {values_.data() + i * 10, 10}; }

 private:
  std::vector<std::string> texts_;
  std::vector<Value> values_;
};

LogCompression CompressionOf(int64_t type) {
  return {.type = static_cast<LogCompressionType>(type)};
}

std::string MakeBatch(int32_t rows, LogCompression compression) {
  const Rows data(rows);
  const auto writer = *ArrowBatchWriter::Create(TenColumns(), SchemaId(1), compression);
  for (size_t i = 0; i < data.size(); ++i) (void)writer->Append(data[i], ChangeType::kInsert);
  std::string out;
  (void)writer->Finish({}, out);
  return out;
}

void BM_Write(benchmark::State& state) {
  const Rows data(static_cast<int32_t>(state.range(1)));
  const auto writer =
      *ArrowBatchWriter::Create(TenColumns(), SchemaId(1), CompressionOf(state.range(0)));
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (size_t i = 0; i < data.size(); ++i) (void)writer->Append(data[i], ChangeType::kInsert);
    (void)writer->Finish({}, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
  state.counters["batch_bytes"] = static_cast<double>(out.size());
}
BENCHMARK(BM_Write)->ArgNames({"codec", "rows"})->ArgsProduct({{-1, 0, 1}, {1, 20, 1000, 10000}});

void BM_Crc(benchmark::State& state) {
  const std::string bytes = MakeBatch(1000, CompressionOf(-1));
  const auto batch = *LogBatchView::Parse(bytes);
  for (auto _ : state) benchmark::DoNotOptimize(batch.CheckCrc().ok());
  state.SetItemsProcessed(state.iterations() * 1000);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}
BENCHMARK(BM_Crc);

void BM_Check(benchmark::State& state) {
  const std::string bytes = MakeBatch(1000, CompressionOf(1));
  const auto batch = *LogBatchView::Parse(bytes);
  const ArrowLayout layout(TenColumns());
  for (auto _ : state) benchmark::DoNotOptimize(CheckArrowBatch(batch, layout).ok());
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(BM_Check);

void BM_Project(benchmark::State& state) {
  const std::string bytes =
      MakeBatch(static_cast<int32_t>(state.range(1)), CompressionOf(state.range(0)));
  const auto projection =
      *ArrowProjection::Create(TenColumns(), TenColumns(), std::vector<int32_t>{2});
  ProjectedBatches out;
  std::string joined;
  for (auto _ : state) {
    out.Clear();
    (void)projection.Project(bytes, 0, out);
    benchmark::DoNotOptimize(joined = out.Join(bytes));
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}
BENCHMARK(BM_Project)->ArgNames({"codec", "rows"})->ArgsProduct({{-1, 1}, {20, 1000, 10000}});

void BM_ReadRows(benchmark::State& state) {
  const std::string bytes = MakeBatch(1000, CompressionOf(state.range(0)));
  const auto batch = *LogBatchView::Parse(bytes);
  const auto reader = *ArrowBatchReader::Create(TenColumns());
  for (auto _ : state) {
    (void)reader->Open(batch);
    for (int32_t i = 0; i < 1000; ++i) benchmark::DoNotOptimize((*reader->Row(i))[9]);
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(BM_ReadRows)->ArgName("codec")->Arg(-1)->Arg(0)->Arg(1);

void BM_ReadArrow(benchmark::State& state) {
  const std::string bytes = MakeBatch(1000, CompressionOf(state.range(0)));
  const auto batch = *LogBatchView::Parse(bytes);
  const auto reader = *ArrowBatchReader::Create(TenColumns());
  for (auto _ : state) benchmark::DoNotOptimize(reader->Read(batch)->rows);
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(BM_ReadArrow)->ArgName("codec")->Arg(-1)->Arg(0)->Arg(1);

}  // namespace
}  // namespace weir
