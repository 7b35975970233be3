#include <benchmark/benchmark.h>

#include "record/data_type.h"
#include "record/key_encoder.h"
#include "record/kv_batch.h"
#include "record/row_format.h"

namespace weir {
namespace {

/// An order as the demo writes them: 8 columns, two of them text.
std::vector<DataType> OrderTypes() {
  std::vector<DataType> types;
  for (const char* type : {"BIGINT", "BIGINT", "STRING", "DECIMAL(12, 2)", "INT",
                           "TIMESTAMP_LTZ(3)", "BOOLEAN", "STRING"}) {
    types.push_back(DataType::Parse(type).value());
  }
  return types;
}

std::vector<Value> Order() {
  return {Value::Int(123456789), Value::Int(42),     Value::Bytes("customer-00042"),
          Value::Int(129900),    Value::Int(3),      Value::Timestamp(1700000000123),
          Value::Bool(true),     Value::Bytes("EUR")};
}

void BM_EncodeRow(benchmark::State& state, RowFormat format) {
  const RowEncoder encoder(format, OrderTypes());
  const std::vector<Value> row = Order();
  std::string out;
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(encoder.Encode(row, out).ok());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(BM_EncodeRow, compacted, RowFormat::kCompacted);
BENCHMARK_CAPTURE(BM_EncodeRow, indexed, RowFormat::kIndexed);
BENCHMARK_CAPTURE(BM_EncodeRow, aligned, RowFormat::kAligned);

void BM_DecodeRow(benchmark::State& state, RowFormat format) {
  std::string bytes;
  static_cast<void>(RowEncoder(format, OrderTypes()).Encode(Order(), bytes));
  const RowDecoder decoder(format, OrderTypes());
  std::vector<Value> row(decoder.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(decoder.Decode(bytes, row).ok());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(BM_DecodeRow, compacted, RowFormat::kCompacted);
BENCHMARK_CAPTURE(BM_DecodeRow, indexed, RowFormat::kIndexed);
BENCHMARK_CAPTURE(BM_DecodeRow, aligned, RowFormat::kAligned);

void BM_EncodeKey(benchmark::State& state) {
  const auto encoder = KeyEncoder::Make(KeyFormat::kCompacted, OrderTypes(), std::vector{0, 2});
  const std::vector<Value> row = Order();
  std::string key;
  for (auto _ : state) {
    key.clear();
    benchmark::DoNotOptimize(encoder->Encode(row, key).ok());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_EncodeKey);

/// What an upsert costs before storage: parse and check a batch, decode every row.
void BM_KvBatchToValues(benchmark::State& state) {
  const RowEncoder encoder(RowFormat::kCompacted, OrderTypes());
  KvBatchBuilder builder(SchemaId(1));
  for (int64_t i = 0; i < state.range(0); ++i) {
    std::vector<Value> row = Order();
    row[0] = Value::Int(i);
    std::string bytes;
    static_cast<void>(encoder.Encode(row, bytes));
    builder.Upsert(std::to_string(i), bytes);
  }
  const std::string batch = builder.Finish(7, 0);
  const RowDecoder decoder(RowFormat::kCompacted, OrderTypes());
  std::vector<Value> row(decoder.size());
  for (auto _ : state) {
    const auto view = KvBatchView::Parse(batch);
    for (const KvRecord& record : *view)
      benchmark::DoNotOptimize(decoder.Decode(*record.row, row).ok());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_KvBatchToValues)->Arg(1000);

}  // namespace
}  // namespace weir
