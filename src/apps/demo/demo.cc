#include "apps/demo/demo.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "adapters/catalogue_csv/catalogue_csv.h"
#include "adapters/system/port_file.h"
#include "apps/demo/agent_fleet.h"
#include "apps/demo/fleet_plan.h"
#include "apps/demo/history_fill.h"
#include "apps/demo/holders.h"
#include "apps/demo/progress_line.h"
#include "apps/serve/control_plane.h"

namespace reeve::demo {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr Milliseconds history_step_min = 30s;  // finer than that a week is too much to make
constexpr Milliseconds start_patience = 30s;    // for agents that start; holders and history of the others wait no longer
constexpr Milliseconds start_round_interval = 300ms;
constexpr Milliseconds newcomer_interval = 2s;  // how often nodes that came late are looked for
constexpr int background_niceness = 10;         // the dashboard goes first

Timestamp now() { return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()); }

// When this demo began for the first time: the zero of its faults, the same after each restart.
Timestamp start_of(const fs::path& file) {
  std::string text;
  if (std::ifstream(file) >> text)
    if (const auto known = parse_rfc3339(text)) return *known;
  const Timestamp start = now();
  std::ofstream(file) << to_rfc3339(start) << '\n';
  return start;
}

Result<std::string> driver_library(const std::string& wanted) {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  const fs::path library = wanted.empty() ? self.parent_path() / "sim" / "libnvidia-ml.so.1" : fs::path(wanted);
  if (fs::exists(library, error)) return fs::absolute(library, error).string();
  return Error{Errc::not_found,
               fmt::format("cannot simulate GPUs: there is no {}; `./dev build` makes it, --nvml names another place", library.string())};
}

AgentSpec agent_of(const PlannedNode& node, const fs::path& folder, const std::string& library, Milliseconds interval) {
  const fs::path scenario = folder / (node.name + ".json");
  std::ofstream(scenario, std::ios::trunc) << node.scenario << '\n';
  return {node.name,
          node.cluster,
          {"agent", "--listen", "127.0.0.1:0", "--node-name", node.name, "--nvml", library, "--interval",
           fmt::format("{}ms", interval.count())},
          {"REEVE_SIM_SCENARIO=" + scenario.string()}};
}

// What goes on behind the running control plane: the first look at the agents, holders, history.
class Background final {
 public:
  Background(const DemoOptions& options, ControlPlane& plane, AgentFleet& agents, const Catalogue& catalogue,
             std::vector<PlannedNode> nodes, Timestamp begun, const std::string& holders_file)
      : options_(options),
        plane_(plane),
        agents_(agents),
        catalogue_(catalogue),
        nodes_(std::move(nodes)),
        begun_(begun),
        holders_(plane.allocations(), holders_file),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

 private:
  void run(const std::stop_token& stop) {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), background_niceness);
    look_until_all_are_known(stop);
    std::size_t settled = 0;
    while (!stop.stop_requested() && settled < nodes_.size()) {
      const std::size_t known = nodes_known();
      if (known > settled) {
        settled = known;
        if (options_.workloads) place_holders(stop);
        if (options_.history.count() > 0) fill(stop);
      }
      pause(stop, newcomer_interval);
    }
  }

  // Rounds in a row while agents are starting: the regular one may be half a minute off.
  void look_until_all_are_known(const std::stop_token& stop) {
    const auto deadline = std::chrono::steady_clock::now() + start_patience;
    while (!stop.stop_requested() && nodes_known() < nodes_.size() && std::chrono::steady_clock::now() < deadline) {
      agents_.wait_until_listening(stop, start_round_interval);
      auto ended = std::make_shared<std::atomic<bool>>(false);
      plane_.collector().collect_now([ended](const Status&) { *ended = true; });
      while (!*ended && !stop.stop_requested()) pause(stop, 20ms);
      if (nodes_known() < nodes_.size()) pause(stop, start_round_interval);
    }
  }

  std::size_t nodes_known() const {
    const auto fleet = plane_.keeper().snapshot();
    return static_cast<std::size_t>(
        std::ranges::count_if(nodes_, [&](const PlannedNode& node) { return fleet->find_node(NodeName{node.name}) != nullptr; }));
  }

  void place_holders(const std::stop_token& stop) {
    const auto fleet = plane_.keeper().snapshot();
    for (const PlannedNode& node : nodes_)
      if (!stop.stop_requested() && fleet->find_node(NodeName{node.name}) != nullptr) holders_.place(node);
  }

  void fill(const std::stop_token& stop) {
    std::vector<sim::Scenario> scenarios;
    for (const PlannedNode& node : nodes_) {
      auto scenario = sim::parse_scenario(node.scenario, catalogue_, begun_);
      REEVE_CHECK(scenario.ok());  // we wrote it
      scenarios.push_back(std::move(*scenario));
    }
    ProgressLine line(options_.progress_bar);
    const HistoryContext context{plane_.keeper(), plane_.metrics(), plane_.jobs(), now, [&line](const Job& job) { line.show(job); }};
    const HistoryRange range{begun_ - options_.history, begun_, std::max(options_.serve.collect_interval, history_step_min)};
    const auto filled = fill_history(context, scenarios, range, stop);
    if (!filled) fmt::print(stderr, "reeve: cannot fill in history: {}\n", filled.error().message);
  }

  void pause(const std::stop_token& stop, Milliseconds time) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, time, [] { return false; });
  }

  const DemoOptions& options_;
  ControlPlane& plane_;
  AgentFleet& agents_;
  const Catalogue& catalogue_;
  std::vector<PlannedNode> nodes_;
  Timestamp begun_;
  Holders holders_;
  std::mutex mutex_{};
  std::condition_variable_any wake_{};
  std::jthread thread_;  // last: starts when all else is there, ends first
};

}  // namespace

Status run_demo(const DemoOptions& options, const std::function<void()>& wait_for_end) {
  const auto library = driver_library(options.nvml);
  if (!library) return library.error();
  const auto catalogue = load_catalogue();
  if (!catalogue) return catalogue.error();
  const fs::path folder = fs::path(options.serve.data_dir) / "demo";
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Error{Errc::unavailable, fmt::format("cannot make '{}': {}", folder.string(), error.message())};

  ServeConfig config = options.serve;
  config.targets.clear();
  config.target_files = {(folder / "targets.json").string()};
  if (!fs::exists(config.target_files.front())) std::ofstream(config.target_files.front()) << "[]\n";
  // First of all: it takes the lock of the directory and the address, or says who has them.
  const auto plane = ControlPlane::start(config);
  if (!plane) return plane.error();
  if (!options.port_file.empty())
    if (const Status written = write_port_file(options.port_file, (*plane)->port()); !written) return written;
  fmt::print(stderr, "reeve: the dashboard is at http://{}:{}/, data in {}\n", config.listen.host, (*plane)->port(), config.data_dir);

  const Timestamp begun = now();
  std::vector<PlannedNode> nodes = plan_fleet(options.nodes, start_of(folder / "start"), *catalogue);
  std::vector<AgentSpec> specs;
  for (const PlannedNode& node : nodes) specs.push_back(agent_of(node, folder, *library, config.collect_interval));
  AgentFleetOptions fleet{.directory = folder.string(), .targets_file = config.target_files.front()};
  if (!options.program.empty()) fleet.program = options.program;
  AgentFleet agents(std::move(fleet), std::move(specs));
  const Background background(options, **plane, agents, *catalogue, std::move(nodes), begun, (folder / "holders").string());
  wait_for_end();
  fmt::print(stderr, "\nreeve: ending {} agents\n", options.nodes);
  return Done{};
}

}  // namespace reeve::demo
