// Rows and CPU of one million rows as Parquet, against pyarrow's writer with the same options in the same run.
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <benchmark/benchmark.h>

#include <filesystem>
#include <random>

#include "lake/arrow_types.h"
#include "lake/file_io.h"
#include "lake/parquet_reader.h"
#include "lake/parquet_writer.h"
#include "lake/peer_for_test.h"

namespace weir::iceberg {
namespace {

constexpr int64_t kRows = 1'000'000;
constexpr int64_t kBatchRows = 10'000;

/// An event as the attribution pipeline has it, with the system columns of a tiered table.
Schema EventSchema() {
  const auto field = [](int32_t id, std::string name, TypeId type) {
    return Field{.id = id, .name = std::move(name), .required = true, .type = Type::Of(type)};
  };
  return Schema::Make(
             0,
             {field(1, "event_id", TypeId::kString), field(2, "customer_id", TypeId::kString),
              field(3, "event_type", TypeId::kString), field(4, "event_ts", TypeId::kLong),
              field(5, "amount", TypeId::kDouble), field(6, "__bucket", TypeId::kInt),
              field(7, "__offset", TypeId::kLong), field(8, "__timestamp", TypeId::kTimestamptz)})
      .value();
}

std::shared_ptr<arrow::RecordBatch> Events(int64_t first) {
  std::mt19937_64 random(static_cast<uint64_t>(first));
  arrow::StringBuilder ids, customers, types;
  arrow::Int64Builder times, offsets;
  arrow::DoubleBuilder amounts;
  arrow::Int32Builder buckets;
  arrow::TimestampBuilder stamps(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                                 arrow::default_memory_pool());
  constexpr std::array kTypes = {"click", "view", "open", "purchase"};
  bool ok = true;
  for (int64_t i = first; i < first + kBatchRows; ++i) {
    ok = ok && ids.Append(fmt::format("event-{:012}", i)).ok() &&
         customers.Append(fmt::format("customer-{}", random() % 50'000)).ok() &&
         types.Append(kTypes[random() % 4]).ok() && times.Append(1'700'000'000 + i / 100).ok() &&
         amounts.Append(static_cast<double>(random() % 100'000) / 100).ok() &&
         buckets.Append(0).ok() && offsets.Append(i).ok() &&
         stamps.Append(1'700'000'000'000'000 + i * 37).ok();
  }
  if (!ok) std::abort();
  return arrow::RecordBatch::Make(
      ToArrow(EventSchema()).value(), kBatchRows,
      {ids.Finish().ValueOrDie(), customers.Finish().ValueOrDie(), types.Finish().ValueOrDie(),
       times.Finish().ValueOrDie(), amounts.Finish().ValueOrDie(), buckets.Finish().ValueOrDie(),
       offsets.Finish().ValueOrDie(), stamps.Finish().ValueOrDie()});
}

std::string Folder() {
  const std::string folder = std::filesystem::temp_directory_path() / "parquet_bench";
  std::filesystem::create_directories(folder);
  return folder;
}

void WriteEvents(benchmark::State& state) {
  MetricRegistry registry;
  FileIo io(FileIoOptions{}, registry);
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (int64_t i = 0; i < kRows; i += kBatchRows) batches.push_back(Events(i));
  int64_t bytes = 0;
  for (auto _ : state) {
    auto writer = ParquetWriter::Open(io, Folder() + "/ours.parquet", EventSchema()).value();
    for (const auto& batch : batches) {
      if (!writer->Write(*batch).ok()) std::abort();
    }
    bytes = writer->Finish().value().file_size_bytes;
  }
  state.counters["rows"] =
      benchmark::Counter(static_cast<double>(kRows), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["file_bytes"] = static_cast<double>(bytes);
}
BENCHMARK(WriteEvents)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

void ReadEvents(benchmark::State& state) {
  MetricRegistry registry;
  FileIo io(FileIoOptions{}, registry);
  for (auto _ : state) {
    auto reader = ParquetReader::Open(io, Folder() + "/ours.parquet", EventSchema()).value();
    int64_t rows = 0;
    while (const auto batch = reader->Next().value()) rows += batch->num_rows();
    if (rows != kRows) std::abort();
  }
  state.counters["rows"] =
      benchmark::Counter(static_cast<double>(kRows), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(ReadEvents)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

/// Prints pyarrow's numbers once; its time is its own, without Python's start.
void Pyarrow(benchmark::State& state) {
  std::string printed;
  for (auto _ : state) {
    printed = RunPeer(R"(
import sys, time, pyarrow as pa, pyarrow.parquet as pq
pa.set_cpu_count(1)
table = pq.read_table(sys.argv[1] + "/ours.parquet")
batches = table.to_batches(max_chunksize=10000)
wall, cpu = time.perf_counter(), time.process_time()
with pq.ParquetWriter(sys.argv[1] + "/pyarrow.parquet", table.schema, compression="zstd", write_page_index=True,
                      write_page_checksum=True, store_schema=False) as writer:
    writer.write_table(pa.Table.from_batches(batches), row_group_size=1 << 20)
print("write", time.perf_counter() - wall, time.process_time() - cpu)
wall, cpu = time.perf_counter(), time.process_time()
pq.read_table(sys.argv[1] + "/ours.parquet", use_threads=False)
print("read", time.perf_counter() - wall, time.process_time() - cpu)
)",
                      Folder());
  }
  double numbers[4] = {};
  sscanf(printed.c_str(), "write %lf %lf read %lf %lf", numbers, numbers + 1, numbers + 2,
         numbers + 3);
  state.counters["write_wall_ms"] = numbers[0] * 1e3;
  state.counters["write_cpu_ms"] = numbers[1] * 1e3;
  state.counters["read_wall_ms"] = numbers[2] * 1e3;
  state.counters["read_cpu_ms"] = numbers[3] * 1e3;
}
BENCHMARK(Pyarrow)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir::iceberg
