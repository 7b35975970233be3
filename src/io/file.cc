#include "io/file.h"

namespace weir {

Result<std::string> ReadFile(FileSystem& files, const std::string& path, int64_t bytes_max) {
  ASSIGN_OR_RETURN(const auto file, files.Open(path, OpenMode::kRead));
  ASSIGN_OR_RETURN(const int64_t bytes, file->Size());
  if (bytes > bytes_max) {
    return Fail(ErrorCode::kStorage, "file is too large to read: path={} bytes={} max={}", path,
                bytes, bytes_max);
  }
  std::string contents(static_cast<size_t>(bytes), '\0');
  ASSIGN_OR_RETURN(const size_t got, file->ReadAt(0, contents.data(), contents.size()));
  contents.resize(got);
  return contents;
}

Status ReplaceFile(FileSystem& files, const std::string& path, BytesView contents) {
  const std::string temporary = path + ".tmp";
  ASSIGN_OR_RETURN(const auto file, files.Open(temporary, OpenMode::kCreateTruncate));
  RETURN_IF_ERROR(file->WriteAt(0, contents));
  RETURN_IF_ERROR(file->Sync());
  RETURN_IF_ERROR(files.Rename(temporary, path));
  return files.SyncDirectory(std::string(ParentOf(path)));
}

std::string_view ParentOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

}  // namespace weir
