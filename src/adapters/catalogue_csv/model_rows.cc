#include "adapters/catalogue_csv/model_rows.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "adapters/catalogue_csv/row_reader.h"

namespace reeve {
namespace {

const std::vector<std::string_view> required_columns{"id", "vendor", "name", "architecture", "memory_gb", "partition"};
const std::vector<std::string_view> optional_columns{
    "compute_capability", "memory_type", "bandwidth_gb_s", "fp32_tflops", "fp16_tflops", "fp8_tflops", "tdp_w", "interconnect", "pcie_gen",
    "max_instances", "pci_device_ids", "driver_product_names", "k8s_product_labels", "driver_memory_mib", "release_year", "market_segment",
    "price_usd_per_gpu_h",
    // for people, not for the program:
    "seed14", "interconnect_total_gb_s", "price_date", "price_source", "catalogue_id", "source", "note"};

constexpr std::size_t id_length_max = 64;

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= id_length_max && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

template <TextEnum E>
E word(RowReader& row, std::string_view column) {
  const auto value = from_text<E>(row.text(column));
  if (!value) row.fault(column, fmt::format("'{}' is none of {}", row.text(column), all_texts<E>()));
  return value.value_or(E{});
}

std::optional<int> small(std::optional<std::int64_t> number) { return number ? std::optional(static_cast<int>(*number)) : std::nullopt; }

void read_segment(RowReader& row, GpuModel& model) {
  const std::string& segment = row.text("market_segment");
  if (segment.empty()) return;
  if (segment != "Gaming" && segment != "Professional" && segment != "Datacenter")
    row.fault("market_segment", fmt::format("'{}' is none of Gaming, Professional, Datacenter", segment));
  model.market_segment = segment;
}

void read_identity(RowReader& row, GpuModel& model) {
  model.id.text = row.required_text("id");
  if (!model.id.empty() && !is_id(model.id.text)) row.fault("id", "must be 1 to 64 letters, digits, '-', '_' or '.'");
  model.name = row.required_text("name");
  model.vendor = word<Vendor>(row, "vendor");
  model.architecture = row.required_text("architecture");
  model.compute_capability = row.text("compute_capability");
  model.pci_device_ids = row.pci_ids("pci_device_ids");
  model.driver_product_names = row.list("driver_product_names", ';');
  model.kubernetes_labels = row.list("k8s_product_labels", ';');
  read_segment(row, model);
}

void read_figures(RowReader& row, GpuModel& model) {
  model.memory_gb = row.required_integer("memory_gb", 1, 100'000);
  model.memory_type = row.text("memory_type");
  model.bandwidth_gb_s = row.real("bandwidth_gb_s", 0, 1e6);
  model.fp32_tflops = row.real("fp32_tflops", 0, 1e6);
  model.fp16_tflops = row.real("fp16_tflops", 0, 1e6);
  model.fp8_tflops = row.real("fp8_tflops", 0, 1e6);
  model.tdp_watts = row.real("tdp_w", 1, 100'000);
  model.interconnect = row.text("interconnect");
  model.pcie_generation = small(row.integer("pcie_gen", 1, 20));
  if (const auto memory = row.integer("driver_memory_mib", 1, 100'000'000)) model.driver_memory = MiB(*memory);
  model.release_year = small(row.integer("release_year", 1990, 2100));
  if (const auto price = row.millionths("price_usd_per_gpu_h")) model.price_per_hour = MicroUsd(*price);
}

void read_partition(RowReader& row, GpuModel& model) {
  model.partition = word<PartitionKind>(row, "partition");
  model.max_instances = static_cast<int>(row.integer("max_instances", 0, 256).value_or(0));
  if (model.partition == PartitionKind::none && model.max_instances != 0) row.fault("max_instances", "must be 0 where partition is none");
  if (model.partition != PartitionKind::none && model.max_instances == 0)
    row.fault("max_instances", "must not be 0 where partition is not none");
}

}  // namespace

Status read_models(const CatalogueFile& file, std::vector<GpuModel>& models) {
  const auto table = read_csv(file.name, file.text);
  if (!table) return table.error();
  std::vector<CsvFault> faults = check_columns(*table, required_columns, optional_columns);
  if (!faults.empty()) return csv_error(file.name, std::move(faults));
  std::unordered_set<std::string> ids;
  for (const CsvRow& fields : table->rows) {
    RowReader row(*table, fields, faults);
    GpuModel model;
    read_identity(row, model);
    read_figures(row, model);
    read_partition(row, model);
    if (!ids.insert(model.id.text).second) row.fault("id", fmt::format("'{}' is there twice", model.id.text));
    const auto known = std::ranges::find(models, model.id, &GpuModel::id);
    if (known == models.end())
      models.push_back(std::move(model));
    else
      *known = std::move(model);
  }
  if (!faults.empty()) return csv_error(file.name, std::move(faults));
  return Done{};
}

}  // namespace reeve
