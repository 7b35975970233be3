#include "sql/engine.h"

#include <atomic>
#include <functional>
#include <mutex>

#include "base/clock.h"
#include "sql/cell_text.h"
#include "sql/parser.h"
#include "sql/result_writer.h"
#include "sql/sql_parts.h"
#include "sql/statement_runner.h"
#include "sql/token.h"
#include "sql/writer_ids.h"

namespace weir {
namespace {

/// Next() returns when it has about this much: large enough for a system call, small enough to be
/// bounded.
constexpr size_t kPieceBytes = 256 * KiB;

/// The database every server has; what names without a database mean before any USE.
constexpr std::string_view kDefaultDatabase = "fluss";

/// The stream of one request: a state machine over the statements of its text.
class Session : public ResultStream {
 public:
  /// `instance` gives the database or the reason why there is none.
  Session(SqlRequest request, const SqlParts& parts,
          std::function<Result<DuckInstance*>()> instance)
      : request_(std::move(request)), parts_(parts), instance_(std::move(instance)) {}

  Result<std::string> Next() override {
    std::string out;
    const Status status = Fill(out);
    if (status.ok()) return out;
    done_ = true;
    writer_.reset();
    query_.reset();
    Error error = status.error();
    if (cancelled_) error = {ErrorCode::kCancelled, "the statement was cancelled"};
    if (request_.format != ResultFormat::kFrames) return Failure(std::move(error));
    AppendError(error, out);
    return out;
  }

  bool AtEnd() const override { return done_; }

  void Cancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (runner_ != nullptr) runner_->Interrupt();
  }

 private:
  Status Fill(std::string& out) {
    if (done_) return {};
    if (runner_ == nullptr) RETURN_IF_ERROR(Open());
    while (out.size() < kPieceBytes && !done_) {
      if (cancelled_) return Fail(ErrorCode::kCancelled, "cancelled");
      RETURN_IF_ERROR(writer_ != nullptr ? Rows(out) : StartStatement(out));
    }
    return {};
  }

  Status Open() {
    auto parts = SplitScript(request_.text);
    if (!parts.ok()) return Forward(std::move(parts));
    statements_ = *std::move(parts);
    ASSIGN_OR_RETURN(DuckInstance* const instance, instance_());
    const std::string database =
        request_.database.empty() ? std::string(kDefaultDatabase) : request_.database;
    auto runner = std::make_unique<StatementRunner>(*instance, parts_, database);
    RETURN_IF_ERROR(runner->Open());
    const std::lock_guard lock(mutex_);
    runner_ = std::move(runner);
    return {};
  }

  Status StartStatement(std::string& out) {
    if (next_part_ == statements_.size()) {
      done_ = true;
      return {};
    }
    const ScriptPart& part = statements_[next_part_++];
    started_us_ = SystemClock().MonotonicUs();
    rows_ = 0;
    auto result = runner_->Run(part.text);
    if (!result.ok()) return InContext(result.error(), part);
    if (result->rows == nullptr) {
      AppendDone(*result, out);
      return {};
    }
    query_ = std::move(result->rows);
    ASSIGN_OR_RETURN(writer_,
                     ResultWriter::Make(request_.format, request_.frame_values_as_json, *query_));
    return writer_->Begin(out);
  }

  /// A script's reader wants to know which statement it was.
  Status InContext(const Error& error, const ScriptPart& part) const {
    if (statements_.size() == 1) return Failure(error);
    return Fail(error.code, "statement {} at {}: {}", next_part_, PlaceOf(request_.text, part.at),
                error.message);
  }

  Status Rows(std::string& out) {
    ASSIGN_OR_RETURN(const DuckChunk chunk, query_->Next());
    if (chunk) {
      rows_ += static_cast<int64_t>(Duck().data_chunk_get_size(chunk.get()));
      return writer_->Chunk(chunk.get(), out);
    }
    RETURN_IF_ERROR(writer_->End(out));
    writer_.reset();
    query_.reset();
    AppendDone({}, out);
    return {};
  }

  void AppendDone(const StatementResult& result, std::string& out) const {
    if (request_.format != ResultFormat::kFrames) return;
    out += fmt::format("{{\"done\":{{\"rows\":{},\"affected\":{},\"ms\":{:.3f},\"notice\":", rows_,
                       result.affected ? std::to_string(*result.affected) : "null",
                       static_cast<double>(SystemClock().MonotonicUs() - started_us_) / 1000);
    AppendJsonString(out, result.notice);
    out += ",\"database\":";
    AppendJsonString(out, runner_->database());
    out += "}}\n";
  }

  static void AppendError(const Error& error, std::string& out) {
    out += "{\"error\":{\"code\":";
    AppendJsonString(out, Name(error.code));
    out += ",\"message\":";
    AppendJsonString(out, error.message);
    out += "}}\n";
  }

  const SqlRequest request_;
  const SqlParts parts_;
  const std::function<Result<DuckInstance*>()> instance_;

  std::mutex mutex_;  // of Cancel, against the making of runner_
  std::atomic<bool> cancelled_ = false;
  std::unique_ptr<StatementRunner> runner_;
  std::vector<ScriptPart> statements_;  // views into request_.text
  size_t next_part_ = 0;
  std::unique_ptr<DuckQuery> query_;      // of the running statement; goes before runner_
  std::unique_ptr<ResultWriter> writer_;  // of query_
  int64_t started_us_ = 0;
  int64_t rows_ = 0;
  bool done_ = false;
};

}  // namespace

class SqlEngine::Impl {
 public:
  Impl(SqlOptions options, Catalog& catalog, std::unique_ptr<SqlBuckets> buckets,
       iceberg::TableCatalog* lake)
      : options_(options),
        buckets_(std::move(buckets)),
        writers_(catalog),
        parts_{catalog, *buckets_, writers_, options.lake, lake} {}

  std::unique_ptr<ResultStream> Run(SqlRequest request) {
    return std::make_unique<Session>(std::move(request), parts_, [this] { return Instance(); });
  }

 private:
  Result<DuckInstance*> Instance() {
    const std::lock_guard lock(mutex_);
    if (instance_ == nullptr) {
      ASSIGN_OR_RETURN(instance_, DuckInstance::Open(options_));
    }
    return instance_.get();
  }

  const SqlOptions options_;
  const std::unique_ptr<SqlBuckets> buckets_;
  SqlWriterIds writers_;
  const SqlParts parts_;
  std::mutex mutex_;
  std::unique_ptr<DuckInstance> instance_;  // since the first statement
};

SqlEngine::SqlEngine(SqlOptions options, Catalog& catalog, std::unique_ptr<SqlBuckets> buckets,
                     iceberg::TableCatalog* lake)
    : impl_(std::make_unique<Impl>(options, catalog, std::move(buckets), lake)) {}
SqlEngine::~SqlEngine() = default;

std::unique_ptr<ResultStream> SqlEngine::Run(SqlRequest request) {
  return impl_->Run(std::move(request));
}

}  // namespace weir
