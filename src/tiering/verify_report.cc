#include <fmt/format.h>

#include <boost/json.hpp>

#include "tiering/verify.h"

namespace weir {

std::string_view Name(VerifyFinding::Kind kind) {
  switch (kind) {
    case VerifyFinding::Kind::kMissing:
      return "missing";
    case VerifyFinding::Kind::kDuplicated:
      return "duplicated";
    case VerifyFinding::Kind::kAltered:
      return "altered";
    case VerifyFinding::Kind::kUnexpected:
      return "unexpected";
    case VerifyFinding::Kind::kUnreadable:
      return "unreadable";
  }
  return "missing";
}

std::string ToJsonText(const VerifyReport& report, std::string_view table) {
  namespace json = boost::json;
  json::array findings;
  for (const VerifyFinding& finding : report.findings) {
    findings.push_back({{"kind", Name(finding.kind)},
                        {"partition", finding.partition},
                        {"bucket", finding.bucket},
                        {"where", finding.where},
                        {"detail", finding.detail}});
  }
  return json::serialize(json::object{{"table", table},
                                      {"clean", report.clean()},
                                      {"lake_snapshot_id", report.lake_snapshot_id},
                                      {"lake_rows", report.lake_rows},
                                      {"lake_hash", fmt::format("{:016x}", report.lake_hash)},
                                      {"log_rows", report.log_rows},
                                      {"log_hash", fmt::format("{:016x}", report.log_hash)},
                                      {"compared_rows", report.compared_rows},
                                      {"state_rows", report.state_rows},
                                      {"expired_rows", report.expired_rows},
                                      {"finding_count", report.finding_count},
                                      {"findings", std::move(findings)}});
}

}  // namespace weir
