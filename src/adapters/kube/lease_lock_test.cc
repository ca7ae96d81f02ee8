#include "adapters/kube/lease_lock.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "testing/fake_clock.h"
#include "testing/fake_object_api.h"

namespace reeve::kube {
namespace {

constexpr const char* lease_path = "/apis/coordination.k8s.io/v1/namespaces/reeve/leases/reeve";

struct Candidate {
  Candidate(FakeObjectApi& server, const std::string& identity)
      : credentials([&] {
          ClusterAccess access;
          EXPECT_TRUE(set_server(access, server.url()));
          return std::make_shared<Credentials>(access);
        }()),
        client(credentials),
        lock(client, wall, {.namespace_name = "reeve", .identity = identity}, [this] { return std::exchange(now, now + tick); }) {}

  bool hold() {
    const auto held = lock.hold();
    EXPECT_TRUE(held) << held.error().message;
    return held && *held;
  }

  std::shared_ptr<Credentials> credentials;
  ApiClient client;
  FakeClock wall{};
  std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
  std::chrono::seconds tick{0};  // what passes while somebody looks at the clock
  LeaseLock lock;
};

class KubeLease : public testing::Test {
 protected:
  std::string spec(const char* key) const { return boost::json::serialize(api.object(lease_path)->at("spec").at(key)); }

  FakeObjectApi api{};
  Candidate a{api, "a"};
  Candidate b{api, "b"};
};

TEST_F(KubeLease, the_first_makes_it_and_the_second_waits) {
  EXPECT_FALSE(a.lock.held());
  EXPECT_TRUE(a.hold());
  EXPECT_TRUE(a.lock.held());
  EXPECT_FALSE(b.hold());
  EXPECT_FALSE(b.lock.held());
  EXPECT_EQ(spec("holderIdentity"), R"("a")");
  EXPECT_EQ(spec("leaseDurationSeconds"), "15");
  EXPECT_EQ(spec("leaseTransitions"), "0");
  EXPECT_EQ(spec("acquireTime"), R"("2026-11-24T12:00:00.000000Z")");
}

TEST_F(KubeLease, a_renewal_is_one_request_and_keeps_the_time_it_was_taken) {
  EXPECT_TRUE(a.hold());
  const auto before = api.requests().size();
  a.now += std::chrono::seconds(2);
  a.wall.advance(Milliseconds(2'000));
  EXPECT_TRUE(a.hold());
  EXPECT_EQ(api.requests().size(), before + 1);
  EXPECT_EQ(spec("acquireTime"), R"("2026-11-24T12:00:00.000000Z")");
  EXPECT_EQ(spec("renewTime"), R"("2026-11-24T12:00:02.000000Z")");
}

TEST_F(KubeLease, it_is_lost_by_our_own_clock_when_it_was_not_renewed) {
  EXPECT_TRUE(a.hold());
  a.now += Milliseconds(9'999);
  EXPECT_TRUE(a.lock.held());
  a.now += Milliseconds(1);
  EXPECT_FALSE(a.lock.held()) << "before anybody else may take it";
  EXPECT_TRUE(a.hold()) << "nobody took it meanwhile";
}

TEST_F(KubeLease, a_renewal_counts_from_when_it_was_asked_for_however_long_the_answer_took) {
  const auto asked = a.now;
  a.tick = std::chrono::seconds(1);
  EXPECT_TRUE(a.hold());
  a.tick = std::chrono::seconds(0);
  a.now = asked + Milliseconds(9'999);
  EXPECT_TRUE(a.lock.held());
  a.now = asked + Milliseconds(10'000);
  EXPECT_FALSE(a.lock.held());
}

TEST_F(KubeLease, a_failing_server_is_told_and_the_deadline_goes_on) {
  EXPECT_TRUE(a.hold());
  a.now += std::chrono::seconds(5);
  api.answer_next(FakeObjectApi::status(500, "InternalError", "etcd"));
  const auto failed = a.lock.hold();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::unavailable);
  EXPECT_TRUE(a.lock.held());
  a.now += std::chrono::seconds(5);
  EXPECT_FALSE(a.lock.held());
}

TEST_F(KubeLease, another_takes_it_when_it_has_not_seen_it_change_for_its_duration) {
  EXPECT_TRUE(a.hold());
  EXPECT_FALSE(b.hold());
  b.now += Milliseconds(14'999);
  EXPECT_FALSE(b.hold());
  b.now += Milliseconds(1);
  EXPECT_TRUE(b.hold());
  EXPECT_EQ(spec("holderIdentity"), R"("b")");
  EXPECT_EQ(spec("leaseTransitions"), "1");
  EXPECT_FALSE(a.hold());
  EXPECT_FALSE(a.lock.held());
}

TEST_F(KubeLease, clocks_that_differ_do_not_matter) {
  a.wall.advance(-std::chrono::hours(48));  // its renewals look two days old
  EXPECT_TRUE(a.hold());
  EXPECT_FALSE(b.hold());
  for (int i = 0; i < 10; ++i) {
    a.now += std::chrono::seconds(5);
    b.now += std::chrono::seconds(5);
    EXPECT_TRUE(a.hold());
    EXPECT_FALSE(b.hold()) << "it changes, so somebody is there";
  }
}

TEST_F(KubeLease, of_two_that_reach_for_it_at_once_one_gets_it) {
  EXPECT_TRUE(a.hold());
  a.now += std::chrono::seconds(20);
  EXPECT_FALSE(b.hold());
  b.now += std::chrono::seconds(20);
  EXPECT_TRUE(b.hold());
  // a still knows the lease as it was before b took it.
  EXPECT_FALSE(a.lock.held());
  EXPECT_FALSE(a.hold());
  EXPECT_TRUE(b.lock.held());
}

TEST_F(KubeLease, a_renewal_that_meets_a_change_is_a_loss) {
  EXPECT_TRUE(a.hold());
  auto stolen = *api.object(lease_path);
  stolen.at("spec").as_object()["holderIdentity"] = "thief";
  api.put(lease_path, stolen);
  EXPECT_FALSE(a.hold());
  EXPECT_FALSE(a.lock.held());
  EXPECT_FALSE(a.hold());
}

TEST_F(KubeLease, what_is_given_up_is_taken_at_once) {
  EXPECT_TRUE(a.hold());
  EXPECT_FALSE(b.hold());
  ASSERT_TRUE(a.lock.release());
  EXPECT_FALSE(a.lock.held());
  EXPECT_FALSE(api.object(lease_path)->at("spec").as_object().contains("holderIdentity"));
  EXPECT_TRUE(b.hold());
  EXPECT_TRUE(a.lock.release()) << "it is not ours any more, which is no failure";
  EXPECT_EQ(spec("holderIdentity"), R"("b")");
}

TEST_F(KubeLease, one_that_was_deleted_is_made_anew) {
  EXPECT_TRUE(a.hold());
  api.remove(lease_path);
  EXPECT_FALSE(a.hold());
  EXPECT_TRUE(a.hold());
  EXPECT_TRUE(api.object(lease_path));
}

TEST_F(KubeLease, what_others_wrote_into_it_stays) {
  EXPECT_TRUE(a.hold());
  auto labelled = *api.object(lease_path);
  labelled.at("metadata").as_object()["labels"] = {{"team", "x"}};
  api.put(lease_path, labelled);
  EXPECT_FALSE(a.hold()) << "it changed under us";
  EXPECT_TRUE(a.hold());
  EXPECT_EQ(api.object(lease_path)->at("metadata").at("labels").at("team"), "x");
}

}  // namespace
}  // namespace reeve::kube
