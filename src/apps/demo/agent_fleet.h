#pragma once
// Real `reeve agent` processes, one a simulated node: started, started again when they end, and ended with us.
// A file in Prometheus' file_sd format tells the collector where they listen.

#include <sys/types.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace reeve::demo {

struct AgentSpec {
  std::string name{};
  std::string cluster{};
  std::vector<std::string> arguments{};    // of the program, without its name and --port-file
  std::vector<std::string> environment{};  // "NAME=value", on top of ours
};

struct AgentFleetOptions {
  std::string program = "/proc/self/exe";
  std::string directory{};     // for port files and logs; exists
  std::string targets_file{};  // written whenever an agent listens somewhere else than before
  int starting_max = 8;        // at once: the control plane wants a processor, too
};

// Threads: one of its own starts and watches the processes. The kernel kills them when that thread ends
// (PR_SET_PDEATHSIG), so they cannot outlive us even when we are killed.
class AgentFleet final {
 public:
  AgentFleet(AgentFleetOptions options, std::vector<AgentSpec> specs);
  // Ends all processes, by force those that take longer than a second.
  ~AgentFleet();
  AgentFleet(const AgentFleet&) = delete;
  AgentFleet& operator=(const AgentFleet&) = delete;

  // True when each agent has listened at least once; false when `stop` came or `limit` passed before.
  bool wait_until_listening(const std::stop_token& stop, Milliseconds limit);

  std::size_t listening() const;  // how many have a port now
  std::vector<pid_t> pids() const;

 private:
  struct Agent;

  void run(const std::stop_token& stop);
  void start_due(std::chrono::steady_clock::time_point now);
  bool read_ports(std::chrono::steady_clock::time_point now);
  void reap(std::chrono::steady_clock::time_point now);
  void write_targets() const;
  void end_all();

  AgentFleetOptions options_;
  mutable std::mutex mutex_{};
  std::condition_variable_any changed_{};
  std::vector<Agent> agents_;
  std::jthread thread_;  // last: starts when all else is there
};

}  // namespace reeve::demo
