#pragma once
// The targets of the configuration and of files beside it, in Prometheus' file_sd form, JSON or YAML:
//
//   [{"targets": ["10.0.0.7:9400"], "labels": {"cluster": "west"}, "kind": "dcgm-exporter"}]
//
// `kind` (default reeve-agent; else dcgm-exporter, amd-exporter, intel-exporter or gaudi-exporter), `node` and
// `cluster` stand in the entry or among its labels; other labels are passed over. A plain "host:port" is an entry too.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ports/node_source.h"

namespace reeve {

inline constexpr std::size_t targets_max = 20'000;              // of one file
inline constexpr std::size_t target_file_bytes_max = 16 << 20;  // so many targets fit into half of it

// Invalid argument: "line 3: ..." of the first fault; nothing of a faulty text is used.
Result<std::vector<Target>> parse_targets(std::string_view text);

// Reads the files again when they change. Threads: one at a time.
class TargetFiles {
 public:
  // `cluster`: of targets that name none.
  TargetFiles(std::vector<Target> fixed, const std::vector<std::string>& files, std::string cluster);

  // All targets, each URL once. A file that is gone or faulty keeps the targets it had, and the error says so.
  TargetList current();

 private:
  struct Stamp {  // what changes when a file does, also when it is replaced by another
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  struct File {
    std::string path{};
    Stamp stamp{};
    std::vector<Target> targets{};
    std::string error{};
  };

  static Result<Stamp> stamp_of(const std::string& path);
  static void refresh(File& file);

  std::vector<Target> fixed_;
  std::vector<File> files_{};
  std::string cluster_;
};

}  // namespace reeve
