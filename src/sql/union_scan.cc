#include "sql/union_scan.h"

namespace weir {
namespace {

class UnionScan : public TableScan {
 public:
  explicit UnionScan(std::vector<std::shared_ptr<TableScan>> scans) : scans_(std::move(scans)) {}

  std::span<const ScanColumn> columns() const override { return scans_.front()->columns(); }
  int64_t rows_estimate() const override {
    int64_t rows = 0;
    for (const auto& scan : scans_) rows += scan->rows_estimate();
    return rows;
  }
  size_t part_count() const override {
    size_t count = 0;
    for (const auto& scan : scans_) count += scan->part_count();
    return count;
  }
  Result<std::unique_ptr<ScanPart>> Open(size_t part, std::span<const int> projection) override {
    size_t at = 0;
    while (part >= scans_[at]->part_count()) part -= scans_[at++]->part_count();
    return scans_[at]->Open(part, projection);
  }
  void AddCounts(ScanCounts& sum) const override {
    for (const auto& scan : scans_) scan->AddCounts(sum);
  }

 private:
  const std::vector<std::shared_ptr<TableScan>> scans_;
};

}  // namespace

std::shared_ptr<TableScan> MakeUnionScan(std::vector<std::shared_ptr<TableScan>> scans) {
  if (scans.size() == 1) return std::move(scans.front());
  return std::make_shared<UnionScan>(std::move(scans));
}

}  // namespace weir
