#pragma once
#include <memory>

#include "domain/holding/holding.h"

namespace reeve {

// Who really holds what, as last worked out. Threads: any; nothing waits.
class HoldingsView {
 public:
  virtual ~HoldingsView() = default;
  virtual std::shared_ptr<const holding::Report> report() const = 0;  // never null
};

}  // namespace reeve
