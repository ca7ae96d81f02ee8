#pragma once
// The objects of one kind, as its reflector hears of them.

#include <algorithm>
#include <boost/json/object.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "domain/cluster/objects.h"

namespace reeve::kube {

// Threads: one writes. Failures: invalid argument, the object cannot be read and nothing has changed.
class ObjectSink {
 public:
  virtual ~ObjectSink() = default;

  // A list replaces everything when it is finished; until then nothing is seen of it.
  virtual void start_list() = 0;
  virtual Status listed(const boost::json::object& object) = 0;
  virtual bool finish_list() = 0;  // true: something changed

  // In the order of the watch, whatever versions the objects carry. True: something changed.
  virtual Result<bool> put(const boost::json::object& object) = 0;
  virtual Result<bool> remove(const boost::json::object& object) = 0;
};

// Whether two states of an object stand at the same place of an index of the snapshot.
template <class Object>
bool same_place(const Object&, const Object&) {
  return true;
}
inline bool same_place(const cluster::Pod& a, const cluster::Pod& b) { return a.node == b.node; }

template <class Object>
class ObjectTable final : public ObjectSink {
 public:
  using Ptr = std::shared_ptr<const Object>;
  using Decode = Result<Object> (*)(const boost::json::object&);

  explicit ObjectTable(Decode decode) : decode_(decode) {}

  void start_list() override { incoming_.clear(); }

  Status listed(const boost::json::object& object) override {
    auto made = decode_(object);
    if (!made) return made.error();
    const auto at = place_of(*made);
    // What is as before stays the same object: readers and memory are spared.
    incoming_.push_back(holds(at, *made) && **at == *made ? *at : std::make_shared<const Object>(*std::move(made)));
    return Done{};
  }

  bool finish_list() override {
    const auto before = [](const Ptr& a, const Ptr& b) { return key(*a) < key(*b); };
    const auto same = [](const Ptr& a, const Ptr& b) { return key(*a) == key(*b); };
    if (!std::is_sorted(incoming_.begin(), incoming_.end(), before)) std::stable_sort(incoming_.begin(), incoming_.end(), before);
    incoming_.erase(std::unique(incoming_.begin(), incoming_.end(), same), incoming_.end());
    std::vector<Ptr> old;
    {
      const std::lock_guard lock(mutex_);
      if (incoming_ == objects_) return incoming_.clear(), false;
      old = std::exchange(objects_, std::exchange(incoming_, {}));
      ++shape_;
    }
    return true;  // the old objects die without the lock
  }

  Result<bool> put(const boost::json::object& object) override {
    auto made = decode_(object);
    if (!made) return made.error();
    const auto at = place_of(*made);
    const bool there = holds(at, *made);
    if (there && **at == *made) return false;
    Ptr now = std::make_shared<const Object>(*std::move(made));
    const std::lock_guard lock(mutex_);
    if (!there || !same_place(**at, *now)) ++shape_;
    if (there)
      at->swap(now);
    else
      objects_.insert(at, std::move(now));
    return true;
  }

  Result<bool> remove(const boost::json::object& object) override {
    const auto gone = decode_(object);
    if (!gone) return gone.error();
    const auto at = place_of(*gone);
    if (!holds(at, *gone)) return false;
    const std::lock_guard lock(mutex_);
    objects_.erase(at);
    ++shape_;
    return true;
  }

  // Threads: any.
  std::vector<Ptr> copy(std::uint64_t& shape) const {
    const std::lock_guard lock(mutex_);
    shape = shape_;
    return objects_;
  }

 private:
  static std::pair<std::string_view, std::string_view> key(const Object& object) { return {object.meta.namespace_name, object.meta.name}; }

  // Where an object of that key is or would be. By the writer, without the lock: nobody else changes the list.
  auto place_of(const Object& object) {
    return std::lower_bound(objects_.begin(), objects_.end(), key(object), [](const Ptr& other, const auto& k) { return key(*other) < k; });
  }
  bool holds(typename std::vector<Ptr>::iterator at, const Object& object) const {
    return at != objects_.end() && key(**at) == key(object);
  }

  Decode decode_;
  std::vector<Ptr> incoming_{};  // of the writer alone
  mutable std::mutex mutex_;
  std::vector<Ptr> objects_{};  // by namespace, then name; written with the lock
  std::uint64_t shape_ = 0;     // grows when a position changes
};

}  // namespace reeve::kube
