#include "apps/demo/agent_fleet.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace reeve::demo {
namespace {

using namespace std::chrono_literals;

class AgentFleetTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "agents-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // A program that behaves like an agent: says where it listens, then does `then`. "$4" is the port file.
  AgentSpec agent(const std::string& name, const std::string& port, const std::string& then) const {
    return {name, "test", {"-c", "echo " + port + " > \"$2\"; " + then, "x"}, {}};
  }
  AgentFleetOptions options() const { return {"/bin/sh", folder_, folder_ + "/targets.json", 8}; }
  std::string text_of(const std::string& file) const {
    std::ifstream in(folder_ + "/" + file);
    return (std::stringstream() << in.rdbuf()).str();
  }
  template <class Condition>
  static bool soon(Condition&& condition) {
    for (int i = 0; i < 400; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  std::string folder_{};
};

TEST_F(AgentFleetTest, tells_the_collector_where_all_of_them_listen) {
  AgentFleet fleet(options(), {agent("n1", "4001", "exec sleep 60"), agent("n2", "4002", "exec sleep 60")});
  EXPECT_TRUE(fleet.wait_until_listening({}, 5s));
  EXPECT_TRUE(soon([&] { return text_of("targets.json").find("127.0.0.1:4002") != std::string::npos; }));
  EXPECT_NE(text_of("targets.json").find("\"node\": \"n1\""), std::string::npos);
  EXPECT_EQ(fleet.listening(), 2u);
}

TEST_F(AgentFleetTest, ends_them_when_it_ends_even_those_that_do_not_listen_to_sigterm) {
  std::vector<pid_t> pids;
  const auto before = std::chrono::steady_clock::now();
  {
    AgentFleet fleet(options(),
                     {agent("polite", "4001", "exec sleep 60"), agent("deaf", "4002", "trap '' TERM; while :; do sleep 0.1; done")});
    ASSERT_TRUE(fleet.wait_until_listening({}, 5s));
    pids = fleet.pids();
  }
  ASSERT_EQ(pids.size(), 2u);
  for (const pid_t pid : pids) EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 4s);
}

TEST_F(AgentFleetTest, starts_one_again_that_died) {
  AgentFleet fleet(options(), {agent("n1", "4001", "exec sleep 60")});
  ASSERT_TRUE(fleet.wait_until_listening({}, 5s));
  const pid_t first = fleet.pids().at(0);
  ::kill(first, SIGKILL);
  EXPECT_TRUE(soon([&] {
    const auto pids = fleet.pids();
    return !pids.empty() && pids[0] != first && fleet.listening() == 1;
  }));
  EXPECT_NE(text_of("n1.log").find("signal 9"), std::string::npos);
}

TEST_F(AgentFleetTest, one_that_cannot_start_holds_nobody_up_and_is_not_tried_without_pause) {
  AgentFleetOptions one_at_a_time = options();
  one_at_a_time.starting_max = 1;
  AgentFleet fleet(one_at_a_time, {{"broken", "", {"-c", "echo broken >&2; exit 3"}, {}}, agent("n2", "4002", "exec sleep 60")});
  EXPECT_TRUE(soon([&] { return fleet.listening() == 1; }));
  EXPECT_FALSE(fleet.wait_until_listening({}, 1200ms));
  const std::string log = text_of("broken.log");
  std::size_t tries = 0;
  for (std::size_t at = log.find("broken\n"); at != std::string::npos; at = log.find("broken\n", at + 1)) ++tries;
  EXPECT_GE(tries, 1u);
  EXPECT_LE(tries, 3u);
}

TEST_F(AgentFleetTest, they_die_with_us_when_we_are_killed) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    AgentFleet fleet(options(), {agent("n1", "4001", "exec sleep 60")});
    fleet.wait_until_listening({}, 5s);
    const pid_t pid = fleet.pids().at(0);
    if (::write(pipe_ends[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  pid_t agent_pid = 0;
  ASSERT_EQ(::read(pipe_ends[0], &agent_pid, sizeof agent_pid), static_cast<ssize_t>(sizeof agent_pid));
  ASSERT_GT(agent_pid, 1);
  EXPECT_EQ(::kill(agent_pid, 0), 0);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  // An orphan that init has not yet buried still has a number, but no command line.
  EXPECT_TRUE(soon([&] {
    std::ifstream line("/proc/" + std::to_string(agent_pid) + "/cmdline");
    std::string text;
    return !(line >> text) || text.empty();
  }));
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

}  // namespace
}  // namespace reeve::demo
