#include "delivery/legacy/usage_document.h"

#include <algorithm>

namespace reeve::legacy {
namespace {

constexpr std::size_t pod_bytes = 1100;  // of a document of common size, to make room once
constexpr std::size_t node_bytes = 2000;

// All that a pod's document says, its usage apart, is the same.
bool same_but_usage(const PodFacts& a, const PodFacts& b) { return a.pod == b.pod && a.model == b.model; }
bool same_usage(const PodFacts& a, const PodFacts& b) { return a.usage == b.usage && a.gpu == b.gpu; }

// The usage fields as they stand inside a pod's document in a usage body.
class UsagePrint {
 public:
  UsagePrint() {
    json_.begin_object().key("pods").begin_array().begin_object().field("name", "");
    begin_ = text_.size();
  }
  std::string_view print(const PodFacts& pod) {
    text_.resize(begin_);
    write_pod_usage(json_, pod);
    return std::string_view(text_).substr(begin_);
  }

 private:
  std::string text_{};
  JsonWriter json_{text_, JsonStyle::jackson};
  std::size_t begin_ = 0;
};

class PodsWriter {
 public:
  PodsWriter(JsonWriter& json, std::string& body, const LocalZone& zone, const UsageDocument* previous)
      : json_(json), body_(body), zone_(zone), previous_(previous) {}

  PodSpan write(const PodFacts& pod) {
    const std::size_t before = find_before(pod);
    if (previous_ == nullptr || before == not_there || !same_but_usage(pod, previous_->facts->pods[before]))
      return write_pod(json_, body_, pod, zone_);
    return copy(pod, before);
  }

 private:
  static constexpr std::size_t not_there = static_cast<std::size_t>(-1);

  // Both lists are in the same order, so a look forward finds what has stayed.
  std::size_t find_before(const PodFacts& pod) {
    if (previous_ == nullptr) return not_there;
    const std::vector<PodFacts>& old = previous_->facts->pods;
    const auto& meta = pod.pod->meta;
    for (; next_ < old.size() && old[next_].pod != pod.pod; ++next_) {
      const auto& other = old[next_].pod->meta;
      if (std::tie(other.namespace_name, other.name) >= std::tie(meta.namespace_name, meta.name)) return not_there;
    }
    return next_ < old.size() && previous_->spans[next_].end != 0 ? next_ : not_there;
  }

  PodSpan copy(const PodFacts& pod, std::size_t before) {
    const std::string_view old = *previous_->body;
    const PodSpan& from = previous_->spans[before];
    if (same_usage(pod, previous_->facts->pods[before])) {
      json_.raw(old.substr(from.begin, from.end - from.begin));
      const std::size_t begin = body_.size() - (from.end - from.begin);
      return {begin, begin + (from.usage_begin - from.begin), begin + (from.usage_end - from.begin), body_.size()};
    }
    json_.raw(old.substr(from.begin, from.usage_begin - from.begin));
    PodSpan span{.begin = body_.size() - (from.usage_begin - from.begin), .usage_begin = body_.size()};
    body_ += usage_.print(pod);
    span.usage_end = body_.size();
    body_ += old.substr(from.usage_end, from.end - from.usage_end);
    span.end = body_.size();
    return span;
  }

  JsonWriter& json_;
  std::string& body_;
  const LocalZone& zone_;
  const UsageDocument* previous_;
  std::size_t next_ = 0;
  UsagePrint usage_{};
};

void write_rest(JsonWriter& json, const ClusterFacts& facts, const PodList& summed, const LocalZone& zone) {
  json.key("nodes").begin_array();
  for (const NodeFacts& node : facts.nodes) write_node(json, node, zone);
  json.end_array().key("clusterSummary");
  write_summary(json, summed, facts.nodes);
  json.field("timestamp", zone.format(facts.at)).end_object();
}

}  // namespace

std::shared_ptr<const UsageDocument> write_usage(const std::shared_ptr<const ClusterFacts>& facts, const UsageDocument* previous,
                                                 const LocalZone& zone) {
  auto document = std::make_shared<UsageDocument>();
  document->facts = facts;
  document->spans.reserve(facts->pods.size());
  auto body = std::make_shared<std::string>();
  body->reserve(previous != nullptr ? previous->body->size() + previous->body->size() / 16
                                    : facts->pods.size() * pod_bytes + facts->nodes.size() * node_bytes);
  JsonWriter json(*body, JsonStyle::jackson);
  PodsWriter writer(json, *body, zone, previous);
  PodList serving;
  json.begin_object().key("pods").begin_array();
  for (const PodFacts& pod : facts->pods) {
    const bool serves = pod.serves();
    document->spans.push_back(serves ? writer.write(pod) : PodSpan());
    if (serves) serving.push_back(&pod);
  }
  json.end_array();
  write_rest(json, *facts, serving, zone);
  document->body = std::move(body);
  return document;
}

std::string write_usage_of(const ClusterFacts& facts, const PodList& pods, const PodList& summed, const LocalZone& zone) {
  std::string body;
  JsonWriter json(body, JsonStyle::jackson);
  json.begin_object().key("pods").begin_array();
  for (const PodFacts* pod : pods) write_pod(json, body, *pod, zone);
  json.end_array();
  write_rest(json, facts, summed, zone);
  return body;
}

}  // namespace reeve::legacy
