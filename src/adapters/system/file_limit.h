#pragma once
// How many files and connections this process may have open at once.

#include <cstddef>

namespace reeve {

// Raises the soft limit to the hard one; returns what holds then. A login's usual 1024 is there for programs that
// use select(); this one does not, and every node and every client takes a connection, of which the scraper uses
// half the limit. Processes that are started later inherit it.
std::size_t raise_file_limit();

}  // namespace reeve
