#pragma once
// The precise contract of MetricStore, as tests. An adapter instantiates the suite with a harness:
//
//   struct Harness { MetricStore& store(); void reopen(); };   // reopen: as after a restart; may do nothing
//   INSTANTIATE_TYPED_TEST_SUITE_P(Memory, MetricStoreConformance, Harness);

#include <gtest/gtest.h>

#include <limits>

#include "domain/metrics/resource_key.h"
#include "ports/metric_store.h"

namespace reeve {

template <class Harness>
class MetricStoreConformance : public testing::Test {
 protected:
  static Timestamp at(std::string_view text) { return parse_rfc3339(text).value(); }
  static Sample sample(std::string resource, std::string_view time, double utilization) {
    Sample made{.resource = std::move(resource), .at = at(time)};
    made.values.set(Metric::gpu_utilization, utilization);
    return made;
  }
  void append(std::initializer_list<Sample> batch) { ASSERT_TRUE(harness_.store().append({batch.begin(), batch.size()}).ok()); }
  std::size_t seal(std::string_view now) { return harness_.store().seal(at(now)).value(); }

  std::vector<Series> query(SeriesQuery query) { return harness_.store().query(query).value(); }
  // Points of one metric of one resource; none when there is no such series.
  std::vector<Point> points(std::string resource, std::string_view from, std::string_view to, Milliseconds step,
                            Metric metric = Metric::gpu_utilization) {
    auto series = query({.resources = {std::move(resource)}, .metrics = {metric}, .from = at(from), .to = at(to), .step = step});
    return series.empty() ? std::vector<Point>{} : series.front().points;
  }
  std::vector<double> values(std::string resource, std::string_view from, std::string_view to, Metric metric = Metric::gpu_utilization) {
    std::vector<double> found;
    for (const Point& point : points(std::move(resource), from, to, Milliseconds(1), metric)) found.push_back(point.last);
    return found;
  }

  Harness harness_;
};

TYPED_TEST_SUITE_P(MetricStoreConformance);

inline constexpr std::string_view noon = "2026-11-24T12:00:00Z";
inline constexpr std::string_view one = "2026-11-24T13:00:00Z";
inline constexpr std::string_view two = "2026-11-24T14:00:00Z";

TYPED_TEST_P(MetricStoreConformance, what_is_appended_is_found_before_and_after_the_hour_is_sealed) {
  this->append({this->sample("n1-GPU-00", "2026-11-24T12:00:00Z", 10), this->sample("n1-GPU-01", "2026-11-24T12:00:00Z", 50)});
  this->append({this->sample("n1-GPU-00", "2026-11-24T12:00:30.250Z", 30)});
  const auto expect_all = [&] {
    const auto found = this->points("n1-GPU-00", noon, one, Milliseconds(1));
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0], (Point{.at = this->at(noon), .count = 1, .min = 10, .max = 10, .mean = 10, .last = 10}));
    EXPECT_EQ(found[1].at, this->at("2026-11-24T12:00:30.250Z"));
    EXPECT_EQ(this->values("n1-GPU-01", noon, one), std::vector<double>{50});
  };
  expect_all();
  EXPECT_EQ(this->seal("2026-11-24T12:59:59Z"), 0u);
  EXPECT_EQ(this->seal(one), 2u);
  expect_all();
  EXPECT_EQ(this->seal(one), 0u);
  this->harness_.reopen();
  expect_all();
}

TYPED_TEST_P(MetricStoreConformance, steps_aggregate_and_empty_steps_are_left_out) {
  for (const bool sealed : {false, true}) {
    this->append({this->sample("d", "2026-11-24T12:00:00Z", 10), this->sample("d", "2026-11-24T12:00:30Z", 40),
                  this->sample("d", "2026-11-24T12:02:00Z", 7)});
    if (sealed) {
      EXPECT_EQ(this->seal(one), 1u);
    }
    const auto found = this->points("d", noon, one, std::chrono::minutes(1));
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0], (Point{.at = this->at(noon), .count = 2, .min = 10, .max = 40, .mean = 25, .last = 40}));
    EXPECT_EQ(found[1], (Point{.at = this->at("2026-11-24T12:02:00Z"), .count = 1, .min = 7, .max = 7, .mean = 7, .last = 7}));
  }
}

TYPED_TEST_P(MetricStoreConformance, the_range_includes_its_start_and_excludes_its_end) {
  this->append({this->sample("d", noon, 1), this->sample("d", "2026-11-24T12:00:30Z", 2), this->sample("d", "2026-11-24T12:01:00Z", 3)});
  EXPECT_EQ(this->values("d", noon, "2026-11-24T12:01:00Z"), (std::vector<double>{1, 2}));
  EXPECT_EQ(this->values("d", "2026-11-24T12:00:00.001Z", "2026-11-24T12:01:00.001Z"), (std::vector<double>{2, 3}));
  EXPECT_TRUE(this->values("d", noon, noon).empty());
}

TYPED_TEST_P(MetricStoreConformance, hourly_steps_are_exact_and_may_begin_and_end_within_an_hour) {
  for (int minute = 0; minute < 180; ++minute) {
    Sample sample{.resource = "d", .at = this->at(noon) + std::chrono::minutes(minute)};
    sample.values.set(Metric::gpu_utilization, minute);
    this->append({sample});
  }
  EXPECT_EQ(this->seal(two), 2u);  // the third hour stays open
  const auto hours = this->points("d", noon, "2026-11-24T15:00:00Z", std::chrono::hours(1));
  ASSERT_EQ(hours.size(), 3u);
  EXPECT_EQ(hours[0], (Point{.at = this->at(noon), .count = 60, .min = 0, .max = 59, .mean = 29.5, .last = 59}));
  EXPECT_EQ(hours[1], (Point{.at = this->at(one), .count = 60, .min = 60, .max = 119, .mean = 89.5, .last = 119}));
  EXPECT_EQ(hours[2], (Point{.at = this->at(two), .count = 60, .min = 120, .max = 179, .mean = 149.5, .last = 179}));
  const auto cut = this->points("d", "2026-11-24T12:30:00Z", "2026-11-24T13:10:00Z", std::chrono::hours(1));
  ASSERT_EQ(cut.size(), 2u);
  EXPECT_EQ(cut[0], (Point{.at = this->at(noon), .count = 30, .min = 30, .max = 59, .mean = 44.5, .last = 59}));
  EXPECT_EQ(cut[1].count, 10u);
  const auto three = this->points("d", noon, "2026-11-24T15:00:00Z", std::chrono::hours(3));
  ASSERT_EQ(three.size(), 1u);
  EXPECT_EQ(three[0], (Point{.at = this->at(noon), .count = 180, .min = 0, .max = 179, .mean = 89.5, .last = 179}));
}

TYPED_TEST_P(MetricStoreConformance, a_second_sample_at_one_time_replaces_the_first_whole) {
  Sample first = this->sample("d", noon, 10);
  first.values.set(Metric::power_usage, 300);
  this->append({first});
  this->append({this->sample("d", noon, 20)});
  EXPECT_EQ(this->values("d", noon, one), std::vector<double>{20});
  EXPECT_TRUE(this->values("d", noon, one, Metric::power_usage).empty());
  this->append({this->sample("d", noon, 30), this->sample("d", noon, 40)});
  EXPECT_EQ(this->values("d", noon, one), std::vector<double>{40});
  EXPECT_EQ(this->seal(one), 1u);
  EXPECT_EQ(this->values("d", noon, one), std::vector<double>{40});
  EXPECT_EQ(this->points("d", noon, one, std::chrono::hours(1))[0].count, 1u);
}

TYPED_TEST_P(MetricStoreConformance, samples_may_come_out_of_order_and_after_their_hour_was_sealed) {
  this->append({this->sample("d", "2026-11-24T12:01:00Z", 3)});
  this->append({this->sample("d", "2026-11-24T12:00:00Z", 1)});
  EXPECT_EQ(this->values("d", noon, one), (std::vector<double>{1, 3}));
  EXPECT_EQ(this->seal(one), 1u);
  this->append({this->sample("d", "2026-11-24T12:00:30Z", 2), this->sample("d", "2026-11-24T12:01:00Z", 5)});
  const auto expect_merged = [&] {
    EXPECT_EQ(this->values("d", noon, one), (std::vector<double>{1, 2, 5}));
    const auto hour = this->points("d", noon, one, std::chrono::hours(1));
    ASSERT_EQ(hour.size(), 1u);
    EXPECT_EQ(hour[0], (Point{.at = this->at(noon), .count = 3, .min = 1, .max = 5, .mean = 8.0 / 3, .last = 5}));
  };
  expect_merged();
  EXPECT_EQ(this->seal(one), 1u);
  expect_merged();
  this->harness_.reopen();
  expect_merged();
}

TYPED_TEST_P(MetricStoreConformance, what_was_not_measured_is_absent_and_never_zero) {
  Sample with_power = this->sample("d", noon, 10);
  with_power.values.set(Metric::power_usage, 123.4);
  this->append({with_power, this->sample("d", "2026-11-24T12:00:30Z", 0)});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(this->values("d", noon, one, Metric::power_usage), std::vector<double>{123.4});
    EXPECT_EQ(this->values("d", noon, one), (std::vector<double>{10, 0}));
    EXPECT_TRUE(this->values("d", noon, one, Metric::fan_speed).empty());
    EXPECT_TRUE(this->values("other", noon, one).empty());
    this->seal(one);
  }
}

TYPED_TEST_P(MetricStoreConformance, values_keep_their_resolution_and_what_is_not_finite_is_absent) {
  Sample sample{.resource = "d", .at = this->at(noon)};
  sample.values.set(Metric::power_usage, 299.96);
  sample.values.set(Metric::sm_active, 0.12345);
  sample.values.set(Metric::total_energy, 9'007'199'254'740'991.0);
  sample.values.set(Metric::gpu_temperature, -5);
  sample.values.set(Metric::gpu_utilization, std::numeric_limits<double>::quiet_NaN());
  sample.values.set(Metric::memory_used, std::numeric_limits<double>::infinity());
  this->append({sample});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(this->values("d", noon, one, Metric::power_usage), std::vector<double>{300});
    EXPECT_EQ(this->values("d", noon, one, Metric::sm_active), std::vector<double>{0.123});
    EXPECT_EQ(this->values("d", noon, one, Metric::total_energy), std::vector<double>{9'007'199'254'740'991.0});
    EXPECT_EQ(this->values("d", noon, one, Metric::gpu_temperature), std::vector<double>{-5});
    EXPECT_TRUE(this->values("d", noon, one, Metric::gpu_utilization).empty());
    EXPECT_TRUE(this->values("d", noon, one, Metric::memory_used).empty());
    this->seal(one);
  }
}

TYPED_TEST_P(MetricStoreConformance, series_come_in_the_order_asked_for) {
  Sample a = this->sample("a", noon, 1);
  a.values.set(Metric::power_usage, 100);
  this->append({a, this->sample("b", noon, 2)});
  const auto found = this->query({.resources = {"b", "a"},
                                  .metrics = {Metric::power_usage, Metric::gpu_utilization},
                                  .from = this->at(noon),
                                  .to = this->at(one),
                                  .step = std::chrono::hours(1)});
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].resource, "b");
  EXPECT_EQ(found[0].metric, Metric::gpu_utilization);
  EXPECT_EQ(found[1].resource, "a");
  EXPECT_EQ(found[1].metric, Metric::power_usage);
  EXPECT_EQ(found[2].metric, Metric::gpu_utilization);
}

TYPED_TEST_P(MetricStoreConformance, the_whole_fleet_is_one_series_over_its_devices_without_slices) {
  this->append({this->sample("n1-GPU-00", noon, 10), this->sample("n1-GPU-01", "2026-11-24T12:00:10Z", 70),
                this->sample("n1-GPU-01-MIG-07", noon, 99), this->sample("n-MIG-1-GPU-00", "2026-11-24T12:00:05Z", 10)});
  for (int round = 0; round < 2; ++round) {
    for (const Milliseconds step : {Milliseconds(std::chrono::minutes(1)), Milliseconds(std::chrono::hours(1))}) {
      const auto found =
          this->query({.metrics = {Metric::gpu_utilization, Metric::fan_speed}, .from = this->at(noon), .to = this->at(one), .step = step});
      ASSERT_EQ(found.size(), 1u);
      EXPECT_EQ(found[0].resource, "");
      ASSERT_EQ(found[0].points.size(), 1u);
      EXPECT_EQ(found[0].points[0], (Point{.at = this->at(noon), .count = 3, .min = 10, .max = 70, .mean = 30, .last = 70}));
    }
    this->seal(one);
  }
}

TYPED_TEST_P(MetricStoreConformance, nothing_of_a_kubernetes_cluster_counts_as_a_device) {
  const std::vector<std::string> keys{
      std::string(resource_key::cluster),   resource_key::kube_node("n1-GPU-00"),          resource_key::kube_namespace("ml"),
      resource_key::pod("ml", "n1-GPU-00"), resource_key::served_model("org/model-GPU-1"), resource_key::engine("vllm")};
  std::vector<Sample> batch;
  for (const std::string& key : keys) batch.push_back(this->sample(key, noon, 90));
  ASSERT_TRUE(this->harness_.store().append(batch).ok());
  this->append({this->sample("n1-GPU-00", noon, 10)});
  for (int round = 0; round < 2; ++round) {
    for (const Milliseconds step : {Milliseconds(std::chrono::minutes(1)), Milliseconds(std::chrono::hours(1))}) {
      const auto found = this->query({.metrics = {Metric::gpu_utilization}, .from = this->at(noon), .to = this->at(one), .step = step});
      ASSERT_EQ(found.size(), 1u);
      EXPECT_EQ(found[0].points, (std::vector{Point{.at = this->at(noon), .count = 1, .min = 10, .max = 10, .mean = 10, .last = 10}}));
    }
    for (const std::string& key : keys) EXPECT_EQ(this->values(key, noon, one), std::vector<double>{90}) << key;
    this->seal(one);
    this->harness_.reopen();
  }
}

TYPED_TEST_P(MetricStoreConformance, samples_of_all_kinds_share_a_batch_and_keep_what_is_theirs) {
  Sample served{.resource = resource_key::served_model("org/model"), .at = this->at(noon)};
  served.values.set(Metric::time_to_first_token_p95, 0.12346);
  served.values.set(Metric::generation_tokens, 9'007'199'254'740'991.0);
  Sample node{.resource = resource_key::kube_node("n1"), .at = this->at(noon)};
  node.values.set(Metric::cpu_usage_cores, 1.2346);
  this->append({this->sample("n1-GPU-00", noon, 10), served, node});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(this->values(served.resource, noon, one, Metric::time_to_first_token_p95), std::vector<double>{0.1235});
    EXPECT_EQ(this->values(served.resource, noon, one, Metric::generation_tokens), std::vector<double>{9'007'199'254'740'991.0});
    EXPECT_TRUE(this->values(served.resource, noon, one).empty());
    EXPECT_EQ(this->values(node.resource, noon, one, Metric::cpu_usage_cores), std::vector<double>{1.235});
    EXPECT_EQ(this->values("n1-GPU-00", noon, one), std::vector<double>{10});
    EXPECT_TRUE(this->values("n1-GPU-00", noon, one, Metric::cpu_usage_cores).empty());
    this->seal(one);
  }
}

TYPED_TEST_P(MetricStoreConformance, a_query_that_makes_no_sense_is_refused) {
  EXPECT_EQ(this->harness_.store().query({.from = this->at(noon), .to = this->at(one), .step = Milliseconds(0)}).error().code,
            Errc::invalid_argument);
  EXPECT_EQ(this->harness_.store().query({.from = this->at(one), .to = this->at(noon), .step = Milliseconds(1)}).error().code,
            Errc::invalid_argument);
}

TYPED_TEST_P(MetricStoreConformance, whole_old_hours_are_forgotten) {
  this->append({this->sample("d", "2026-11-24T12:10:00Z", 1), this->sample("e", "2026-11-24T12:10:00Z", 1),
                this->sample("d", "2026-11-24T13:10:00Z", 2), this->sample("d", "2026-11-24T14:10:00Z", 3)});
  EXPECT_EQ(this->seal(one), 2u);
  EXPECT_EQ(this->harness_.store().forget(this->at("2026-11-24T12:59:00Z")).value(), 0u);
  EXPECT_EQ(this->harness_.store().forget(this->at("2026-11-24T14:30:00Z")).value(), 3u);  // two sealed, one open
  EXPECT_EQ(this->values("d", noon, "2026-11-24T15:00:00Z"), std::vector<double>{3});
  EXPECT_TRUE(this->points("e", noon, "2026-11-24T15:00:00Z", std::chrono::hours(1)).empty());
}

TYPED_TEST_P(MetricStoreConformance, an_event_is_kept_once_and_listed_newest_first) {
  const auto event = [&](std::string_view time, const char* device, int code) {
    return DeviceEvent{.at = this->at(time), .device = GpuUuid{device}, .code = code, .sequence = 7};
  };
  DeviceEvent in_slice = event(one, "GPU-a", 31);
  in_slice.gpu_instance = 5;
  const std::vector<DeviceEvent> first{event(noon, "GPU-a", 79), event(noon, "GPU-b", 79)}, again{event(noon, "GPU-a", 79), in_slice};
  ASSERT_TRUE(this->harness_.store().append_events(first).ok());
  ASSERT_TRUE(this->harness_.store().append_events(again).ok());
  this->harness_.reopen();
  const auto list = [&](const char* device, std::string_view from, std::string_view to, std::size_t limit) {
    return this->harness_.store().list_events(GpuUuid{device}, this->at(from), this->at(to), limit).value();
  };
  EXPECT_EQ(list("", noon, two, 10).size(), 3u);
  const auto of_a = list("GPU-a", noon, two, 10);
  ASSERT_EQ(of_a.size(), 2u);
  EXPECT_EQ(of_a[0], in_slice);
  EXPECT_EQ(of_a[1], first[0]);
  EXPECT_EQ(list("GPU-a", noon, one, 10).size(), 1u);
  EXPECT_EQ(list("", noon, two, 1).size(), 1u);
  ASSERT_TRUE(this->harness_.store().forget(this->at(one)).ok());
  EXPECT_EQ(list("", noon, two, 10).size(), 1u);
}

REGISTER_TYPED_TEST_SUITE_P(MetricStoreConformance, what_is_appended_is_found_before_and_after_the_hour_is_sealed,
                            steps_aggregate_and_empty_steps_are_left_out, the_range_includes_its_start_and_excludes_its_end,
                            hourly_steps_are_exact_and_may_begin_and_end_within_an_hour,
                            a_second_sample_at_one_time_replaces_the_first_whole,
                            samples_may_come_out_of_order_and_after_their_hour_was_sealed, what_was_not_measured_is_absent_and_never_zero,
                            values_keep_their_resolution_and_what_is_not_finite_is_absent, series_come_in_the_order_asked_for,
                            the_whole_fleet_is_one_series_over_its_devices_without_slices,
                            nothing_of_a_kubernetes_cluster_counts_as_a_device, samples_of_all_kinds_share_a_batch_and_keep_what_is_theirs,
                            a_query_that_makes_no_sense_is_refused, whole_old_hours_are_forgotten,
                            an_event_is_kept_once_and_listed_newest_first);

}  // namespace reeve
