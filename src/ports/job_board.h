#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/enum_text.h"
#include "base/time.h"

namespace reeve {

enum class JobState { running, done, failed };

constexpr std::string_view to_text(JobState state) {
  switch (state) {
    case JobState::running: return "running";
    case JobState::done: return "done";
    case JobState::failed: return "failed";
  }
  return {};
}

// Long work that somebody waits for: a week of history being filled in, an export.
struct Job {
  std::string id{};    // "history-fill"; the same id again replaces the job
  std::string name{};  // for people
  JobState state = JobState::running;
  std::uint64_t done = 0;
  std::optional<std::uint64_t> total{};  // absent: not known
  std::string unit{};                    // "hours"
  Timestamp started_at{};
  std::optional<Timestamp> finished_at{};
  std::string detail{};  // why it failed, or what it does now

  friend bool operator==(const Job&, const Job&) = default;
};

// Where long work is posted for everybody to see. Threads: any.
class JobBoard {
 public:
  virtual ~JobBoard() = default;
  virtual void update(Job job) = 0;           // adds it, or replaces the one with its id
  virtual std::vector<Job> list() const = 0;  // by start, newest first
  virtual std::uint64_t version() const = 0;  // grows with each update
};

}  // namespace reeve
