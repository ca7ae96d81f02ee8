#pragma once
// What changes in the fleet, as server-sent events for any number of clients: each event is written once and
// its bytes are shared.

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "delivery/rest/api.h"
#include "delivery/rest/cluster_scene.h"
#include "delivery/rest/records.h"

namespace reeve::rest {

// One thread of its own compares the newest snapshot with the one it told of last: `allocation` and
// `inventory` events go out at once, `readings` and `cluster` at most once a period, a comment line in each heartbeat.
// A client that reads too slowly is dropped by its stream. Threads: any. Must end before the keeper does.
class FleetFeed {
 public:
  explicit FleetFeed(const Api& api);
  ~FleetFeed();
  FleetFeed(const FleetFeed&) = delete;
  FleetFeed& operator=(const FleetFeed&) = delete;

  // Greets the client and keeps it until it goes. `node`: tell of this node only.
  void add(std::shared_ptr<http::Stream> stream, std::optional<std::string> node);

 private:
  using Snapshot = std::shared_ptr<const Fleet>;
  using Bytes = std::shared_ptr<const std::string>;
  struct Client {
    std::shared_ptr<http::Stream> stream;
    std::optional<std::string> node;
  };
  // One node's part of a `readings` event.
  struct NodePart {
    std::string name;
    std::string json;
  };

  void run(const std::stop_token& stop);
  void tell_inventory(const Snapshot& now);
  void tell_allocations(const Snapshot& now);
  void tell_ended(const AllocationId& id);
  void tell_readings(const Snapshot& now);
  void tell_jobs();
  void tell_cluster();
  void send_all(const Bytes& event);
  bool has_clients();

  const Api& api_;
  std::mutex mutex_{};  // guards newest_
  std::condition_variable_any wake_{};
  Snapshot newest_{};
  std::mutex clients_mutex_{};
  std::vector<Client> clients_{};
  // Of the feed's own thread.
  Snapshot told_inventory_{};
  Snapshot told_readings_{};
  std::vector<std::string> touched_nodes_{};  // by allocations: their readings event carries the holder
  std::uint64_t told_jobs_ = 0;
  ClusterScene told_cluster_{};
  std::shared_ptr<void> subscription_{};
  std::jthread thread_{};
};

// "id: 7\nevent: hello\ndata: {...}\n\n"
std::string server_sent_event(std::uint64_t id, std::string_view name, std::string_view data);

}  // namespace reeve::rest
