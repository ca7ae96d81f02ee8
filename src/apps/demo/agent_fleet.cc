#include "apps/demo/agent_fleet.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>

#include <fmt/format.h>

#include "base/parse.h"
#include "codec/json_writer.h"

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace reeve::demo {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
using namespace std::chrono_literals;

constexpr Milliseconds look_interval = 50ms;
constexpr Milliseconds back_off_min = 500ms;
constexpr Milliseconds back_off_max = 30s;
constexpr Milliseconds healthy_after = 60s;     // it lived so long: the next end is a new story
constexpr Milliseconds start_patience = 30s;    // without a port after that, others may start
constexpr Milliseconds targets_settle = 300ms;  // many start together: one file for all of them
constexpr Milliseconds end_patience = 1s;

// Words for execve. Made before fork: afterwards nothing may allocate.
class Words {
 public:
  explicit Words(std::vector<std::string> words) : words_(std::move(words)) {
    for (std::string& word : words_) pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }
  char* const* data() { return pointers_.data(); }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_{};
};

// In the child, between fork and exec: system calls only.
[[noreturn]] void become(const char* program, char* const* arguments, char* const* environment, const char* log, pid_t parent) {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);  // we wait for signals, the agent acts on them
  ::setpgid(0, 0);                             // Ctrl-C is for the parent, which ends us in order
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it died before the line above
  const int null = ::open("/dev/null", O_RDONLY);
  const int out = ::open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (null < 0 || out < 0) ::_exit(1);
  ::dup2(null, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::close_range(3, ~0U, 0);
  ::execve(program, arguments, environment);
  ::_exit(127);
}

pid_t spawn(const std::string& program, std::vector<std::string> arguments, const std::vector<std::string>& environment,
            const std::string& log) {
  arguments.insert(arguments.begin(), "reeve");
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) variables.emplace_back(*entry);
  variables.insert(variables.end(), environment.begin(), environment.end());
  Words words(std::move(arguments));
  Words names(std::move(variables));
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) become(program.c_str(), words.data(), names.data(), log.c_str(), parent);
  return child;
}

// Written at once by a rename, so that no reader sees half of it.
void replace_file(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  std::ofstream(fresh, std::ios::binary | std::ios::trunc) << text;
  std::rename(fresh.c_str(), path.c_str());
}

}  // namespace

struct AgentFleet::Agent {
  AgentSpec spec{};
  std::string port_file{};
  std::string log{};
  pid_t pid = -1;  // -1: does not run
  int port = 0;    // 0: not known to listen
  bool has_listened = false;
  SteadyTime started{};
  SteadyTime start_at{};  // when it does not run
  Milliseconds back_off = back_off_min;
};

AgentFleet::AgentFleet(AgentFleetOptions options, std::vector<AgentSpec> specs) : options_(std::move(options)) {
  for (AgentSpec& spec : specs) {
    Agent agent;
    agent.port_file = options_.directory + "/" + spec.name + ".port";
    agent.log = options_.directory + "/" + spec.name + ".log";
    agent.spec = std::move(spec);
    ::unlink(agent.log.c_str());
    agents_.push_back(std::move(agent));
  }
  write_targets();
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

AgentFleet::~AgentFleet() = default;

void AgentFleet::run(const std::stop_token& stop) {
  SteadyTime moved{};
  bool stale_file = false;
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const SteadyTime now = std::chrono::steady_clock::now();
    reap(now);
    start_due(now);
    if (read_ports(now)) moved = now, stale_file = true;
    const bool all = std::ranges::all_of(agents_, [](const Agent& agent) { return agent.port != 0; });
    if (stale_file && (all || now - moved > targets_settle)) {
      write_targets();
      stale_file = false;
    }
    changed_.notify_all();
    changed_.wait_for(lock, stop, look_interval, [] { return false; });
  }
  end_all();
}

void AgentFleet::reap(SteadyTime now) {
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, WNOHANG);
    if (ended <= 0) return;
    const auto agent = std::ranges::find(agents_, ended, &Agent::pid);
    if (agent == agents_.end()) continue;
    if (now - agent->started > healthy_after) agent->back_off = back_off_min;
    agent->pid = -1;
    agent->port = 0;
    agent->start_at = now + agent->back_off;
    agent->back_off = std::min(agent->back_off * 2, back_off_max);
    std::ofstream(agent->log, std::ios::app) << fmt::format("demo: the agent ended ({} {}); it is started again\n",
                                                            WIFSIGNALED(status) ? "signal" : "exit code",
                                                            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  }
}

void AgentFleet::start_due(SteadyTime now) {
  auto starting = std::ranges::count_if(
      agents_, [now](const Agent& agent) { return agent.pid > 0 && agent.port == 0 && now - agent.started < start_patience; });
  for (Agent& agent : agents_) {
    if (agent.pid > 0 || now < agent.start_at) continue;
    if (starting >= options_.starting_max) return;
    ::unlink(agent.port_file.c_str());
    std::vector<std::string> arguments = agent.spec.arguments;
    arguments.insert(arguments.end(), {"--port-file", agent.port_file});
    agent.pid = spawn(options_.program, std::move(arguments), agent.spec.environment, agent.log);
    agent.started = now;
    if (agent.pid < 0) agent.start_at = now + back_off_max;  // no process or memory left for it
    ++starting;
  }
}

bool AgentFleet::read_ports(SteadyTime) {
  bool moved = false;
  for (Agent& agent : agents_) {
    if (agent.pid <= 0 || agent.port != 0) continue;
    std::ifstream file(agent.port_file);
    std::string text;
    if (!(file >> text)) continue;
    const auto port = parse_number<std::uint16_t>(text);
    if (!port || *port == 0) continue;
    agent.port = *port;
    agent.has_listened = true;
    moved = true;
  }
  return moved;
}

void AgentFleet::write_targets() const {
  std::string text;
  JsonWriter json(text, JsonStyle::pretty);
  json.begin_array();
  for (const Agent& agent : agents_) {
    if (!agent.has_listened || agent.port == 0) continue;
    json.begin_object().key("targets").begin_array().value(fmt::format("127.0.0.1:{}", agent.port)).end_array();
    json.key("labels").begin_object().field("node", agent.spec.name).field("cluster", agent.spec.cluster).end_object().end_object();
  }
  json.end_array();
  replace_file(options_.targets_file, text + '\n');
}

void AgentFleet::end_all() {
  for (const Agent& agent : agents_)
    if (agent.pid > 0) ::kill(agent.pid, SIGTERM);
  const SteadyTime deadline = std::chrono::steady_clock::now() + end_patience;
  for (Agent& agent : agents_) {
    while (agent.pid > 0 && ::waitpid(agent.pid, nullptr, WNOHANG) == 0) {
      if (std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(5ms);
      else
        ::kill(agent.pid, SIGKILL);
    }
    agent.pid = -1;
  }
}

bool AgentFleet::wait_until_listening(const std::stop_token& stop, Milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, stop, limit, [this] { return std::ranges::all_of(agents_, &Agent::has_listened); });
}

std::size_t AgentFleet::listening() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(agents_, [](const Agent& agent) { return agent.port != 0; }));
}

std::vector<pid_t> AgentFleet::pids() const {
  const std::lock_guard lock(mutex_);
  std::vector<pid_t> running;
  for (const Agent& agent : agents_)
    if (agent.pid > 0) running.push_back(agent.pid);
  return running;
}

}  // namespace reeve::demo
