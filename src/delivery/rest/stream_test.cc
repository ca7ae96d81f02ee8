// The live stream: what a client hears, what it does not, and what many of them cost.

#include <gtest/gtest.h>

#include "delivery/rest/rest_world_test.h"
#include "testing/fleet_builder.h"
#include "testing/http_probe.h"
#include "testing/small_cluster.h"
#include "usecases/release.h"

namespace reeve::rest {
namespace {

class OneJob final : public JobBoard {
 public:
  void update(Job) override { ++version_; }
  std::vector<Job> list() const override { return {{.id = "history", .name = "Filling in history", .done = version_}}; }
  std::uint64_t version() const override { return version_; }

 private:
  std::atomic<std::uint64_t> version_ = 0;
};

class LiveStream : public ::testing::Test, protected RestWorld {
 protected:
  LiveStream() : RestWorld(make_fleet(3, 1, "RTX4090")) {}

  std::shared_ptr<ProbedStream> follow(const std::string& query = "") {
    const auto route = std::ranges::find(routes_, "/api/v1/stream", &http::Route::path);
    const StreamAnswer answer = probe_stream(route->handle, make_request("GET", "/api/v1/stream" + query));
    EXPECT_EQ(answer.head.status, 200);
    return answer.stream;
  }
  void read(const std::string& node, double utilization) {
    auto readings = std::make_shared<NodeReadings>();
    readings->at = clock_.now();
    readings->source = ObservationSource::reeve_agent;
    DeviceReading device{.id = device_id(NodeName{node}, 0)};
    device.values.set(Metric::gpu_utilization, utilization);
    readings->devices.push_back(device);
    keeper_.publish_readings(NodeName{node}, std::move(readings));
  }

  NoStatus status_;
  OneJob jobs_;
  Api api_ = [this] {
    Api api = api_over(status_, jobs_);
    api.stream_period = Milliseconds(20);
    api.stream_heartbeat = Milliseconds(60);
    return api;
  }();
  std::vector<http::Route> routes_ = api_routes(api_);
};

TEST_F(LiveStream, a_client_is_greeted_and_hears_that_the_server_lives) {
  const auto stream = follow();
  EXPECT_TRUE(stream->wait_for("event: hello\ndata: {\"version\":"));
  EXPECT_TRUE(stream->wait_for(": still here\n\n"));
}

TEST_F(LiveStream, only_changed_nodes_are_told_of) {
  const auto stream = follow();
  read("n2", 42);
  ASSERT_TRUE(stream->wait_for("\"util\":42.0"));
  const std::string text = stream->text();
  EXPECT_NE(text.find("event: readings\n"), std::string::npos);
  EXPECT_NE(text.find("\"name\":\"n2\""), std::string::npos);
  EXPECT_EQ(text.find("\"name\":\"n1\""), std::string::npos);
  EXPECT_NE(text.find("\"temp\":null"), std::string::npos) << "unknown is null";
}

TEST_F(LiveStream, who_follows_one_node_hears_of_no_other) {
  const auto stream = follow("?node=n1");
  read("n2", 42);
  read("n1", 17);
  ASSERT_TRUE(stream->wait_for("\"util\":17.0"));
  EXPECT_EQ(stream->text().find("\"n2\""), std::string::npos);
}

TEST_F(LiveStream, an_allocation_is_told_when_it_begins_and_when_it_ends) {
  const auto stream = follow();
  AllocationId id;
  allocate(api_.allocation_context(), {.namespace_name = "ml", .pod_name = "p"}, std::nullopt, [&](const AllocationAnswer& answer) {
    ASSERT_TRUE(answer.outcome);
    id = answer.outcome->id;
  });
  ASSERT_TRUE(stream->wait_for("event: allocation\ndata: {\"id\":\"" + id.text));
  EXPECT_TRUE(stream->wait_for("\"allocation\":\"" + id.text)) << "the node's readings name the holder";
  release(api_.allocation_context(), id, "test", [](const Result<Allocation>& ended) { EXPECT_TRUE(ended); });
  EXPECT_TRUE(stream->wait_for("\"status\":\"RELEASED\""));
}

TEST_F(LiveStream, a_new_node_is_an_inventory_event) {
  const auto stream = follow();
  keeper_.submit([](FleetDraft& draft) { return draft.put_node(make_node("n9", {make_device("n9", 0)})); }, [](const Status&) {});
  EXPECT_TRUE(stream->wait_for("event: inventory\ndata: {\"nodes\":[\"n9\"]}"));
}

TEST_F(LiveStream, a_change_of_the_cluster_is_told_once_with_what_changed) {
  const auto stream = follow();
  cluster::Snapshot next;
  for (const char* name : {"a", "b"}) {
    cluster::Pod pod;
    pod.meta.namespace_name = "ml";
    pod.meta.name = name;
    next.pods.push_back(std::make_shared<const cluster::Pod>(std::move(pod)));
  }
  cluster_.set(next);
  ASSERT_TRUE(stream->wait_for("event: cluster\ndata: {\"version\":1,\"changed\":{\"pods\":2,\"nodes\":0,\"namespaces\":0,\"claims\":0}"));
  next.pods.erase(next.pods.begin());
  cluster_.set(next);
  EXPECT_TRUE(stream->wait_for("{\"version\":2,\"changed\":{\"pods\":1,"));
  holdings_.set({});
  EXPECT_TRUE(stream->wait_for("\"holdings\":true,\"servers\":false}"));
}

TEST_F(LiveStream, jobs_are_told_when_they_move) {
  const auto stream = follow();
  jobs_.update({});
  EXPECT_TRUE(stream->wait_for("event: jobs\ndata: {\"items\":[{\"id\":\"history\""));
}

TEST_F(LiveStream, who_hung_up_is_forgotten_and_the_others_go_on) {
  const auto gone = follow();
  std::vector<std::shared_ptr<ProbedStream>> others;
  for (int i = 0; i < 200; ++i) others.push_back(follow());
  gone->hang_up();
  read("n3", 88);
  for (const auto& stream : others) ASSERT_TRUE(stream->wait_for("\"util\":88.0"));
  EXPECT_EQ(gone->text().find("88.0"), std::string::npos);
}

TEST_F(LiveStream, the_end_of_the_server_closes_streams) {
  const auto stream = follow();
  routes_.clear();
  EXPECT_FALSE(stream->is_open());
}

TEST_F(LiveStream, an_unknown_node_cannot_be_followed) {
  const auto route = std::ranges::find(routes_, "/api/v1/stream", &http::Route::path);
  EXPECT_EQ(probe(route->handle, "GET", "/api/v1/stream?node=none").status, 404);
}

}  // namespace
}  // namespace reeve::rest
