// Who was seen to have a GPU, in the answers about devices, slices and allocations.

#include <gtest/gtest.h>

#include <functional>

#include "codec/json_parse.h"
#include "delivery/rest/api.h"
#include "testing/fake_clock.h"
#include "testing/fake_collector.h"
#include "testing/fake_ids.h"
#include "testing/fake_views.h"
#include "testing/fleet_builder.h"
#include "testing/http_probe.h"
#include "testing/kept_fleet.h"
#include "testing/memory_metric_store.h"
#include "testing/small_cluster.h"

namespace reeve::rest {
namespace {

class NoJobs final : public JobBoard {
 public:
  void update(Job) override {}
  std::vector<Job> list() const override { return {}; }
  std::uint64_t version() const override { return 0; }
};

struct RestHolders : ::testing::Test {
  http::Response ask(const std::string& method, const std::string& path) {
    return probe(std::bind_front(&http::Router::handle, &router), method, "/api/v1" + path);
  }
  boost::json::value get(const std::string& path) {
    const http::Response response = ask("GET", path);
    EXPECT_EQ(response.status, 200) << path << ": " << body_of(response);
    return parse_json(body_of(response)).value();
  }

  void see(const std::string& resource, const std::string& pod, std::optional<AllocationId> allocation = std::nullopt) {
    report.holdings.push_back({.resource = resource,
                               .namespace_name = "model-serving",
                               .pod = pod,
                               .container = "vllm",
                               .sources = {HolderSource::pod_resources, HolderSource::exporter_labels},
                               .allocation = std::move(allocation),
                               .since = clock.now()});
    std::ranges::sort(report.holdings, {}, &holding::Holding::resource);
    holdings.set(report);
  }

  void put(Allocation allocation) {
    Status outcome = Done{};
    keeper.submit([&](FleetDraft& draft) { return draft.put_allocation(allocation); }, [&](Status done) { outcome = std::move(done); });
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  }

  FakeClock clock;
  FakeIds ids;
  KeptFleet keeper{small_cluster(clock.now())};
  MemoryMetricStore metrics;
  Catalogue catalogue = small_catalogue();
  PriceList prices = default_price_list();
  FakeCollector collector;
  NoJobs jobs;
  FakeClusterView cluster;
  FakeHoldingsView holdings;
  FakeServingView serving;
  holding::Report report;
  Api api{keeper,
          keeper.store,
          metrics,
          catalogue,
          prices,
          clock,
          ids,
          collector,
          jobs,
          cluster,
          holdings,
          serving,
          [](std::move_only_function<void()> work) { return work(), true; }};
  http::Router router{api_routes(api), not_found_handler(), method_not_allowed_handler()};
};

TEST_F(RestHolders, a_device_and_a_slice_show_who_was_seen_on_them) {
  see("gpu-a-GPU-00", "vllm-llama2-7b", AllocationId{"ALLOC-0000000A"});
  see("gpu-a-GPU-01-MIG-09", "other");
  const auto device = get("/devices/gpu-a-GPU-00");
  const auto& holder = device.at("holders").at(0);
  EXPECT_EQ(holder.at("pod").as_string(), "vllm-llama2-7b");
  EXPECT_EQ(holder.at("allocation").as_string(), "ALLOC-0000000A");
  EXPECT_EQ(holder.at("sources").at(0).as_string(), "pod-resources");
  EXPECT_TRUE(holder.at("replica").is_null());
  const auto slice = get("/instances/gpu-a-GPU-01-MIG-09");
  EXPECT_EQ(slice.at("holders").at(0).at("pod").as_string(), "other");
  EXPECT_FALSE(slice.at("free").as_bool());
  EXPECT_TRUE(get("/devices/gpu-b-GPU-00").at("holders").as_array().empty());
}

TEST_F(RestHolders, what_is_seen_or_silent_is_not_free_anywhere) {
  const auto free_devices = [&] { return get("/devices?free=true").at("items").as_array().size(); };
  const auto counted = [&] {
    get("/overview");  // is made anew after the answer
    return get("/overview").at("devices_free").to_number<std::size_t>();
  };
  const std::size_t before = free_devices();
  EXPECT_EQ(counted(), before);
  ASSERT_TRUE(get("/devices/gpu-b-GPU-00").at("free").as_bool());
  see("gpu-b-GPU-00", "somebody");
  EXPECT_FALSE(get("/devices/gpu-b-GPU-00").at("free").as_bool());
  clock.advance(std::chrono::seconds(30));
  EXPECT_EQ(free_devices(), before - 1);
  EXPECT_EQ(counted(), before - 1);
  holdings.set({});
  clock.advance(std::chrono::hours(1));
  EXPECT_TRUE(get("/devices/gpu-b-GPU-00").at("stale").as_bool());
  EXPECT_FALSE(get("/devices/gpu-b-GPU-00").at("free").as_bool());
}

TEST_F(RestHolders, allocations_tell_where_they_come_from_and_who_confirms_them) {
  Allocation seen = make_allocation("OBS-00000001", "gpu-b-GPU-00", ResourceType::shared_gpu);
  seen.origin = AllocationOrigin::observed;
  put(seen);
  see("gpu-a-GPU-00", "vllm-llama2-7b", AllocationId{"ALLOC-0000000A"});
  const auto asked = get("/allocations/ALLOC-0000000A");
  EXPECT_EQ(asked.at("origin").as_string(), "requested");
  EXPECT_EQ(asked.at("confirmed_by").as_array().size(), 2u);
  const auto observed = get("/allocations?origin=observed").at("items");
  ASSERT_EQ(observed.as_array().size(), 1u);
  EXPECT_EQ(observed.at(0).at("resource_type").as_string(), "SHARED_GPU");
  EXPECT_TRUE(observed.at(0).at("confirmed_by").as_array().empty());
  EXPECT_EQ(get("/allocations?origin=requested").at("items").as_array().size(), 2u);
  EXPECT_EQ(get("/allocations?status=ALL&origin=observed").at("items").as_array().size(), 1u);
  EXPECT_EQ(get("/devices/gpu-b-GPU-00").at("allocation").as_string(), "OBS-00000001");
  const auto refused = ask("DELETE", "/allocations/OBS-00000001");
  EXPECT_EQ(refused.status, 409) << body_of(refused);
}

}  // namespace
}  // namespace reeve::rest
