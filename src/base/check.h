#pragma once
// Invariants, checked in release builds too: a broken one is a bug of ours, and stopping is safer than
// handing out a GPU twice. Never used on input from outside.

#include <cstdio>
#include <cstdlib>

namespace reeve {

[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, condition);
  std::abort();
}

}  // namespace reeve

#define REEVE_CHECK(condition) ((condition) ? (void)0 : ::reeve::check_failed(#condition, __FILE__, __LINE__))
