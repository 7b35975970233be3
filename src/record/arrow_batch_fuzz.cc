// Decodes any bytes as an ARROW batch, both ways; rows that decode may be written again or refused,
// no more.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "record/arrow_batch_reader.h"
#include "record/arrow_batch_writer.h"
#include "record/fuzz_schema.h"

namespace {

constexpr int32_t kRowsMax = 10'000;  // a few bytes can stand for very many nulls

struct Codec {
  explicit Codec(const weir::Schema& schema)
      : reader(*weir::ArrowBatchReader::Create(schema)),
        writer(*weir::ArrowBatchWriter::Create(schema, weir::SchemaId(1), {})) {}

  void ReadAndRewrite(const weir::LogBatchView& batch) {
    (void)reader->Read(batch);
    if (!reader->Open(batch).ok() || reader->row_count() > kRowsMax) return;
    for (int32_t i = 0; i < reader->row_count(); ++i) {
      const auto row = reader->Row(i);
      if (row.ok()) (void)writer->Append(*row, reader->change(i));
    }
    std::string out;
    (void)writer->Finish({}, out);
  }

  std::unique_ptr<weir::ArrowBatchReader> reader;
  std::unique_ptr<weir::ArrowBatchWriter> writer;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static std::vector<Codec> codecs(weir::FuzzSchemas().begin(), weir::FuzzSchemas().end());
  const auto batch = weir::LogBatchView::Parse({reinterpret_cast<const char*>(data), size});
  if (!batch.ok()) return 0;
  for (Codec& codec : codecs) codec.ReadAndRewrite(*batch);
  return 0;
}
