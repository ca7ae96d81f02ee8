#pragma once
// A Kubernetes API server of a test, in the process: lists in pages, watches, and all the ways in which they fail.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/http/stream_client.h"

namespace reeve {

// Threads: any. Connections must not outlive it.
class FakeKubeApi {
 public:
  // How the server answers requests of one path (without the query), and of one verb.
  struct Refusal {
    int status = 0;
    std::string body{};
  };

  Result<std::unique_ptr<http::StreamClient>> connect();

  // Makes or changes an object; `rest` is what its JSON has beside metadata: "\"status\":{...}", or empty.
  void put(const std::string& path, const std::string& namespace_name, const std::string& name, const std::string& rest = "");
  void remove(const std::string& path, const std::string& namespace_name, const std::string& name);
  void bookmark(const std::string& path);

  // Sends the text as it is to everyone who watches `path`.
  void send_raw(const std::string& path, const std::string& text);
  // Ends all watches; with half of an event where asked for.
  void cut_watches(bool in_the_middle_of_a_line = false);
  // Versions up to now are forgotten: a watch from one of them expires, as an HTTP answer or as an event.
  void compact(bool as_event);
  // So many of the next requests with a continue token find it expired.
  void expire_continues(int count);
  void set_up(bool up);
  void set_silent(bool silent);  // answers heads and no bodies
  void set_ignores_limit(bool ignore);
  void set_version(std::uint64_t version);  // what was restored from a backup may go back
  void refuse(const std::string& path, const std::string& verb, Refusal refusal);
  void allow(const std::string& path);

  // The targets that were asked for so far, in order.
  std::vector<std::string> requests() const;
  int count_requests(std::string_view part) const;
  // Waits until somebody watches `path`, for a time that only a broken build needs.
  bool is_watched(const std::string& path);

 private:
  class Connection;
  struct Event {
    std::uint64_t version = 0;
    std::string text{};
  };
  struct Collection {
    std::map<std::pair<std::string, std::string>, std::string> objects{};
    std::vector<Event> events{};
  };

  static std::string object_text(std::string_view space, std::string_view name, std::uint64_t version, std::string_view rest);
  void record(Collection& collection, std::string_view type, std::string object);
  http::ResponseHead answer(Connection& connection, const std::string& target);
  std::string list(const std::string& path, std::string_view query, int& status);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Collection> collections_{};
  std::map<std::pair<std::string, std::string>, Refusal> refusals_{};  // by path and verb
  std::vector<std::string> requests_{};
  std::set<Connection*> connections_{};
  std::uint64_t version_ = 100;
  std::uint64_t compacted_ = 0;
  bool expire_as_event_ = false;
  int expired_continues_ = 0;
  bool up_ = true;
  bool silent_ = false;
  bool ignores_limit_ = false;
};

}  // namespace reeve
