// Other people's readers and writers, for tests: a Python program with pyarrow and PyIceberg.
#pragma once

#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

namespace weir::iceberg {

inline constexpr const char* kPeerPython = WEIR_SOURCE_DIR "/.deps/venv/bin/python3";

inline bool HasPeer() { return access(kPeerPython, X_OK) == 0; }

/// Run a program; return what it prints, both streams, without the last line break.
inline std::string RunPeer(std::string_view program, const std::string& folder) {
  const std::string path = folder + "/peer.py";
  std::ofstream(path) << program;
  const std::string command = std::string(kPeerPython) + " " + path + " " + folder + " 2>&1";
  std::string printed;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "cannot run " + command;
  std::array<char, 4096> buffer;
  while (const size_t got = fread(buffer.data(), 1, buffer.size(), pipe)) {
    printed.append(buffer.data(), got);
  }
  pclose(pipe);
  while (printed.ends_with('\n')) printed.pop_back();
  return printed;
}

}  // namespace weir::iceberg
