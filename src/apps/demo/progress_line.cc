#include "apps/demo/progress_line.h"

#include <cstdio>

#include <fmt/format.h>

namespace reeve::demo {
namespace {

constexpr std::size_t bar_width = 30;

double share_of(const Job& job) {
  if (job.state == JobState::done || !job.total || *job.total == 0) return job.state == JobState::done ? 1 : 0;
  return static_cast<double>(job.done) / static_cast<double>(*job.total);
}

}  // namespace

std::string progress_text(const Job& job, std::size_t width) {
  const auto full = static_cast<std::size_t>(share_of(job) * static_cast<double>(width));
  return fmt::format("history [{}{}] {:3.0f}%  {}/{} {}{}{}", std::string(full, '#'), std::string(width - full, '.'), share_of(job) * 100,
                     job.done, job.total.value_or(0), job.unit, job.detail.empty() ? "" : ", ", job.detail);
}

void ProgressLine::show(const Job& job) {
  if (job.total == 0) return;  // nothing to do is nothing to tell
  const bool ended = job.state != JobState::running;
  if (bar_) {
    fmt::print(stderr, "\r\x1b[K{}{}", progress_text(job, bar_width), ended ? "\n" : "");
    std::fflush(stderr);
    return;
  }
  const int tenths = static_cast<int>(share_of(job) * 10);
  if (tenths == tenths_shown_ && !ended) return;
  tenths_shown_ = tenths;
  fmt::print(stderr, "reeve: {}\n", progress_text(job, bar_width));
}

}  // namespace reeve::demo
