#include "adapters/kube/subscribers.h"

#include <utility>

namespace reeve::kube {

struct Subscribers::Subscriber {
  std::recursive_mutex mutex{};  // held during a call; recursive, so that a listener may give up its own handle
  bool gone = false;
  ClusterView::Listener listener{};
};

std::shared_ptr<void> Subscribers::add(ClusterView::Listener listener) {
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->listener = std::move(listener);
  const std::lock_guard lock(mutex_);
  std::erase_if(all_, [](const auto& weak) { return weak.expired(); });
  all_.push_back(subscriber);
  // The handle keeps the subscriber; its end waits for a call in progress.
  return {subscriber.get(), [subscriber](Subscriber*) {
            const std::lock_guard wait(subscriber->mutex);
            subscriber->gone = true;
          }};
}

void Subscribers::tell(const std::shared_ptr<const cluster::Snapshot>& snapshot) {
  std::vector<std::weak_ptr<Subscriber>> all;
  {
    const std::lock_guard lock(mutex_);
    all = all_;
  }
  for (const auto& weak : all) {
    const auto subscriber = weak.lock();
    if (!subscriber) continue;
    const std::lock_guard lock(subscriber->mutex);
    if (!subscriber->gone) subscriber->listener(snapshot);
  }
}

}  // namespace reeve::kube
