#include "delivery/legacy/prepared.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "testing/fake_clock.h"
#include "testing/fleet_builder.h"
#include "testing/http_probe.h"
#include "testing/kept_fleet.h"

namespace reeve::legacy {
namespace {

// A pool that works when it is told to.
struct HandPool {
  std::vector<std::move_only_function<void()>> jobs{};
  bool full = false;
  RunSlow runner() {
    return [this](std::move_only_function<void()> job) {
      if (full) return false;
      jobs.push_back(std::move(job));
      return true;
    };
  }
  void work() {
    auto due = std::move(jobs);
    jobs.clear();
    for (auto& job : due) job();
  }
};

struct Collected final : http::Responder {
  std::vector<std::string>* answers;
  explicit Collected(std::vector<std::string>& into) : answers(&into) {}
  void respond(http::Response response) override { answers->push_back(body_of(response)); }
  std::shared_ptr<http::Stream> start_stream(http::Response) override { return nullptr; }
};

class PreparedTest : public testing::Test {
 protected:
  void ask(const std::string& key = "k") {
    prepared_->serve(
        key, {Milliseconds(250), Milliseconds(1'000)},
        [this] {
          if (const auto happens = std::exchange(during_make_, nullptr)) happens();
          return http::json_response(status_, std::to_string(++made_));
        },
        std::make_shared<Collected>(answers_));
  }

  void change() {
    keeper_.submit([](FleetDraft& draft) { return draft.put_allocation(make_allocation("A", "n1-GPU-00")); }, [](const Status&) {});
  }

  KeptFleet keeper_{make_fleet(1, 2)};
  FakeClock clock_;
  HandPool pool_;
  std::shared_ptr<PreparedAnswers> prepared_ = std::make_shared<PreparedAnswers>(keeper_, clock_, pool_.runner());
  std::vector<std::string> answers_;
  int made_ = 0;
  int status_ = 200;
  std::function<void()> during_make_;
};

TEST_F(PreparedTest, who_asks_while_an_answer_is_made_shares_it) {
  ask();
  ask();
  EXPECT_TRUE(answers_.empty());
  pool_.work();
  EXPECT_EQ(answers_, (std::vector<std::string>{"1", "1"}));
}

TEST_F(PreparedTest, a_young_answer_is_given_without_work) {
  ask();
  pool_.work();
  clock_.advance(Milliseconds(250));
  ask();
  EXPECT_EQ(answers_.size(), 2u);
  EXPECT_TRUE(pool_.jobs.empty());
}

TEST_F(PreparedTest, an_older_answer_is_given_at_once_and_renewed_behind) {
  ask();
  pool_.work();
  clock_.advance(Milliseconds(251));
  ask();
  ask();
  EXPECT_EQ(answers_.back(), "1");
  EXPECT_EQ(pool_.jobs.size(), 1u);
  pool_.work();
  ask();
  EXPECT_EQ(answers_.back(), "2");
}

TEST_F(PreparedTest, nobody_is_given_an_answer_that_is_too_old) {
  ask();
  pool_.work();
  clock_.advance(Milliseconds(1'001));
  ask();
  EXPECT_EQ(answers_.size(), 1u);
  pool_.work();
  EXPECT_EQ(answers_.back(), "2");
}

TEST_F(PreparedTest, an_acknowledged_change_is_in_every_later_answer) {
  ask();
  pool_.work();
  ask();
  EXPECT_EQ(answers_.back(), "1");
  change();
  ask();
  EXPECT_EQ(answers_.size(), 2u);  // young, but from before the change
  pool_.work();
  EXPECT_EQ(answers_.back(), "2");
}

TEST_F(PreparedTest, a_change_while_an_answer_is_made_makes_another_for_who_asked_after_it) {
  ask();
  during_make_ = [this] {
    change();
    ask();
  };
  pool_.work();
  EXPECT_EQ(answers_, std::vector<std::string>{"1"});
  pool_.work();
  EXPECT_EQ(answers_, (std::vector<std::string>{"1", "2"}));
}

TEST_F(PreparedTest, failures_are_not_kept) {
  status_ = 503;
  ask();
  pool_.work();
  ask();
  EXPECT_EQ(pool_.jobs.size(), 1u);
}

TEST_F(PreparedTest, a_full_pool_is_said_at_once_and_tried_again_later) {
  pool_.full = true;
  ask();
  EXPECT_EQ(answers_, std::vector<std::string>{""});
  pool_.full = false;
  ask();
  pool_.work();
  EXPECT_EQ(answers_.back(), "1");
}

// For ThreadSanitizer: callers, pool and renewals at once.
TEST(PreparedThreads, every_caller_is_answered_once) {
  constexpr int callers = 4;
  constexpr int questions = 500;
  const KeptFleet keeper;
  FakeClock clock;
  std::atomic<int> made = 0;
  std::atomic<int> answered = 0;
  struct Counting final : http::Responder {
    std::atomic<int>& count;
    explicit Counting(std::atomic<int>& into) : count(into) {}
    void respond(http::Response response) override { count += response.status == 200 ? 1 : 0; }
    std::shared_ptr<http::Stream> start_stream(http::Response) override { return nullptr; }
  };
  std::mutex mutex;
  std::vector<std::jthread> pool;
  const auto prepared = std::make_shared<PreparedAnswers>(keeper, clock, [&](std::move_only_function<void()> job) {
    const std::lock_guard lock(mutex);
    pool.emplace_back([job = std::move(job)]() mutable { job(); });
    return true;
  });
  std::vector<std::jthread> threads;
  for (int caller = 0; caller < callers; ++caller)
    threads.emplace_back([&, caller] {
      for (int i = 0; i < questions; ++i) {
        prepared->serve(
            std::to_string((i + caller) % 3), {}, [&] { return http::json_response(200, std::to_string(++made)); },
            std::make_shared<Counting>(answered));
        clock.advance(Milliseconds(100));
      }
    });
  threads.clear();
  pool.clear();
  EXPECT_EQ(answered, callers * questions);
  EXPECT_LT(made, callers * questions);
}

TEST_F(PreparedTest, many_different_questions_do_not_pile_up) {
  for (int i = 0; i < 1000; ++i) {
    ask(std::to_string(i));
    pool_.work();
    clock_.advance(Milliseconds(1));
  }
  ask("0");  // long gone
  EXPECT_EQ(pool_.jobs.size(), 1u);
  EXPECT_EQ(made_, 1000);
}

}  // namespace
}  // namespace reeve::legacy
