// Any requests to the REST catalog, one behind the other: "METHOD path?query\nbody", cut apart by \x01, on a catalog in
// memory that has the table db.t. Every answer is JSON or empty.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/log.h"
#include "base/metrics.h"
#include "catalog/rest_catalog.h"
#include "io/faulty_file_system.h"
#include "lake/file_io.h"
#include "lake/lake_catalog.h"
#include "lake/memory_store_for_test.h"
#include "meta/catalog.h"

namespace {

using namespace weir::iceberg;

constexpr int64_t kNowMs = 1'731'326'400'000;
constexpr int kRequestsMax = 8;

struct World {
  World() {
    io.SetStore("s3", std::make_shared<MemoryStore>());
    meta = *weir::Catalog::Open(files, "/meta", weir::CatalogOptions{}, clock);
    lake = *LakeCatalog::Open(meta->store(), io, {.warehouse = "s3://w/lake"}, clock);
    WEIR_CHECK(lake->EnsureNamespace({"db"}).ok());
    const NewTable table{
        .schema = *Schema::Make(0, {{.id = 1, .name = "id", .type = Type::Of(TypeId::kLong)},
                                    {.id = 2, .name = "s", .type = Type::Of(TypeId::kString)}})};
    WEIR_CHECK(lake->CreateTable({.levels = {"db"}, .name = "t"}, table).ok());
    rest = *RestCatalog::Open({.lake = *lake,
                               .live_files = io,
                               .store = meta->store(),
                               .metrics = metrics,
                               .authenticate = {},
                               .file_settings = {},
                               .file_secrets = {}},
                              {}, clock);
  }

  weir::ManualClock clock{kNowMs};
  weir::FaultyFileSystem files;
  weir::MetricRegistry metrics;
  FileIo io{{}, metrics};
  std::unique_ptr<weir::Catalog> meta;
  std::unique_ptr<LakeCatalog> lake;
  std::unique_ptr<RestCatalog> rest;
};

RestRequest Parse(std::string_view text) {
  const size_t line = std::min(text.find('\n'), text.size());
  const std::string_view head = text.substr(0, line);
  const size_t space = std::min(head.find(' '), head.size());
  const std::string_view target = head.substr(std::min(space + 1, head.size()));
  const size_t question = std::min(target.find('?'), target.size());
  RestRequest request;
  request.method = head.substr(0, space);
  request.path = target.substr(0, question);
  request.query = target.substr(std::min(question + 1, target.size()));
  request.body = text.substr(std::min(line + 1, text.size()));
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  World world;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  for (int i = 0; i < kRequestsMax && !rest.empty(); ++i) {
    const size_t end = std::min(rest.find('\x01'), rest.size());
    const RestResponse answer = world.rest->Handle(Parse(rest.substr(0, end)));
    boost::system::error_code error;
    if (!answer.body.empty()) (void)boost::json::parse(answer.body, error);
    WEIR_CHECK(!error);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return 0;
}
