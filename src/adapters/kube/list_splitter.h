#pragma once
// Takes the items out of a Kubernetes List answer while it arrives, so that no more than one item is ever kept of it.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace reeve::kube {

struct ListSplitterLimits {
  std::size_t item_bytes_max = 8 << 20;      // etcd stores no more than 1.5 MiB
  std::size_t metadata_bytes_max = 1 << 20;  // a continue token is some hundred bytes
  int depth_max = 64;
};

// Feed it the body in pieces of any size, then finish() it.
//
// Failures: invalid argument, when the body is no JSON object, its `items` is no list of objects, one of them is larger than
// the limit (the message names it), or the body ended before its end. After a failure it is of no further use. Only the
// structure is checked: the text of an item may still be no JSON, which its reader finds.
class ListSplitter {
 public:
  // The text of one item, valid during the call. Its failure is the splitter's.
  using OnItem = std::function<Status(std::string_view item)>;

  explicit ListSplitter(OnItem on_item, ListSplitterLimits limits = {}) : on_item_(std::move(on_item)), limits_(limits) {}

  Status feed(std::string_view chunk);
  Status finish();

  std::size_t items() const { return items_; }
  // The text of the list's own `metadata` after finish(): "{}" when there was none.
  const std::string& metadata() const { return metadata_; }
  // Most bytes that were kept at any time.
  std::size_t kept_max() const { return kept_max_; }

 private:
  enum class State {
    start,        // before the list's "{"
    key_or_end,   // in the list's object, after "{"
    key,          // after ",": another key has to come
    in_key,       // within its quotes
    colon,        // after a key
    value,        // after ":"
    skipped,      // in a value that is not needed
    captured,     // in the list's metadata
    after_value,  // "," or "}"
    item_or_end,  // after "["
    item,         // after "," in the items
    in_item,      // within an item
    after_item,   // "," or "]"
    done,         // behind the list's "}"
  };

  // Both consume text from `at` on and leave it behind what they took.
  Status step(std::string_view chunk, std::size_t& at);
  // Goes on to the end of the value or of the chunk; true: the value ended. A number ends before the character that ends it.
  Result<bool> walk(std::string_view chunk, std::size_t& at);
  Status begin_value(char c);
  Status end_value(std::string_view text);
  Status walk_value(std::string_view chunk, std::size_t& at);
  Status keep(std::string_view text);
  Status broken(std::string_view why) const;

  OnItem on_item_;
  ListSplitterLimits limits_;
  State state_ = State::start;
  int depth_ = 0;  // within the value
  bool in_string_ = false;
  bool escaped_ = false;
  bool scalar_ = false;  // the value is a number or a word
  std::string key_{};
  std::string kept_{};  // what came of the value in earlier chunks
  std::string metadata_ = "{}";
  std::size_t items_ = 0;
  std::size_t offset_ = 0;  // of the chunk in the body
  std::size_t kept_max_ = 0;
  bool items_seen_ = false;
};

}  // namespace reeve::kube
