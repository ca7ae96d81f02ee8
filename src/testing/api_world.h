#pragma once
// What both REST APIs stand on in tests: a base of their fixtures. Empty views of Kubernetes until a test sets them.
// Threads: as KeptFleet and the views.

#include "domain/cost/price_list.h"
#include "testing/fake_clock.h"
#include "testing/fake_ids.h"
#include "testing/fake_views.h"
#include "testing/kept_fleet.h"
#include "testing/memory_metric_store.h"
#include "testing/small_cluster.h"

namespace reeve {

class ApiWorld {
 protected:
  ApiWorld() : keeper_(small_cluster(clock_.now())) {}
  explicit ApiWorld(Fleet fleet) : keeper_(std::move(fleet)) {}

  FakeClock clock_;
  FakeIds ids_;
  KeptFleet keeper_;
  MemoryMetricStore metrics_;
  Catalogue catalogue_ = small_catalogue();
  PriceList prices_ = default_price_list();
  FakeClusterView cluster_;
  FakeHoldingsView holdings_;
  FakeServingView serving_;
};

}  // namespace reeve
