#pragma once
// Progress of a job on the error stream: one line that changes on a terminal, else a line every tenth.

#include "ports/job_board.h"

namespace reeve::demo {

class ProgressLine final {
 public:
  explicit ProgressLine(bool bar) : bar_(bar) {}
  void show(const Job& job);

 private:
  bool bar_;
  int tenths_shown_ = -1;
};

// "history [#####.....]  50%  5376/10752 node-hours, back to ...": without the end of the line.
std::string progress_text(const Job& job, std::size_t bar_width);

}  // namespace reeve::demo
