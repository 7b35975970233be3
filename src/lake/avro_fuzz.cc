// Any bytes as an Avro container, read as a manifest and as a manifest list.
#include <cstddef>
#include <cstdint>

#include "lake/manifest.h"
#include "lake/manifest_list.h"
#include "lake/schema.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weir::iceberg;
  const weir::BytesView bytes(reinterpret_cast<const char*>(data), size);
  static const PartitionSpec spec{
      .spec_id = 0,
      .fields = {{.source_ids = {5}, .field_id = 1000, .name = "region"},
                 {.source_ids = {1},
                  .field_id = 1001,
                  .name = "id_bucket",
                  .transform = Transform::Bucket(4)}}};
  static const Schema schema =
      *Schema::Make(0, {{.id = 1, .name = "id", .type = Type::Of(TypeId::kLong)},
                        {.id = 5, .name = "region", .type = Type::Of(TypeId::kString)}});
  if (auto manifests = ParseManifestList(bytes); manifests.ok()) {
    (void)SerializeManifestList({}, *manifests);
  }
  if (auto entries = ParseManifest(bytes, spec, schema); entries.ok()) {
    (void)Inherit({.sequence_number = 3}, *entries);
  }
  return 0;
}
