#include "delivery/legacy/usage_document.h"

#include <random>

#include <gtest/gtest.h>

#include "delivery/legacy/known_cluster_test.h"
#include "testing/fake_clock.h"
#include "testing/fake_collector.h"
#include "testing/fake_ids.h"
#include "testing/fake_views.h"
#include "testing/kept_fleet.h"
#include "testing/memory_metric_store.h"
#include "testing/small_cluster.h"

namespace reeve::legacy {
namespace {

class UsageDocumentTest : public testing::Test {
 protected:
  UsageDocumentTest() {
    holdings_.set(known_holdings(clock_.now()));
    serving_.set(known_servers());
    cluster_.set(known_snapshot(clock_.now()));
  }

  std::shared_ptr<const ClusterFacts> facts(const ClusterFacts* previous) { return gather_facts(Moment(api_), previous); }

  // Writes the next document over the one before, and compares it with one written from nothing.
  void step() {
    const auto next = facts(document_ ? document_->facts.get() : nullptr);
    const auto fresh = write_usage(facts(nullptr), nullptr, api_.options.zone);
    document_ = write_usage(next, document_.get(), api_.options.zone);
    ASSERT_EQ(*document_->body, *fresh->body);
    ASSERT_EQ(document_->spans.size(), next->pods.size());
  }

  FakeClock clock_;
  FakeIds ids_;
  KeptFleet keeper_{small_cluster(clock_.now())};
  MemoryMetricStore metrics_;
  Catalogue catalogue_ = small_catalogue();
  PriceList prices_ = default_price_list();
  FakeCollector collector_;
  FakeClusterView cluster_;
  FakeHoldingsView holdings_;
  FakeServingView serving_;
  LegacyApi api_{keeper_,    keeper_.store, metrics_, catalogue_, prices_,  clock_, ids_,
                 collector_, collector_,    cluster_, holdings_,  serving_, {}};
  std::shared_ptr<const UsageDocument> document_;
};

TEST_F(UsageDocumentTest, what_has_not_changed_is_taken_from_the_document_before) {
  step();
  const std::string first = *document_->body;
  step();
  EXPECT_EQ(*document_->body, first);
}

TEST_F(UsageDocumentTest, a_pods_document_stands_where_its_span_says) {
  step();
  for (std::size_t i = 0; i < document_->spans.size(); ++i) {
    const PodSpan& span = document_->spans[i];
    if (!document_->facts->pods[i].serves()) {
      EXPECT_EQ(span.end, 0u);
      continue;
    }
    const std::string_view text = std::string_view(*document_->body).substr(span.begin, span.end - span.begin);
    EXPECT_TRUE(text.starts_with("{\n    \"name\"")) << text;
    EXPECT_TRUE(text.ends_with("\n  }")) << text;
    const std::string_view used = std::string_view(*document_->body).substr(span.usage_begin, span.usage_end - span.usage_begin);
    EXPECT_TRUE(used.starts_with(",\n    \"cpuUsage\"")) << used;
  }
}

// Pods that come, go, change, begin and cease to serve, and whose usage changes, in any order: what is copied is never wrong.
TEST_F(UsageDocumentTest, after_any_changes_it_is_what_would_be_written_from_nothing) {
  std::mt19937 random(20261125);
  const auto roll = [&](int sides) { return static_cast<int>(random() % static_cast<unsigned>(sides)); };
  cluster::Snapshot now = known_snapshot(clock_.now());
  for (int round = 0; round < 300; ++round) {
    for (int i = roll(4); i >= 0; --i) {
      const auto name = "p" + std::to_string(roll(30));
      const auto same = [&](const cluster::PodPtr& pod) { return pod->meta.name == name; };
      std::erase_if(now.pods, same);
      if (roll(3) == 0) continue;
      cluster::Pod pod = make_pod(roll(2) ? "default" : "serving", name, roll(3) ? "gpu-a" : "", clock_.now());
      if (roll(2)) pod.meta.labels = {{"app", roll(2) ? "vllm" : "other"}, {"model", "m" + std::to_string(roll(5))}};
      if (roll(2)) pod.containers.front().limits = amounts({{"cpu", "2"}, {"memory", "4Gi"}});
      now.pods.push_back(std::make_shared<const cluster::Pod>(std::move(pod)));
    }
    if (roll(3) == 0) {
      auto usages = std::make_shared<cluster::UsageByPod>();
      for (const auto& pod : now.pods)
        if (roll(4))
          (*usages)[cluster::pod_key(pod->meta.namespace_name, pod->meta.name)] = usage(clock_.now(), std::to_string(roll(3)), "1Gi");
      now.pod_usage = std::move(usages);
    }
    if (roll(5) == 0) {
      ServingView::Servers servers = known_servers();
      servers.front().served_model = "m" + std::to_string(roll(3));
      servers.front().identity.model_name = roll(2) ? "" : "Qwen/Qwen3-32B";
      if (roll(3) == 0) servers.clear();
      serving_.set(std::move(servers));
    }
    if (roll(4) == 0) clock_.advance(Milliseconds(40'000));  // readings grow too old
    now = in_order(std::move(now));
    cluster_.set(now);
    step();
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

}  // namespace
}  // namespace reeve::legacy
